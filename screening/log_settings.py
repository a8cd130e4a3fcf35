"""The settings of what a node writes about its work: its log, and its audit messages."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from screening.section import Section


class Log(Section):
    """What a node writes about its work. It names no patient."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level logged")
    format: Literal["auto", "json", "plain"] = Field(
        "auto", description="Lines on stderr: JSON or plain; auto is plain on a terminal and JSON elsewhere"
    )
    file: Path | None = Field(
        None, description="File for JSON lines besides; a role adds its name: log.jsonl becomes log-listener.jsonl"
    )
    file_mb: int = Field(50, ge=1, description="A file is rotated at this size, MB")
    files: int = Field(5, ge=2, description="How many files are kept, the present one included")


class Audit(Section):
    """Where audit messages (PS3.15 A.5) go. They name patients; the audit trail in the database does not."""

    file: Path | None = Field(None, description="File of audit messages, one a line; unset: audit/messages.xml in home")
    file_mb: int = Field(50, ge=1, description="The file is rotated at this size, MB")
    files: int = Field(20, ge=2, description="How many files are kept, the present one included")
    syslog: Literal["udp", "tcp", "tls"] | None = Field(
        None, description="How messages go to an audit repository (RFC 5424); unset: they do not"
    )
    host: str = Field("", description="Host name or IP address of the repository")
    port: int = Field(6514, ge=1, le=65535, description="Its port; 6514 is syslog over TLS, 514 UDP")
    authority: Path | None = Field(
        None, description="PEM file of the authority that signed the repository's certificate; unset: the system's"
    )
    certificate: Path | None = Field(None, description="PEM file of our certificate, if the repository wants one")
    key: Path | None = Field(None, description="PEM file of its key")
    site: str = Field("", description="Name of the site, in every message")

    @model_validator(mode="after")
    def check_repository(self) -> "Audit":
        """A repository has a host, a key its certificate."""
        if self.syslog is not None and not self.host:
            raise ValueError("host must be set beside syslog")
        if self.key is not None and self.certificate is None:
            raise ValueError("certificate must be set beside key")
        return self
