"""What the pages say is what the code does."""

import ast
import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from db.instances import InstanceState
from screening.jobs import JobState
from screening.reports import DeliveryState

ROOT = Path(__file__).resolve().parents[1]


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(name: str, heading: str) -> str:
    """A page's text under a heading, to the next heading of any level."""
    return re.split(r"^#+ ", page(name).split(f"# {heading}\n")[1], flags=re.MULTILINE)[0]


def command_lines() -> set[str]:
    """Every command that the command line has, e.g. "study show"."""
    import typer

    group: Any = typer.main.get_command(importlib.import_module("worker.cli").app)

    def walk(command: Any, path: tuple[str, ...]) -> set[str]:
        if not hasattr(command, "commands"):
            return {" ".join(path)}
        return {line for name, child in command.commands.items() for line in walk(child, (*path, name))}

    return walk(group, ())


def test_readme_lists_every_command_and_no_other() -> None:
    rows = [line.split("|")[1] for line in section("README.md", "Commands").splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`opportune ([a-z -]+)`", row)} == command_lines()


@pytest.mark.parametrize(
    "name",
    [
        "docs/operators-guide.md",
        "docs/settings.md",
        "docs/quick-start.md",
        "docs/runbooks.md",
        "docs/data-protection.md",
        "docs/security-questionnaire.md",
        "docs/radiologists-guide.md",
        "ARCHITECTURE.md",
        "CONFORMANCE.md",
    ],
)
def test_commands_that_a_page_names_exist(name: str) -> None:
    known = command_lines()
    for words in re.findall(r"(?:`|^)opportune ([a-z]+(?: [a-z]+)?)", page(name), re.MULTILINE):
        first = words.split()[0]
        assert words in known or first in known, f"{name}: opportune {words}"


@pytest.mark.parametrize(
    ("heading", "states"),
    [("Instances", InstanceState), ("Jobs", JobState), ("Deliveries", DeliveryState)],
)
def test_guide_explains_each_state(heading: str, states: Any) -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|", section("docs/operators-guide.md", heading), re.MULTILINE)
    assert sorted(rows) == sorted(state.value for state in states)


def test_guide_explains_each_decision() -> None:
    said = set(
        re.findall(r"^\| `([a-z-]+)` \|", section("docs/operators-guide.md", "Decisions on a study"), re.MULTILINE)
    )
    source = page("worker/intake.py") + page("models/decision.py")
    made = set(re.findall(r'(?:selection, |\), |decision=)"([a-z-]+)",', source))
    assert made
    assert made == said


def test_each_reason_code_is_documented() -> None:
    """Codes of Ineligible and NotEvaluable, wherever the code makes one."""
    pages = page("docs/operators-guide.md") + model_pages()
    codes = {code for text in sources("worker", "models") for code in re.findall(r'\bcode="([a-z0-9-]+)"', text)}
    for path in (*(ROOT / "models").rglob("*selection.py"), ROOT / "worker" / "pipeline.py"):
        constants = [node.value for node in ast.walk(ast.parse(page(str(path)))) if isinstance(node, ast.Constant)]
        codes |= {
            value for value in constants if isinstance(value, str) and re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", value)
        }
    assert sorted(code for code in codes if f"`{code}`" not in pages) == []


def test_each_private_code_of_a_model_is_documented() -> None:
    pattern = re.compile(r'CodedName\(\s*value="(\w+)",\s*scheme=(?:codes\.)?PRIVATE_SCHEME')
    codes = {code for text in sources("models") for code in pattern.findall(text)}
    assert sorted(code for code in codes if f"`{code}`" not in model_pages()) == []


def sources(*packages: str) -> list[str]:
    return [path.read_text(encoding="utf-8") for package in packages for path in (ROOT / package).rglob("*.py")]


def model_pages() -> str:
    return "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "models").glob("*.md"))


@pytest.mark.parametrize("name", ["README.md", "docs/operators-guide.md", "docs/quick-start.md"])
def test_toml_of_a_page_is_valid(name: str, tmp_path: Path) -> None:
    from screening.settings import load

    examples = re.findall(r"```toml\n(.+?)```", page(name), re.DOTALL)
    assert examples
    for text in examples:
        path = tmp_path / "opportune.toml"
        path.write_text(text, encoding="utf-8")
        load({}, path)


def test_make_verbs_of_the_readme_exist() -> None:
    verbs = set(re.findall(r"^([a-z-]+):", page("Makefile"), re.MULTILINE))
    assert {"demo", "test", "check", "bench", "docs", "clean"} <= verbs
    named = set(re.findall(r"(?:`|^|=cpu )make ([a-z-]+)", page("README.md"), re.MULTILINE))
    assert {"demo", "test"} <= named <= verbs


def test_each_decision_record_is_listed() -> None:
    records = sorted(path.name for path in (ROOT / "docs" / "adr").glob("0*.md"))
    assert re.findall(r"\]\((0.+?\.md)\)", page("docs/adr/README.md")) == records
    assert len({name[:4] for name in records}) == len(records)
    for name in records:
        text = page(f"docs/adr/{name}")
        assert text.startswith(f"# {int(name[:4])}. ")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequence"]


def test_changelog_has_a_place_for_changes() -> None:
    assert re.search(r"^## \[Unreleased\]$", page("CHANGELOG.md"), re.MULTILINE)


@pytest.mark.parametrize("name", ["docs/data-protection.md", "docs/quick-start.md", "docs/security-questionnaire.md"])
def test_settings_that_a_page_names_exist(name: str) -> None:
    from screening.settings_file import SECTIONS

    known = {
        f"{section.header.strip('[]')}.{key}" for section in SECTIONS for key in section.model.model_fields
    }  # fmt: skip
    sections = {key.partition(".")[0] for key in known}
    named = set(re.findall(r"`([a-z]+\.[a-z_]+)`", page(name)))
    assert named
    assert sorted(key for key in named if key.partition(".")[0] in sections and key not in known) == []


def test_data_protection_names_every_table_with_a_patient() -> None:
    """`db.tables` says which these are."""
    told = page("db/tables.py").split('"""')[1]
    named = set(re.findall(r"`([a-z_]+)(?:\.[a-z]+)?`", told)) & {
        "studies", "instances", "clinical_context", "audit_messages", "report_objects"
    }  # fmt: skip
    assert len(named) == 5
    text = page("docs/data-protection.md")
    for table in named:
        assert f"`{table}" in text, table
