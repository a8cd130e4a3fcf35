"""File and environment; `tests/screening/test_settings.py` has what they do to settings together."""

from pathlib import Path

import pytest

from screening.errors import ConfigurationError
from screening.settings_sources import CONFIG_NAME, file_of, lay_over, of_file


def test_which_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert file_of({}) is None
    assert of_file(None) == {}
    Path(CONFIG_NAME).write_text("[node]\nport = 104\n", encoding="utf-8")
    assert file_of({}) == Path(CONFIG_NAME)
    assert of_file(file_of({})) == {"node": {"port": 104}}
    assert file_of({"OPPORTUNE_CONFIG": "mine.toml"}) == Path("mine.toml")
    with pytest.raises(ConfigurationError, match=r"mine\.toml cannot be read"):
        of_file(Path("mine.toml"))


def test_variables_lie_over_what_is_there() -> None:
    values = {"node": {"port": 104, "ae_title": "A"}, "peers": [{"ae_title": "CT1"}]}
    environ = {"OPPORTUNE_NODE__PORT": "105", "OPPORTUNE_PEERS": "[]", "OTHER": "x", "OPPORTUNE_CONFIG": "x"}
    lay_over(values, environ, {"node", "peers"})
    assert values == {"node": {"port": "105", "ae_title": "A"}, "peers": []}


@pytest.mark.parametrize(
    ("variable", "text", "why"),
    [("OPPORTUNE_NODES", "x", "there is no setting 'nodes'"), ("OPPORTUNE_HOME__X", "x", "is no section"),
     ("OPPORTUNE_PEERS", "[", "must be JSON")],
)  # fmt: skip
def test_a_wrong_variable_is_named(variable: str, text: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{variable}.*{why}"):
        lay_over({"home": "data"}, {variable: text}, {"home", "node", "peers"})
