"""The base of the settings' sections."""

import pytest
from pydantic import ValidationError

from screening.section import Section


class _Lamp(Section):
    on: bool = False


def test_a_section_is_frozen_and_knows_its_keys() -> None:
    lamp = _Lamp(on=True)
    with pytest.raises(ValidationError, match="frozen"):
        lamp.on = False  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        _Lamp.model_validate({"of": True})
