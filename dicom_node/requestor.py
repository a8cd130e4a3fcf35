"""Associations that we request: opened with an exact account of what fails, ended whatever happens."""

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Literal, cast

from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event, EventHandlerType
from pynetdicom.pdu import A_ASSOCIATE_RJ
from pynetdicom.pdu_primitives import A_ASSOCIATE, SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext

from dicom_node.identity import MAXIMUM_PDU_SIZE, Timeouts, make_ae
from dicom_node.pause import Pause
from dicom_node.tls import certificate_names, client_context, explain
from screening import failpoints
from screening.errors import ConfigurationError, DestinationUnavailable
from screening.settings import Destination

Stage = Literal["connection", "rejected", "no answer", "context", "status"]
"""Where talking to a destination can fail: TCP, A-ASSOCIATE-RJ, silence or abort, presentation contexts, status."""

LEAST_BYTES_PER_SECOND = 1_000_000
"""A destination that takes a large object more slowly than this counts as silent."""


class AssociationFailed(DestinationUnavailable):
    """The association did not come to be."""

    def __init__(self, stage: Stage, detail: str) -> None:
        super().__init__(detail)
        self.stage = stage
        self.detail = detail


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """The response to a C-STORE request; status is None when none came."""

    status: int | None
    comment: str = ""


@contextmanager
def associate(  # noqa: PLR0917
    destination: Destination,
    our_ae_title: str,
    contexts: Sequence[PresentationContext],
    timeouts: Timeouts,
    handlers: Sequence[EventHandlerType] = (),
    negotiation: Sequence[SCP_SCU_RoleSelectionNegotiation] = (),
) -> Iterator[Association]:
    """An established association, released when the block ends well and aborted when it does not.

    Raises
    ------
    AssociationFailed
        Says at which stage and why.
    """
    security = _security(destination)
    opened: list[bool] = []
    strange: list[str] = []
    rejections: list[A_ASSOCIATE] = []

    def on_open(event: Event) -> None:
        opened.append(True)
        sock = event.assoc.dul.socket
        if sock is not None and sock.socket is not None:
            # pynetdicom sends in blocking calls: a peer that stops reading would hold the thread for ever
            sock.socket.settimeout(timeouts.network)
            sock.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            strange.extend(_strange_certificate(sock.socket, destination))
            if strange:
                sock.socket.shutdown(socket.SHUT_RDWR)  # before it learns who we are

    def on_pdu(event: Event) -> None:
        # a peer that rejects and closes at once is told of as an abort, when pynetdicom looks at the socket too late
        if isinstance(event.pdu, A_ASSOCIATE_RJ):
            rejections.append(event.pdu.to_primitive())

    ae = make_ae(our_ae_title, timeouts)
    try:
        association = ae.associate(
            destination.address,
            destination.port,
            contexts=list(contexts),
            ae_title=destination.ae_title,
            max_pdu=MAXIMUM_PDU_SIZE,
            ext_neg=list(negotiation),
            tls_args=(security, destination.address) if security is not None else None,
            evt_handlers=[(evt.EVT_CONN_OPEN, on_open), (evt.EVT_PDU_RECV, on_pdu), *handlers],
        )
    except OSError as exc:
        raise AssociationFailed("connection", f"{_place(destination)}: {exc.strerror or type(exc).__name__}") from exc
    if not association.is_established:
        raise _failure(association, destination, timeouts, opened=bool(opened), rejections=rejections, strange=strange)
    association._reactor_checkpoint = Pause(association)
    try:
        yield association
    except BaseException:
        association.abort()
        raise
    if association.is_established:
        association.release()


def send_c_store(
    association: Association,
    *,
    context: PresentationContext,
    message_id: int,
    sop_class_uid: str,
    sop_instance_uid: str,
    data_set: bytes,
) -> Response:
    """Send a data set as it is encoded.

    pynetdicom's own `send_c_store` decodes and encodes again, or reads from a file on disk; this is its sending half,
    without either.
    """
    request = C_STORE()
    request.MessageID = message_id
    request.Priority = 2  # low: results are no emergency
    request.AffectedSOPClassUID = sop_class_uid
    request.AffectedSOPInstanceUID = sop_instance_uid
    request.DataSet = BytesIO(data_set)
    timeout = association.dimse_timeout or 0
    association.dimse_timeout = timeout + len(data_set) / LEAST_BYTES_PER_SECOND
    try:
        if not _pause(association):
            return Response(status=None, comment="the association ended")
        association.dimse.send_msg(request, cast("int", context.context_id))
        failpoints.hit("sender.mid-store")
        _, response = association.dimse.get_msg(block=True)
    finally:
        association._reactor_checkpoint.set()
        association.dimse_timeout = timeout
    if isinstance(response, C_STORE) and response.Status is not None:
        return Response(status=int(response.Status), comment=str(response.ErrorComment or ""))
    if association.is_established and not association.acse.is_aborted():
        association.abort()
    return Response(status=None, comment="no response")


def _pause(association: Association) -> bool:
    """Keep the association's thread from taking our response; False if the association has ended."""
    association._reactor_checkpoint.clear()
    return association.is_established and not association.acse.is_aborted()


def _failure(
    association: Association,
    destination: Destination,
    timeouts: Timeouts,
    *,
    opened: bool,
    rejections: Sequence[A_ASSOCIATE],
    strange: Sequence[str],
) -> AssociationFailed:
    place = _place(destination)
    if strange:
        return AssociationFailed("connection", f"{place}: {strange[0]}")
    if not opened:
        return AssociationFailed("connection", f"{place}: {_connection_error(destination, timeouts)}")
    if rejections:
        answer = rejections[0]
        return AssociationFailed(
            "rejected",
            f"{place} rejected the association: {answer.result_str}, {answer.source_str}, {answer.reason_str}",
        )
    if association.rejected_contexts:
        return AssociationFailed("context", f"{place} accepted no presentation context")
    return AssociationFailed("no answer", f"{place} did not answer the association request, or ended it")


def _place(destination: Destination) -> str:
    return f"{destination.ae_title} at {destination.address}:{destination.port}"


def _connection_error(destination: Destination, timeouts: Timeouts) -> str:
    """Why there is no connection: pynetdicom keeps it to its log, so we try once more and look."""
    security = _security(destination)
    try:
        with socket.create_connection((destination.address, destination.port), timeouts.connect) as connection:
            if security is not None:
                security.wrap_socket(connection, server_hostname=destination.address).close()
            return "connection lost"
    except TimeoutError:
        return "connection timed out"
    except ssl.SSLError as exc:
        return f"TLS: {explain(exc)}"
    except OSError as exc:
        return (exc.strerror or type(exc).__name__).lower()


def _security(destination: Destination) -> ssl.SSLContext | None:
    """For a destination that is reached by TLS; AssociationFailed if our certificate cannot be used."""
    if not destination.use_tls:
        return None
    if destination.security is None:
        raise AssociationFailed("connection", f"{_place(destination)}: tls.certificate is not set")
    try:
        return client_context(destination.security, pinned=bool(destination.certificates))
    except ConfigurationError as exc:
        raise AssociationFailed("connection", f"{_place(destination)}: {exc}") from exc


def _strange_certificate(connection: socket.socket, destination: Destination) -> list[str]:
    """What is wrong with the certificate of a destination whose certificates are known."""
    if not destination.certificates or not isinstance(connection, ssl.SSLSocket):
        return []
    names = certificate_names(connection)
    if not names.isdisjoint(destination.certificates):
        return []
    return [f"its certificate is not one of the destination's: {', '.join(sorted(names))}"]
