"""How values are written on a page: moments, lengths of time, sizes, states."""

from datetime import datetime

_TONES = {
    "good": ("inferred", "committed", "sent", "indexed", "eligible", "chosen", "up"),
    "busy": ("claimed", "sending", "commit_requested", "receiving", "screening", "delivering"),
    "wait": ("ready", "retry_wait", "pending", "waiting", "received"),
    "bad": ("quarantined", "failed", "conflict", "unreadable", "down", "locked"),
    "off": ("dismissed", "superseded", "held", "rejected", "purged", "none", "removed"),
}
_TONE_OF = {state: tone for tone, states in _TONES.items() for state in states}


def tone(state: str) -> str:
    """What a state means to who looks: good, busy, wait, bad or off. A reason why not is off."""
    return _TONE_OF.get(state, "off")


def moment(at: datetime | None) -> str:
    """In this computer's time zone, to the second; empty for none."""
    return "" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def lasting(seconds: float | None) -> str:
    """A length of time in the two largest units that matter, e.g. "2 min 5 s"; below ten seconds with decimals."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def ago(seconds: float) -> str:
    """How long ago something was."""
    return "just now" if seconds < 10 else f"{lasting(seconds)} ago"


def number(value: float) -> str:
    """A number with its thousands apart."""
    return f"{value:,.0f}".replace(",", "\u202f")


def megabytes(value: float) -> str:
    """Megabytes, as GB where that is shorter."""
    return f"{value / 1024:.1f} GB" if value >= 1024 else f"{value:.0f} MB"


def words(name: str) -> str:
    """A name of ours as people write it: commit_requested becomes "commit requested"."""
    return name.replace("_", " ").replace("-", " ")


def status_code(status: int | None) -> str:
    """A DIMSE status as the Standard writes it (PS3.7 Annex C)."""
    return "" if status is None else f"0x{status:04X}"
