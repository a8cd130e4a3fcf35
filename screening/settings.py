"""Settings: environment over `opportune.toml` over defaults, read once in `main` and handed down frozen.

A variable is named OPPORTUNE_<SECTION>__<KEY>, e.g. OPPORTUNE_NODE__PORT; a list or table is written in it as JSON.
Any variable may be given as a file: OPPORTUNE_DATABASE_URL_FILE=/run/secrets/database_url.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from screening.dashboard_settings import Dashboard
from screening.errors import ConfigurationError
from screening.log_settings import Audit, Log
from screening.monitoring_settings import Metrics, Notify
from screening.network_settings import Destination, Node, Peer, Tls
from screening.reports import FORMS, ObjectKind
from screening.section import Section as _Section
from screening.settings_sources import CONFIG_NAME, PREFIX, file_of, lay_over, of_file
from screening.signatures import Signatures

__all__ = (
    "CONFIG_NAME",
    "PREFIX",
    "Dashboard",
    "Destination",
    "Node",
    "Peer",
    "Tls",
)  # and what is defined here: nobody need know where they lie


class Indication(_Section):
    """What makes a patient one that the model is for."""

    codes: tuple[str, ...] = Field((), description="Diagnosis codes as SCHEME:VALUE, e.g. SCT:233604007")
    words: tuple[str, ...] = Field((), description="Words looked for in the request's and study's description")


class ModelSettings(_Section):
    """Whether and when a model runs."""

    enabled: bool = Field(False, description="Whether this model may run on patients")
    when: Literal["always", "indication", "manual"] | None = Field(
        None,
        description="When it runs: always, with a known indication, or (manual) by command only;"
        " unset: with the indication that the model itself names, always if it names none",
    )
    indication: Indication = Field(Indication(), description="The indication; unset: the model's own")
    queue: str = Field("screen", pattern=r"^[a-z][a-z0-9_-]*$", description="Celery queue of its jobs")
    bundle: Path | None = Field(
        None,
        description="Folder of the site's own bundle, as `opportune models import` prints it; unset: the shipped one",
    )
    thresholds: tuple[float, ...] = Field(
        (), description="Risk strata in percent, rising: one gives low/high, two give low/moderate/high"
    )

    @field_validator("thresholds")
    @classmethod
    def check_thresholds(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        """At most two, rising, in percent."""
        if len(value) > 2 or list(value) != sorted(set(value)) or not all(0 < v < 100 for v in value):
            raise ValueError("must be at most two rising percentages between 0 and 100")
        return value


EngineChoice = Literal["auto", "torch", "openvino"]


class WorkerSettings(_Section):
    """How work is done."""

    lease_seconds: float = Field(30, ge=1, description="A claimed job is taken back so long after the last heartbeat")
    heartbeat_seconds: float = Field(10, gt=0, description="How often a worker renews its lease")
    maximum_attempts: int = Field(3, ge=1, description="A job is quarantined after so many attempts")
    job_timeout_seconds: float = Field(600, gt=0, description="The child is killed when one job takes longer")
    memory_limit_mb: int = Field(
        12288, ge=0, description="Address space of the child, MB; 0 for no limit (needed with CUDA)"
    )
    confined: bool = Field(
        True,
        description="Whether the child is kept from network, programs, other processes and writing files;"
        " false only where a GPU's driver does not work so",
    )
    threads: int = Field(2, ge=1, description="Threads of the child for inference")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where models run; auto takes CUDA where there is one"
    )
    engine: EngineChoice = Field(
        "auto",
        description="What runs the networks: auto takes OpenVINO on a CPU and torch on a GPU; openvino runs all on the"
        " CPU; torch is the reference",
    )
    engine_cache: Path = Field(
        Path("engines"),
        description="Folder of what OpenVINO compiled, in home unless it begins with /. The worker fills it at its"
        " start, `opportune models compile` before; until then torch runs a model",
    )
    half_precision: bool = Field(
        False,
        description="On CUDA: half precision where torch holds it to be safe. Faster, and other numbers: judge a model"
        " with it before",
    )
    batch_size: int = Field(
        0,
        ge=0,
        le=32,
        description="At most so many radiographs that wait for one model are worked on together; none waits for one to"
        " come, and a CT is always alone. 0: 4 on a GPU, 1 on a CPU, which gains nothing",
    )
    reconcile_seconds: float = Field(5, gt=0, description="How often the reconciler looks for work left behind")

    @model_validator(mode="after")
    def check_lease(self) -> "WorkerSettings":
        """A lease outlives the wait for its renewal, or every job would be taken from the worker that runs it."""
        if self.heartbeat_seconds >= self.lease_seconds:
            raise ValueError(
                f"heartbeat_seconds = {self.heartbeat_seconds:g} must be less than "
                f"lease_seconds = {self.lease_seconds:g}"
            )
        return self

    @model_validator(mode="after")
    def check_engine(self) -> "WorkerSettings":
        """OpenVINO is here for the CPU."""
        if self.engine == "openvino" and self.device == "cuda":
            raise ValueError("engine = openvino runs on the CPU: set device to cpu or auto, or engine to auto")
        return self

    @property
    def runs_on(self) -> Literal["auto", "cpu", "cuda"]:
        """`device`, or the CPU where OpenVINO was asked for."""
        return "cpu" if self.engine == "openvino" else self.device


class DeliverySettings(_Section):
    """How results are sent."""

    acse_timeout: float = Field(10, gt=0, description="Wait for an association, seconds")
    dimse_timeout: float = Field(60, gt=0, description="Wait for an answer, seconds")
    backoff_base: float = Field(5, gt=0, description="First wait after a failure, seconds; doubles each time")
    backoff_cap: float = Field(900, gt=0, description="Longest wait between two tries, seconds")
    breaker_failures: int = Field(
        3, ge=1, description="A destination that did not answer so often in a row is left alone, longer each time"
    )
    commitment_seconds: float = Field(
        600, gt=0, description="Without an N-EVENT-REPORT for so long, C-FIND is asked instead"
    )


class Retention(_Section):
    """How long received files are kept."""

    spool_days: float | None = Field(
        None,
        ge=1,
        description="`opportune purge` removes the received files of studies that nothing came of for so many days and"
        " whose results, if any, are all confirmed by their destinations; unset: it removes none",
    )


_SCHEMES = {
    "database_url": ("postgresql://", "postgresql+psycopg2://", "sqlite://"),
    "broker_url": ("redis://", "rediss://", "redis+socket://", "memory://"),
}


_SECRET = (*_SCHEMES, "notify.webhook", "notify.smtp_password")


class Settings(_Section):
    """All settings."""

    home: Path = Field(
        Path("opportune-data"), description="Folder of the spool and, without database_url, of the SQLite database"
    )
    database_url: SecretStr | None = Field(None, description="PostgreSQL URL; unset: SQLite in home")
    broker_url: SecretStr | None = Field(None, description="Redis URL; unset: in-process")
    log: Log = Log()
    audit: Audit = Audit()
    node: Node = Node()
    tls: Tls = Tls()
    peers: tuple[Peer, ...] = ()
    destinations: tuple[Destination, ...] = ()
    models: Mapping[str, ModelSettings] = Field(default_factory=dict, description="By model name")
    signatures: Signatures = Signatures()
    worker: WorkerSettings = WorkerSettings()
    delivery: DeliverySettings = DeliverySettings()
    retention: Retention = Retention()
    dashboard: Dashboard = Dashboard()
    metrics: Metrics = Metrics()
    notify: Notify = Notify()

    @field_validator("database_url", "broker_url")
    @classmethod
    def check_url(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """Known schemes, no default password."""
        if value is None:
            return None
        url, schemes = value.get_secret_value(), _SCHEMES[str(info.field_name)]
        if not url.startswith(schemes):
            raise ValueError(f"must begin with {' or '.join(schemes)}")
        if re.search(r":(changeme|changethis|password|postgres|opportune)@", url):
            raise ValueError("uses a default password; set one of your own")
        return value

    @model_validator(mode="after")
    def check_names(self) -> "Settings":
        """Destination names are unique."""
        names = [destination.name for destination in self.destinations]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"destinations.name must be unique, found twice: {', '.join(doubled)}")
        return self

    @model_validator(mode="after")
    def check_tls(self) -> "Settings":
        """Who comes or is reached by TLS needs our certificate."""
        named = [f"peer {peer.ae_title}" for peer in self.peers if peer.certificates]
        named += [f"destination {destination.name}" for destination in self.destinations if destination.use_tls]
        if named and not self.tls.enabled:
            raise ValueError(f"{', '.join(named)} needs TLS: set tls.certificate, tls.key and tls.ca")
        for destination in self.destinations:
            destination.secured_by(self.tls)
        return self

    def destination(self, name: str) -> Destination | None:
        """The destination of this name; None if there is none, any more."""
        return next((item for item in self.destinations if item.name == name), None)

    def of_model(self, name: str) -> ModelSettings:
        """A model's section; the defaults where it has none."""
        return self.models.get(name, ModelSettings())

    @property
    def forms(self) -> tuple[ObjectKind, ...]:
        """The further forms of a result that any destination asks for."""
        return tuple(kind for kind in FORMS if any(kind in item.objects for item in self.destinations))

    @property
    def spool(self) -> Path:
        """Folder of received files."""
        return self.home / "spool"

    @property
    def audit_file(self) -> Path:
        """File of audit messages, in `home` unless set."""
        return self.audit.file or self.home / "audit" / "messages.xml"

    @property
    def bundles(self) -> Path:
        """Folder of imported bundles."""
        return self.home / "bundles"

    @property
    def engine_cache(self) -> Path:
        """Folder of what engines compiled."""
        return self.home / self.worker.engine_cache

    @property
    def sqlalchemy_url(self) -> str:
        """URL of the database, SQLite in `home` unless set."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.home / 'opportune.sqlite').resolve()}"

    @property
    def broker(self) -> str:
        """URL of the broker, in-process unless set."""
        return self.broker_url.get_secret_value() if self.broker_url is not None else "memory://"

    @property
    def embedded(self) -> bool:
        """Whether the broker is in this process."""
        return self.broker.startswith("memory://")


def load(environ: Mapping[str, str] | None = None, path: Path | None = None) -> Settings:
    """Read the settings.

    Parameters
    ----------
    environ
        The environment; `os.environ` by default.
    path
        The toml file; by default OPPORTUNE_CONFIG, or `opportune.toml` in the working directory if there is one.

    Raises
    ------
    ConfigurationError
        Names the key, the value (unless secret) and what is allowed.
    """
    environ = os.environ if environ is None else environ
    values = of_file(path or file_of(environ))
    lay_over(values, environ, Settings.model_fields)
    try:
        return Settings.model_validate(values)
    except ValidationError as exc:
        raise ConfigurationError(_explain(exc)) from None


def _explain(exc: ValidationError) -> str:
    """One line for each wrong setting: key, value, what is allowed."""
    return "wrong settings: " + "; ".join(_explain_one(error) for error in exc.errors(include_url=False))


def _explain_one(error: ErrorDetails) -> str:
    key = ".".join(str(part) for part in error["loc"]) or "settings"
    if error["type"] == "extra_forbidden":  # its value is not shown: it may be a secret under a mistyped key
        return f"{key}: there is no such setting; allowed are {', '.join(_allowed_keys(error['loc']))}"
    # a table may hold a secret, and a missing value's input is the table around it
    shown = error["type"] != "missing" and key not in _SECRET and not isinstance(error["input"], dict | BaseModel)
    value = f" = {error['input']!r}" if shown else ""
    return f"{key}{value}: {error['msg'].removeprefix('Value error, ')}"


def _allowed_keys(loc: tuple[int | str, ...]) -> list[str]:
    """The keys of the section in which `loc` lies."""
    section: Any = Settings
    for part in loc[:-1]:
        if isinstance(section, type) and issubclass(section, BaseModel):
            section = section.model_fields[str(part)].annotation
        else:  # an item of tuple[Peer, ...] or of Mapping[str, ModelSettings]
            section = next(kind for kind in get_args(section) if isinstance(kind, type) and issubclass(kind, BaseModel))
    return sorted(section.model_fields)
