"""The sheet of capacities: every problem at once, in words."""

from __future__ import annotations

import pytest

from aqbio.config import InvalidStudyError
from aqbio.io.sheets import read_capacities

HEADER = "participant_id\tmeasure\tside\tvalue\tunit\n"


def _sheet(folder, *rows):
    path = folder / "capacities.tsv"
    path.write_text(HEADER + "".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_rows_come_as_they_are(tmp_path):
    path = _sheet(
        tmp_path, ("A", "jump", "push", "0.41", "m"), ("A", "hip", "swing", "2.1", "N m/kg")
    )
    rows = read_capacities(path, ("A", "B"))
    assert [(row.measure, row.side, row.value) for row in rows] == [
        ("jump", "push", 0.41),
        ("hip", "swing", 2.1),
    ]


def test_what_cannot_be_compared_is_refused_with_words(tmp_path):
    path = _sheet(
        tmp_path,
        ("A", "jump", "push", "41", "cm"),
        ("B", "jump", "push", "0.41", "m"),
        ("AA", "hip", "swing", "2.1", "N m/kg"),
        ("B", "hip", "push", "2.1", "N m/kg"),
    )
    with pytest.raises(InvalidStudyError) as caught:
        read_capacities(path, ("A", "B"))
    said = str(caught.value)
    assert "measure jump has rows of 2 units: cm, m." in said
    assert "measure hip has rows of 2 sides: swing, push." in said
    assert "capacities of AA, who is not in the participants sheet." in said
    rules = {one.rule for one in caught.value.findings}
    assert rules == {"capacity-mixed", "participant-unknown"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("A", "jump", "left", "1", "m"), "side must be one of"),
        (("A", "jump", "push", "-1", "m"), "value"),
        (("A", "jump", "push", "n/a", "m"), "value is missing"),
    ],
)
def test_values_that_are_none(tmp_path, row, words):
    with pytest.raises(InvalidStudyError, match=words):
        read_capacities(_sheet(tmp_path, row), ("A",))
