"""Parts of the node, stopped and let go on by programs."""

from screening.users import Role
from tests.dashboard.programs import Program
from tests.dashboard.site import Site


def test_a_part_is_stopped_once_and_goes_on(site: Site) -> None:
    program = Program(site, Role.OPERATOR)
    assert program.ask("POST", "/api/v1/parts/intake/pause").status_code == 422
    assert program.ask("POST", "/api/v1/parts/intake/pause", why="moving").json() == {"done": True}
    assert program.ask("POST", "/api/v1/parts/intake/pause", why="again").json() == {"done": False}
    told = program.ask("GET", "/api/v1/status").json()["pauses"]
    assert {part: (item["by"], item["why"]) for part, item in told.items()} == {"intake": ("operator", "moving")}
    assert program.ask("POST", "/api/v1/parts/intake/resume").json() == {"done": True}
    assert program.ask("POST", "/api/v1/parts/intake/resume").json() == {"done": False}
    assert program.ask("GET", "/api/v1/status").json()["pauses"] == {}


def test_a_part_that_is_not_there(site: Site) -> None:
    program = Program(site, Role.OPERATOR)
    assert program.ask("POST", "/api/v1/parts/listener/pause", why="x").status_code == 404
    assert program.ask("POST", "/api/v1/parts/listener/resume").status_code == 404
