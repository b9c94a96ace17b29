"""`aqbio new --from` and at most five cells by hand: the tables of the hand-written study."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pandas as pd
import pytest

from aqbio.intake.new import new_study_from
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from tests.real.staged import HERE, run_stages

pytestmark = [pytest.mark.real, pytest.mark.opensim, pytest.mark.xdist_group("new-study")]

TABLES = ("steps", "contribution_means", "quality", "trials")

MOST_CELLS = 5

CASES = {
    "ja1_sprint": (
        "ja1_dorn2012",
        {("participants", "S01", "sex"): "male"}
        | {("trials", name, "include"): "no" for name in ("run0500cms", "run0700cms")},
        {"S01": "JA1", "Static05": "static", "Gait21": "jog", "Gait35": "sprint"},
    ),
    "rajagopal_run": (
        "rajagopal2016",
        {
            ("participants", "S01", "sex"): "male",
            ("participants", "S01", "mass_kg"): "72.84",
            ("participants", "S01", "height_m"): "1.80",
        },
        {"S01": "subject01", "static_run": "static", "motion_capture_run": "run"},
    ),
}
"""Hand-written study: folder of recordings, cells that a person fills in, names in both."""


@pytest.fixture(scope="module", params=CASES)
def both(request, tmp_path_factory, realdata):
    """Give the tables of the hand-written study and of the one made from the folder."""
    folder, cells, names = CASES[request.param]
    by_hand = tmp_path_factory.mktemp("by_hand")
    shutil.copytree(HERE / request.param, by_hand / "study")
    hand_file = by_hand / "study" / "study.yaml"
    if request.param == "rajagopal_run":  # the same recordings on our sprint model
        lines = hand_file.read_text().splitlines()
        kept = [line for line in lines if "Rajagopal2016.osim" not in line and "map:" not in line]
        text = "\n".join(kept).replace("markers: markers.yaml", "markers: markers_sprint.yaml")
        hand_file.write_text(text + "\n")
    made = tmp_path_factory.mktemp("made")
    new_study_from(made / "study", realdata / folder, None, lambda line: None)
    assert len(cells) <= MOST_CELLS
    for (sheet, row, column), value in cells.items():
        _fill(made / "study" / f"{sheet}.tsv", row, column, value)
    return _run(hand_file, by_hand), _run(made / "study" / "study.yaml", made), names


def _fill(sheet: Path, name: str, column: str, value: str) -> None:
    """Write one cell of the row that a participant or trial has."""
    with sheet.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    at = rows[0].index(column)
    [row] = [row for row in rows[1:] if name in row[:2]]
    row[at] = value
    sheet.write_text("\n".join("\t".join(row) for row in rows) + "\n", encoding="utf-8")


def _run(study_file: Path, directory: Path) -> Study:
    results = (directory / "results").as_posix()
    with study_file.open("a", encoding="utf-8") as file:
        file.write("contributions: {draws: 0}\n")
        file.write(f"multiverse: {{enabled: false}}\nresults: {results}\n")
    return run_stages(study_file)


def test_same_tables_and_nothing_is_copied(both):
    """Every number is the same: only the names of participant and trials are others."""
    by_hand, made, names = both
    for table in TABLES:
        expected = read_table(by_hand.table(f"{table}.tsv"))
        found = read_table(made.table(f"{table}.tsv")).replace(names)
        assert len(expected)
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
    written = {path.name for path in made.file.parent.iterdir()}
    sheets = {"markers.yaml", "participants.tsv", "study.yaml", "trials.tsv"}
    assert written == {"README.md", "found.txt", "hypotheses.yaml", *sheets}
