"""Settings of the network: who we are, who may send, where results go, and certificates."""

import ipaddress
import re
from pathlib import Path
from typing import Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator

from screening.card import Evidence
from screening.certificates import canonical
from screening.reports import ObjectKind
from screening.section import Section


def _ae_title(value: str) -> str:
    text = value.strip()
    if not 1 <= len(text) <= 16 or not re.fullmatch(r"[\x20-\x7e]+", text) or "\\" in text:
        raise ValueError("must be an AE title: 1 to 16 printable ASCII characters, no backslash (PS3.5 6.2)")
    return text


def _certificates(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(canonical(value) for value in values)


class Node(Section):
    """Who we are, on the network."""

    ae_title: str = Field("OPPORTUNE", description="Our AE title; an association that calls another is refused")
    bind: str = Field("0.0.0.0", description="Address to listen on")  # noqa: S104 (peers are bound by address)
    port: int = Field(11112, ge=0, le=65535, description="DICOM port; 0 takes a free one")
    maximum_associations: int = Field(20, ge=1, le=500, description="Associations at the same time")
    maximum_associations_per_address: int = Field(
        0,
        ge=0,
        le=500,
        description="Connections from one address at the same time; 0: half of maximum_associations, so that no"
        " sender shuts out the others",
    )
    maximum_instance_mb: int = Field(
        2048, ge=1, le=16384, description="Largest object we accept, MB; a longer one ends its association"
    )
    maximum_arriving_mb: int = Field(
        4096,
        ge=1,
        description="Objects that are arriving at the same time, MB together; beyond it the answer is 0xA700",
    )
    maximum_pdu_size: int = Field(131072, ge=4096, le=131072, description="Largest PDU we accept, bytes")
    quiet_seconds: float = Field(
        60, ge=0, le=86400, description="A study is screened when nothing arrived for so long, seconds"
    )
    context_days: float = Field(
        7, ge=0, le=3650, description="Clinical context that is imported later counts for studies of the last days"
    )
    flush_folders: bool = Field(
        default=False,
        description="flush the folder of each received file as well, also where the file system (ext4, xfs) keeps "
        "the name of a flushed file by itself",
    )
    minimum_free_mb: int = Field(
        512, ge=0, description="C-STORE answers 0xA700 when the spool's disk has less free, MB"
    )

    check_ae = field_validator("ae_title")(_ae_title)

    @property
    def per_address(self) -> int:
        """Connections from one address at the same time."""
        return self.maximum_associations_per_address or max(1, self.maximum_associations // 2)


class Peer(Section):
    """Who may send: AE title and address, bound together."""

    ae_title: str = Field(description="Calling AE title")
    address: str = Field(description="IP address or network, e.g. 10.1.2.3 or 10.1.2.0/24")
    certificates: tuple[str, ...] = Field(
        (),
        description="Of a peer that comes by TLS: SHA-256 fingerprints or subjects (CN=ct1,O=Hospital) of its"
        " certificates; it is refused without TLS then",
    )

    check_ae = field_validator("ae_title")(_ae_title)
    check_certificates = field_validator("certificates")(_certificates)

    @field_validator("address")
    @classmethod
    def check_address(cls, value: str) -> str:
        """An IP address or network."""
        try:
            return str(ipaddress.ip_network(value, strict=False))
        except ValueError:
            raise ValueError("must be an IP address or a network such as 10.1.2.0/24") from None


class Tls(Section):
    """DICOM TLS with certificates on both sides (docs/tls.md). All three files together, or none."""

    certificate: Path | None = Field(None, description="Our certificate, with intermediate ones, PEM")
    key: Path | None = Field(None, description="Its private key, PEM, without a passphrase")
    ca: Path | None = Field(
        None, description="Certificates of the authority that signed those of peers and destinations"
    )
    port: int = Field(2762, ge=0, le=65535, description="DICOM port for TLS; 0 takes a free one")
    profile: Literal["b12", "b13"] = Field(
        "b12", description="Profile of PS3.15: B.12 (BCP 195), or B.13 with its own list of cipher suites"
    )

    @property
    def enabled(self) -> bool:
        """Whether there is TLS."""
        return self.certificate is not None

    @model_validator(mode="after")
    def check_files(self) -> "Tls":
        """All or none."""
        if len({self.certificate is None, self.key is None, self.ca is None}) > 1:
            raise ValueError("certificate, key and ca must be set together, or none of them")
        return self


class Destination(Section):
    """Where results go."""

    name: str = Field(min_length=1, description="Name in tables and commands")
    ae_title: str = Field(description="Called AE title")
    address: str = Field(min_length=1, description="Host name or IP address")
    port: int = Field(ge=1, le=65535, description="DICOM port")
    objects: tuple[ObjectKind, ...] = Field(
        (ObjectKind.SC, ObjectKind.SR, ObjectKind.SEG),
        description="Kinds of object sent; text-sr, gsps and kos are made for the results that follow",
    )
    accept_evidence: tuple[Evidence, ...] = Field(
        (Evidence.RESEARCH, Evidence.SITE_VALIDATED),
        description="Evidence levels sent; results of another level are held as shadow results",
    )
    not_evaluable: bool = Field(True, description="Whether a short report says why a study was not evaluable")
    commitment: Literal["storage-commitment", "c-find", "none"] = Field(
        "c-find", description="How to make sure that an object is stored"
    )
    use_tls: bool = Field(False, description="Whether it is reached by TLS, with the certificate of [tls]")
    certificates: tuple[str, ...] = Field(
        (),
        description="Fingerprints or subjects of its certificates; unset: any certificate of tls.ca for its address."
        " Needed for storage commitment by TLS",
    )
    _security: Tls | None = PrivateAttr(None)

    check_ae = field_validator("ae_title")(_ae_title)
    check_certificates = field_validator("certificates")(_certificates)

    @property
    def security(self) -> Tls | None:
        """The certificates for TLS; None without TLS."""
        return self._security if self.use_tls else None

    def secured_by(self, tls: Tls) -> None:
        """Take the certificates that the node has."""
        self._security = tls

    @model_validator(mode="after")
    def check_tls(self) -> "Destination":
        """Who reports by TLS is known by its certificate."""
        if self.certificates and not self.use_tls:
            raise ValueError("certificates are set, but use_tls is not; set use_tls = true")
        if self.use_tls and self.commitment == "storage-commitment" and not self.certificates:
            raise ValueError("commitment = storage-commitment with use_tls needs the destination's certificates")
        return self

    @field_validator("objects")
    @classmethod
    def check_objects(cls, value: tuple[ObjectKind, ...]) -> tuple[ObjectKind, ...]:
        """Key objects point at our pictures, which must be there too."""
        if ObjectKind.KOS in value and ObjectKind.SC not in value:
            raise ValueError("must name sc beside kos: the key objects are our pictures")
        return value
