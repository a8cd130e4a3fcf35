"""Associations that we request: opened with an exact account of what fails, ended whatever happens."""

import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Literal, cast

from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event, EventHandlerType
from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_RJ
from pynetdicom.pdu_primitives import A_ASSOCIATE, SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext

from dicom_node.association_faults import Fault, of_connecting, of_handshake, of_rejection
from dicom_node.identity import MAXIMUM_PDU_SIZE, Timeouts, make_ae
from dicom_node.pause import Pause
from dicom_node.tls import certificate_names, client_context
from screening import failpoints
from screening.errors import ConfigurationError, DestinationUnavailable
from screening.settings import Destination

Stage = Literal["connection", "rejected", "no answer", "context", "status"]
"""Where talking to a destination can fail: TCP, A-ASSOCIATE-RJ, silence or abort, presentation contexts, status."""

LEAST_BYTES_PER_SECOND = 1_000_000
"""A destination that takes a large object more slowly than this counts as silent."""

_ALERT_SECONDS = 2.0
"""Wait for a TLS alert of one who closed the connection at once before."""


class AssociationFailed(DestinationUnavailable):
    """The association did not come to be."""

    def __init__(self, stage: Stage, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.stage = stage
        self.fault = fault
        self.detail = detail


class _Watch:
    """Sees what becomes of an association while it is requested: pynetdicom keeps it to its log."""

    def __init__(self, destination: Destination, timeouts: Timeouts) -> None:
        self._destination = destination
        self._network = timeouts.network
        self.began = time.monotonic()
        self.opened: float | None = None  #: when there was a connection; None: there is none
        self.strange: str | None = None  #: what is wrong with the certificate
        self.rejection: A_ASSOCIATE | None = None
        self.abort: A_ABORT_RQ | None = None

    @property
    def handlers(self) -> list[EventHandlerType]:
        """For pynetdicom."""
        return [(evt.EVT_CONN_OPEN, self._on_open), (evt.EVT_PDU_RECV, self._on_pdu)]

    def _on_open(self, event: Event) -> None:
        self.opened = time.monotonic()
        sock = event.assoc.dul.socket
        if sock is not None and sock.socket is not None:
            # pynetdicom sends in blocking calls: a peer that stops reading would hold the thread for ever
            sock.socket.settimeout(self._network)
            sock.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.strange = _strange_certificate(sock.socket, self._destination)
            if self.strange is not None:
                sock.socket.shutdown(socket.SHUT_RDWR)  # before it learns who we are

    def _on_pdu(self, event: Event) -> None:
        # a peer that rejects and closes at once is told of as an abort, when pynetdicom looks at the socket too late
        if isinstance(event.pdu, A_ASSOCIATE_RJ):
            self.rejection = event.pdu.to_primitive()
        elif isinstance(event.pdu, A_ABORT_RQ):
            self.abort = event.pdu


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
    seen = _Watch(destination, timeouts)
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
            evt_handlers=[*seen.handlers, *handlers],
        )
    except OSError as exc:
        fault, said = of_connecting(exc)
        raise AssociationFailed("connection", fault, f"{_place(destination)}: {said}") from exc
    if not association.is_established:
        raise _failure(association, destination, timeouts, seen)
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


def _failure(association: Association, destination: Destination, timeouts: Timeouts, seen: _Watch) -> AssociationFailed:
    place = _place(destination)
    if seen.strange is not None:
        return AssociationFailed("connection", Fault.TLS_BY_US, f"{place}: {seen.strange}")
    if seen.opened is None:
        fault, said = _connection_error(destination, timeouts, time.monotonic() - seen.began)
        return AssociationFailed("connection", fault, f"{place}: {said}")
    if seen.rejection is not None:
        answer = seen.rejection
        said = f"{place} rejected the association: {answer.result_str}, {answer.source_str}, {answer.reason_str}"
        return AssociationFailed("rejected", of_rejection(answer), said)
    if association.rejected_contexts:
        return AssociationFailed("context", Fault.CONTEXT, f"{place} accepted no presentation context")
    if seen.abort is not None:
        why = f"{seen.abort.source_str}, {seen.abort.reason_str}"
        return AssociationFailed("no answer", Fault.ABORTED, f"{place} aborted the association: {why}")
    if time.monotonic() - seen.opened >= timeouts.acse:
        said = f"{place} did not answer the association request in {timeouts.acse:g} s"
        return AssociationFailed("no answer", Fault.SILENT, said)
    late = _late_refusal(destination, timeouts)
    if late is not None:
        return AssociationFailed("connection", Fault.TLS_BY_THEM, f"{place}: {late}")
    said = f"{place} closed the connection before it answered the association request"
    return AssociationFailed("no answer", Fault.HUNG_UP, said)


def _place(destination: Destination) -> str:
    return f"{destination.ae_title} at {destination.address}:{destination.port}"


def _connection_error(destination: Destination, timeouts: Timeouts, waited: float) -> tuple[Fault, str]:
    """Why there is no connection: pynetdicom keeps it to its log, so we try once more and look."""
    security = _security(destination)
    if security is None and waited >= timeouts.connect:
        return of_connecting(TimeoutError())
    try:
        connection = socket.create_connection((destination.address, destination.port), timeouts.connect)
    except OSError as exc:
        return of_connecting(exc)
    with connection:
        if security is None:
            return Fault.HUNG_UP, "connection lost"
        try:
            security.wrap_socket(connection, server_hostname=destination.address).close()
        except OSError as exc:
            return of_handshake(exc)
    return Fault.HUNG_UP, "connection lost"


def _late_refusal(destination: Destination, timeouts: Timeouts) -> str | None:
    """Whether our certificate is refused: by TLS 1.3 we hear of it only after our handshake, when we read."""
    security = _security(destination)
    if security is None:
        return None
    try:
        with (
            socket.create_connection((destination.address, destination.port), timeouts.connect) as connection,
            security.wrap_socket(connection, server_hostname=destination.address) as secure,
        ):
            secure.settimeout(min(_ALERT_SECONDS, timeouts.acse))
            secure.recv(1)
    except OSError as exc:
        fault, said = of_handshake(exc)
        return said if fault is Fault.TLS_BY_THEM else None
    return None


def _security(destination: Destination) -> ssl.SSLContext | None:
    """For a destination that is reached by TLS; AssociationFailed if our certificate cannot be used."""
    if not destination.use_tls:
        return None
    place = _place(destination)
    if destination.security is None:
        raise AssociationFailed("connection", Fault.OWN_CERTIFICATE, f"{place}: tls.certificate is not set")
    try:
        return client_context(destination.security, pinned=bool(destination.certificates))
    except ConfigurationError as exc:
        raise AssociationFailed("connection", Fault.OWN_CERTIFICATE, f"{place}: {exc}") from exc


def _strange_certificate(connection: socket.socket, destination: Destination) -> str | None:
    """What is wrong with the certificate of a destination whose certificates are known."""
    if not destination.certificates or not isinstance(connection, ssl.SSLSocket):
        return None
    names = certificate_names(connection)
    if not names.isdisjoint(destination.certificates):
        return None
    return f"its certificate is not one of the destination's: {', '.join(sorted(names))}"
