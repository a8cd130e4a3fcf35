import pytest

from screening.certificates import canonical, fingerprint, subject

DIGITS = "0123456789abcdef" * 4
COLONS = ":".join(DIGITS[place : place + 2] for place in range(0, 64, 2)).upper()


@pytest.mark.parametrize(
    "text",
    [DIGITS, COLONS, f"sha256:{DIGITS}", f"SHA256 Fingerprint={COLONS}", f"sha256 Fingerprint={COLONS}", f" {COLONS} "],
)
def test_fingerprints(text: str) -> None:
    assert canonical(text) == f"sha256:{DIGITS}"


@pytest.mark.parametrize("text", ["CN=ct1,O=Hospital\\, North", "O = Hospital\\, North, cn = ct1"])
def test_subjects(text: str) -> None:
    assert canonical(text) == "CN=ct1,O=Hospital\\, North"
    assert subject([("organizationName", "Hospital, North"), ("commonName", "ct1")]) == canonical(text)


@pytest.mark.parametrize("text", ["", "ct1", "CN=", "=ct1", "CN=ct1,", DIGITS[1:], "sha256:xyz", "CN=a,b"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a SHA-256 fingerprint"):
        canonical(text)


def test_a_fingerprint_is_of_the_encoded_certificate() -> None:
    assert fingerprint(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_another_subject_is_another_name() -> None:
    assert canonical("CN=ct1") != canonical("CN=ct1,O=Hospital")
