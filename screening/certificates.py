"""How a certificate is named in the settings: by its SHA-256 fingerprint, or by its subject."""

import hashlib
import re
from collections.abc import Iterable

_SHORT = {
    "commonname": "CN",
    "countryname": "C",
    "domaincomponent": "DC",
    "emailaddress": "EMAILADDRESS",
    "localityname": "L",
    "organizationalunitname": "OU",
    "organizationname": "O",
    "serialnumber": "SERIALNUMBER",
    "stateorprovincename": "ST",
}
_PREFIX = re.compile(r"(sha-?256)?(\s+fingerprint)?\s*[=:]?\s*", re.IGNORECASE)


def canonical(text: str) -> str:
    """One spelling for each name: `sha256:` and 64 lower-case digits, or a subject with its attributes sorted.

    Fingerprints are taken as `openssl x509 -fingerprint -sha256` prints them, subjects as `-subject -nameopt RFC2253`
    does, in any order.

    Raises
    ------
    ValueError
        If it is neither.
    """
    digits = text.strip()[_PREFIX.match(text.strip()).end() :].replace(":", "").lower()  # type: ignore[union-attr]
    if re.fullmatch(r"[0-9a-f]{64}", digits):
        return f"sha256:{digits}"
    pairs = [part.partition("=") for part in re.split(r"(?<!\\),", text)]
    if not all(name.strip() and separator and value.strip() for name, separator, value in pairs):
        raise ValueError("must be a SHA-256 fingerprint (64 hexadecimal digits) or a subject such as CN=ct1,O=Hospital")
    return subject((name.strip(), value.strip().replace("\\,", ",")) for name, _, value in pairs)


def fingerprint(certificate: bytes) -> str:
    """Name of a certificate in DER by its fingerprint."""
    return f"sha256:{hashlib.sha256(certificate).hexdigest()}"


def subject(attributes: Iterable[tuple[str, str]]) -> str:
    """Name of a certificate by the attributes of its subject, whose types are in their long or short form."""
    named = [(_SHORT.get(name.lower(), name.upper()), value.replace(",", "\\,")) for name, value in attributes]
    return ",".join(f"{name}={value}" for name, value in sorted(named))
