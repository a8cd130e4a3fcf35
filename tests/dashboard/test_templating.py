"""The templates."""

from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from dashboard.templating import FOLDER, STATIC, make_templates
from screening.settings import Settings


def test_values_are_escaped_and_unknown_names_are_errors(tmp_path: Path) -> None:
    found = make_templates(Settings(home=tmp_path), {})
    assert found.from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        found.from_string("{{ y }}").render()


def test_each_asset_that_a_page_names_is_there_with_a_mark_of_its_content(tmp_path: Path) -> None:
    assets: Any = make_templates(Settings(home=tmp_path), {}).globals["asset"]
    assert {"pico.min.css", "htmx.min.js", "uPlot.iife.min.js", "opportune.css", "opportune.js", "icon.svg"} <= set(
        assets
    )
    assert all(f"/static/{name}?v=" in path for name, path in assets.items())
    assert all((STATIC / name).is_file() or (STATIC / "vendor" / name).is_file() for name in assets)


@pytest.mark.parametrize("template", sorted(path.name for path in FOLDER.glob("*.html")))
def test_each_template_can_be_read(tmp_path: Path, template: str) -> None:
    make_templates(Settings(home=tmp_path), {}).get_template(template)
