#!/usr/bin/env python3
"""Ask pip-audit whether known holes are in what a release installs: `audit_dependencies.py PIP_AUDIT`.

pip-audit ends well also when it could look up nothing, as without a network. Here every package that was not looked up
is counted: exit status 0 when all were and none has a known hole, 1 when one has, 3 when any was not looked up.
`--allow-unreachable` makes 0 of 3, for a place without a network; what was not looked up is still said.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

DEPLOY = Path(__file__).resolve().parent
HOLES, NOT_AUDITED = 1, 3

Dependency = dict[str, Any]


def torch_requirement(constraints: str) -> str:
    """The pin of torch, which the lock leaves out."""
    found = re.search(r"^torch==\S+$", constraints, re.MULTILINE)
    if found is None:
        raise SystemExit("constraints.txt does not pin torch")
    return found[0]


def ask(pip_audit: str, requirements: Path, *options: str) -> list[Dependency]:
    """What pip-audit says of each package; none where it says nothing."""
    command = [pip_audit, "--format", "json", "--progress-spinner", "off", "--disable-pip", *options]
    done = subprocess.run([*command, "-r", str(requirements)], capture_output=True, check=False)
    try:
        found: list[Dependency] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        print(done.stderr.decode(errors="replace").strip()[-500:], file=sys.stderr)  # noqa: T201
        return []
    return found


def judge(wanted: set[str], found: list[Dependency]) -> tuple[int, list[str]]:
    """Exit status and what to print."""
    looked_up = {item["name"]: item["vulns"] for item in found if "vulns" in item}
    lines = [
        f"{item['name']} {item['version']}: {hole['id']}, fixed in {', '.join(hole['fix_versions']) or 'none yet'}"
        for item in found
        for hole in item.get("vulns", ())
    ]
    holes = bool(lines)
    if missing := sorted(wanted - set(looked_up)):
        lines.append(f"NOT AUDITED: {len(missing)} of {len(wanted)} packages were not looked up: {', '.join(missing)}")
    else:
        lines.append(f"{len(wanted)} packages were looked up")
    return (HOLES if holes else NOT_AUDITED if missing else 0), lines


def main() -> int:
    """Ask, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pip_audit", help="the program")
    parser.add_argument("--allow-unreachable", action="store_true", help="end well where nothing can be looked up")
    options = parser.parse_args()
    lock = DEPLOY / "requirements.lock"
    wanted = set(re.findall(r"^([a-z0-9-]+)==", lock.read_text(encoding="utf-8"), re.MULTILINE)) | {"torch"}
    found = ask(options.pip_audit, lock, "--require-hashes")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(torch_requirement((DEPLOY.parent / "constraints.txt").read_text(encoding="utf-8")) + "\n")
        file.flush()
        found += ask(options.pip_audit, Path(file.name), "--no-deps")
    status, lines = judge(wanted, found)
    print("\n".join(lines))  # noqa: T201
    return 0 if status == NOT_AUDITED and options.allow_unreachable else status


if __name__ == "__main__":
    sys.exit(main())
