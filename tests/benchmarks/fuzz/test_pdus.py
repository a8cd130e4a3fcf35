"""A mutation of something that is refused at its first byte finds nothing."""

from pynetdicom.pdu import A_ASSOCIATE_RQ

from benchmarks.fuzz.decoders import Decoders
from benchmarks.fuzz.pdus import SEEDS


def test_seeds_are_right() -> None:
    decoders = Decoders()
    for seed in SEEDS:
        decoders.read(seed)
    pdu = A_ASSOCIATE_RQ()
    pdu.decode(SEEDS[0])
    assert pdu.calling_ae_title == "ATTACKER"
