"""The only place that imports OpenVINO.

On its import OpenVINO reports to its makers, by its dependency `openvino-telemetry`, and keeps an identity for that in
the home folder. A node in a hospital reports to nobody: the reporting package is made impossible to import, upon which
OpenVINO takes a stub of its own that does nothing.
"""

import sys
from importlib import metadata
from importlib.util import find_spec
from typing import Any

DISTRIBUTION = "openvino"
_REPORTING = "openvino_telemetry"


def installed() -> bool:
    """Whether OpenVINO is here; does not import it."""
    return find_spec(DISTRIBUTION) is not None


def version() -> str:
    """Of OpenVINO, without importing it; PackageNotFoundError where it is not installed."""
    return metadata.version(DISTRIBUTION)


def openvino() -> Any:
    """The module.

    Raises
    ------
    ImportError
        If it is not installed, or another part of this process has imported what reports.
    """
    if sys.modules.get(_REPORTING) is not None:
        raise ImportError(f"{_REPORTING} is loaded: OpenVINO would report about this node")
    sys.modules[_REPORTING] = None  # type: ignore[assignment]  # what `import` takes for "there is none"
    import openvino as module  # noqa: PLC0415 (not before the line above)

    return module
