"""The settings as documents: the commented `opportune.toml` of `opportune init`, and the reference in docs/settings.md.

Both are made from the descriptions of the pydantic fields, so neither can name a setting that does not exist.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from screening.dashboard_settings import Dashboard
from screening.log_settings import Audit, Log
from screening.monitoring_settings import Metrics, Notify
from screening.settings import (
    DeliverySettings,
    Destination,
    Indication,
    ModelSettings,
    Node,
    Peer,
    Retention,
    Settings,
    Tls,
    WorkerSettings,
)
from screening.settings_sources import PREFIX
from screening.signatures import Signatures


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One table of the file. `example` holds values to show in place of defaults."""

    header: str  #: as TOML writes it: "[node]", "[[peers]]", or "" for the settings before the first table
    title: str
    model: type[BaseModel]
    example: Mapping[str, Any] | None = None  #: None for a table that every node has, and so is not commented out


SECTIONS = (
    Section(
        header="",
        title="The node as a whole",
        model=Settings,
        example={
            "database_url": "postgresql://opportune:SECRET@localhost/opportune",
            "broker_url": "redis://localhost:6379/0",
        },
    ),
    Section(header="[node]", title="Who we are, on the network", model=Node),
    Section(
        header="[tls]",
        title="DICOM TLS, with certificates on both sides: docs/tls.md",
        model=Tls,
        example={
            "certificate": "opportune.pem",
            "key": "opportune.key",
            "ca": "ca.pem",
        },
    ),
    Section(
        header="[[peers]]",
        title="Who may send: AE title and address, bound together. Everyone else is refused. One table for each",
        model=Peer,
        example={"ae_title": "CT1", "address": "10.1.2.0/24"},
    ),
    Section(
        header="[[destinations]]",
        title="Where results go. One table for each",
        model=Destination,
        example={"name": "pacs", "ae_title": "ORTHANC", "address": "pacs.hospital", "port": 4242},
    ),
    Section(
        header="[models.cap_mortality_cxr]",
        title="Whether and when a model runs. One table for each, under its name",
        model=ModelSettings,
        example={
            "enabled": True,
            "when": "indication",
            "bundle": "opportune-data/bundles/cap_mortality_cxr-1.0.0-0123456789ab",
            "thresholds": (5, 15),
        },
    ),
    Section(
        header="[models.cap_mortality_cxr.indication]",
        title="What makes a patient one that the model is for",
        model=Indication,
        example={"codes": ("SCT:233604007", "ICD10:J18.9"), "words": ("pneumonia",)},
    ),
    Section(header="[signatures]", title="Whose bundles of weights are taken", model=Signatures),
    Section(header="[worker]", title="How work is done", model=WorkerSettings),
    Section(header="[delivery]", title="How results are sent", model=DeliverySettings),
    Section(
        header="[log]",
        title="What the node writes about its work",
        model=Log,
        example={"file": "logs/opportune.jsonl"},
    ),
    Section(
        header="[audit]",
        title="Where audit messages go",
        model=Audit,
        example={
            "file": "audit/messages.xml",
            "syslog": "tls",
            "host": "audit.hospital",
            "authority": "certificates/audit-ca.pem",
            "certificate": "certificates/opportune.pem",
            "key": "certificates/opportune.key",
        },
    ),
    Section(
        header="[retention]", title="How long received files are kept", model=Retention, example={"spool_days": 30}
    ),
    Section(
        header="[dashboard]",
        title="The admin web page: docs/operators-guide.md",
        model=Dashboard,
        example={
            "hosts": ("opportune.hospital",),
            "certificate": "certificates/dashboard.pem",
            "key": "certificates/dashboard.key",
            "proxies": ("10.1.2.3",),
        },
    ),
    Section(
        header="[metrics]",
        title="Numbers for Prometheus, and health, by HTTP",
        model=Metrics,
        example={"enabled": True},
    ),
    Section(
        header="[notify]",
        title="Who is told by e-mail or webhook when something is wrong",
        model=Notify,
        example={
            "email_to": ("pacs-team@hospital.example",),
            "email_from": "opportune@hospital.example",
            "smtp_host": "mail.hospital.example",
            "smtp_user": "opportune",
            "smtp_password": "SECRET",
            "webhook": "https://chat.hospital.example/hooks/SECRET",
        },
    ),
)


