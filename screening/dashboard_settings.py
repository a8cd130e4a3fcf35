"""Settings of the dashboard: where it answers, who stands before it, how long a sign-in lasts."""

import ipaddress
import re
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from screening.section import Section

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_HOST = re.compile(r"[a-z0-9.-]+|\[[0-9a-f:.]+\]")


class Dashboard(Section):
    """The admin web page."""

    enabled: bool = Field(
        False, description="Whether `opportune serve` runs it; `opportune dashboard` does in any case"
    )
    host: str = Field(
        "127.0.0.1", description="Address to listen on; another than this computer's own needs TLS or proxies"
    )
    port: int = Field(8380, ge=0, le=65535, description="Port; 0 takes a free one")
    hosts: tuple[str, ...] = Field(
        (), description="Names that browsers may call it by, besides localhost; a request by another name is refused"
    )
    certificate: Path | None = Field(None, description="Its certificate, with intermediate ones, PEM; unset: no TLS")
    key: Path | None = Field(None, description="The certificate's private key, PEM, without a passphrase")
    proxies: tuple[str, ...] = Field(
        (), description="Addresses of the proxies that end TLS before it: what they say of the client is believed"
    )
    idle_minutes: float = Field(30, ge=1, le=1440, description="A sign-in ends after so long without use")
    session_hours: float = Field(12, ge=0.1, le=168, description="A sign-in ends after so long in any case")
    wrong_passwords: int = Field(5, ge=1, description="So many wrong passwords in a row lock an account for a while")
    lock_minutes: float = Field(15, ge=1, description="How long it is locked")
    attempts_per_minute: int = Field(10, ge=1, description="Sign-ins that one address may try in a minute")
    one_time_hours: float = Field(
        72, ge=1, le=720, description="How long a password is good that was given and not chosen"
    )

    @property
    def secure(self) -> bool:
        """Whether browsers reach it by TLS."""
        return self.certificate is not None or bool(self.proxies)

    @property
    def known_hosts(self) -> frozenset[str]:
        """Names and addresses that a request may be addressed to, without a port."""
        return frozenset({*self.hosts, "127.0.0.1", "[::1]", "localhost"})

    @field_validator("hosts")
    @classmethod
    def check_hosts(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        """Names without scheme and port."""
        values = tuple(value.strip().lower() for value in values)
        for value in values:
            if not _HOST.fullmatch(value):
                raise ValueError(f"must be host names without scheme and port, got {value!r}")
        return values

    @field_validator("proxies")
    @classmethod
    def check_proxies(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        """IP addresses or networks."""
        try:
            return tuple(str(ipaddress.ip_network(value)) for value in values)
        except ValueError:
            raise ValueError("must be IP addresses or networks such as 10.1.2.0/24") from None

    @model_validator(mode="after")
    def check_tls(self) -> "Dashboard":
        """No password crosses a network in the clear."""
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key must be set together, or none of them")
        if self.host not in _LOOPBACK and not self.secure:
            raise ValueError(
                f"host = {self.host} is reached over the network: set certificate and key, or proxies if one ends TLS"
            )
        return self
