"""Whether the posture that a model was scaled to determines the body, and what is lost if not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from aqbio.errors import Finding
from aqbio.io.study import Study
from aqbio.mechanics.anatomy.human_ranges import (
    group_of,
    impossible_frames,
    joint_angles,
    range_words,
)
from aqbio.mechanics.anatomy.parts import LANDMARKS, Part, listed, parts_of
from aqbio.mechanics.calibration.fit import BodyFit
from aqbio.mechanics.calibration.posterior import displacements
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.observed.determined import LARGEST_DISPLACEMENT, determined
from aqbio.mechanics.observed.mask import IMPOSSIBLE, NOT_PLACED
from aqbio.mechanics.observed.placed import body_displacement
from aqbio.mechanics.vectors import BoolArray, FloatArray

MILLIMETRES = 1e3

CALIBRATE = "; or calibrate the body from all recordings (model.scaling: calibration, experimental)"
"""What else helps where a single posture does not place the body."""


def lost_by_scaling(
    study: Study,
    participant_id: str,
    skeleton: Skeleton,
    pose: Mapping[str, float],
    landmarks: Sequence[str],
) -> tuple[dict[str, str], list[Finding]]:
    """Give the segments whose places on the model rest on nothing, with the reason, and say so.

    Parameters
    ----------
    study : Study
    participant_id : str
    skeleton : Skeleton
        The scaled model.
    pose : mapping
        The posture it was scaled to, by coordinate, rad or m.
    landmarks : sequence of str
        Markers of the model that this posture rests on.

    Returns
    -------
    lost : dict
        Reason by segment, one of `aqbio.mechanics.observed.mask.REASONS`.
    findings : list of Finding
    """
    q = np.array([pose[name] for name in skeleton.coordinates])
    posture = _posture(study, participant_id)
    lost: dict[str, str] = {}
    findings = []
    index = np.array([skeleton.markers.index(name) for name in landmarks])
    displacement = body_displacement(skeleton, q, index)
    placed = determined(skeleton, displacement[None])[0]
    if not placed.all():
        # What hangs on a segment of unknown size is drawn along, whatever its own markers say.
        hanging = (skeleton.lineage & ~placed).any(axis=1)
        lost |= dict.fromkeys(np.array(skeleton.bodies)[hanging].tolist(), NOT_PLACED)
        parts = parts_of(skeleton, study.model_map.joints.by_name())
        clusters = _labels(study, skeleton, ~placed, set(landmarks))
        open_parts = tuple(part for part, known in zip(parts, placed, strict=True) if not known)
        largest = float(displacement[~placed].max())
        findings.append(_unplaced(posture, open_parts, clusters, largest, CALIBRATE))
    bent = _impossible(study, skeleton, q)
    groups = dict.fromkeys(group_of(place) for place in bent)
    limbs = [name for group in groups for name in study.model_map.groups[group]]
    if new := [name for name in limbs if name not in lost]:
        lost |= dict.fromkeys(new, IMPOSSIBLE)
        findings.append(_impossible_posture(posture, list(bent.values())))
    return lost, findings


def lost_by_calibration(
    study: Study, skeleton: Skeleton, fit: BodyFit
) -> tuple[dict[str, str], list[Finding]]:
    """Give the segments that a calibrated body leaves open, with the reason, and say so.

    What all frames' poses may be off together, by the posterior of the body.
    """
    displacement = displacements(fit)
    placed = determined(skeleton, displacement[None])[0]
    if placed.all():
        return {}, []
    parts = parts_of(skeleton, study.model_map.joints.by_name())
    open_parts = tuple(part for part, known in zip(parts, placed, strict=True) if not known)
    clusters = _labels(study, skeleton, ~placed, set())
    largest = float(displacement[~placed].max())
    lost = dict.fromkeys(np.array(skeleton.bodies)[~placed].tolist(), NOT_PLACED)
    return lost, [_unplaced("all recordings", open_parts, clusters, largest)]


def _posture(study: Study, participant_id: str) -> str:
    static = study.static_of(participant_id)
    if static is not None:
        return f"the static trial {static.trial_id}"
    return "the posture of a moving trial (there is no static one)"


def _labels(study: Study, skeleton: Skeleton, chosen: BoolArray, but: set[str]) -> tuple[str, ...]:
    """Labels of the laboratory on some segments, without those of some markers of the model."""
    marker_set = study.marker_set
    by_label = {label: marker_set.model_name(label) for label in marker_set.markers}
    carried = {
        name
        for name, body in zip(skeleton.markers, skeleton.marker_body, strict=True)
        if chosen[body] and name not in but
    }
    return tuple(label for label, name in by_label.items() if name in carried)


def _unplaced(
    posture: str, parts: tuple[Part, ...], clusters: Sequence[str], largest: float, other: str = ""
) -> Finding:
    names = dict.fromkeys(part.name for part in parts)
    carried = (
        f" They carry only cluster markers ({', '.join(clusters)}), which"
        if clusters
        else (" Their markers")
    )
    return Finding(
        rule="body-not-placed",
        severity="warning",
        what=f"the landmarks in {posture} do not determine size and pose of {listed(parts)}: their "
        f"mass may be up to {MILLIMETRES * largest:.0f} mm off, more than "
        f"{MILLIMETRES * LARGEST_DISPLACEMENT:.0f} mm.{carried} get their places on the model from "
        "that posture, so that their angles would be arbitrary in every trial however well the "
        "markers fit: these parts and what hangs on them count as not observed.",
        number=largest,
        limit=LARGEST_DISPLACEMENT,
        unit="m",
        fix=f"record a static trial that shows {'; '.join(LANDMARKS[name] for name in names)}, and "
        "name it in static_trial; or give the participant's own scaled model in model_file"
        f"{other}.",
    )


def _impossible(study: Study, skeleton: Skeleton, q: FloatArray) -> dict[str, str]:
    """Joints that are bent in the posture as no person's can be, and in which way."""
    angles = joint_angles(skeleton, q[None], study.model_map.joints.by_name())
    return {place: range_words(place, angles[place].flexion) for place in impossible_frames(angles)}


def _impossible_posture(posture: str, bent: Sequence[str]) -> Finding:
    return Finding(
        rule="static-impossible",
        severity="warning",
        what=f"in {posture} the markers bend the model's {'; '.join(bent)}: no person stands so. "
        "The markers of these limbs have wrong places on the model, and the limbs count as not "
        "observed in every trial.",
        fix="look at the labels of these limbs in that trial: two may be exchanged, or one may sit "
        "elsewhere than it is mapped to. Landmarks on both sides of a joint leave only one pose.",
    )
