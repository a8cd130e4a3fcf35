from benchmarks.workers import Throughput, table


def _of(workers: int, seconds: float, claims: int = 60) -> Throughput:
    return Throughput(workers=workers, jobs=60, seconds=seconds, claims=claims, results=60)


def test_each_number_of_workers_is_compared_with_the_first() -> None:
    lines = table([_of(1, 60), _of(2, 32, claims=61)]).splitlines()
    assert lines[2:] == ["| 1 | 60 | 60 | 60 | 60.0 | 60 | 1.00 |", "| 2 | 60 | 61 | 60 | 32.0 | 112 | 1.88 |"]
