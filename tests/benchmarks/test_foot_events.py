"""The measured accuracy of events from markers: one table, and it can be made again."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from aqbio.mechanics.recordings.event_accuracy import MEASURED
from benchmarks.foot_events import markdown, measured, virtual_runs

PAGE = Path(__file__).parents[2] / "docs" / "recordings.md"


def test_page_and_findings_have_the_same_rows():
    told = PAGE.read_text(encoding="utf-8").splitlines()
    for line in markdown(list(MEASURED)).splitlines():
        assert line in told


def test_virtual_sprinters_measure_the_same_again():
    """Whoever changes the events of markers has to measure them again."""
    [known] = islice(virtual_runs(), 1)
    rows = [one for one in MEASURED if one.recording == known.name]
    assert list(measured(known)) == rows[:4]
