"""The images: what an image linter asks for, by rules of our own, and that the light one needs nothing heavy."""

import re
from pathlib import Path

import pytest

from tests.deploy.documents import DEPLOY, ROOT, instructions

Stage = list[tuple[str, str]]
STEPS = instructions(DEPLOY / "Dockerfile")


def stages() -> dict[str, Stage]:
    """By name, each with its own instructions."""
    found: dict[str, Stage] = {}
    for word, rest in STEPS:
        if word == "FROM":
            name = rest.split()[-1]
            found[name] = []
        if found:
            found[name].append((word, rest))
    return found


def values(stage: Stage, word: str) -> list[str]:
    return [rest for found, rest in stage if found == word]


def test_every_stage_has_a_name_and_images_a_version() -> None:
    names = set(stages())
    assert names == {"wheel", "build-light", "build-full", "base", "light", "full"}
    for rest in values(STEPS, "FROM"):
        base = rest.split()[0]
        assert base in names or re.fullmatch(r"python:3\.\d+-slim-\w+", base), base  # DL3006, DL3007


def test_the_last_stage_is_the_whole_product() -> None:
    """`docker build` without a target makes it."""
    assert list(stages())[-1] == "full"


@pytest.mark.parametrize("name", ["light", "full"])
def test_an_image_runs_as_nobody_in_particular(name: str) -> None:
    stage = stages()[name]
    assert values(stage, "USER") == ["opportune"]
    after = [word for word, _ in stage[stage.index(("USER", "opportune")) :]]
    assert set(after) == {"USER", "EXPOSE", "CMD"}, "nothing is written after"
    assert values(stage, "FROM") == [f"base AS {name}"]
    assert values(stage, "COPY") == [f"--from=build-{name} /opt/opportune /opt/opportune"]


def test_what_both_images_share() -> None:
    base = stages()["base"]
    assert values(base, "ENTRYPOINT") == ['["opportune"]']
    assert "useradd --uid 10001" in values(base, "RUN")[0]
    (health,) = values(base, "HEALTHCHECK")
    assert health.endswith('CMD ["opportune", "doctor", "--local", "--json"]')
    assert "PYTHONDONTWRITEBYTECODE=1" in values(base, "ENV")[0], "the root is read-only"


def test_nothing_is_fetched_but_by_hash_and_version() -> None:
    assert values(STEPS, "ADD") == []  # DL3020
    runs = values(STEPS, "RUN")
    assert not [run for run in runs if re.search(r"\b(curl|wget|git|sudo|apt-get|ssh)\b", run)]
    for command in (
        part for run in runs for part in run.split("&&") if " install " in part and "install -d" not in part
    ):
        assert "--require-hashes" in command or "--no-index" in command or "-c constraints.txt torch" in command, (
            command
        )


def test_no_shell_form_and_no_secret() -> None:
    for word in ("ENTRYPOINT", "CMD"):
        assert all(rest.startswith("[") for rest in values(STEPS, word)), word  # DL3025
    assert not re.search(r"(?i)(password|secret|token)\s*=", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
    for place in values(STEPS, "WORKDIR"):
        assert place.startswith("/")  # DL3000


def test_an_image_is_built_of_what_the_wheel_holds() -> None:
    copied = {
        name for rest in values(STEPS, "COPY") if not rest.startswith("--") for name in rest.split()[:-1]
    }  # fmt: skip
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split() if line[0] == "!"}
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)
    packages = re.search(r"packages = \[(.+)\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert packages is not None
    assert set(re.findall(r'"(\w+)"', packages[1])) <= copied


def test_the_light_image_has_its_own_lock() -> None:
    assert any("-r deploy/light.lock" in run for run in values(stages()["build-light"], "RUN"))
    assert any("-r deploy/requirements.lock" in run for run in values(stages()["build-full"], "RUN"))
    assert "torch" not in " ".join(values(stages()["build-light"], "RUN"))


def test_ports_are_those_of_the_settings() -> None:
    from screening.dashboard_settings import Dashboard
    from screening.monitoring_settings import Metrics
    from screening.settings import Node, Tls

    for name in ("light", "full"):
        assert values(stages()[name], "EXPOSE") == [f"{Node().port} {Tls().port} {Dashboard().port} {Metrics().port}"]


def test_continued_lines_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text("# x\nFROM a AS b\nRUN c \\\n && d\n", encoding="utf-8")
    assert instructions(path) == [("FROM", "a AS b"), ("RUN", "c  && d")]
