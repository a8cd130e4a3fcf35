"""Ages as people say them."""

TOLD_IN_MONTHS = 24  # below, an age is told in months alone, as on a children's ward; assumption


def age_parts(months: float, *, signed: bool = False) -> tuple[tuple[str, str], ...]:
    """Numbers with their units, e.g. (("7", "years"), ("2", "months")); below two years months alone.

    Rounded to whole months. A negative age (a difference) begins with "-", and with `signed` a positive one with "+".
    """
    whole = round(abs(months))
    sign = "" if whole == 0 else "-" if months < 0 else "+" if signed else ""
    years, rest = divmod(whole, 12)
    if whole < TOLD_IN_MONTHS:
        return ((f"{sign}{whole}", _unit(whole, "month")),)
    told = ((f"{sign}{years}", _unit(years, "year")),)
    return (*told, (str(rest), _unit(rest, "month"))) if rest else told


def age_text(months: float, *, signed: bool = False) -> str:
    """Age in words, e.g. "7 years 2 months"."""
    return " ".join(f"{number} {unit}" for number, unit in age_parts(months, signed=signed))


def _unit(count: int, name: str) -> str:
    return name if count == 1 else f"{name}s"
