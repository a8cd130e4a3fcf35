from pathlib import Path

import pytest

from screening.card import Evidence
from screening.errors import ConfigurationError
from screening.reports import ObjectKind
from screening.settings import Settings, WorkerSettings, load

SECRET = "correct-horse"
URL = f"postgresql://opportune:{SECRET}@db.hospital/opportune"
PACS = '[[destinations]]\nname = "pacs"\nae_title = "ORTHANC"\naddress = "pacs"\nport = 4242\n'


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def toml(text: str) -> Path:
    path = Path("settings.toml")
    path.write_text(text, encoding="utf-8")
    return path


def refusal(text: str = "", **environ: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(environ, toml(text))
    return str(caught.value)


# sources


def test_faults_are_no_setting() -> None:
    assert load({"OPPORTUNE_FAULT": "@nowhere"}) == Settings()


def test_defaults() -> None:
    settings = load({})
    assert settings == Settings()
    assert settings.node.ae_title == "OPPORTUNE"
    assert settings.embedded
    assert settings.broker == "memory://"
    assert settings.sqlalchemy_url == f"sqlite:///{Path.cwd() / 'opportune-data' / 'opportune.sqlite'}"
    assert settings.spool == Path("opportune-data/spool")


def test_by_default_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPPORTUNE_NODE__PORT", "104")
    assert load().node.port == 104


def test_file_over_defaults() -> None:
    assert load({}, toml("[node]\nport = 104")).node.port == 104


def test_environment_over_file() -> None:
    settings = load({"OPPORTUNE_NODE__PORT": "105"}, toml('[node]\nport = 104\nae_title = "AI"'))
    assert (settings.node.port, settings.node.ae_title) == (105, "AI")


def test_file_of_the_working_directory() -> None:
    Path("opportune.toml").write_text('[log]\nlevel = "DEBUG"', encoding="utf-8")
    assert load({}).log.level == "DEBUG"


def test_file_named_by_the_environment() -> None:
    Path("opportune.toml").write_text('[log]\nlevel = "DEBUG"', encoding="utf-8")
    path = toml('[log]\nlevel = "ERROR"')
    assert load({"OPPORTUNE_CONFIG": str(path)}).log.level == "ERROR"


def test_other_variables_are_left_alone() -> None:
    assert load({"PORT": "1", "OPPORTUNELY": "2", "HOME": "3"}) == Settings()


def test_model_settings_by_the_environment() -> None:
    settings = load({"OPPORTUNE_MODELS__CAP_MORTALITY_CXR__ENABLED": "true"}, toml("[models.other]\nenabled = false"))
    assert settings.models["cap_mortality_cxr"].enabled
    assert not settings.models["other"].enabled


def test_lists_by_the_environment_are_json() -> None:
    environ = {
        "OPPORTUNE_PEERS": '[{"ae_title": "CT1", "address": "10.1.2.3"}]',
        "OPPORTUNE_MODELS__CAP_MORTALITY_CXR__THRESHOLDS": "[5, 15]",
    }
    settings = load(environ)
    assert settings.peers[0].address == "10.1.2.3/32"
    assert settings.models["cap_mortality_cxr"].thresholds == (5, 15)


def test_secret_from_a_file() -> None:
    Path("secret").write_text(URL + "\n", encoding="utf-8")
    settings = load({"OPPORTUNE_DATABASE_URL_FILE": "secret"})
    assert settings.sqlalchemy_url == URL


def test_any_setting_from_a_file() -> None:
    Path("port").write_text(" 104\n", encoding="utf-8")
    assert load({"OPPORTUNE_NODE__PORT_FILE": "port"}).node.port == 104


def test_broker() -> None:
    settings = load({"OPPORTUNE_BROKER_URL": "redis://localhost:6379/0"})
    assert settings.broker == "redis://localhost:6379/0"
    assert not settings.embedded


# refusals name the key, the value and what is allowed


def test_unknown_variable() -> None:
    message = refusal(OPPORTUNE_PORT="104")
    assert "OPPORTUNE_PORT: there is no setting 'port'" in message
    assert "allowed are" in message
    assert "node" in message


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("[node]\nprot = 104", "node.prot", "port"),
        ("[worker]\nthread = 4", "worker.thread", "threads"),
        ('[[peers]]\nae_title = "CT1"\nip = "10.0.0.1"', "peers.0.ip", "address"),
        ("[models.m]\nenable = true", "models.m.enable", "enabled"),
        ('[models.m.indication]\nicd = ["J18"]', "models.m.indication.icd", "codes"),
        ("speed = 3", "speed", "broker_url"),
    ],
)
def test_unknown_key(text: str, key: str, allowed: str) -> None:
    message = refusal(text)
    assert f"{key}: there is no such setting; allowed are" in message
    assert allowed in message.split("allowed are")[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[node]\nport = 70000", ("node.port = 70000", "less than or equal to 65535")),
        ('[node]\nport = "high"', ("node.port = 'high'", "integer")),
        ('[node]\nae_title = "SEVENTEEN_LETTERS"', ("node.ae_title = 'SEVENTEEN_LETTERS'", "1 to 16")),
        ("[node]\nae_title = 'A\\B'", ("node.ae_title", "no backslash")),
        ('[node]\nae_title = "  "', ("node.ae_title", "1 to 16")),
        ('[node]\nae_title = "RÖNTGEN"', ("node.ae_title", "ASCII")),
        ('[log]\nlevel = "LOUD"', ("log.level = 'LOUD'", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'")),
        ('[[peers]]\nae_title = "CT1"\naddress = "ct1.hospital"', ("peers.0.address = 'ct1.hospital'", "10.1.2.0/24")),
        ('[[peers]]\nae_title = "CT1"', ("peers.0.address", "required")),
        (PACS.replace('"pacs"', '""'), ("destinations.0.name = ''", "at least 1 character")),
        (
            PACS + 'objects = ["pdf"]',
            ("destinations.0.objects.0 = 'pdf'", "'sc', 'sr', 'seg', 'text-sr', 'gsps' or 'kos'"),
        ),
        (PACS + 'objects = ["sr", "kos"]', ("destinations.0.objects", "must name sc beside kos")),
        (PACS + 'commitment = "maybe"', ("destinations.0.commitment = 'maybe'", "'c-find'")),
        (PACS + PACS, ("destinations.name must be unique", "pacs")),
        ("[models.m]\nthresholds = [15, 5]", ("models.m.thresholds = [15, 5]", "rising percentages")),
        ("[models.m]\nthresholds = [5, 10, 15]", ("models.m.thresholds", "at most two")),
        ("[models.m]\nthresholds = [0, 100]", ("models.m.thresholds", "between 0 and 100")),
        ('[models.m]\nqueue = "Big Queue"', ("models.m.queue = 'Big Queue'", "pattern")),
        ('[models.m]\nwhen = "never"', ("models.m.when = 'never'", "'always', 'indication' or 'manual'")),
        ("[worker]\nlease_seconds = 10", ("worker", "heartbeat_seconds = 10 must be less than lease_seconds = 10")),
        ('[worker]\nengine = "openvino"\ndevice = "cuda"', ("worker", "engine = openvino runs on the CPU")),
        ('[worker]\nengine = "onnx"', ("worker.engine = 'onnx'", "'auto', 'torch' or 'openvino'")),
        ('[node]\nport = 70000\n[worker]\ndevice = "tpu"', ("node.port", "worker.device = 'tpu'")),
    ],
)
def test_wrong_values(text: str, said: tuple[str, ...]) -> None:
    message = refusal(text)
    assert message.startswith("wrong settings: ")
    assert all(words in message for words in said), message


def test_wrong_value_by_the_environment() -> None:
    assert "node.port = 'high'" in refusal(OPPORTUNE_NODE__PORT="high")


def test_list_is_set_whole() -> None:
    message = refusal(PACS, OPPORTUNE_DESTINATIONS__PORT="1")
    assert message == "OPPORTUNE_DESTINATIONS__PORT: 'destinations' is no section; set it in opportune.toml"


def test_malformed_json() -> None:
    assert refusal(OPPORTUNE_PEERS="[oops") == "OPPORTUNE_PEERS must be JSON, as it begins with ["


def test_malformed_file() -> None:
    assert "settings.toml is not TOML" in refusal("[node")


def test_missing_file() -> None:
    with pytest.raises(ConfigurationError, match=r"settings file nowhere\.toml cannot be read: No such file"):
        load({"OPPORTUNE_CONFIG": "nowhere.toml"})


def test_missing_secret_file() -> None:
    message = refusal(OPPORTUNE_DATABASE_URL_FILE="/nowhere")
    assert message == "OPPORTUNE_DATABASE_URL_FILE: file /nowhere cannot be read: No such file or directory"


def test_binary_secret_file() -> None:
    Path("secret").write_bytes(b"\xff\xfe")
    assert refusal(OPPORTUNE_DATABASE_URL_FILE="secret").endswith("file secret is not UTF-8 text")


def test_variable_and_file_at_once() -> None:
    Path("secret").write_text(URL, encoding="utf-8")
    message = refusal(OPPORTUNE_DATABASE_URL=URL, OPPORTUNE_DATABASE_URL_FILE="secret")
    assert "both set" in message
    assert SECRET not in message


# secrets


@pytest.mark.parametrize(
    "text",
    [
        f'database_url = "{URL.replace("postgresql", "mysql")}"',
        f'database_ulr = "{URL}"',
        f'[node]\ndatabase_url = "{URL}"',
        f'database_url = ["{URL}"]',
        f'broker_url = "{URL}"',
        f'database_url = "{URL}"\n{PACS}{PACS}',
        f'database_url = "{URL}"\n[node]\nport = 70000',
        f'database_url = "{URL}"\nnode = 3',
        f'database_url = {{url = "{URL}"}}',
        f'node = {{url = "{URL}"}}',
    ],
)
def test_refusals_tell_no_secret(text: str) -> None:
    assert SECRET not in refusal(text)


def test_misplaced_secret_variable_is_not_shown() -> None:
    assert SECRET not in refusal(OPPORTUNE_NODE__DATABASE_URL=URL)
    assert SECRET not in refusal(OPPORTUNE_DATABSE_URL=URL)


def test_settings_print_no_secret() -> None:
    settings = load({"OPPORTUNE_DATABASE_URL": URL, "OPPORTUNE_BROKER_URL": f"redis://:{SECRET}@localhost/0"})
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings)
    assert SECRET not in str(settings.model_dump())
    assert SECRET not in settings.model_dump_json()


