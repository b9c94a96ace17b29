"""Stature and body mass against the legs of the static trial."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.config import MarkerSet, Participant
from aqbio.recordings.body_size import (
    force_findings,
    measured_stature,
    pelvis_height,
    size_findings,
)
from tests.stages import made_run

STANDING = [{"pelvis_height_m": 0.555 * 1.80}, {"stance_height_m": 0.3}]
RUNNING = [{"stance_height_m": 0.5}, {"stance_height_m": 0.555 * 1.80}, {"stance_height_m": 1.5}]


def _rules(height, mass, trials=STANDING):
    person = Participant(participant_id="P1", height_m=height)
    shown = measured_stature(trials)
    return [one.rule for one in size_findings(person, shown, mass, "participants.tsv")]


def test_height_of_the_made_up_pelvis():
    """0.95 m, above feet whose markers are 50, 40 and 30 mm up: 0.95 - 0.04."""
    import yaml

    marker_set = MarkerSet.model_validate(yaml.safe_load(made_run.MARKER_SET))
    markers = np.zeros((5, len(made_run.LABELS), 3))
    markers[:, :4, 1] = 0.95
    markers[:, 4:, 1] = [0.05, 0.04, 0.03] * 2
    markers[2, 0] = np.nan
    assert pelvis_height(made_run.LABELS, markers, marker_set) == pytest.approx(0.91)
    assert pelvis_height((), markers[:, :0], marker_set) is None


@pytest.mark.parametrize(
    ("trials", "height", "said"),
    [
        (STANDING, 1.66, False),
        (STANDING, 1.65, True),
        (STANDING, 1.94, False),
        (STANDING, 1.95, True),
        (RUNNING, 1.64, False),
        (RUNNING, 1.63, True),
        (RUNNING, 1.96, False),
        (RUNNING, 1.97, True),
    ],
)
def test_stature_of_another_person(trials, height, said):
    """8 % of the 1.80 m that these legs belong to where they stand, 9 % where they run."""
    assert (_rules(height, None, trials) == ["height-implausible"]) is said


@pytest.mark.parametrize(
    ("mass", "said"), [(45.0, True), (50.0, False), (129.0, False), (131.0, True)]
)
def test_mass_of_plates_with_another_scale(mass, said):
    """14 and 40 kg/m² at 1.80 m: 45.4 and 129.6 kg."""
    assert (_rules(1.80, mass) == ["mass-implausible"]) is said
    assert (_rules(None, mass) == ["mass-implausible"]) is said


@pytest.mark.parametrize(
    ("peak", "said"),
    [(105.0, True), (470.0, True), (490.0, False), (4700.0, False), (4850.0, True)],
)
def test_loads_of_another_unit(peak, said):
    """70 kg weigh 686.5 N: 481 and 4805 N are the limits; 105 is what a walker in volts gave."""
    person = Participant(participant_id="P1")
    found = [one.rule for one in force_findings(person, peak, 70.0, "participants.tsv")]
    assert (found == ["force-implausible"]) is said
    assert not [*force_findings(person, None, 70.0, ""), *force_findings(person, peak, None, "")]
