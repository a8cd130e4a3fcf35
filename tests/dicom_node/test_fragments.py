import pytest

from dicom_node.fragments import fragments


def _value(*parts: bytes) -> memoryview:
    return memoryview(b"".join(len(part).to_bytes(4, "big") + part for part in parts))


def test_each_fragment_is_found_where_it_lies() -> None:
    value = _value(b"\x01\x03command", b"\x05\x02", b"\x03\x00data")
    found = list(fragments(value))
    assert [(one.context_id, one.control, bytes(one.value)) for one in found] == [
        (1, 3, b"command"),
        (5, 2, b""),
        (3, 0, b"data"),
    ]
    assert {one.value.obj for one in found} == {value.obj}, "no copy"


@pytest.mark.parametrize(
    "bad",
    [b"\0\0\0", b"\0\0\0\x02\x01", b"\0\0\0\x01\x01\x03", b"\0\0\0\x03\x01\x03", b"\xff\xff\xff\xff\x01\x03data"],
)
def test_a_length_that_does_not_fit_is_an_error(bad: bytes) -> None:
    good = bytes(_value(b"\x01\x03x"))
    given = fragments(memoryview(good + bad))
    assert bytes(next(given).value) == b"x"
    with pytest.raises(ValueError, match="presentation data value"):
        next(given)
