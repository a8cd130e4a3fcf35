"""What was compiled is found again under the very same conditions, whole, or not at all."""

import logging
import stat
from importlib import metadata
from pathlib import Path

import pytest

import models
from models.engines import cache as module
from models.engines import openvino_import
from models.engines.cache import Cache, entry_name

NAME, DIGEST = "some_model", "c" * 64
COMPILED = {"trunk": b"one" * 1000, "bone-2": b"two"}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    made = Cache(tmp_path / "engines")
    made.write(NAME, DIGEST, COMPILED)
    return made


def the_entry(cache: Cache) -> Path:
    (found,) = cache.folder.glob(f"{NAME}-*")
    return found


def test_it_is_found_again(cache: Cache) -> None:
    assert cache.read(NAME, DIGEST) == COMPILED


def test_where_nothing_was_written_nothing_is_found(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert Cache(tmp_path / "nowhere").read(NAME, DIGEST) is None
    assert caplog.messages == []


def test_it_is_for_the_nodes_user_alone(cache: Cache) -> None:
    for folder in (cache.folder, the_entry(cache)):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_another_model_or_configuration_finds_nothing(cache: Cache) -> None:
    assert cache.read("some", DIGEST) is None
    assert cache.read(NAME, "d" * 64) is None


@pytest.mark.parametrize("what", ["code", "processor"])
def test_neither_does_other_code_or_another_processor(cache: Cache, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setattr(module, what, lambda: "0123abcd")
    assert cache.read(NAME, DIGEST) is None


def test_nor_another_version_of_openvino_or_torch(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as changed:
        changed.setattr(openvino_import, "version", lambda: "2031.1")
        assert cache.read(NAME, DIGEST) is None
    with monkeypatch.context() as changed:
        changed.setattr(metadata, "version", lambda name: f"{name} 9")
        changed.setattr(openvino_import, "version", lambda: "2026.4.1")
        assert cache.read(NAME, DIGEST) is None
    assert cache.read(NAME, DIGEST) == COMPILED


@pytest.mark.parametrize("held", [b"one" * 999, b"", b"One" + b"one" * 999], ids=["short", "empty", "changed"])
def test_what_is_not_what_was_written_is_not_taken(cache: Cache, held: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (the_entry(cache) / "trunk.blob").write_bytes(held)
    with caplog.at_level(logging.WARNING):
        assert cache.read(NAME, DIGEST) is None
    assert caplog.messages == [f"{the_entry(cache) / 'trunk.blob'} is not what was written; it is made anew"]


@pytest.mark.parametrize("listed", ["nonsense\n", "\xff\xfe"])
def test_a_manifest_that_is_none_is_not_taken(cache: Cache, listed: str, caplog: pytest.LogCaptureFixture) -> None:
    (the_entry(cache) / "MANIFEST.sha256").write_text(listed, encoding="latin-1")
    with caplog.at_level(logging.WARNING):
        assert cache.read(NAME, DIGEST) is None
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize("name", ["trunk.blob", "MANIFEST.sha256"])
def test_a_file_that_is_gone_is_a_miss(cache: Cache, name: str) -> None:
    (the_entry(cache) / name).unlink()
    assert cache.read(NAME, DIGEST) is None


def test_a_broken_one_is_replaced(cache: Cache) -> None:
    (the_entry(cache) / "trunk.blob").write_bytes(b"")
    cache.write(NAME, DIGEST, COMPILED)
    assert cache.read(NAME, DIGEST) == COMPILED


def test_what_is_not_used_any_more_goes_and_other_models_and_processors_stay(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write("other_model", DIGEST, COMPILED)
    with monkeypatch.context() as changed:
        changed.setattr(module, "processor", lambda: "0123abcd")
        cache.write(NAME, DIGEST, COMPILED)
    cache.write(NAME, "d" * 64, {"trunk": b"three"})
    assert cache.read(NAME, DIGEST) is None
    assert cache.read(NAME, "d" * 64) == {"trunk": b"three"}
    assert cache.read("other_model", DIGEST) == COMPILED
    assert len(list(cache.folder.glob(f"{NAME}-0123abcd-*"))) == 1


def test_what_was_left_half_made_is_swept(cache: Cache) -> None:
    (cache.folder / ".unfinished-abc").mkdir()
    (cache.folder / ".unfinished-abc" / "trunk.blob").write_bytes(b"half")
    cache.sweep()
    assert [path.name for path in cache.folder.iterdir()] == [entry_name(NAME, DIGEST)]


def test_what_cannot_be_written_leaves_nothing_behind(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, held: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_write", full)
    with pytest.raises(OSError, match="No space left"):
        cache.write(NAME, "d" * 64, COMPILED)
    assert [path.name for path in cache.folder.iterdir()] == [entry_name(NAME, DIGEST)]
    assert cache.read(NAME, DIGEST) == COMPILED


@pytest.mark.parametrize("name", ["../trunk", "a/b", "", "Trunk", ".trunk"])
def test_a_parts_name_must_be_one_of_a_file(cache: Cache, name: str) -> None:
    with pytest.raises(ValueError, match="a part's name must be"):
        cache.write(NAME, DIGEST, {name: b""})


def test_the_code_that_is_traced_is_the_package_of_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "__file__", str(tmp_path / "__init__.py"))
    found = []
    for text in ("a = 1\n", "a = 2\n"):
        (tmp_path / "network.py").write_text(text)
        module.code.cache_clear()
        found.append(module.code())
    module.code.cache_clear()
    assert found[0] != found[1]


def test_a_processor_is_told_by_what_it_can_do() -> None:
    assert len(module.processor()) == 8
    assert module.processor() == module.processor()
