"""Malformed, hostile and mutated files each end as a result, as a reason, or with the child; never otherwise."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import hostile, mutations
from benchmarks.mutants import KINDS, mutate
from benchmarks.mutations import QUARANTINE, RUNNER, SAMPLES, Tally, mutants, outcome_of
from screening.errors import SandboxDied, WeightsMismatch
from screening.findings import NotEvaluable
from screening.reports import Report
from screening.settings import WorkerSettings
from tests.worker.sandbox.scripted import ScriptedSandbox
from worker.sandbox.parent import Sandbox
from worker.sandbox.protocol import Answer

MALFORMED = SAMPLES / "malformed"
REASONS = {"result", "bad-header", "undecodable-pixel-data", "broken-geometry", "own-output"}

EXPECTED = {
    "deflated": ("bad-header", "Deflated Explicit VR Little Endian, which is not accepted"),
    "rows and columns": ("undecodable-pixel-data", "Rows x Columns is 4294836225, must be at most 100000000"),
    "frames": ("undecodable-pixel-data", "NumberOfFrames is 2147483647, must be 1 to 10000"),
    "JPEG 2000, huge": ("undecodable-pixel-data", "has 2147483648 rows, 2147483648 columns"),
    "JPEG 2000, huge in both": ("undecodable-pixel-data", "Rows x Columns is 4294836225"),
    "JPEG 2000, tiles": ("undecodable-pixel-data", "the JPEG 2000 decoder failed"),
    "RLE, runs": ("undecodable-pixel-data", "the RLE decoder failed"),
    "300 sequences, a wanted one, open": ("bad-header", "nested deeper than 32 levels"),
    "300 sequences, a wanted one, closed": ("bad-header", "nested deeper than 32 levels"),
    "300 sequences, private, open": ("bad-header", "nested deeper than 32 levels"),
    "300 sequences, private, closed": ("result", "(64, 48)"),
    "a million elements": ("bad-header", "the file has more than 500000 elements"),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A child with less memory than any of the bombs would fill."""
    made = Sandbox(WorkerSettings(threads=1, device="cpu", memory_limit_mb=1536, job_timeout_seconds=120), RUNNER)
    yield made
    made.close()


def test_the_file_that_hostile_ones_are_made_of_is_read(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(hostile.plain())
    assert outcome_of(tmp_path / "a.dcm", sandbox, report=True) == ("result", "Radiograph")


def test_every_hostile_file_is_expected() -> None:
    assert list(EXPECTED) == list(hostile.FILES)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_hostile_file_is_refused_by_its_size_before_it_costs_anything(
    sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    (tmp_path / "a.dcm").write_bytes(hostile.FILES[name]())
    code, reason = outcome_of(tmp_path / "a.dcm", sandbox, report=False)
    wanted, words = EXPECTED[name]
    assert code == wanted
    assert words in reason


def test_a_deep_sequence_that_is_passed_over_breaks_no_report(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(hostile.FILES["300 sequences, private, closed"]())
    assert outcome_of(tmp_path / "a.dcm", sandbox, report=True)[0] == "result"


@pytest.mark.real_data
def test_every_malformed_file_of_other_projects_ends_with_a_result_or_a_reason(sandbox: Sandbox) -> None:
    if not MALFORMED.is_dir():
        pytest.skip("the real files are not there")
    paths = sorted(MALFORMED.glob("*.dcm"))
    assert len(paths) >= 28
    found = {path.name: outcome_of(path, sandbox, report=False) for path in paths}
    assert set(Counter(code for code, _ in found.values())) <= REASONS, found


@pytest.mark.real_data
def test_mutations_end_with_a_result_or_a_reason() -> None:
    paths = mutations.seeds(SAMPLES)
    if not paths:
        pytest.skip("the real files are not there")
    settings = WorkerSettings(threads=1, device="cpu", memory_limit_mb=4096, job_timeout_seconds=120)
    tally = mutations.run(paths, count=60, seed=5, report_every=20, settings=settings)
    assert sum(tally.outcomes.values()) == 60
    assert tally.unforeseen == Counter(), tally.unforeseen


def test_a_seed_gives_the_same_bytes_again() -> None:
    content = hostile.plain()
    for number in range(40):
        kind, first = mutate(content, random.Random(number))
        assert kind in KINDS
        assert mutate(content, random.Random(number)) == (kind, first)
    differing = [mutate(content, random.Random(number))[1] != content for number in range(40)]
    assert sum(differing) > 30


def test_mutants_are_of_each_file_in_turn(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(name.encode() * 5000)
    made = [content for _, content in mutants(sorted(tmp_path.iterdir()), 4, 0)]
    assert [Counter(content).most_common(1)[0][0] if content else None for content in made[:2]] == [97, 98]


def test_what_the_child_dies_of_is_counted_as_quarantine(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    died = ScriptedSandbox(SandboxDied("the child ended in mid-job (signal 11)"))
    assert outcome_of(tmp_path / "a", died, report=False) == (QUARANTINE, "the child ended in mid-job (signal 11)")
    refused = ScriptedSandbox(WeightsMismatch("no"))
    assert outcome_of(tmp_path / "a", refused, report=False) == ("refused: WeightsMismatch", "no")


def test_the_tally_is_a_table() -> None:
    tally = Tally()
    tally.add("cut short", "result", "")
    tally.add("cut short", QUARANTINE, "signal 11")
    tally.add("bits flipped", "result", "")
    assert tally.markdown().splitlines() == [
        "| mutation | result | quarantine |", "| --- | --: | --: |", "| bits flipped | 1 | 0 |",
        "| cut short | 1 | 1 |", "| all | 2 | 1 |", "", "- 1 x signal 11",
    ]  # fmt: skip


def test_files_may_be_read_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.dcm").write_bytes(b"")
    played = ScriptedSandbox(Answer(NotEvaluable(code="bad-header", reason="no header"), Report(objects=())))
    monkeypatch.setattr(mutations, "Sandbox", lambda *_: played)
    monkeypatch.setattr(hostile, "FILES", {"one": lambda: b"x"})
    assert mutations.as_they_are(tmp_path, WorkerSettings()).splitlines()[2:] == [
        "| a.dcm | bad-header | no header |", "| made: one | bad-header | no header |",
    ]  # fmt: skip
