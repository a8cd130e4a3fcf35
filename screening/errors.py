"""The error tree. A message says what is wrong and what to do; retry looks at the class, never at the text.

ScreeningError
├── ConfigurationError            a setting is wrong: names the key, the value and what is allowed
├── Retryable                     worth another try, later
│   ├── DatabaseUnavailable
│   │   └── CommitUnknown
│   ├── SpoolUnavailable
│   │   ├── SpoolFailed
│   │   └── IntakePaused
│   ├── DestinationUnavailable
│   ├── RejectedTransient
│   ├── SandboxDied
│   └── LeaseLost
└── Permanent                     the same input will fail again
    ├── BadHeader
    ├── BadPixelData
    ├── BadGeometry
    ├── WeightsMismatch
    ├── BundleRefused
    ├── ConfigurationChanged
    ├── UnknownModel
    ├── LastAdmin
    └── RejectedPermanent
"""


class ScreeningError(Exception):
    """Something went wrong in the node."""


class ConfigurationError(ScreeningError):
    """A setting is wrong."""


class Retryable(ScreeningError):
    """This may work later."""


class Permanent(ScreeningError):
    """This will fail again with the same input."""


class DatabaseUnavailable(Retryable):
    """The database does not answer."""


class CommitUnknown(DatabaseUnavailable):
    """The database went away in mid-commit: ask by the unique key whether the transaction is there."""


class SpoolUnavailable(Retryable):
    """The spool cannot store bytes durably (full, missing, or an I/O error)."""


class SpoolFailed(SpoolUnavailable):
    """The disk did not confirm what was written: it takes nothing any more until somebody has looked at it."""


class IntakePaused(SpoolUnavailable):
    """An operator has stopped intake: senders are told to come again, as when the disk is full."""


class DestinationUnavailable(Retryable):
    """The destination does not answer, or ended the association before it answered."""


class RejectedTransient(Retryable):
    """The destination refused for now (PS3.7 Annex C: out of resources; PS3.8 9.3.4: rejected-transient)."""


class SandboxDied(Retryable):
    """The child process that decodes and infers ended before it answered."""


class LeaseLost(Retryable):
    """Another worker holds this job now; nothing of this attempt may be written."""


class BadHeader(Permanent):
    """The data set cannot be read, or lacks what identifies it."""


class BadPixelData(Permanent):
    """The pixel data cannot be decoded, or do not match the header."""


class BadGeometry(Permanent):
    """The slices do not form a volume."""


class WeightsMismatch(Permanent):
    """The weights on disk are not the weights that the card names."""


class BundleRefused(Permanent):
    """A folder is no bundle that this node may take; says what in it to mend."""


class ConfigurationChanged(Permanent):
    """The model's configuration is another than the one that the work was opened under."""


class UnknownModel(Permanent):
    """There is no screening model of this name."""


class RejectedPermanent(Permanent):
    """The destination will never take this object."""


class LastAdmin(Permanent):
    """Without this user nobody could manage the others: make another one admin before."""
