import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from dicom_node.reports.canvas import Canvas, Column, drawable, fitting, text_width, wrap
from dicom_node.reports.colours import BACKGROUND

RED = (255, 0, 0)


@given(st.text(max_size=200), st.integers(10, 60), st.integers(80, 400))
def test_no_line_is_wider_than_asked_and_no_word_is_lost(text: str, size: int, width: int) -> None:
    lines = wrap(text, size, width)
    assert all(text_width(line, size) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(drawable(text).split())


def test_lines_of_the_author_are_kept() -> None:
    assert wrap("one\ntwo three", 20, 500) == ("one", "two three")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Größe ≥ 5 µm²", "Grosse >= 5 um2"),
        ("a \u2013 b", "a - b"),
        ("café", "cafe"),
        ("漢", "?"),
        ("tab\there", "tab here"),
    ],
)
def test_what_the_font_cannot_draw_becomes_its_nearest(text: str, shown: str) -> None:
    assert drawable(text) == shown


def test_a_size_is_found_that_fits() -> None:
    size = fitting("A banner of some length", 60, 300)
    assert size < 60
    assert text_width("A banner of some length", size, bold=True) <= 300
    assert fitting("x", 40, 300) == 40


def test_a_column_says_where_it_ended() -> None:
    canvas = Canvas(200, 200)
    column = Column(canvas, 10, 180).inset(10, 20)
    assert (column.x, column.right) == (20, 170)
    below = column.bullet(column.paragraph(5, "two words", 20, RED), "a point", 20, RED)
    assert below == 5 + 27 + 27 + 5
    inked = (canvas.pixels() != np.array(BACKGROUND, dtype=np.uint8)).any(axis=2)
    rows, columns = np.nonzero(inked)
    assert rows.min() >= 5
    assert rows.max() < below
    assert columns.min() >= 20
    assert columns.max() < 170


def test_a_bar_is_cut_off_straight() -> None:
    canvas = Canvas(100, 40)
    canvas.rounded((10, 10, 90, 30), 10, RED, until=50)
    red = (canvas.pixels() == np.array(RED, dtype=np.uint8)).all(axis=2)
    assert red[20, 12:50].all()
    assert not red[:, 50:].any()
    canvas.rounded((10, 10, 10, 30), 5, RED)  # nothing to fill


def test_strokes_stay_within_their_rectangle() -> None:
    canvas = Canvas(100, 100)
    canvas.strokes([[(0, 50), (100, 50)]], (20, 20, 80, 80), RED, 4)
    red = (canvas.pixels() == np.array(RED, dtype=np.uint8)).all(axis=2)
    assert red[50, 20:80].all()
    assert not red[:, :20].any()
    assert not red[:, 80:].any()


def _stroked(canvas: Canvas, lines: list[list[tuple[float, float]]], within: tuple[int, int, int, int]) -> None:
    """As `strokes`, on a mask as large as the rectangle."""
    left, top, right, bottom = within
    mask = Image.new("L", ((right - left) * 2, (bottom - top) * 2), 0)
    for points in lines:
        scaled = [((x - left) * 2, (y - top) * 2) for x, y in points]
        ImageDraw.Draw(mask).line(scaled, fill=153, width=7, joint="curve")
    canvas.image.paste((200, 100, 50), (left, top), mask.reduce(2))


def test_strokes_are_drawn_where_they_are_as_on_the_whole_picture() -> None:
    rng = np.random.default_rng(0)
    within = (11, 17, 311, 257)
    for _ in range(40):
        count, middle = int(rng.integers(1, 5)), rng.uniform(-20, 330, 2)
        lines = [[(float(x), float(y)) for x, y in rng.normal(middle, 30, (6, 2))] for _ in range(count)]
        whole, part = Canvas(330, 300), Canvas(330, 300)
        _stroked(whole, lines, within)
        part.strokes(lines, within, (200, 100, 50), 3.5, 0.6)
        assert np.array_equal(whole.pixels(), part.pixels())


def test_no_strokes_change_nothing() -> None:
    canvas, before = Canvas(50, 50), Canvas(50, 50).pixels()
    canvas.strokes([], (0, 0, 50, 50), (255, 255, 255), 3)
    canvas.strokes([[(500.0, 500.0), (600.0, 600.0)]], (0, 0, 50, 50), (255, 255, 255), 3)
    assert np.array_equal(canvas.pixels(), before)
