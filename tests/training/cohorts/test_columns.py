import pytest

from training.cohorts.columns import BadCell, Column, Kind

AGE = Column(name="age", low=0, high=130, required=True)
YES_NO = Column(name="event", kind=Kind.YES_NO)
SEX = Column(name="sex", kind=Kind.TEXT, choices=("F", "M"))


@pytest.mark.parametrize(("column", "cell", "value"), [
    (AGE, " 64.5 ", 64.5), (AGE, "1e2", 100.0), (YES_NO, "1", True), (YES_NO, "No", False), (YES_NO, "0.0", False),
    (SEX, "f", "F"), (Column(name="vendor", kind=Kind.TEXT), " Acme 3 ", "Acme 3"),
])  # fmt: skip
def test_values(column: Column, cell: str, value: object) -> None:
    assert column.read(cell) == value
    assert type(column.read(cell)) is type(value)


@pytest.mark.parametrize("cell", ["", " ", "NA", "n/a", "NaN", "NULL", "None"])
def test_nothing_is_none_where_it_may_be(cell: str) -> None:
    assert YES_NO.read(cell) is None
    with pytest.raises(BadCell, match=r"must be a number from 0 to 130$"):
        AGE.read(cell)


@pytest.mark.parametrize(("column", "cell"), [
    (AGE, "-1"), (AGE, "131"), (AGE, "sixty"), (AGE, "6,5"), (AGE, "inf"), (AGE, "1_0"), (AGE, "0x10"),
    (Column(name="n", whole=True), "1.5"), (YES_NO, "2"), (YES_NO, "maybe"), (SEX, "X"),
])  # fmt: skip
def test_what_is_not_allowed_is_named_and_not_quoted(column: Column, cell: str) -> None:
    with pytest.raises(BadCell) as caught:
        column.read(cell)
    assert str(caught.value) == column.allowed
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(("column", "words"), [
    (Column(name="x"), "must be a number, or empty"),
    (Column(name="x", low=1), "must be a number of 1 or more, or empty"),
    (Column(name="x", high=9, whole=True, required=True), "must be a whole number of 9 or less"),
    (YES_NO, "must be 0 or 1, or empty"),
    (SEX, "must be F or M, or empty"),
    (Column(name="x", kind=Kind.TEXT, required=True), "must be a text"),
])  # fmt: skip
def test_what_is_allowed_in_words(column: Column, words: str) -> None:
    assert column.allowed == words
