import pytest

from dicom_node.text import decode, encodings_of

# The examples of PS3.5 Annexes H, I and J
YAMADA = b"Yamada^Tarou=\033$B;3ED\033(B^\033$BB@O:\033(B=\033$B$d$^$@\033(B^\033$B$?$m$&\033(B"
HONG = b"Hong^Gildong=\033$)C\373\363^\033$)C\321\316\324\327=\033$)C\310\253^\033$)C\261\346\265\277"


@pytest.mark.parametrize(
    ("charset", "raw", "expected"),
    [
        (
            ["", "ISO 2022 IR 87"],
            YAMADA,
            "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce=\u3084\u307e\u3060^\u305f\u308d\u3046",
        ),
        (["", "ISO 2022 IR 149"], HONG, "Hong^Gildong=\u6d2a^\u5409\u6d1e=\ud64d^\uae38\ub3d9"),
        (["ISO_IR 192"], "Buc^J\u00e9r\u00f4me".encode(), "Buc^J\u00e9r\u00f4me"),
        (["ISO_IR 100"], b"Buc^J\xe9r\xf4me", "Buc^J\u00e9r\u00f4me"),
        (["ISO-IR 100"], b"J\xe9r", "J\u00e9r"),
        (["GB18030"], "\u738b^\u5c0f\u4e1c".encode("gb18030"), "\u738b^\u5c0f\u4e1c"),
        ([""], b"J\xe9r", "J\u00e9r"),
        (["NO SUCH SET"], b"plain", "plain"),
        (["ISO_IR 192"], b"bad \xff byte", "bad \ufffd byte"),
        (["ISO_IR 100"], b"  padded \0\0", "padded"),
        (["ISO_IR 192"], b"stray \x1b escape", "stray  escape"),
    ],
)
def test_decode(charset: list[str], raw: bytes, expected: str) -> None:
    assert decode(raw, encodings_of(charset)) == expected


def test_a_backslash_inside_a_multi_byte_character_splits_nothing() -> None:
    raw = "\u8868".encode("gbk") + "\u94d7".encode("gb18030")
    assert decode(raw, encodings_of(["GB18030"])) == "\u8868\u94d7"
