"""Findings of the calibration: misplaced labels, and segments whose position is undetermined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from aqbio.body.anatomy import LANDMARKS, Part, list_parts, parts_of
from aqbio.body.fit import BodyFit
from aqbio.body.human_ranges import group_of, impossible_frames, joint_angles, range_words
from aqbio.body.posterior import displacements, mass_slopes
from aqbio.errors import Finding, distinct
from aqbio.io.study import Study
from aqbio.labels.against_names import use_spare
from aqbio.names import MILLIMETRES
from aqbio.observed.determined import MAX_DISPLACEMENT_M, determined
from aqbio.observed.mask import IMPOSSIBLE, NOT_PLACED, POINTS
from aqbio.scale.calibration import Calibration, helpful_marker

SEGMENTS = {"trunk": "torso", "upper arm": "upper_arm"}
"""Segments of landmarks by part, where their names differ."""

MAX_OFF_WEIGHT = 0.35
"""A label is off in a trial if its median Student weight is below this: its error is twice the
standard deviation of the soft tissue."""

MIN_VISIBLE_SHARE = 0.2
"""Minimum share of the fitted frames in which such a label is visible: others are ghost markers."""

MAX_STATIC_OFFSET_MM = 100.0
"""Labels of a static trial that are farther off are left out, mm: raised or rotated arms move
shoulder markers by at most 52 mm in five recordings."""

STATIC_EXPLANATION = (
    " Shoulders, head and wrists of raised or turned arms, and a foot that bears weight, are not "
    "where movement has them either."
)

MISPLACED_CHI2 = 20.0
"""χ² of three axes above which a label is misplaced on its segment in all trials: one in six
thousand by chance. The largest of five sound sessions is 15.9."""

MAX_LANDMARK_SD_M = 0.03
"""Larger prior standard deviations, m, are those of cluster markers without a stated position."""

LEFT_OUT_EXPLANATION = "They hardly count for the body there, and are left out of the pose."


def displaced_labels(fit: BodyFit) -> dict[int, dict[str, float]]:
    """Labels with little weight in a trial and their median distance, mm, by trial."""
    frames, visible = fit.problem.frames, fit.problem.visible
    labels, distance = fit.problem.template.markers.labels, np.linalg.norm(fit.error, axis=2)
    displaced: dict[int, dict[str, float]] = {}
    for trial in np.unique(frames.trial):
        rows = frames.trial == trial
        for label in np.flatnonzero(visible[rows].mean(axis=0) >= MIN_VISIBLE_SHARE):
            visible_rows = rows & visible[:, label]
            if np.median(fit.weights[visible_rows, label]) < MAX_OFF_WEIGHT:
                far = MILLIMETRES * float(np.median(distance[visible_rows, label]))
                displaced.setdefault(int(trial), {})[labels[label]] = far
    return displaced


def excluded_labels(fit: BodyFit, trials: Sequence[str]) -> dict[str, list[str]]:
    """Labels by trial that inverse kinematics excludes for their low weight in the calibration.

    In static trials only those that are off by more than `MAX_STATIC_OFFSET_MM`.
    """
    left_out = {
        trials[trial]: [name for name, far in off.items() if far > _allowed(fit, trial)]
        for trial, off in displaced_labels(fit).items()
    }
    return {trial: names for trial, names in left_out.items() if names}


def _allowed(fit: BodyFit, trial: int) -> float:
    """Largest distance at which labels of a trial are not excluded, mm."""
    frames = fit.problem.frames
    return MAX_STATIC_OFFSET_MM if frames.is_static[frames.trial == trial].all() else 0.0


def label_findings(fit: BodyFit, trials: Sequence[str], participant_id: str) -> Iterator[Finding]:
    """Findings about labels with little weight in a trial, and about misplaced ones."""
    for trial, off in displaced_labels(fit).items():
        excused = max(off.values()) <= _allowed(fit, trial)
        far = ", ".join(f"{name} by {distance:.0f} mm" for name, distance in off.items())
        yield Finding(
            rule="labels-off",
            severity="info" if excused else "warning",
            what=f"markers are displaced from their model positions: {far}. "
            + (
                f"They hardly count there.{STATIC_EXPLANATION}" if excused else LEFT_OUT_EXPLANATION
            ),
            trial=trials[trial],
            participant=participant_id,
            number=max(off.values()),
            unit="mm",
            fix="look at these labels, and whether the markers were put on again between trials.",
            label=", ".join(off),
        )
    yield from _misplaced(fit, participant_id)


def _misplaced(fit: BodyFit, participant_id: str) -> Iterator[Finding]:
    """Findings about labels whose calibrated position is far from their landmark."""
    template, size = fit.problem.template, fit.problem.template.sizes[0]
    offsets = slice(size, size + template.sizes[1])
    moved = fit.state.theta[offsets].reshape(-1, 3)
    sd = fit.problem.priors.sd[offsets].reshape(-1, 3)
    has_landmark = (sd < MAX_LANDMARK_SD_M).all(axis=1)  # a marker of a cluster has no landmark
    is_far = ((moved / sd) ** 2).sum(axis=1) > MISPLACED_CHI2
    for index in np.flatnonzero(has_landmark & is_far):
        label, body = template.markers.labels[index], template.markers.body[index]
        far = MILLIMETRES * float(np.linalg.norm(moved[index]))
        yield Finding(
            rule="landmark-misplaced",
            severity="warning",
            what=f"label {label} sits {far:.0f} mm from its landmark on "
            f"{template.skeleton.bodies[body]} in all trials; the body is drawn along.",
            participant=participant_id,
            number=far,
            unit="mm",
            fix=f"give {label} its landmark in markers.yaml, or make it `tracking: true` there if "
            "the model has none at its place.",
            label=label,
        )


def unplaced_segments(
    study: Study, participant_id: str, body: Calibration
) -> tuple[dict[str, str], list[Finding]]:
    """Segments that count as not observed, with the reason, and the findings about them.

    Either the posterior does not determine their position, or their limb is in an impossible pose
    in the static trial.
    """
    fit, skeleton = body.fit, body.template.skeleton
    displacement = displacements(fit)
    placed = determined(skeleton, displacement[None])[0]
    unplaced = dict.fromkeys(np.array(skeleton.bodies)[~placed].tolist(), NOT_PLACED)
    findings = []
    if unplaced:
        parts = parts_of(skeleton, study.model_map.joints.by_name())
        open_parts = tuple(
            part for part, is_placed in zip(parts, placed, strict=True) if not is_placed
        )
        slopes = mass_slopes(fit)[:, np.repeat(~placed, POINTS)].reshape(-1, len(fit.covariance))
        help_ = helpful_marker(fit, study.model_map, body.names.values(), slopes)
        spare = study.read_manifest(participant_id, "prepare")["spare_labels"]
        largest = float(displacement[~placed].max())
        findings.append(_unplaced(open_parts, largest, help_, spare))
    bent = _impossible(study, fit)
    groups = dict.fromkeys(group_of(joint) for joint in bent)
    limbs = [name for group in groups for name in study.model_map.groups[group]]
    if new := [name for name in limbs if name not in unplaced]:
        unplaced |= dict.fromkeys(new, IMPOSSIBLE)
        static = study.static_of(participant_id)
        trial = static.trial_id if static is not None else ""
        findings.append(_impossible_posture(trial, list(bent.values())))
    return unplaced, findings


def _unplaced(
    parts: tuple[Part, ...], largest: float, help_: str, spare: Mapping[str, Sequence[str]]
) -> Finding:
    unused = [
        label
        for part in dict.fromkeys(parts)
        for label in spare.get(f"{SEGMENTS.get(part.name, part.name)} {part.side}".strip(), ())
    ]
    names = dict.fromkeys(part.name for part in parts)
    return Finding(
        rule="body-not-placed",
        severity="warning",
        what=f"all recordings together do not tell size and pose of {list_parts(parts)}: their "
        "mass may be "
        f"{distinct(MILLIMETRES * largest, MILLIMETRES * MAX_DISPLACEMENT_M)} "
        "mm off (standard deviation of the calibrated body), "
        f"more than {MILLIMETRES * MAX_DISPLACEMENT_M:.0f} mm. These parts count as not "
        "observed.",
        number=largest,
        limit=MAX_DISPLACEMENT_M,
        unit="m",
        fix=f"{use_spare(unused) + '; otherwise ' if unused else ''}"
        f"wear markers on {'; '.join(LANDMARKS[name] for name in names)}, in a static trial at "
        f"least{help_ and ': ' + help_}; where they are worn, say in the marker set where "
        "their labels sit; or give the participant's own scaled model in model_file.",
    )


def _impossible(study: Study, fit: BodyFit) -> dict[str, str]:
    """Joints beyond their range in the static trial, with their flexion in words."""
    problem = fit.problem
    static_q = problem.full(fit.state.q)[problem.frames.is_static]
    if not len(static_q):
        return {}  # stage inverse_kinematics compares moving frames with the same ranges
    template = problem.template
    skeleton = template.skeleton_of(template.shape(fit.state.theta[: problem.shape_size]))
    angles = joint_angles(skeleton, static_q, study.model_map.joints.by_name())
    return {joint: range_words(joint, angles[joint].flexion) for joint in impossible_frames(angles)}


def _impossible_posture(trial: str, bent: Sequence[str]) -> Finding:
    return Finding(
        rule="static-impossible",
        severity="warning",
        what=f"in the static trial {trial} the markers bend the {'; '.join(bent)}: no person "
        "stands so. The markers of these limbs are not where the marker set says, and the limbs "
        "count as not observed in every trial.",
        fix="look at the labels of these limbs in that trial: two may be exchanged, or one may sit "
        "elsewhere than it is mapped to.",
    )