def render() -> str:
    """The default `opportune.toml`: every setting with its meaning and default, commented out.

    A line that begins with `# ` is prose; one that begins with `#` and no blank is a setting: take the `#` away to
    set it. The file as rendered is TOML and means: all defaults.
    """
    lines = [
        "# Settings of Opportune. A line that begins with '#' and no blank is a setting at its default or an example:",
        "# take the '#' away and change the value. A variable of the environment, e.g. OPPORTUNE_NODE__PORT, goes",
        "# before this file; 'opportune config check' shows what is in force.",
    ]
    for section in SECTIONS:
        lines += ["", f"# {section.title}."]
        if section.header:
            lines.append(section.header if section.example is None else f"#{section.header}")
        for name, field in own_fields(section.model):
            lines.append(f"# {field.description}{_allowed_in_brackets(section.model, name)}")
            lines.append(f"#{name} = {toml_text((section.example or {}).get(name, field.default))}")
    return "\n".join(lines) + "\n"


def reference() -> str:
    """The page docs/settings.md: a table of settings for each section."""
    parts = [
        "# Settings",
        "Environment over `opportune.toml` over defaults, read once at start. `opportune init` writes a commented "
        "file, `opportune config check` prints what is in force with secrets hidden. A setting that does not exist, "
        "or a value that is not allowed, stops the start with a message that names it.",
        "The file is `opportune.toml` in the working directory, or the one that `OPPORTUNE_CONFIG` names. Any "
        "variable may be given as a file by adding `_FILE` to its name, e.g. "
        "`OPPORTUNE_DATABASE_URL_FILE=/run/secrets/database_url`. In a variable, a list or table is written as JSON.",
        "This page is made from the code by `make docs`.",
    ]
    for section in SECTIONS:
        rows = ["| setting | default | allowed | meaning |", "| --- | --- | --- | --- |"]
        rows += [_row(section, name, field) for name, field in own_fields(section.model)]
        heading = f"`{section.header}`" if section.header else "Before the first table"
        parts += [f"## {heading}", section.title + ".", *_variable_note(section), "\n".join(rows)]
    return "\n\n".join(parts) + "\n"


def write_reference(path: Path) -> None:
    """Write docs/settings.md."""
    path.write_text(reference(), encoding="utf-8")


def own_fields(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """The fields that are values; those that are tables have a section of their own."""
    tables = {section.header.strip("[]").split(".")[0] for section in SECTIONS} | {"indication"}
    for name, field in model.model_fields.items():
        if name not in tables:
            yield name, field


def toml_text(value: Any) -> str:
    """A value as TOML writes it; JSON's strings, numbers, booleans and flat lists are TOML's too."""
    if isinstance(value, Path | Enum):
        return json.dumps(str(value.value if isinstance(value, Enum) else value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(toml_text(item) for item in value)}]"
    return json.dumps(value)


def _allowed(model: type[BaseModel], name: str) -> str:
    """What a field takes, in words, from its JSON schema; empty when any text does."""
    whole = model.model_json_schema()
    schema = whole["properties"][name]
    schema = next((one for one in schema.get("anyOf", []) if one.get("type") != "null"), schema)  # what may be unset
    many = schema.get("type") == "array"
    schema = schema["items"] if many else schema
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    words = {"integer": "whole number", "number": "number", "boolean": "true or false"}.get(schema.get("type", ""), "")
    if "enum" in schema:
        words = ", ".join(schema["enum"])
    bounds = (("minimum", "at least"), ("exclusiveMinimum", "more than"), ("maximum", "at most"))
    limits = [f"{word} {schema[key]:g}" for key, word in bounds if key in schema]
    words = " ".join(part for part in (words, " and ".join(limits)) if part)
    return f"list of: {words or 'text'}" if many else words


def _allowed_in_brackets(model: type[BaseModel], name: str) -> str:
    allowed = _allowed(model, name)
    return f" ({allowed})" if allowed else ""


def _row(section: Section, name: str, field: FieldInfo) -> str:
    default = (
        "required" if field.is_required() else "unset" if field.default is None else f"`{toml_text(field.default)}`"
    )
    return f"| `{name}` | {default} | {_allowed(section.model, name) or 'text'} | {field.description} |"


def _variable_note(section: Section) -> list[str]:
    """How to set one of the section's values by a variable; a list of tables has no variable for one of its keys."""
    name = next(name for name, _ in own_fields(section.model))
    if section.header.startswith("[["):
        return [f"Variable: `{PREFIX}{section.header.strip('[]').upper()}`, the whole list as JSON."]
    keys = [key for key in section.header.strip("[]").split(".") if key]
    return [f"Variables: e.g. `{PREFIX}{'__'.join([*keys, name]).upper()}`."]
