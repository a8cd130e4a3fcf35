"""The settings of what tells others how the node does: numbers for Prometheus, and notices when something is wrong."""

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from screening.section import Section

_ADDRESS = re.compile(r"[^@\s,<>]+@[^@\s,<>]+")


class Metrics(Section):
    """Numbers for Prometheus, and whether the node is alive and ready, by HTTP. They name no patient."""

    enabled: bool = Field(
        False, description="Whether `opportune serve` answers; `opportune metrics --serve` is a process of its own"
    )
    bind: str = Field("127.0.0.1", description="Address to listen on; another one only inside a protected network")
    port: int = Field(
        9464, ge=0, le=65535, description="HTTP port of /metrics, /healthz and /readyz; 0 takes a free one"
    )


class Notify(Section):
    """Who is told by e-mail or webhook when something is wrong. Notices name no patient, study or file."""

    email_to: tuple[str, ...] = Field((), description="E-mail addresses; unset: no e-mail is sent")
    email_from: str = Field("", description="Sender's e-mail address")
    smtp_host: str = Field("", description="Host name or IP address of the mail server")
    smtp_port: int = Field(25, ge=1, le=65535, description="Its port; 25 or 587 with starttls, 465 with tls")
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "starttls", description="How the connection is encrypted; none inside a protected network only"
    )
    smtp_user: str = Field("", description="User of the mail server; unset: without signing in")
    smtp_password: SecretStr | None = Field(None, description="Its password; needs starttls or tls")
    webhook: SecretStr | None = Field(
        None, description="URL that gets each notice as JSON by POST; it may hold a token, and is not shown"
    )
    timeout_seconds: float = Field(10, gt=0, le=300, description="Wait for the mail server or the webhook")
    destination_minutes: float = Field(
        15, gt=0, description="A destination that has not answered for so long is told of"
    )
    pause_minutes: float = Field(
        15, gt=0, description="Growing numbers are told of again after so long, at the earliest"
    )
    again_hours: float = Field(24, gt=0, description="What is still wrong is told of again after so long")

    @property
    def enabled(self) -> bool:
        """Whether anybody is told."""
        return bool(self.email_to) or self.webhook is not None

    @field_validator("email_to")
    @classmethod
    def check_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Plain addresses, which cannot add a header to a message."""
        for address in value:
            if not _ADDRESS.fullmatch(address):
                raise ValueError(f"must be e-mail addresses, got {address!r}")
        return value

    @field_validator("webhook")
    @classmethod
    def check_webhook(cls, value: SecretStr | None) -> SecretStr | None:
        """A URL of the web."""
        if value is not None and not re.fullmatch(r"https?://[^\s/]+\S*", value.get_secret_value()):
            raise ValueError("must begin with https:// or http://")
        return value

    @model_validator(mode="after")
    def check_mail(self) -> "Notify":
        """Mail has a server and a sender; a password does not cross the network in clear."""
        if self.email_to and not (self.smtp_host and _ADDRESS.fullmatch(self.email_from)):
            raise ValueError("smtp_host and email_from must be set beside email_to")
        if self.smtp_password is not None and not self.smtp_user:
            raise ValueError("smtp_user must be set beside smtp_password")
        if self.smtp_user and self.smtp_security == "none":
            raise ValueError("smtp_user needs smtp_security = starttls or tls")
        return self
