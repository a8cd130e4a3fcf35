from pathlib import Path

import pytest

from benchmarks.receive.storescu import RECEIVERS, runs


@pytest.mark.dcmtk
@pytest.mark.slow
def test_each_receiver_takes_everything(tmp_path: Path) -> None:
    found = list(runs(tmp_path, instances=2, count=1))
    assert [run.receiver for run in found] == [receiver.name for receiver in RECEIVERS]
    assert all(run.per_second > 0 for run in found)
