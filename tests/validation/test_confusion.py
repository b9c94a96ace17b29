"""Planted faults: what is counted as right, and that the page shows its table."""

from __future__ import annotations

import numpy as np
import pytest

from tests.prepare.test_explanations import SPEED, recorded_run
from validation import confusion, force_faults
from validation.captured import CapturedForces
from validation.planting import NEAR, OTHER, RIGHT, SILENT, UNDECIDED, verdict_of

TRUE, ELSE = "force-x-sign all", "force-clock all"


@pytest.mark.parametrize(
    ("accepted", "near", "verdict"),
    [
        ({TRUE}, [], RIGHT), ({TRUE, ELSE}, [], OTHER), ({ELSE}, [], OTHER), ((), [], SILENT),
        ({TRUE}, [{TRUE}, {ELSE}], NEAR), ((), [{ELSE}], UNDECIDED),
        ({TRUE}, [{TRUE, ELSE}], UNDECIDED),
    ],
)  # fmt: skip
def test_a_verdict_is_right_where_the_fault_alone_is_named(accepted, near, verdict):
    assert verdict_of(TRUE, frozenset(accepted), map(frozenset, near)) == verdict


def test_what_is_told_apart_is_named(monkeypatch):
    """A sign shows by far; a lag as large as laboratories have shows less than it is rare."""
    forces, evidence = recorded_run(3, moments=True)
    run = CapturedForces("run", forces, evidence, SPEED)
    rows = [x for x in force_faults.FORCE_FAULTS if x.name in ("force-x-sign", "force-clock")]
    monkeypatch.setattr(force_faults, "FORCE_FAULTS", rows)
    monkeypatch.setattr(force_faults, "PLANTED_RATIOS", (0.1, 4.0))
    sound, *planted = force_faults.outcomes(run)
    assert (sound.fault, sound.verdict) == ("sound", RIGHT)
    signs, lags = ([x for x in planted if x.fault == row.name] for row in rows)
    assert [x.verdict for x in signs] == [RIGHT, RIGHT]
    assert all(x.is_shown and x.is_told for x in signs)
    small, large = lags
    assert (small.verdict, small.is_shown, small.is_told) == (SILENT, False, False)
    assert (large.verdict, large.is_told, large.is_size_within) == (RIGHT, True, True)


def test_the_page_shows_its_table():
    page = confusion.PAGE.read_text(encoding="utf-8")
    every = confusion.read(confusion.TABLE)
    assert confusion.with_tables(page, every) == page
    assert {x.table for x in every} == {*confusion.TABLES}
    sizes = [x.size for x in every if x.fault == "force-clock"]
    assert np.unique(sizes).tolist() == [-0.05, 0.025, 0.08]
