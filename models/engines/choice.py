"""Which engine shall run what: by the setting, and by where it runs. Works without torch."""

from models.engines import openvino_import
from screening.settings import EngineChoice


def by_openvino(wanted: EngineChoice, *, on_cpu: bool) -> bool:
    """Whether OpenVINO shall run a model: on a CPU, where it is installed, unless torch was asked for."""
    return wanted != "torch" and on_cpu and openvino_import.installed()