@pytest.mark.parametrize("password", ["changeme", "changethis", "password", "postgres", "opportune"])
def test_default_passwords_are_refused(password: str) -> None:
    message = refusal(OPPORTUNE_DATABASE_URL=f"postgresql://opportune:{password}@localhost/opportune")
    assert message == "wrong settings: database_url: uses a default password; set one of your own"


@pytest.mark.parametrize(
    ("variable", "url", "allowed"),
    [
        ("DATABASE_URL", "mysql://db/opportune", "postgresql://"),
        ("DATABASE_URL", "redis://localhost", "postgresql://"),
        ("BROKER_URL", "sqlite:///opportune.sqlite", "redis://"),
        ("BROKER_URL", "amqp://localhost", "memory://"),
    ],
)
def test_schemes(variable: str, url: str, allowed: str) -> None:
    message = refusal(**{f"OPPORTUNE_{variable}": url})
    assert f"{variable.lower()}: must begin with" in message
    assert allowed in message


# what the values mean


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load({}).node.port = 1  # type: ignore[misc]


def test_simulation_does_not_reach_a_destination_unless_it_says_so() -> None:
    default = load({}, toml(PACS)).destinations[0]
    assert Evidence.SIMULATION not in default.accept_evidence
    assert default.objects == (ObjectKind.SC, ObjectKind.SR, ObjectKind.SEG)
    told = load({}, toml(PACS + 'accept_evidence = ["simulation"]\nobjects = ["sr"]')).destinations[0]
    assert told.accept_evidence == (Evidence.SIMULATION,)
    assert told.objects == (ObjectKind.SR,)


