"""What a child of this machine is kept from, found by letting one try it: `opportune doctor` shows it."""

import json
import subprocess
import tempfile

from screening.settings import WorkerSettings
from worker.sandbox.confined import command
from worker.sandbox.parent import environment, limits_of

_SECONDS = 60


def kept_from(settings: WorkerSettings) -> dict[str, bool]:
    """Each thing that a child must not be able to do, and whether it was prevented.

    Raises
    ------
    OSError
        If the child that tries does not answer.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                command(limits_of(settings), "worker.sandbox.trial", folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(settings.threads),
                timeout=_SECONDS,
                check=False,
            )
            tried = json.loads(done.stdout)
        except (subprocess.TimeoutExpired, ValueError) as exc:
            raise OSError(f"the child that tries its confinement does not answer ({type(exc).__name__})") from exc
    return {str(what): prevented is True for what, prevented in tried.items()}
