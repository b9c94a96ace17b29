"""A calibrated body and an own model: what is said of labels, lengths, mass and marker sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.body.calibration import (
    Calibration,
    calibration_findings,
    label_errors,
    label_places,
    moving_shape,
    session_findings,
)
from aqbio.body.findings import excluded_labels, label_findings, unplaced_segments
from aqbio.body.fit import BodyFit
from aqbio.body.posterior import LengthEstimate, lengths
from aqbio.body.stage import check_mass
from aqbio.config import MarkerSet, Participant, read_yaml
from aqbio.config.settings import StudySettings
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.golden import differences
from tests.mechanics.calibration.made import MAP, carried, exchanged, fitted, made_person, moved
from tests.stages.told import told

TRIALS = ("static", "jog", "sprint")
MARKERS = Path(__file__).parents[3] / "models" / "sprint" / "markers.yaml"


@pytest.fixture(scope="module")
def fit() -> BodyFit:
    return fitted(made_person(0))


def calibration(fit: BodyFit) -> Calibration:
    labels = fit.problem.template.markers.labels
    return Calibration(fit, moving_shape(fit), {label: label for label in labels}, ())


FAULTS = {
    "across sides in movement": (exchanged, ("RTH1", "LTH1", (1, 2)), {"RTH1", "LTH1"}),
    "in the static trial": (exchanged, ("RKNL", "RANL", (0,)), {"RKNL", "RANL"}),
    "heel and toe, static": (exchanged, ("RHEE", "RTOE", (0,)), {"RHEE", "RTOE"}),
    "across segments, always": (exchanged, ("RWRA", "LTOE", (0, 1, 2)), {"RWRA", "LTOE"}),
    "on another segment": (carried, ("RTH1", "tibia_r", (0.02, -0.2, 0.05), (0, 1, 2)), {"RTH1"}),
    "put on again": (moved, ("LKNL", (0.03, 0.06, 0.0), (2,)), {"LKNL"}),
}
ALWAYS = {
    "sternum": (moved, ("STRN", (0.0, 0.08, 0.0), (0, 1, 2)), {"STRN"}),
    "heel and toe": (exchanged, ("RHEE", "RTOE", (0, 1, 2)), {"RHEE", "RTOE"}),
}
"""No trial contradicts another there: the body follows them, and the lengths are warned of."""


@pytest.mark.parametrize("name", [*FAULTS, *ALWAYS])
def test_wrong_labels_are_named_left_out_and_do_not_reach_the_lengths(fit, name):
    """Student weights bear them, and no other label is blamed."""
    fault, arguments, wrong = (FAULTS | ALWAYS)[name]
    faulty = fault(fit, *arguments)
    found = list(label_findings(faulty, TRIALS, "S01"))
    assert {label for one in found for label in one.label.split(", ")} == wrong
    if name in ALWAYS:
        assert {(one.rule, one.severity) for one in found} == {("landmark-misplaced", "warning")}
        return
    left_out = {label for labels in excluded_labels(faulty, TRIALS).values() for label in labels}
    assert left_out == wrong
    for one, other in zip(lengths(fit), lengths(faulty), strict=True):
        assert abs(other.length - one.length) < 0.6 * one.sd, one.name


def test_golden_words_of_labels_lengths_and_segments(fit):
    """Labels without weight, ghosts, lengths on both sides of limits, limbs that are lost."""
    frames, labels = fit.problem.frames, fit.problem.template.markers.labels
    static_of = {"stand": SimpleNamespace(trial_id="stand")}
    study = SimpleNamespace(model_map=MAP, static_of=lambda _: static_of["stand"])

    def weighed(*changes) -> BodyFit:
        """Weights, and errors in mm, of labels in some frames."""
        weights, error = fit.weights.copy(), fit.error.copy()
        for rows, label, weight, apart in changes:
            weights[rows, labels.index(label)] = weight
            error[rows, labels.index(label)] = 1e-3 * np.array(apart)
        return replace(fit, weights=weights, error=error)

    def ghost(count: int) -> BodyFit:
        """A label that is seen in a few frames of the jog only."""
        rows, marker = np.flatnonzero(frames.trial == 1), labels.index("LWRA")
        position, weights = frames.position.copy(), fit.weights.copy()
        position[rows[count:], marker] = np.nan
        weights[rows[:count], marker] = 0.01
        problem = replace(fit.problem, frames=replace(frames, position=position))
        return replace(fit, weights=weights, problem=problem)

    def labelled(one: BodyFit) -> Callable[[], object]:
        return lambda: [*label_findings(one, TRIALS, "S01"), str(excluded_labels(one, TRIALS))]

    def sized(*estimates: LengthEstimate, fit=None, names=None) -> Callable[[], object]:
        own = fit or SimpleNamespace(settled=True)
        body = SimpleNamespace(names=names or {}, lengths=estimates, fit=own)
        return lambda: calibration_findings(body, MAP, "P1")

    def lost(body: Calibration) -> Callable[[], object]:
        def work():
            parts, said = unplaced_segments(study, "P1", body)
            return [*said, str(parts)]

        return work

    bare = calibration(fitted(made_person(0, hidden=(
        "LANL", "LANM", "LHEE", "LMT5", "LMT1", "LTOE", "LSH1", "LSH2"), still=False)))  # fmt: skip
    q = fit.state.q.copy()
    elbow = fit.problem.template.skeleton.coordinates.index("elbow_flex_r")
    q[frames.still, fit.problem.free.tolist().index(elbow)] = -np.radians(60.0)
    bent = calibration(replace(fit, state=replace(fit.state, q=q)))
    jog, sprint, still = frames.trial == 1, frames.trial == 2, frames.still
    sd = float(np.linalg.norm([0.02, 0.007, 0.024]))

    def thigh(deviations: float, **changes) -> LengthEstimate:
        """Of 40 cm, by 2 cm of belief, 7 mm of recordings and the 24 mm of joint centres."""
        odd = LengthEstimate("thigh_right", 0.4 + deviations * sd, 0.007, 0.4, 0.02)
        return replace(odd, **changes)

    cases = {
        "sound": labelled(fit),
        "a wrist off in the jog": labelled(weighed((jog, "LWRA", 0.1, (30.0, 40.0, 0.0)))),
        **{f"a wrist of weight {x}": labelled(weighed((sprint, "LWRA", x, (30.0, 0.0, 0.0))))
           for x in (0.34, 0.36)},
        "raised arms": labelled(weighed((still, "RSHO", 0.1, (20.0, 0.0, 0.0)),
                                        (still, "LSHO", 0.1, (25.0, 0.0, 0.0)))),
        **{f"a ghost of {count} frames": labelled(ghost(count)) for count in (1, 6)},
        "lost limbs": lost(bare), "none lost": lost(calibration(fit)),
        "bent in the static": lost(bent),
        **{f"a shank of {x} mm": sized(LengthEstimate("shank_left", 0.4, 1e-3 * x, 0.4, 0.017),
           fit=bare.fit, names=bare.names) for x in (15.9, 16.1)},
        **{f"a thigh {x} deviations off": sized(
            thigh(0.999 * x, name="thigh_left"), thigh(x),
            thigh(2 * x, name="shoulder_width", measured=False)) for x in (2.9, -2.9, 3.1, -3.1)},
        "not settled": sized(fit=SimpleNamespace(settled=False)), "settled": sized(),
        "errors of labels": lambda: label_errors(calibration(fit)),
        **{f"sessions of {who}": lambda who=who: session_findings(
            SimpleNamespace(sessions_of={"P1": ("P1", "P2"), "P3": ("P3",)}.get), who)
           for who in ("P1", "P3")},
    }  # fmt: skip
    assert differences("scale/labels", told(cases)) == []
    parts, [finding] = unplaced_segments(study, "P1", bare)
    assert set(parts) == {"tibia_l", "foot_l"}  # toes are too light to matter
    assert finding.number > finding.limit


def test_golden_words_of_own_models_and_marker_sets():
    generic = athlete_skeleton(Athlete("made", "female", 60.0, 1.7))
    joints = {"knee_right": "knee_r"}

    def weighed(confirmed="no", **masses: float) -> Callable[[], object]:
        """A model of 70 kg against others."""
        study = SimpleNamespace(
            settings=StudySettings(name="made"),
            read_manifest=lambda *_: {"masses_kg": masses},
            participant=lambda who: Participant(participant_id=who, mass_confirmed=confirmed),
        )
        return lambda: check_mass(study, "P1", 70.0, Path("own.osim"))

    def placed(label: str, names=joints, **change: object) -> Callable[[], object]:
        """The sprint model's own marker set with one label changed."""
        marker_set = read_yaml(MARKERS, MarkerSet)
        markers = dict(marker_set.markers)
        markers[label] = markers[label].model_copy(update=change)
        own = marker_set.model_copy(update={"markers": markers})

        def work():
            found = label_places(own, generic, names)
            one = found[label]
            place = np.full(3, np.nan) if one.place is None else np.array(one.place)
            every = [x.place for x in found.values() if x.place is not None]
            return [place, f"palpated {one.palpated}, video {one.video}", np.array(every)]

        return work

    video = {"joint": "knee_right", "video": True}
    cases = {
        "no other mass": weighed(),
        **{f"sheet {x}": weighed(sheet=x) for x in (73.6, 73.8)},
        "another person": weighed(sheet=90.0, strides=89.0),
        "another person, confirmed": weighed("yes", sheet=90.0, strides=89.0),
        "a stated place": placed("RASI", position=(0.1, 0.2, 0.3)),
        "a landmark": placed("RKNL"), "a cluster": placed("RTH1"),
        "a point of video": placed("RKNL", **video),
        "video without joint": placed("RKNL", {}, **video),
        "no such body": placed("RASI", body="sacrum"),
        "another body": placed("RASI", body="femur_r"),
        "no such marker": placed("RASI", model="SPINE"),
        "claimed twice": placed("RASI", model="LASI"),
    }  # fmt: skip
    assert differences("scale/own_models", told(cases)) == []
    knee = label_places(read_yaml(MARKERS, MarkerSet), generic, {})["RKNL"].place
    np.testing.assert_array_equal(knee, generic.marker_position[generic.markers.index("RKNL")])
