"""A site's own weights: each thing that may be wrong with them is named, and what is taken is what was checked."""

import hashlib
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from db import audit
from db.engine import transaction
from models import registry
from screening.card import ModelCard
from screening.errors import BundleRefused, UnknownModel
from screening.settings import ModelSettings
from screening.signatures import Signatures
from tests.worker.cli.command import opportune
from tests.worker.ports import MODEL, make_ports
from worker.bundle_files import same
from worker.bundles import Taken, check, export_bundle, import_bundle
from worker.ports import Ports
from worker.sandbox import probe as module
from worker.signing import make_key, sign_bundle

Change = Callable[[Path], None]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A site's own bundle: the shipped one under a version and an evidence level of its own."""
    folder = shutil.copytree(registry.bundle(MODEL), tmp_path / "own")
    edit(folder, version="2.0.0", evidence="site-validated")
    return folder


def edit(folder: Path, section: str = "card", **values: Any) -> None:
    """Change or, with None, remove values of the bundle's configuration."""
    path = folder / "configs" / "opportune.json"
    configuration = json.loads(path.read_text())
    configuration[section] = {k: v for k, v in (configuration[section] | values).items() if v is not None}
    path.write_text(json.dumps(configuration))


def weigh(folder: Path, change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    """Change the weights, and the card with them."""
    path = folder / "models" / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)
    edit(folder, weights_sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def take(ports: Ports, folder: Path, tried: Callable[[str, Path], float] = lambda *_: 0.5) -> Taken:
    return import_bundle(ports.settings, ports.sessions, folder, who="ann", probe=tried, unpickle=no_pickle)


def no_pickle(source: Path, target: Path) -> None:
    raise AssertionError("there was no pickle")


def trail(ports: Ports) -> list[tuple[str, str, str, str]]:
    with transaction(ports.sessions) as session:
        return [(entry.actor, entry.action, entry.subject, entry.detail) for entry in audit.newest(session)]


def kept(ports: Ports) -> list[str]:
    folder = ports.settings.bundles
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_bundle_is_taken_as_it_is(ports: Ports, own: Path) -> None:
    tried: list[tuple[str, Path]] = []

    def remember(name: str, bundle: Path) -> float:
        tried.append((name, bundle))
        assert same(own, bundle)
        assert bundle != own
        return 0.25

    taken = take(ports, own, remember)
    sha = taken.card.weights_sha256
    assert taken.folder == ports.settings.bundles.resolve() / f"{MODEL}-2.0.0-{sha[:12]}"
    assert (taken.new, taken.probability, [name for name, _ in tried]) == (True, 0.25, [MODEL])
    assert same(own, taken.folder)
    assert kept(ports) == [taken.folder.name]
    detail = f"version 2.0.0, evidence site-validated, SHA-256 {sha}, in {taken.folder}"
    assert trail(ports) == [("ann", "import", f"model {MODEL}", detail)]


def test_nothing_is_switched_by_an_import(ports: Ports, own: Path) -> None:
    before = registry.config_digest(MODEL, ports.settings.of_model(MODEL))
    take(ports, own)
    assert registry.config_digest(MODEL, ports.settings.of_model(MODEL)) == before


def test_the_same_bundle_may_be_imported_again(ports: Ports, own: Path) -> None:
    first, again = take(ports, own), take(ports, own)
    assert (again.folder, again.new) == (first.folder, False)
    assert len(trail(ports)) == 2


def test_the_same_weights_with_another_calibration_need_their_own_version(ports: Ports, own: Path) -> None:
    taken = take(ports, own)
    before = (taken.folder / "configs" / "opportune.json").read_bytes()
    edit(own, "calibration", platt={"intercept": 0.0, "slope": 1.0})
    with pytest.raises(
        BundleRefused, match=r"is not overwritten; give this bundle a version of its own \(card\.version"
    ):
        take(ports, own)
    assert (taken.folder / "configs" / "opportune.json").read_bytes() == before
    assert ([entry[1] for entry in trail(ports)], len(kept(ports))) == (["refuse import", "import"], 1)
    edit(own, version="2.0.1")
    assert take(ports, own).new


def _sha(folder: Path) -> None:
    edit(folder, weights_sha256="0" * 64)


def _cut(folder: Path) -> None:
    path = folder / "models" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    edit(folder, weights_sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def _double(tensors: dict[str, torch.Tensor]) -> None:
    tensors["net.head.bias"] = tensors["net.head.bias"].double()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: (f / "configs" / "opportune.json").unlink(), r"model card configs/opportune\.json cannot be read"),
        (lambda f: edit(f, name="other"), "there is no screening model 'other'; there are bone_muscle_ct"),
        (lambda f: edit(f, version=None), "version: Field required"),
        (lambda f: edit(f, version="../up"), r"version of cap_mortality_cxr must be .*, got '\.\./up'"),
        (lambda f: edit(f, evidence=None), "evidence: Field required"),
        (lambda f: edit(f, evidence="proven"), "evidence: Input should be 'simulation', 'research' or"),
        (lambda f: edit(f, input_size=[128]), r"input_size .* is \[128\]; .* needs 2 numbers of 1 to 1024"),
        (lambda f: edit(f, input_size=[2048, 2048]), "needs 2 numbers of 1 to 1024"),
        (lambda f: edit(f, series_base=1), r"series_base .* is 1; the results .* are numbered from 9010"),
        (lambda f: edit(f, weights_file="../model.safetensors"), "must be a .safetensors file in the bundle"),
        (_sha, r"model\.safetensors have SHA-256 [0-9a-f]{64}, the card says 0{64}"),
        (lambda f: (f / "models" / "model.safetensors").unlink(), "weights of cap_mortality_cxr cannot be read"),
        (_cut, r"model\.safetensors is no safetensors file"),
        (lambda f: (f / "models" / "more.safetensors").write_bytes(b"x"), r"more\.safetensors is no safetensors file"),
        (lambda f: weigh(f, _double), r"tensor 'net\.head\.bias' of model\.safetensors is F64; save it as one of F32"),
        (lambda f: (f / "models" / "model.pt").write_bytes(b""), r"models/model\.pt may hold a pickle"),
        (lambda f: (f / "docs" / "a.md").symlink_to("/etc/hostname"), r"docs/a\.md is a link"),
    ],
)
def test_each_refusal_is_one_line_and_leaves_nothing(ports: Ports, own: Path, change: Change, said: str) -> None:
    change(own)

    def never(*_: object) -> float:
        raise AssertionError("it was tried")

    with pytest.raises(BundleRefused, match=said) as caught:
        take(ports, own, never)
    assert "\n" not in str(caught.value)
    assert ".part" not in str(caught.value)
    assert kept(ports) == []
    assert trail(ports) == [("ann", "refuse import", "bundle", str(caught.value))]


