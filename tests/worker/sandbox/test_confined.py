"""A confined process, tried from inside: what it may not do fails, what it needs goes on."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from worker.sandbox.confined import Limits, command

ROOT = Path(__file__).parents[3]

LOOK = """
import json, os, resource, threading
def main():
    ran = []
    thread = threading.Thread(target=lambda: ran.append(1))
    thread.start(); thread.join()
    with open(os.devnull, "w") as file: file.write("x")
    names = ("AS", "CORE", "NOFILE", "FSIZE")
    limits = {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))[0] for name in names}
    status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
    print(json.dumps({"threads": ran, "limits": limits, "status": {k: status[k] for k in ("NoNewPrivs", "Seccomp")}}))
"""

SEND = """
import os, socket, sys
def main():
    ours, theirs = socket.socketpair()
    os.write(ours.fileno(), b"x")
    for family, address in ((socket.AF_INET, ("127.0.0.1", int(sys.argv[1]))), (socket.AF_UNIX, sys.argv[2])):
        try:
            socket.socket(family).connect(address)
        except PermissionError as exc:
            print(family.name, exc.errno)
"""

WRITE = """
import os, sys
def main():
    for act in (lambda: open(sys.argv[1] + "/new", "w"), lambda: open(sys.argv[1] + "/there", "a"),
                lambda: os.truncate(sys.argv[1] + "/there", 0), lambda: os.unlink(sys.argv[1] + "/there"),
                lambda: os.mkdir(sys.argv[1] + "/folder"), lambda: os.symlink("/etc/passwd", sys.argv[1] + "/link"),
                lambda: os.rename(sys.argv[1] + "/there", sys.argv[1] + "/moved")):
        try:
            act()
        except PermissionError:
            print("refused")
"""

WRITE_AND_RENAME = """
import os, sys
def main():
    os.chdir(sys.argv[1])
    for act in (lambda: open("new", "w").close(), lambda: open("there", "a").close(), lambda: os.truncate("there", 0),
                lambda: os.mkdir("folder"), lambda: os.symlink("/etc/passwd", "link"),
                lambda: os.rename("folder" if os.path.exists("folder") else "there", "moved"),
                lambda: os.unlink("there")):
        try:
            act()
        except PermissionError:
            print("refused")
"""

READ = """
import sys
def main():
    for path in sys.argv[1:]:
        try:
            with open(path) as file:
                print(file.read())
        except PermissionError:
            print("refused")
"""

START = """
import os, signal, subprocess
def main():
    for act in (os.fork, lambda: os.execv("/bin/true", ["true"]), lambda: subprocess.run(["true"]),
                lambda: os.posix_spawn("/bin/true", ["true"], {}), lambda: os.kill(os.getppid(), signal.SIGTERM),
                lambda: os.kill(0, signal.SIGTERM)):
        try:
            act()
        except PermissionError:
            print("refused")
"""


def _run(source: str, folder: Path, limits: Limits, *arguments: str) -> list[str]:
    (folder / "played.py").write_text(source)
    done = subprocess.run(
        command(limits, "played", *arguments),
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("cuda", [False, True])
def test_it_reaches_nobody(tmp_path: Path, *, cuda: bool) -> None:
    """With CUDA it may make sockets of its machine, and connect none."""
    path = str(tmp_path / "socket")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(path)
        local.listen()
        said = _run(SEND, tmp_path, Limits(memory_mb=0, cuda=cuda), str(server.getsockname()[1]), path)
    assert [line.split()[0] for line in said] == ["AF_INET", "AF_UNIX"]


def test_it_writes_makes_and_removes_no_file(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("kept")
    assert _run(WRITE, tmp_path, Limits(memory_mb=0), str(tmp_path)) == ["refused"] * 7
    assert (tmp_path / "there").read_text() == "kept"


def test_one_that_may_write_in_a_folder_may_do_so_there_alone(tmp_path: Path) -> None:
    """Making a link is the one thing that stays forbidden."""
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "there").write_text("kept")
    limits = Limits(memory_mb=0, writable=str(tmp_path / "ours"))
    assert _run(WRITE_AND_RENAME, tmp_path, limits, str(tmp_path / "theirs")) == ["refused"] * 7
    assert (tmp_path / "theirs" / "there").read_text() == "kept"
    assert _run(WRITE_AND_RENAME, tmp_path, limits, str(tmp_path / "ours")) == ["refused"]
    assert sorted(path.name for path in (tmp_path / "ours").iterdir()) == ["moved", "new"]


def test_it_reads_files_but_no_secrets(tmp_path: Path) -> None:
    """Secrets of containers and credentials of systemd lie below /run."""
    (tmp_path / "image").write_text("pixels")
    with tempfile.NamedTemporaryFile("w", dir="/run") as secret:
        secret.write("postgresql://u:s3cret@db/o")
        secret.flush()
        said = _run(READ, tmp_path, Limits(memory_mb=0), str(tmp_path / "image"), secret.name, "/proc/self/comm")
    assert said[:2] == ["pixels", "refused"]
    assert "refused" not in said[2:]


def test_it_starts_nothing_and_signals_nobody(tmp_path: Path) -> None:
    assert _run(START, tmp_path, Limits(memory_mb=0)) == ["refused"] * 6


def test_threads_and_devices_go_on_and_limits_hold(tmp_path: Path) -> None:
    (line,) = _run(LOOK, tmp_path, Limits(memory_mb=4096, open_files=100))
    told = json.loads(line)
    assert told["threads"] == [1]
    assert told["limits"] == {"AS": 4096 * 2**20, "CORE": 0, "NOFILE": 100, "FSIZE": 16 * 2**20}
    assert told["status"] == {"NoNewPrivs": "1", "Seccomp": "2"}


def test_with_confinement_switched_off_limits_stay(tmp_path: Path) -> None:
    (line,) = _run(LOOK, tmp_path, Limits(memory_mb=4096, confined=False))
    assert json.loads(line)["status"] == {"NoNewPrivs": "1", "Seccomp": "0"}


def test_the_kernel_ends_it_with_its_parent(tmp_path: Path) -> None:
    """Without a word from the socket: a child that is stuck in a codec hears nothing."""
    (tmp_path / "played.py").write_text("import time\ndef main():\n    print('up', flush=True)\n    time.sleep(600)\n")
    starter = (
        "import subprocess, sys, time\n"
        "from worker.sandbox.confined import Limits, command\n"
        "made = subprocess.Popen(command(Limits(memory_mb=0), 'played'), stdout=subprocess.PIPE)\n"
        "made.stdout.readline()\n"
        "print(made.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    with subprocess.Popen([sys.executable, "-c", starter], env=environment, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        watched = os.pidfd_open(child)
        parent.send_signal(signal.SIGKILL)
        try:
            import select

            assert select.select([watched], [], [], 60)[0], "the child outlived its parent"
        finally:
            os.close(watched)
