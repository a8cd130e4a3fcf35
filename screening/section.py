"""The base of every section of the settings."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One table: frozen, and a key that it does not have is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
