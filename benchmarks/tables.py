"""The tables of a page that a benchmark prints: they stand between two comments that name it."""

import re


def begin(part: str) -> str:
    """The comment before the tables of a part."""
    return f"<!-- python -m {part} -->"


END = "<!-- end -->"


def put(page: str, part: str, measured: str) -> str:
    """The page with the tables of a part anew; the text around them stays.

    Raises
    ------
    ValueError
        If the page has no place for the part, or more than one.
    """
    place = re.compile(re.escape(begin(part)) + r"\n.*?" + re.escape(END), re.DOTALL)
    count = len(place.findall(page))
    if count != 1:
        raise ValueError(f"the page must have one place for {part}, '{begin(part)}' to '{END}'; it has {count}")
    return place.sub(lambda _: f"{begin(part)}\n\n{measured.strip()}\n\n{END}", page)
