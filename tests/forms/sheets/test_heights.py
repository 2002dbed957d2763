"""How high a printed row must be: lines by words and characters, in Chinese fonts."""

import pytest

from forms.sheets.heights import line_count, points, split_height


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, 1),
        ("四个字宽", 8, 1),
        ("“引号”算两格", 10, 2),  # in a Chinese font a quotation mark is as wide as a character
        ("一二三四五六七八九", 6, 3),
        ("一行\n两行\n三行", 40, 3),
        ("13800000001", 12, 1),
        ("冉某某 13800000001", 12, 2),  # a number is not broken while a line of its own holds it
        ("A" * 30, 10, 3),
        ("序 " + "A" * 30, 10, 4),
    ],
)
def test_lines_are_counted_as_they_break(text: str, width: float, lines: int) -> None:
    assert line_count(text, width) == lines


def test_a_row_is_never_higher_than_a_sheet_allows() -> None:
    assert split_height(points(20)) == (1, points(20))
    rows, height = split_height(points(200))
    assert rows > 1
    assert rows * height >= points(200)
    assert height <= 409
