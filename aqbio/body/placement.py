"""What a calibrated body leaves open, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aqbio.body.calibration import Calibration
from aqbio.body.fit import BodyFit
from aqbio.body.human_ranges import (
    group_of,
    impossible_frames,
    joint_angles,
    range_words,
)
from aqbio.body.parts import LANDMARKS, Part, listed, parts_of
from aqbio.body.posterior import displacements, mass_slopes
from aqbio.body.recordings import helpful_marker
from aqbio.errors import Finding, distinct
from aqbio.io.study import Study
from aqbio.observed.determined import LARGEST_DISPLACEMENT, determined
from aqbio.observed.mask import IMPOSSIBLE, NOT_PLACED, POINTS

MILLIMETRES = 1e3


def lost_by_calibration(
    study: Study, participant_id: str, body: Calibration
) -> tuple[dict[str, str], list[Finding]]:
    """Reason by segment that the calibrated body does not place, and the findings about it.

    The posterior leaves its place open, or its limb is in an impossible pose in the static trial.
    """
    fit, skeleton = body.fit, body.template.skeleton
    displacement = displacements(fit)
    placed = determined(skeleton, displacement[None])[0]
    lost = dict.fromkeys(np.array(skeleton.bodies)[~placed].tolist(), NOT_PLACED)
    findings = []
    if lost:
        parts = parts_of(skeleton, study.model_map.joints.by_name())
        open_parts = tuple(part for part, known in zip(parts, placed, strict=True) if not known)
        slopes = mass_slopes(fit)[:, np.repeat(~placed, POINTS)].reshape(-1, len(fit.covariance))
        help_ = helpful_marker(fit, study.model_map, body.names.values(), slopes)
        findings.append(_unplaced(open_parts, float(displacement[~placed].max()), help_))
    bent = _impossible(study, fit)
    groups = dict.fromkeys(group_of(place) for place in bent)
    limbs = [name for group in groups for name in study.model_map.groups[group]]
    if new := [name for name in limbs if name not in lost]:
        lost |= dict.fromkeys(new, IMPOSSIBLE)
        static = study.static_of(participant_id)
        trial = static.trial_id if static is not None else ""
        findings.append(_impossible_posture(trial, list(bent.values())))
    return lost, findings


def _unplaced(parts: tuple[Part, ...], largest: float, help_: str) -> Finding:
    names = dict.fromkeys(part.name for part in parts)
    return Finding(
        rule="body-not-placed",
        severity="warning",
        what=f"all recordings together do not tell size and pose of {listed(parts)}: their mass "
        f"may be "
        f"{distinct(MILLIMETRES * largest, MILLIMETRES * LARGEST_DISPLACEMENT)} "
        "mm off (standard deviation of the calibrated body), "
        f"more than {MILLIMETRES * LARGEST_DISPLACEMENT:.0f} mm. These parts count as not "
        "observed.",
        number=largest,
        limit=LARGEST_DISPLACEMENT,
        unit="m",
        fix=f"wear markers on {'; '.join(LANDMARKS[name] for name in names)}, in a static trial at "
        f"least{help_ and ': ' + help_}; where they are worn, say in the marker set where "
        "their labels sit; or give the participant's own scaled model in model_file.",
    )


def _impossible(study: Study, fit: BodyFit) -> dict[str, str]:
    """Joints that are bent in the static trial as no person's can be, and in which way."""
    problem = fit.problem
    still = problem.full(fit.state.q)[problem.frames.still]
    if not len(still):
        return {}  # movement is held against the same ranges frame by frame in stage solve
    template = problem.template
    skeleton = template.skeleton_of(template.shape(fit.state.theta[: problem.shape_size]))
    angles = joint_angles(skeleton, still, study.model_map.joints.by_name())
    return {place: range_words(place, angles[place].flexion) for place in impossible_frames(angles)}


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
