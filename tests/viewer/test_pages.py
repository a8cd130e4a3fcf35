"""Every page of the dashboard, as each role sees it in a browser: nothing is missing, too wide or asked of others."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dashboard.routes import ROUTES
from screening.users import Role
from tests.conftest import require_program
from tests.dashboard.given import chest, given, scan
from tests.dashboard.site import PASSWORD
from tests.viewer.packages import BUILD, package
from tests.viewer.seeded import served

pytestmark = [pytest.mark.viewer, pytest.mark.timeout(3600)]

SIZES = ((1366, 900), (820, 1180))
THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Each page that each user came to, and what was wrong with it in each theme and size."""
    require_program("node", "chromium")
    folder = tmp_path_factory.mktemp("walk")
    pictures = BUILD / "pictures" / "dashboard"
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir(parents=True)
    lateral = chest(1, "1.2.9", ViewPosition="LL", SeriesNumber="2", SeriesDescription="Chest lateral")
    for number, one in enumerate([chest(SeriesDescription="Chest PA"), lateral, *scan(40)]):
        (folder / f"{number}.dcm").write_bytes(given(one))
    (folder / "notes.txt").write_text("no DICOM file at all", encoding="utf-8")
    with served(folder / "node") as address:
        task = {
            "playwright": str(package("playwright-core")),
            "axe": str(package("axe-core")),
            "chromium": shutil.which("chromium"),
            "address": address,
            "pictures": str(pictures),
            "users": [{"name": role.value, "password": PASSWORD} for role in Role],
            "sizes": SIZES,
            "themes": THEMES,
            "files": sorted(str(path) for path in folder.iterdir() if path.is_file()),
        }
        path = folder / "task.json"
        path.write_text(json.dumps(task), encoding="utf-8")
        driver = Path(__file__).with_name("walk.mjs")
        done = subprocess.run(["node", str(driver), str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (folder / "report.json").write_text(done.stdout, encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_no_page_has_anything_wrong(walked: list[dict[str, Any]]) -> None:
    wrong: dict[str, list[str]] = {}
    for page in walked:
        for seen in page["seen"]:
            for complaint in seen["complaints"]:
                wrong.setdefault(f"{page['path']}: {complaint}", []).append(
                    f"{page['user']} {seen['theme']} {seen['size']}"
                )
    assert wrong == {}


@pytest.mark.parametrize("role", Role)
def test_each_page_of_the_menu_was_seen(walked: list[dict[str, Any]], role: Role) -> None:
    paths = {page["path"] for page in walked if page["user"] == role.value}
    assert paths >= {route.path for route in ROUTES if route.menu is not None and route.allows(role)}
    assert any(path.startswith("/studies/") for path in paths), "a page that links lead to"
    assert ("/rules?given" in paths) == role.covers(Role.OPERATOR)
    for page in walked:
        assert len(page["seen"]) == len(SIZES) * len(THEMES)
