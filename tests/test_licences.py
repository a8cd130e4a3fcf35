"""No package that comes with us is under the GPL."""

import re
from importlib.metadata import Distribution, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REVIEWED: dict[str, str] = {}
"""Packages whose metadata say GPL or nothing, and why they may come along."""

GPL = re.compile(r"(?<![A-Za-z])A?GPL|GNU (Affero )?General Public")


def runtime_closure() -> dict[str, Distribution]:
    """Every installed distribution that `opportune` without extras needs, by normalised name."""
    found: dict[str, Distribution] = {}
    wanted = [("opportune", frozenset[str]())]
    seen = set()
    while wanted:
        name, extras = wanted.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found[name] = distribution(name)
        for line in found[name].requires or ():
            needed = Requirement(line)
            marker = needed.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in (extras or {""})):
                wanted.append((canonicalize_name(needed.name), frozenset(needed.extras)))
    del found["opportune"]
    return found


def licence(package: Distribution) -> str:
    """What a distribution says of its licence: expression, classifiers, and the free text where neither is there."""
    expression = package.metadata.get_all("License-Expression", [])
    classifiers = [text for text in package.metadata.get_all("Classifier", []) if text.startswith("License ::")]
    said = " | ".join(text for text in (*expression, *classifiers))
    return said or " ".join(package.metadata.get_all("License", []))


CLOSURE = runtime_closure()


def test_the_closure_is_whole() -> None:
    assert {"torch", "pydicom", "pynetdicom", "celery", "kombu", "sqlalchemy", "pydantic-core"} <= set(CLOSURE)
    assert "pytest" not in CLOSURE


@pytest.mark.parametrize("name", sorted(CLOSURE))
def test_no_gpl(name: str) -> None:
    said = licence(CLOSURE[name])
    questionable = not said or GPL.search(said) is not None
    assert questionable == (name in REVIEWED), f"{name}: {said[:200] or 'no licence named'}"


def test_the_gpl_codec_stays_out() -> None:
    """pydicom's guide names it for JPEG; ours are listed in pyproject.toml."""
    assert "pylibjpeg-libjpeg" not in CLOSURE


@pytest.mark.parametrize(
    ("text", "gpl"),
    [
        ("GPL-3.0-or-later", True),
        ("License :: OSI Approved :: GNU General Public License v3 (GPLv3)", True),
        ("AGPL-3.0", True),
        ("LGPL-3.0-only", False),
        ("GNU Library or Lesser General Public License (LGPL)", False),
        ("Apache-2.0", False),
    ],
)
def test_gpl_is_told_from_lgpl(text: str, gpl: bool) -> None:
    assert (GPL.search(text) is not None) == gpl
