"""What plates read while nobody stands on them, and which way they push."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.recordings.plates import OFFSET_LARGE
from tests.io.made_c3d import write_c3d
from tests.stages import made_run
from tests.stages.prepare.test_prepare import check_contacts, check_loads

ROWS = ["fast\trun\trun.c3d\tn/a\tn/a"]


def _prepared(study, change):
    """A prepared run whose third plate's vertical channel was changed."""
    plates = made_run.plates()
    plates[2].channels[:, 2] = change(plates[2].channels[:, 2])
    points = 1e3 * made_run.markers() @ made_run.GROUND_TO_VICON.T
    write_c3d(study.data / "run.c3d", list(made_run.LABELS), points, plates=tuple(plates))
    return study(ROWS)


@pytest.mark.parametrize("newtons", [OFFSET_LARGE - 0.5, OFFSET_LARGE + 0.5])
def test_an_offset_is_removed_and_a_large_one_said(prepared_study, newtons):
    done = _prepared(prepared_study, lambda channel: channel - newtons)
    check_contacts(done.trial("fast"))
    check_loads(done.trial("fast"))
    large = newtons > OFFSET_LARGE
    assert done.rules("fast") == ["plate-offset"] * large
    if large:
        finding = done.finding("fast", "plate-offset")
        assert finding["what"].startswith(
            f"plate 3 reads {newtons:.1f} to {newtons:.1f} N unloaded"
        )
        assert (finding["number"], finding["unit"]) == (pytest.approx(newtons), "N")
        assert finding["fix"] == "zero the plates before each trial."


def test_a_drift_is_followed_and_said_however_small(prepared_study):
    """From 0 to 15 N over the recording; the contact in its middle is loaded as it was."""
    done = _prepared(prepared_study, lambda channel: channel - np.linspace(0.0, 15.0, len(channel)))
    check_contacts(done.trial("fast"))
    check_loads(done.trial("fast"), atol=1.0)
    [rule] = done.rules("fast")
    finding = done.finding("fast", "plate-drift")
    assert rule == "plate-drift"
    assert finding["what"].endswith("N unloaded; the drift is removed.")
    assert "plate 3 reads" in finding["what"]
    assert 10.0 < finding["number"] <= 15.0


def test_one_plate_that_pulls_while_others_push_is_turned_over(prepared_study):
    """All its channels have the other sign; without a word its contact would be lost."""
    plates = made_run.plates()
    plates[2].channels = -plates[2].channels
    points = 1e3 * made_run.markers() @ made_run.GROUND_TO_VICON.T
    write_c3d(prepared_study.data / "run.c3d", list(made_run.LABELS), points, plates=tuple(plates))
    done = prepared_study(ROWS)
    check_contacts(done.trial("fast"))
    check_loads(done.trial("fast"))
    finding = done.finding("fast", "plate-inverted")
    assert finding["what"].startswith("plate(s) 3 pull down while others push up")
    assert done.rules("fast") == ["plate-inverted"]
