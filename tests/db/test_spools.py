"""A database has one token, whoever asks first."""

from db import spools
from db.engine import Sessions, transaction


def test_there_is_none_until_it_is_asked_for(sessions: Sessions) -> None:
    with transaction(sessions, read_only=True) as s:
        assert spools.known_token(s) is None
    with transaction(sessions) as s:
        made = spools.token(s)
    with transaction(sessions) as s:
        assert spools.token(s) == made == spools.known_token(s)
    assert len(made) == 32
