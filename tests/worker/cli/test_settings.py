"""Wrong settings end a command with status 2 and name what is wrong."""

from pathlib import Path

import pytest

from screening.card import ModelCard
from screening.errors import ConfigurationError, WeightsMismatch
from screening.settings import ModelSettings
from tests.worker.cli.command import opportune
from tests.worker.cli.conftest import Configure
from tests.worker.ports import MODEL
from worker.cli.settings import load_settings


def test_a_model_that_does_not_exist_is_named_with_those_that_do(configure: Configure) -> None:
    configure("[models.cap_mortality_cxt]\nenabled = true\n")
    with pytest.raises(ConfigurationError, match=f"models.cap_mortality_cxt: .* allowed are {MODEL}"):
        load_settings()


def test_a_known_model_is_taken(configure: Configure) -> None:
    configure(f"[models.{MODEL}]\nenabled = true\n")
    assert load_settings().models[MODEL].enabled


def test_a_model_whose_card_is_broken_is_told_at_start(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> ModelCard:
        raise WeightsMismatch("model card opportune.json cannot be read: it ends too early")

    monkeypatch.setattr("models.registry.card", broken)
    configure(f"[models.{MODEL}]\nenabled = true\n")
    ended = opportune("config", "check")
    assert ended.status == 2
    assert ended.words == (
        f"opportune: wrong settings: models.{MODEL}: it is enabled, but "
        "model card opportune.json cannot be read: it ends too early; mend it or set enabled = false"
    )
    configure(f"[models.{MODEL}]\nenabled = false\n")  # one that does not run stops nothing
    assert opportune("config", "check").status == 0


def test_an_own_bundle_that_is_not_there_is_told_at_start(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: str, settings: ModelSettings) -> ModelCard:
        raise WeightsMismatch(f"there is none in {settings.bundle}")

    monkeypatch.setattr("models.registry.card", missing)
    configure(f"[models.{MODEL}]\nenabled = true\nbundle = 'no/such'\n")
    with pytest.raises(
        ConfigurationError, match=rf"models\.{MODEL}\.bundle: it is enabled, but there is none in no/such"
    ):
        load_settings()
    assert load_settings(read_cards=False).of_model(MODEL).bundle == Path("no/such")


@pytest.mark.parametrize("command", [("status",), ("config", "check"), ("node", "sheet"), ("doctor",), ("serve",)])
def test_wrong_settings_end_every_command_with_status_2(configure: Configure, command: tuple[str, ...]) -> None:
    configure("[node]\nport = 111112\n")
    ended = opportune(*command)
    assert ended.status == 2
    assert ended.err.startswith("opportune: wrong settings: node.port = 111112: ")
    assert "Traceback" not in ended.err
