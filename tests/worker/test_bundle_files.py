"""What may be in a bundle's folder, and a copy that is whole or not there."""

import io
import os
import pickle
import zipfile
from pathlib import Path

import pytest

from screening.errors import BundleRefused
from worker import bundle_files
from worker.bundle_files import files_of, same, settle, staged


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "bundle"
    for name in ("configs/opportune.json", "models/model.safetensors", "docs/README.md", "LICENSE"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(name.encode())
    return made


def torch_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    return buffer.getvalue()


def test_every_file_of_a_bundle(folder: Path) -> None:
    assert [str(item.path) for item in files_of(folder)] == [
        "LICENSE", "configs/opportune.json", "docs/README.md", "models/model.safetensors",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["model.pt", "model.PTH", "a.pkl", "a.ckpt", "model.ts", "a.npz"])
def test_a_file_that_is_named_like_a_pickle_is_refused(folder: Path, name: str) -> None:
    (folder / "models" / name).write_bytes(b"")
    with pytest.raises(BundleRefused, match=f"^models/{name} may hold a pickle.*; save it as safetensors$"):
        files_of(folder)


@pytest.mark.parametrize("content", [torch_zip(), *(pickle.dumps([1], protocol) for protocol in (2, 3, 4, 5))])
def test_a_pickle_under_another_name_is_refused(folder: Path, content: bytes) -> None:
    (folder / "docs" / "results.json").write_bytes(content)
    with pytest.raises(BundleRefused, match=r"^docs/results\.json may hold a pickle"):
        files_of(folder)


@pytest.mark.parametrize("name", ["scripts/run.py", "lib.so", "run", "model.SAFETENSORS", ".hidden"])
def test_code_and_the_unknown_are_refused(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"x")
    with pytest.raises(BundleRefused, match=f"^{name} has no place in a bundle"):
        files_of(folder)


def test_links_are_refused_wherever_they_lead(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    for target in (tmp_path / "secret.json", folder / "LICENSE", tmp_path, tmp_path / "gone"):
        (folder / "docs" / "a.json").symlink_to(target)
        with pytest.raises(BundleRefused, match=r"^docs/a\.json is a link; put the file itself in its place$"):
            files_of(folder)
        (folder / "docs" / "a.json").unlink()


def test_what_is_no_plain_file_is_refused_and_not_opened(folder: Path) -> None:
    os.mkfifo(folder / "docs" / "a.json")  # to open it would wait for ever
    with pytest.raises(BundleRefused, match=r"^docs/a\.json is no plain file; remove it$"):
        files_of(folder)


def test_too_much_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (folder / "models" / "model.safetensors").open("wb") as file:
        file.truncate(bundle_files.MOST_BYTES)
    with pytest.raises(BundleRefused, match="holds 2048 MB; at most 2048 MB are taken"):
        files_of(folder)
    with (folder / "docs" / "README.md").open("wb") as file:
        file.truncate(bundle_files.MOST_TEXT + 1)
    with pytest.raises(BundleRefused, match=r"^docs/README\.md has 16 MB"):
        files_of(folder)
    monkeypatch.setattr(bundle_files, "MOST_FILES", 1)
    (folder / "docs" / "README.md").write_bytes(b"")
    with pytest.raises(BundleRefused, match="more than 1 files"):
        files_of(folder)


def test_folders_without_end_are_refused(folder: Path) -> None:
    (folder / "/".join(["x"] * 40)).mkdir(parents=True)
    with pytest.raises(BundleRefused, match=f"nests folders deeper than {bundle_files.DEEPEST}"):
        files_of(folder)


def test_a_path_that_is_no_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match="is no folder"):
        files_of(folder / "LICENSE")
    with pytest.raises(BundleRefused, match="gone cannot be read: No such file"):
        files_of(tmp_path / "gone")


def test_a_copy_gets_its_name_when_it_is_settled(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "home" / "bundles" / "copy"
    with staged(folder, target) as part:
        assert not target.exists()
        assert part.parent == target.parent
        settle(part, target)
    assert same(folder, target)
    assert list(target.parent.iterdir()) == [target]
    assert target.stat().st_mode & 0o777 == 0o700


def test_a_copy_that_is_not_settled_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "home" / "copy"
    with pytest.raises(ZeroDivisionError), staged(folder, target):
        raise ZeroDivisionError
    assert list(target.parent.iterdir()) == []


def test_nothing_is_overwritten(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    for make in (target.mkdir, target.rmdir, lambda: target.symlink_to(tmp_path / "gone"), target.unlink):
        make()
        if os.path.lexists(target):
            with (
                pytest.raises(BundleRefused, match="is there already; nothing is overwritten"),
                staged(folder, target) as p,
            ):
                settle(p, target)
    with staged(folder, target) as first, staged(folder, target) as second:
        settle(first, target)
        with pytest.raises(BundleRefused, match="nothing is overwritten"):
            settle(second, target)


def test_what_comes_between_two_settlings_is_not_replaced(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "copy"
    monkeypatch.setattr(os.path, "lexists", lambda _: False)  # both looked before either was there
    with staged(folder, target) as first, staged(folder, target) as second:
        settle(first, target)
        with pytest.raises(BundleRefused, match="nothing is overwritten"):
            settle(second, target)
    assert same(folder, target)


def test_a_full_disk_is_told_and_leaves_nothing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(BundleRefused, match="cannot be copied: No space left on device"),
        staged(folder, tmp_path / "h/c"),
    ):
        raise AssertionError("it was copied")
    assert list((tmp_path / "h").iterdir()) == []


@pytest.mark.parametrize("change", ["bytes", "more"])
def test_bundles_that_differ_are_not_the_same(folder: Path, tmp_path: Path, change: str) -> None:
    target = tmp_path / "copy"
    with staged(folder, target) as part:
        settle(part, target)
    (target / ("LICENSE" if change == "bytes" else "NOTICE")).write_bytes(b"license")
    assert not same(folder, target)
