"""Whole ends of limbs whose labels changed sides: found as one, put right, and never imagined."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.mechanics.calibration.exchanged_limbs import limb_ends
from aqbio.mechanics.calibration.posterior import lengths
from tests.mechanics.calibration.label_faults import judged, refitted
from tests.mechanics.calibration.made import fitted, made_person

ENDS = ("upper_arm", "forearm", "shank", "foot", "toes")
TRIALS = ((0,), (1,), (1, 2), (0, 1, 2))


@pytest.fixture(scope="module")
def clean():
    """Give two made people, calibrated."""
    return [fitted(made_person(seed)) for seed in (3, 4)]


def _ends(fit) -> dict[str, np.ndarray]:
    """Labels of every end of a limb by its first part."""
    every = np.arange(len(fit.problem.template.markers.labels))
    return {end.part: end.labels for ends in limb_ends(fit.problem, every) for end in ends}


def test_labels_of_an_end_mirror_each_other(clean):
    """From the outer ends of the list inwards; what is inside a part is inside those before it."""
    labels, ends = clean[0].problem.template.markers.labels, _ends(clean[0])
    assert set(ends) == {*ENDS, "thigh"}
    for end in ends.values():
        for one, other in zip(end, end[::-1], strict=True):
            assert {labels[one][0], labels[other][0]} == {"L", "R"}
            assert labels[one][1:] == labels[other][1:]
    for part, beyond in (("thigh", "shank"), ("shank", "foot"), ("foot", "toes")):
        assert set(ends[part]) > set(ends[beyond])


@pytest.mark.parametrize("part", ENDS)
def test_an_end_that_changed_sides_is_found_as_one(clean, part):
    """In trials that a seed draws; lengths are those of the sound recordings."""
    rng = np.random.default_rng(len(part))
    fit, trials = clean[rng.integers(2)], TRIALS[rng.integers(len(TRIALS))]
    end = _ends(fit)[part]

    def change(position, rows):
        position[rows[:, None], end] = position[rows[:, None], end[::-1]]

    mended, _, taken = judged(refitted(fit, change, trials))
    [one] = taken
    assert (one.kind, one.part, one.labels) == ("exchanged", part, tuple(end))
    assert one.trials == trials
    for before, after in zip(lengths(fit), lengths(mended), strict=True):
        assert abs(after.length - before.length) < 0.1 * before.sd, before.name


def test_limbs_that_are_doubted_but_sound_stay(clean):
    """Two markers of each shank elsewhere on it: the limb is asked, and told to stay."""
    fit = clean[0]
    labels = fit.problem.template.markers.labels
    shank = [labels.index(name) for name in ("RSH1", "RSH2", "LSH1", "LSH2")]

    def change(position, rows):
        position[rows[:, None], shank] += np.array([0.0, 0.0, 0.09])

    _, _, taken = judged(refitted(fit, change, (1,)))
    assert not [one for one in taken if one.part]