def _nan(tensors: dict[str, torch.Tensor]) -> None:
    tensors["net.head.weight"].fill_(math.nan)


def _none(tensors: dict[str, torch.Tensor]) -> None:
    del tensors["net.head.bias"]


def _more(tensors: dict[str, torch.Tensor]) -> None:
    tensors["net.head.bias"] = torch.zeros(2)


def _far(tensors: dict[str, torch.Tensor]) -> None:
    tensors["ood.mean"].fill_(math.inf)


def _here(name: str, bundle: Path) -> float:
    """The probe, without the process."""
    return module._probability(json.dumps(module._try(name, bundle, 1)).encode(), 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: weigh(f, _nan), r"the weights give nan for a made-up picture: no probability; train them anew"),
        (lambda f: weigh(f, _none), r'do not fit its network: Missing key\(s\) in state_dict: "head\.bias"'),
        (lambda f: weigh(f, _more), r"do not fit its network: size mismatch for head\.bias"),
        (lambda f: weigh(f, _far), "the distance from the training data is not finite"),
        (lambda f: edit(f, "gate", threshold=math.nan), r"gate\.threshold of cap_mortality_cxr must be finite"),
        (lambda f: edit(f, "preprocessing", version="0"), "were trained with preprocessing '0'"),
        (lambda f: edit(f, "calibration", platt={"slope": 1}), "configuration of cap_mortality_cxr lacks"),
        (lambda f: edit(f, input_size=[128, 160]), "input_size of cap_mortality_cxr must be two equal numbers"),
    ],
)
def test_what_the_network_cannot_use_is_refused(ports: Ports, own: Path, change: Change, said: str) -> None:
    change(own)
    with pytest.raises(BundleRefused, match=said) as caught:
        take(ports, own, _here)
    assert "\n" not in str(caught.value)
    assert kept(ports) == []
    assert trail(ports) == [("ann", "refuse import", "bundle", str(caught.value))]


def test_a_pickle_is_converted_by_who_is_asked_to_and_nothing_of_it_stays(ports: Ports, own: Path) -> None:
    weights = own / "models" / "model.safetensors"
    plain = weights.read_bytes()
    weights.unlink()
    (own / "models" / "model.pt").write_bytes(b"pickle")
    edit(own, weights_sha256=hashlib.sha256(b"pickle").hexdigest())

    def unpickle(source: Path, target: Path) -> None:
        assert source.read_bytes() == b"pickle"
        target.write_bytes(plain)

    taken = import_bundle(ports.settings, ports.sessions, own, who="ann", probe=lambda *_: 0.5, unpickle=unpickle)
    assert taken.card.weights_sha256 == hashlib.sha256(plain).hexdigest()
    assert sorted(path.name for path in (taken.folder / "models").iterdir()) == ["model.safetensors"]
    assert kept(ports) == [taken.folder.name]


