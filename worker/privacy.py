"""Keeps header values out of logs: pydicom quotes them in its warnings and in its log."""

import logging
import warnings

import pydicom.config


def quiet_libraries() -> None:
    """Silence what may name a patient; for the whole process, at its start. May be called often."""
    logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    warnings.filterwarnings("ignore", module=r"(pydicom|pynetdicom|highdicom)\b")
    warnings.filterwarnings("ignore", message="Invalid value for VR")
