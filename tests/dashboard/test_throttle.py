"""How often an address may try."""

from dashboard import throttle
from dashboard.throttle import Throttle


class Clock:
    at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_so_many_in_a_minute_for_each_address() -> None:
    clock = Clock()
    found = Throttle(2, clock)
    assert [found.allows("a") for _ in range(3)] == [True, True, False]
    assert found.allows("b")
    clock.at += 59
    assert not found.allows("a")
    clock.at += 1
    assert found.allows("a")


def test_it_remembers_so_many_addresses_and_no_more() -> None:
    found = Throttle(1, Clock())
    for number in range(throttle._ADDRESSES + 10):
        assert found.allows(str(number))
    assert len(found._tries) == throttle._ADDRESSES
    assert not found.allows(str(throttle._ADDRESSES + 9))
