"""The rules tester: files in, and which models would run on them and why not. Nothing of the files is kept."""

from collections import defaultdict

from starlette.responses import Response

from dashboard.ask import Ask, page
from dashboard.framing import LONGEST_FILE, MOST_BYTES, MOST_FILES
from dashboard.trying import Tried, try_files


def show(ask: Ask) -> Response:
    """The page, which asks for files."""
    return page(ask, "rules.html", most_files=MOST_FILES, longest_file=LONGEST_FILE, most_bytes=MOST_BYTES)


def submit(ask: Ask) -> Response:
    """The answer, as a piece of that page."""
    tried = try_files(ask.parts.settings, ask.files)
    return page(ask, "rules_answer.html", tried=tried, unread=_by_reason(tried))


def _by_reason(tried: Tried) -> dict[str, list[int]]:
    """Numbers of the files that take no part. The browser knows their names, which are not told to us."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for item in tried.unread:
        found[item.reason].append(item.number)
    return dict(found)
