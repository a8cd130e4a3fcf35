"""Settings: whose bundles are taken."""

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from screening.manifest import load_public_key


class Signatures(BaseModel):
    """Whose bundles are taken."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    required: bool = Field(
        False, description="Whether a site's own bundle is refused unless it is signed by one of trusted_keys"
    )
    trusted_keys: tuple[str, ...] = Field((), description="Public keys, as `opportune models keygen` prints them")

    @field_validator("trusted_keys")
    @classmethod
    def check_keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Each is a public key."""
        for key in value:
            load_public_key(key)
        return value

    @model_validator(mode="after")
    def check_trust(self) -> "Signatures":
        """Somebody is trusted, or no bundle could ever be taken."""
        if self.required and not self.trusted_keys:
            raise ValueError("required = true needs trusted_keys; make a key: opportune models keygen")
        return self
