"""Text of a data set by its declared character sets (PS3.5 6.1), whatever is wrong with it."""

import re
from collections.abc import Sequence

from pydicom.charset import CODES_TO_ENCODINGS, python_encoding

_DEFAULT = "latin_1"  # the default repertoire is ASCII; senders that declare nothing and mean Latin-1 are common
_KEEPS_ESCAPES = frozenset(("iso2022_jp", "iso2022_jp_2"))  # Python's codecs want to see the escape sequence
_ESCAPE = b"\x1b"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

MAX_CHARACTERS = 10_240
"""Characters kept of one value: the most that any VR but UC, UR and UT may hold is 10,240 (LT, PS3.5 table 6.2-1)."""


def encodings_of(specific_character_set: Sequence[str]) -> tuple[str, ...]:
    """Python encodings of a Specific Character Set (0008,0005); an unknown term counts as not said."""
    terms = [
        term.strip().upper().replace("ISO-IR", "ISO_IR").replace("ISO IR", "ISO_IR") for term in specific_character_set
    ]
    terms = [re.sub(r"^ISO[ _-]?2022[ _-]IR", "ISO 2022 IR", term) for term in terms]
    return tuple(python_encoding.get(term, _DEFAULT) if term else _DEFAULT for term in terms) or (_DEFAULT,)


def decode(raw: bytes, encodings: Sequence[str]) -> str:
    """Text without padding and control characters (tab, LF and CR stay); what cannot be decoded becomes U+FFFD.

    Code extensions (PS3.5 6.1.2.5.3) switch at each escape sequence; the first encoding holds before the first one.
    """
    if _ESCAPE not in raw:
        text = _decode(raw, encodings[0])
    else:
        first, *rest = raw.split(_ESCAPE)
        text = _decode(first, encodings[0]) + "".join(_decode_extension(_ESCAPE + part, encodings[0]) for part in rest)
    return _CONTROLS.sub("", text)[:MAX_CHARACTERS].strip()


def _decode_extension(part: bytes, initial: str) -> str:
    for code, encoding in CODES_TO_ENCODINGS.items():
        if part.startswith(code):
            if encoding in _KEEPS_ESCAPES:
                return _decode(part, encoding)
            return _decode(part[len(code) :], encoding)
    return _decode(part[1:], initial)


def _decode(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding, errors="replace")
    except LookupError:
        return raw.decode(_DEFAULT)
