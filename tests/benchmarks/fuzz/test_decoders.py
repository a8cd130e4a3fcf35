"""The short form of the decodes of `make fuzz`."""

from random import Random

import pytest

from benchmarks.fuzz import decoders
from benchmarks.fuzz.decoders import fuzz_decoders
from benchmarks.fuzz.pdus import SEEDS, drawn, hypothetical


def test_nothing_that_is_decoded_hangs_or_fills_the_memory() -> None:
    random = Random(7)
    pdus = hypothetical(200) + [drawn(random) for _ in range(3000)]
    assert len(set(pdus)) > 2000
    assert fuzz_decoders(pdus) < decoders.LONGEST_SECONDS


def test_a_decoder_that_hangs_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "LONGEST_SECONDS", 0.0)
    with pytest.raises(AssertionError):
        fuzz_decoders(SEEDS)


def test_a_decoder_that_fills_the_memory_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "MOST_GROWTH", -(2**40))
    with pytest.raises(AssertionError, match="more memory"):
        fuzz_decoders(SEEDS)
