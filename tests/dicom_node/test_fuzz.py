"""The short form of `make fuzz`."""

from pathlib import Path
from random import Random

import pytest
from pynetdicom.pdu import A_ASSOCIATE_RQ

from benchmarks import fuzz


def test_nothing_that_is_decoded_hangs_or_fills_the_memory() -> None:
    random = Random(7)
    pdus = fuzz.hypothetical(200) + [fuzz.drawn(random) for _ in range(3000)]
    assert len(set(pdus)) > 2000
    assert fuzz.fuzz_decoders(pdus) < fuzz.LONGEST_SECONDS


def test_a_listener_outlives_peers_that_do_anything(tmp_path: Path) -> None:
    assert fuzz.fuzz_connections(10, tmp_path, steps=8) > 0


def test_a_decoder_that_hangs_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "LONGEST_SECONDS", 0.0)
    with pytest.raises(AssertionError):
        fuzz.fuzz_decoders(fuzz.SEEDS)


def test_a_decoder_that_fills_the_memory_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "MOST_GROWTH", -(2**40))
    with pytest.raises(AssertionError, match="more memory"):
        fuzz.fuzz_decoders(fuzz.SEEDS)


def test_a_listener_that_keeps_a_thread_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "_BACK_SECONDS", 0.2)
    monkeypatch.setattr(fuzz.Target, "require_healthy", _with_one_more(fuzz.Target.require_healthy))
    with pytest.raises(AssertionError, match="descriptors"):
        fuzz.fuzz_connections(1, tmp_path, steps=1)


def _with_one_more(check: object) -> object:
    def checked(target: fuzz.Target) -> None:
        with Path("/dev/null").open("rb"):
            check(target)  # type: ignore[operator]

    return checked


def test_seeds_are_right() -> None:
    """A mutation of something that is refused at its first byte finds nothing."""
    decoders = fuzz.Decoders()
    for seed in fuzz.SEEDS:
        decoders.read(seed)
    pdu = A_ASSOCIATE_RQ()
    pdu.decode(fuzz.SEEDS[0])
    assert pdu.calling_ae_title == "ATTACKER"