def test_further_forms_are_made_where_any_destination_asks_for_them() -> None:
    assert load({}, toml(PACS)).forms == ()
    asks = PACS + 'objects = ["gsps", "text-sr"]\n' + PACS.replace('"pacs"', '"other"') + 'objects = ["sc", "kos"]'
    assert load({}, toml(asks)).forms == (ObjectKind.TEXT_SR, ObjectKind.GSPS, ObjectKind.KOS)


def test_ae_titles_lose_their_padding() -> None:
    assert load({}, toml('[node]\nae_title = " AI1 "')).node.ae_title == "AI1"


def test_no_model_runs_unless_enabled() -> None:
    assert not load({}, toml("[models.cap_mortality_cxr]")).models["cap_mortality_cxr"].enabled


@pytest.mark.parametrize(
    ("worker", "place"), [({}, "auto"), ({"device": "cuda"}, "cuda"), ({"engine": "openvino"}, "cpu")]
)
def test_openvino_runs_on_the_cpu(worker: dict[str, str], place: str) -> None:
    assert WorkerSettings.model_validate(worker).runs_on == place


def test_what_engines_compiled_lies_in_home_unless_elsewhere(tmp_path: Path) -> None:
    assert Settings(home=tmp_path).engine_cache == tmp_path / "engines"
    elsewhere = WorkerSettings(engine_cache=tmp_path / "fast")
    assert Settings(home=tmp_path, worker=elsewhere).engine_cache == tmp_path / "fast"