def test_where_signatures_are_asked_for_only_signed_bundles_are_taken(tmp_path: Path, own: Path) -> None:
    trusted = make_key(tmp_path / "key")
    ports = make_ports(tmp_path / "home", signatures=Signatures(required=True, trusted_keys=(trusted,)))
    with pytest.raises(BundleRefused, match="is not signed; sign it: opportune models sign"):
        take(ports, own)
    sign_bundle(own, tmp_path / "key")
    taken = take(ports, own)
    assert same(own, taken.folder)
    edit(own, version="2.0.1")
    with pytest.raises(BundleRefused, match=r"configs/opportune\.json was changed: its SHA-256 is"):
        take(ports, own)
    assert kept(ports) == [taken.folder.name]


def test_where_signatures_are_asked_for_no_pickle_is_opened(tmp_path: Path, own: Path) -> None:
    ports = make_ports(
        tmp_path / "home", signatures=Signatures(required=True, trusted_keys=(make_key(tmp_path / "key"),))
    )
    (own / "models" / "model.safetensors").rename(own / "models" / "model.pt")
    with pytest.raises(BundleRefused, match=r"models/model\.pt is a pickle, and signatures\.required is set"):
        take(ports, own)


def test_expressions_in_a_bundle_are_text(ports: Ports, own: Path, tmp_path: Path) -> None:
    """MONAI would import what `_target_` names and run what begins with `$`; we read one file of ours, as JSON."""
    ran = tmp_path / "ran"
    command = f"__import__('pathlib').Path({str(ran)!r}).touch()"
    for name in ("inference.json", "metadata.json", "train.json"):
        hostile = {"a": f"${command}", "b": {"_target_": "os.system", "command": f"touch {ran}"}}
        (own / "configs" / name).write_text(json.dumps(hostile))
    (own / "configs" / "more.yaml").write_text(f"!!python/object/apply:os.system ['touch {ran}']\n")
    edit(own, title=f"${command}")
    taken = take(ports, own, _here)
    assert taken.card.title == f"${command}"
    assert not ran.exists()


@pytest.mark.parametrize("name", [None, "own"])
def test_what_is_exported_is_what_is_in_force(tmp_path: Path, own: Path, name: str | None) -> None:
    section = ModelSettings(bundle=own if name else None)
    settings = make_ports(tmp_path / "home", models={MODEL: section}).settings
    card = export_bundle(settings, MODEL, tmp_path / "out")
    assert card == ModelCard.load(tmp_path / "out") == registry.card(MODEL, section)
    assert same(tmp_path / "out", registry.bundle(MODEL, section))


def test_an_export_overwrites_nothing(ports: Ports, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(BundleRefused, match="out is there already; nothing is overwritten"):
        export_bundle(ports.settings, MODEL, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_weights_that_are_not_those_of_their_card_are_not_given_out(tmp_path: Path, own: Path) -> None:
    _sha(own)
    settings = make_ports(tmp_path / "home", models={MODEL: ModelSettings(bundle=own)}).settings
    with pytest.raises(BundleRefused, match="the card says"):
        export_bundle(settings, MODEL, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_not_there_is_not_exported(ports: Ports, tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match=MODEL):
        export_bundle(ports.settings, "none", tmp_path / "out")


def test_every_shipped_bundle_could_be_imported() -> None:
    for name in registry.names():
        assert check(registry.bundle(name)) == registry.card(name)


def listed() -> Any:
    """What `opportune models list` says of the model."""
    return next(row for row in opportune("models", "list", "--json").json if row["name"] == MODEL)


def test_round_trip_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Export, change, import, paste what was printed: the node then works with these weights."""
    monkeypatch.chdir(tmp_path)
    exported = opportune("models", "export", MODEL, "--out", "out")
    assert (exported.status, registry.card(MODEL).weights_sha256 in exported.out) == (0, True)
    edit(tmp_path / "out", version="2.0.0", evidence="research")
    imported = opportune("models", "import", "out")
    assert imported.status == 0
    assert "Nothing is switched" in imported.out
    assert listed()["version"] == "0.1.0"
    (tmp_path / "opportune.toml").write_text(imported.out.split("\n\n", 1)[1])
    shown = listed()
    assert (shown["version"], shown["evidence"]) == ("2.0.0", "research")
    assert Path(shown["bundle"]).parent == tmp_path / "opportune-data" / "bundles"
    assert opportune("models", "verify").status == 0
    again = opportune("models", "export", MODEL, "--out", "again", "--json").json
    assert again["version"] == "2.0.0"
    assert same(tmp_path / "again", tmp_path / "out")


def test_a_refusal_is_exit_status_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "model.pt").write_bytes(b"")
    ended = opportune("models", "import", "own")
    assert (ended.status, ended.out) == (1, "")
    assert ended.words == (
        "opportune: model.pt may hold a pickle, which runs code when it is read; save it as safetensors"
    )
