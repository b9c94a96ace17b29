"""Files of other laboratories: sums close, and a referee with OpenSim alone finds the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import aqbio
from aqbio.look.causes import vertical_causes
from aqbio.look.inputs import read_model_in_motion
from aqbio.look.levels import MotionLevels, motion_levels
from aqbio.look.tables import steps_table
from tests.look.test_look import hold_against_referee

pytestmark = [pytest.mark.opensim, pytest.mark.real]

MAPS = Path(aqbio.__file__).parents[1] / "models"

JA1 = {
    "jog": ("models/JA1_SCALED_Osim40.osim", "reference/jog_ik.mot", "trc_mot/jog_grf.xml"),
    "old sprint": (
        "models/JA1_SCALED_Osim40.osim", "reference/sprint_ik.mot", "trc_mot/sprint_grf.mot",
    ),
    "sprint": (
        "models/rajagopal_scaled_ja1.osim",
        "reference/rajagopal_run0900cms_ik.mot",
        "trc_mot/sprint_grf.mot",
    ),
}  # fmt: skip
"""Model, coordinates and forces: with and without patellae, toes locked by the file or free."""


@pytest.fixture(scope="module", params=JA1)
def levels(request, realdata) -> tuple[str, MotionLevels]:
    files = (realdata / "ja1_dorn2012" / file for file in JA1[request.param])
    return request.param, motion_levels(read_model_in_motion(*files))


def test_every_sum_closes_and_momentum_is_opensims(levels):
    name, trial_levels = levels
    assert max(trial_levels.closures.values()) < 1e-9, name
    assert not [finding for finding in trial_levels.findings if finding.severity == "error"]


def test_the_ankle_of_the_standing_leg_carries_most(levels):
    """As in Hamner 2010 (plantarflexors) and Dorn 2012: half and more of the vertical force."""
    causes = vertical_causes(levels[1])
    assert causes is not None
    first = max(causes, key=lambda name: causes[name])
    assert first == ("stance ankle and toes" if levels[0] == "sprint" else "stance ankle")
    assert 0.5 < causes[first] < 1.2
    assert sum(causes.values()) == pytest.approx(1.0)


def test_one_whole_contact_does_not_tell_a_lag(levels):
    """Of a jog that is 2.6 ms late its single contact says 12."""
    prepared = levels[1].moving.prepared
    known = np.isfinite(prepared.attrs["force_lag"])
    assert known == (prepared["contact_complete"].values.sum() > 1)


def test_a_referee_finds_the_causes_of_a_sprint(realdata):
    """Patellae coupled to the knees, toes free: C2 and C4 differ."""
    files = [realdata / "ja1_dorn2012" / file for file in JA1["sprint"]]
    moving = read_model_in_motion(*files)
    sprint_levels = motion_levels(moving)
    model_map = MAPS / "rajagopal2016" / "map.yaml"
    hold_against_referee(files[0], model_map, moving, sprint_levels, (100, 160, 220, 275))


def test_contacts_are_those_of_the_plates(realdata):
    """JA1's sprint: touchdowns and toe-offs by the plates, one contact beside them."""
    files = [realdata / "ja1_dorn2012" / file for file in JA1["sprint"]]
    sprint_levels = motion_levels(read_model_in_motion(*files))
    table = steps_table(sprint_levels)
    assert list(table["foot"]) == ["right", "left", "right", "left"]
    np.testing.assert_allclose(table["contact_s"], [0.119, 0.116, 0.119, 0.122], atol=0.006)
    np.testing.assert_allclose(table["speed_mps"].iloc[:-1], 9.5, atol=0.3)
    [unmeasured] = [
        finding for finding in sprint_levels.findings if finding.rule == "stance-unmeasured"
    ]
    assert "left" in unmeasured.what
