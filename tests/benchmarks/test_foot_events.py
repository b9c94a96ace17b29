"""The measured accuracy of events from markers: one table, and it can be made again."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from aqbio.recordings.event_accuracy import MEASURED
from benchmarks.foot_events import markdown, measured, ranges, virtual_runs

ROOT = Path(__file__).parents[2]


def test_table_page_and_findings_have_the_same_rows():
    told = (ROOT / "benchmarks/results/foot_events.md").read_text(encoding="utf-8").splitlines()
    for line in markdown(list(MEASURED)).splitlines():
        assert line in told
    page = (ROOT / "docs/recordings.md").read_text(encoding="utf-8")
    assert ranges(list(MEASURED)) in page


def test_ranges_are_from_least_to_greatest():
    [line] = [one for one in ranges(list(MEASURED)).splitlines() if "treadmill A" in one]
    assert line == (
        "| run, treadmill A | heel | 3.8 | 60 to 100 | +10.8 to +12.3 | -4.6 to -4.0 | 100% |"
    )


def test_virtual_sprinters_measure_the_same_again():
    """Whoever changes the events of markers has to measure them again."""
    [known] = islice(virtual_runs(), 1)
    rows = [one for one in MEASURED if one.recording == known.name]
    assert list(measured(known)) == rows[:4]
