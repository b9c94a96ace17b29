"""A calibrated body and an own model: findings on labels, lengths, mass and marker sets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.body.fit import BodyFit
from aqbio.body.posterior import LengthEstimate, lengths
from aqbio.config import MarkerSet, Participant, read_yaml
from aqbio.config.settings import StudySettings
from aqbio.scale.calibration import (
    Calibration,
    calibration_findings,
    label_errors,
    labels_on_model,
    moving_shape,
    session_findings,
)
from aqbio.scale.findings import excluded_labels, label_findings, unplaced_segments
from aqbio.scale.stage import check_mass
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.body.made import MAP, exchanged, fitted, made_person, moved, with_marker_on
from tests.case_lines import case_lines, read_cases
from tests.golden import differences

TRIALS = ("static", "jog", "sprint")
MARKERS = Path(__file__).parents[2] / "models" / "sprint" / "markers.yaml"


@pytest.fixture(scope="module")
def fit() -> BodyFit:
    return fitted(made_person(0))


def calibration(fit: BodyFit) -> Calibration:
    labels = fit.problem.template.markers.labels
    return Calibration(fit, moving_shape(fit), {label: label for label in labels}, ())


FAULTS = {
    "across sides in movement": (exchanged, ("RTH1", "LTH1", (1, 2))),
    "in the static trial": (exchanged, ("RKNL", "RANL", (0,))),
    "heel and toe, static": (exchanged, ("RHEE", "RTOE", (0,))),
    "across segments, always": (exchanged, ("RWRA", "LTOE", (0, 1, 2))),
    "on another segment": (with_marker_on, ("RTH1", "tibia_r", (0.02, -0.2, 0.05), (0, 1, 2))),
    "put on again": (moved, ("LKNL", (0.03, 0.06, 0.0), (2,))),
    "sternum, always": (moved, ("STRN", (0.0, 0.08, 0.0), (0, 1, 2))),
    "heel and toe, always": (exchanged, ("RHEE", "RTOE", (0, 1, 2))),
}


@pytest.mark.parametrize("name", FAULTS)
def test_wrong_labels_are_named_left_out_and_do_not_reach_the_lengths(fit, name):
    """No other label is blamed; the body follows some, and their lengths are warned of."""
    fault, arguments = FAULTS[name]
    wrong, faulty = (
        {argument for argument in arguments[:2] if str(argument).isupper()},
        fault(fit, *arguments),
    )
    findings = list(label_findings(faulty, TRIALS, "S01"))
    assert {label for finding in findings for label in finding.label.split(", ")} == wrong
    if name in ("sternum, always", "heel and toe, always"):  # no trial contradicts another
        assert {(finding.rule, finding.severity) for finding in findings} == {
            ("landmark-misplaced", "warning")
        }
        return
    left_out = {label for labels in excluded_labels(faulty, TRIALS).values() for label in labels}
    assert left_out == wrong
    for sound, estimate in zip(lengths(fit), lengths(faulty), strict=True):
        assert abs(estimate.length - sound.length) < 0.6 * sound.sd, sound.name


def golden(about, *makers):
    cases = read_cases(Path(__file__).with_name("limits.yaml"), about, makers)
    return differences(f"scale/{about}", case_lines(cases))


def test_golden_words_of_labels_lengths_and_segments(fit):
    """Labels without weight, ghosts, lengths on both sides of limits, unobserved limbs."""
    frames, names = fit.problem.frames, fit.problem.template.markers.labels
    hidden_labels = ("LANL", "LANM", "LHEE", "LMT5", "LMT1", "LTOE", "LSH1", "LSH2")
    bare = calibration(fitted(made_person(0, hidden=hidden_labels, with_static_trial=False)))

    def words_of(body_fit: BodyFit) -> list[object]:
        return [*label_findings(body_fit, TRIALS, "S01"), str(excluded_labels(body_fit, TRIALS))]

    def labelled(**trials):
        """Weights, and errors in mm, of labels in the frames of trials."""
        weights, error = fit.weights.copy(), fit.error.copy()
        for trial, labels in trials.items():
            for label, (weight, *distances) in labels.items():
                frames_and_label = frames.trial == TRIALS.index(trial), names.index(label)
                weights[frames_and_label], error[frames_and_label] = (
                    weight,
                    1e-3 * np.array(distances),
                )
        return words_of(replace(fit, weights=weights, error=error))

    def ghost(count: int):
        """A label with positions in a few frames of the jog only."""
        rows, marker = np.flatnonzero(frames.trial == 1), names.index("LWRA")
        position, weights = frames.position.copy(), fit.weights.copy()
        position[rows[count:], marker] = np.nan
        weights[rows[:count], marker] = 0.01
        problem = replace(fit.problem, frames=replace(frames, position=position))
        return words_of(replace(fit, weights=weights, problem=problem))

    def unplaced(elbow=None, *, hidden=False):
        body, q = bare if hidden else calibration(fit), fit.state.q.copy()
        if elbow is not None:
            column = fit.problem.template.skeleton.coordinates.index("elbow_flex_r")
            q[frames.is_static, fit.problem.free.tolist().index(column)] = np.radians(elbow)
            body = calibration(replace(fit, state=replace(fit.state, q=q)))
        static = SimpleNamespace(trial_id="stand")
        study = SimpleNamespace(
            model_map=MAP, static_of=lambda _: static, read_manifest=lambda *_: {"spare_labels": {}}
        )
        parts, sentences = unplaced_segments(study, "P1", body)
        return [*sentences, str(parts)]

    def sized(shank=None, thigh=None, *, settled=True):
        """A thigh of 40 cm, by 2 cm of belief, 7 mm of recordings and 24 mm of joint centres."""
        body, estimates = SimpleNamespace(names={}, fit=SimpleNamespace(settled=settled)), []
        if shank is not None:
            body = bare
            estimates = [LengthEstimate("shank_left", 0.4, 1e-3 * shank, 0.4, 0.017)]
        if thigh is not None:
            sd = float(np.linalg.norm([0.02, 0.007, 0.024]))
            deviations = (("thigh_left", 0.999), ("thigh_right", 1.0), ("shoulder_width", 2.0))
            estimates = [
                LengthEstimate(name, 0.4 + part * thigh * sd, 0.007, 0.4, 0.02, 1.0, part < 2.0)
                for name, part in deviations
            ]
        body = SimpleNamespace(names=body.names, lengths=estimates, fit=body.fit)
        return calibration_findings(body, MAP, "P1")

    def errors():
        return label_errors(calibration(fit))

    def sessions(participant: str):
        of = {"P1": ("P1", "P2"), "P3": ("P3",)}
        return session_findings(
            SimpleNamespace(sessions_of=of.get, same_person=of.get), participant
        )

    assert golden("labels", labelled, ghost, unplaced, sized, errors, sessions) == []


def test_golden_words_of_own_models_and_marker_sets():
    generic = athlete_skeleton(Athlete("made", "female", 60.0, 1.7))

    def weighed(confirmed="no", **masses: float):
        """A model of 70 kg against others."""
        study = SimpleNamespace(
            settings=StudySettings(name="made"),
            read_manifest=lambda *_: {"masses_kg": masses},
            participant=lambda participant: Participant(
                participant_id=participant, mass_confirmed=confirmed
            ),
        )
        return check_mass(study, "P1", 70.0, Path("own.osim"))

    def placed(label: str, names=None, **change: object):
        """The sprint model's own marker set with one label changed."""
        marker_set = read_yaml(MARKERS, MarkerSet)
        markers = dict(marker_set.markers)
        markers[label] = markers[label].model_copy(update=change)
        changed_set = marker_set.model_copy(update={"markers": markers})
        joints = {"knee_right": "knee_r"} if names is None else names
        markers_found, before = (
            labels_on_model(x, generic, joints) for x in (changed_set, marker_set)
        )
        changed_marker = markers_found.pop(label)
        for name, marker in markers_found.items():
            np.testing.assert_array_equal(marker.position, before[name].position)
        if change.get("position") is not None:
            np.testing.assert_allclose(changed_marker.position, change["position"])
        return [f"palpated {changed_marker.palpated}, video {changed_marker.video}"]

    assert golden("own_models", weighed, placed) == []
