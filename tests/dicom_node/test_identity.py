"""How pynetdicom is set up."""

import logging
import struct
import warnings
from io import BytesIO

import pydicom
import pytest
from pynetdicom import _config
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dsutils import decode

from dicom_node.identity import IMPLEMENTATION_VERSION_NAME, Timeouts, make_ae
from screening.types import is_uid


def test_nothing_of_a_peer_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    make_ae("OPPORTUNE", Timeouts())
    assert _config.LOG_HANDLER_LEVEL == "none"
    assert not _config.LOG_REQUEST_IDENTIFIERS
    assert not _config.LOG_RESPONSE_IDENTIFIERS
    caplog.set_level(logging.DEBUG)
    logging.getLogger("pynetdicom.events").critical("CANARY^PATIENT")
    assert caplog.text == ""
    assert pydicom.config.settings.reading_validation_mode == pydicom.config.IGNORE


def test_unknown_elements_of_a_peer_are_not_warned_of() -> None:
    """Python keeps each such warning, and the texts differ."""
    make_ae("OPPORTUNE", Timeouts())
    with warnings.catch_warnings(record=True) as warned:
        element = struct.pack("<HHI", 0x0000, 0x4E10, 2) + b"ab"
        assert len(list(decode(BytesIO(element), is_implicit_vr=True, is_little_endian=True))) == 1
    assert warned == []


def test_an_ae_is_ours() -> None:
    ae = make_ae("OPPORTUNE", Timeouts(acse=1, dimse=2, network=3, connect=4), 65536)
    assert (ae.acse_timeout, ae.dimse_timeout, ae.network_timeout, ae.connection_timeout) == (1, 2, 3, 4)
    assert ae.maximum_pdu_size == 65536
    assert is_uid(str(ae.implementation_class_uid))
    assert ae.implementation_version_name == IMPLEMENTATION_VERSION_NAME
    assert IMPLEMENTATION_VERSION_NAME.startswith("OPPORTUNE_")
    assert len(IMPLEMENTATION_VERSION_NAME) <= 16


@pytest.mark.parametrize("name", ["acse", "dimse", "network", "connect"])
def test_timeouts_are_positive(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Timeouts(**{name: 0.0})


def test_what_we_use_of_pynetdicom_beyond_its_interface_is_there() -> None:
    """These names are private: when a new version changes them, this fails and not a hospital's delivery."""
    association = Association(make_ae("OPPORTUNE", Timeouts()), "requestor")
    assert association._reactor_checkpoint.is_set()
    assert association._is_paused in (True, False)
    assert association._sent_abort is False
    assert isinstance(association.dimse, DIMSEServiceProvider)
