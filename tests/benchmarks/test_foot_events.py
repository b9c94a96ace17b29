"""The measured accuracy of events from markers: the stated one holds it, and it can be redone."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from aqbio.recordings.events_from_markers import ACCURACY
from benchmarks.foot_events import markdown, measured, virtual_runs

PAGE = Path(__file__).parents[2] / "benchmarks/results/foot_events.md"
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if "±" in line
]


@pytest.mark.parametrize("strike", ACCURACY)
def test_the_stated_accuracy_is_from_earliest_to_latest(strike):
    stated, own = ACCURACY[strike], [row for row in ROWS if row[2] == strike and row[6] != "0%"]
    for column, limits in ((5, stated.touchdown), (7, stated.toe_off)):
        ends = [tuple(map(float, row[column].split(" ± "))) for row in own]
        assert 1e3 * limits[0] == pytest.approx(min(m - 2.0 * sd for m, sd in ends))
        assert 1e3 * limits[1] == pytest.approx(max(m + 2.0 * sd for m, sd in ends))
    speeds = [float(row[1]) for row in own]
    assert stated.speeds == (min(speeds), max(speeds))


def test_virtual_sprinters_measure_the_same_again():
    """Whoever changes the events of markers has to measure them again."""
    [known] = islice(virtual_runs(), 1)
    page = PAGE.read_text(encoding="utf-8").splitlines()
    assert set(markdown(list(measured(known))).splitlines()) <= set(page)
