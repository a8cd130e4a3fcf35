"""`opportune models`: what there is, for whom, on what evidence, and whether the weights are those of the card."""

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from models import registry as shipped
from models.engines.cache import Cache
from screening import manifest
from tests.worker.cli.command import opportune
from tests.worker.cli.conftest import Configure
from tests.worker.fake_registry import FakeRegistry, choose_all
from tests.worker.ports import MODEL, make_card
from worker.sandbox.warming import Warming


@pytest.fixture
def weights(registry: FakeRegistry, tmp_path: Path) -> Path:
    """Weights as the card says."""
    path = tmp_path / "bundle" / "models" / "model.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    registry.folder = tmp_path / "bundle"
    registry.the_card = make_card(weights_sha256=hashlib.sha256(b"weights").hexdigest())
    return path


def test_list(registry: FakeRegistry) -> None:
    registry.selectors["a_second"] = choose_all
    rows = opportune("models", "list", "--json").json
    assert [(row["name"], row["version"], row["evidence"]) for row in rows] == [
        ("a_second", "1.0.0", "simulation"),
        (MODEL, "1.0.0", "simulation"),
    ]
    assert MODEL in opportune("models", "list").out


def test_an_own_bundle_is_listed_shown_and_verified(
    registry: FakeRegistry, configure: Configure, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    registry.own[own] = make_card(version="2.0.0", weights_sha256=hashlib.sha256(b"own").hexdigest()), "d" * 64
    assert [row["bundle"] for row in opportune("models", "list", "--json").json] == ["shipped"]
    configure(f"[models.{MODEL}]\nenabled = true\nbundle = '{own}'\n")
    for row in (opportune("models", "list", "--json").json[0], opportune("models", "show", MODEL, "--json").json):
        assert (row["version"], row["bundle"]) == ("2.0.0", str(own))
    assert opportune("models", "verify").status == 1
    (own / "models").mkdir(parents=True)
    (own / "models" / "model.safetensors").write_bytes(b"own")
    assert opportune("models", "verify", "--json").json[0]["detail"] == str(own / "models" / "model.safetensors")


def test_show_tells_limits_and_evidence() -> None:
    as_json, as_table = opportune("models", "show", MODEL, "--json").json, opportune("models", "show", MODEL).out
    assert as_json["limits"] == ["simulated"]
    for text in ("AJR 2023", "adults", "SIMULATION-TRAINED - NOT FOR CLINICAL USE"):
        assert text in as_table


def test_show_of_a_model_that_is_not_there() -> None:
    ended = opportune("models", "show", "none")
    assert ended.status == 1
    assert ended.words == f"opportune: there is no screening model 'none'; there are {MODEL}"


def test_verify_weights_that_are_those_of_the_card(weights: Path) -> None:
    ended = opportune("models", "verify", "--json")
    assert ended.status == 0
    assert ended.json == [{"name": MODEL, "ok": True, "detail": str(weights)}]


@pytest.mark.parametrize("change", ["altered", "gone"])
def test_verify_weights_that_are_not(weights: Path, change: str) -> None:
    weights.write_bytes(b"others") if change == "altered" else weights.unlink()
    as_json, as_table = opportune("models", "verify", "--json"), opportune("models", "verify")
    assert as_json.status == as_table.status == 1
    assert not as_json.json[0]["ok"]
    assert "FAILED" in as_table.out


def test_a_key_is_made_and_a_bundle_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the real registry: what is signed is checked
    own = shutil.copytree(shipped.FOLDER / MODEL / "bundle", tmp_path / "own")
    made = opportune("models", "keygen", "--out", str(tmp_path / "key"))
    trusted = re.search(r'trusted_keys = \["(ed25519:[^"]+)"\]', made.out)
    assert trusted is not None
    signed = opportune("models", "sign", str(own), "--key", str(tmp_path / "key"))
    assert trusted[1] in signed.out
    manifest.verify(own, (trusted[1],), required=True)
    again = opportune("models", "keygen", "--out", str(tmp_path / "key"))
    assert (again.status, "nothing is overwritten" in again.words) == (1, True)


def test_compile_makes_what_an_enabled_model_lacks(
    registry: FakeRegistry, configure: Configure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    registry.selectors["a_second"] = choose_all
    configure(f"[models.{MODEL}]\nenabled = true\n[models.a_second]\nenabled = true\n")
    Cache(tmp_path / "opportune-data" / "engines").write("a_second", registry.config_digest("a_second"), {"a": b"b"})
    said = json.dumps({"model": MODEL, "compiled": ["trunk"], "seconds": 2.0})
    monkeypatch.setattr(Warming, "_command", lambda *_: [sys.executable, "-c", f"print({said!r})"])
    ended = opportune("models", "compile")
    assert ended.status == 0
    assert ended.out.splitlines() == [
        f"{MODEL}: compiled trunk in 2 s", "1 were compiled before, in opportune-data/engines",
    ]  # fmt: skip
    (row,) = opportune("models", "compile", MODEL, "--json").json
    assert (row["model"], row["compiled"], row["failure"]) == (MODEL, ["trunk"], None)


def test_compile_fails_where_a_network_does(
    registry: FakeRegistry, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(f"[models.{MODEL}]\nenabled = true\n")
    said = json.dumps({"model": MODEL, "compiled": [], "left": ["trunk (NotEquivalent: off by 1)"]})
    monkeypatch.setattr(Warming, "_command", lambda *_: [sys.executable, "-c", f"print({said!r})"])
    ended = opportune("models", "compile")
    assert ended.status == 1
    assert f"{MODEL}: nothing compiled; torch goes on running trunk (NotEquivalent: off by 1)" in ended.out


def test_compile_of_an_unknown_model_or_without_need_says_so(configure: Configure) -> None:
    assert "there is no screening model 'none'" in opportune("models", "compile", "none").words
    configure('[worker]\nengine = "torch"\n')
    ended = opportune("models", "compile")
    assert ended.status == 1
    assert "torch runs the models here" in ended.words
