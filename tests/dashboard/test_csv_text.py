"""Cells of a file that people open in a spreadsheet."""

import csv
import io

import pytest

from dashboard.csv_text import lines


def test_what_is_written_is_read_back() -> None:
    rows = [["a", "1"], ['with "quotes", and\r\na line', ""], ["Müller^Jörg", "\u9999"]]
    assert list(csv.reader(io.StringIO(lines(rows), newline=""))) == rows
    assert lines([(None, 3)]) == ",3\r\n"


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
def test_no_cell_is_a_formula(begin: str) -> None:
    ((cell,),) = csv.reader(io.StringIO(lines([[begin + "HYPERLINK(1)"]]), newline=""))
    assert cell == "'" + begin + "HYPERLINK(1)"


@pytest.mark.parametrize("value", ["A-1", "1=2", "", "a@b", "'=1"])
def test_other_cells_stay_as_they_are(value: str) -> None:
    assert lines([["x", value]]) == f"x,{value}\r\n"
