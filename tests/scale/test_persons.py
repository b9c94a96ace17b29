"""Whom a generic model stands for, what is known of a person, and joints that video cannot turn."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.scale.calibration import _rotation_undetermined, recorded_person, reference_person
from aqbio.virtual.athlete import Athlete, athlete_skeleton

SIZES = {
    "female": SimpleNamespace(height_m=1.65, mass_kg=58.0),
    "male": SimpleNamespace(height_m=1.80, mass_kg=74.0),
}


@pytest.mark.parametrize(
    ("made_for", "sex", "expected"),
    [
        (("female", "male"), "male", ("male", 1.80, 74.0)),
        (("female", "male"), None, ("female", 1.65, 58.0)),
        (("male",), "female", ("male", 1.80, 74.0)),  # the only one that there is
        (("male",), None, ("male", 1.80, 74.0)),
        ((), "female", ("female", None, None)),
    ],
)
def test_a_model_stands_for_a_person_of_the_same_sex_if_it_can(made_for, sex, expected):
    model_map = SimpleNamespace(made_for={model_sex: SIZES[model_sex] for model_sex in made_for})
    person = reference_person(SimpleNamespace(model_map=model_map), sex)
    assert (person.sex, person.stature, person.mass) == expected


@pytest.mark.parametrize(
    ("heights", "masses", "expected"),
    [
        ((None, 1.75, 1.76), (70.0, None, 73.0), (1.75, 71.5)),
        ((None, None, None), (None, None, None), (None, None)),
        ((1.7, 1.7, 1.7), (None, 66.0, None), (1.7, 66.0)),
    ],
)
def test_a_person_is_what_all_sessions_say(heights, masses, expected):
    """The first height of the sheet, and the mean of the masses that plates measured."""
    names = ["P1", "P1b", "P1c"]
    study = SimpleNamespace(
        sessions_of=lambda _: names,
        participant=lambda name: SimpleNamespace(sex="female", height_m=heights[names.index(name)]),
        read_manifest=lambda name, _: (
            {} if masses[names.index(name)] is None else {"mass_kg": masses[names.index(name)]}
        ),
    )
    person = recorded_person(study, "P1")
    assert (person.sex, person.stature, person.mass) == ("female", *expected)


def test_video_turns_a_joint_of_three_rotations_by_three_points_or_not_at_all():
    """Palpated markers always count; a hinge needs no three."""
    skeleton = athlete_skeleton(Athlete("made", "male", 75.0, 1.8))
    turns = [skeleton.joints[body] for body in skeleton.axes.body[skeleton.axes.is_rotation]]
    for body, joint in enumerate(skeleton.joints):
        for points in range(5):
            on_body = np.arange(8) < points
            for palpated in range(points + 1):
                video = (np.arange(8) >= palpated) & (np.arange(8) != 7)
                expected = turns.count(joint) == 3 and points < 3 and palpated == 0
                undetermined = _rotation_undetermined(skeleton, on_body, body, video)
                assert undetermined == expected, (joint, points, palpated)
    assert {turns.count(joint) for joint in skeleton.joints} >= {1, 3}
