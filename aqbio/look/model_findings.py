"""Findings about a model: its masses, how it stands, parts and motions that it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from aqbio.body.anatomy import stands_upright
from aqbio.body.segment_masses import segment_shares, trunk_findings
from aqbio.body.statements import MAX_SHEET_MASS_SHARE
from aqbio.config import ModelMap
from aqbio.errors import Finding, listed
from aqbio.multibody.jacobians import contact_jacobian
from aqbio.multibody.poses import segment_poses
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import SIDES
from aqbio.prepare.body_size import vertical_masses
from aqbio.prepare.trial import PreparedTrial
from aqbio.rotation.induced import FREE_ROOT, root_coordinates


def model_findings(
    model: Path, skeleton: Skeleton, model_map: ModelMap, trial: PreparedTrial
) -> list[Finding]:
    """Findings on the model: its mass against the plates, how it stands, parts that it lacks."""
    findings = _arms_missing(model_map, model)
    findings += _mass_findings(skeleton, model_map, model)
    findings += trunk_findings(skeleton, model_map.groups, file=model.name)
    findings += _planar_finding(skeleton, model_map, model)
    mass = float(skeleton.mass.sum())
    weighed = np.zeros(0) if trial.vertical is None else vertical_masses(*trial.vertical)
    if len(weighed) and abs(float(np.median(weighed)) / mass - 1.0) > MAX_SHEET_MASS_SHARE:
        findings.append(
            Finding(
                rule="mass-disagreement",
                severity="warning",
                what=f"the model weighs {mass:.1f} kg, and whole strides on the plates "
                f"{np.median(weighed):.1f} kg: it is not scaled to this person, or the forces are "
                "another's. The difference is in the residual.",
                file=model.name,
                number=float(np.median(weighed)) / mass - 1.0,
                limit=MAX_SHEET_MASS_SHARE,
                unit="relative",
                fix="scale the model to the person, mass included.",
            )
        )
    if not stands_upright(skeleton):
        findings.append(
            Finding(
                rule="model-posture",
                severity="warning",
                what="in its default pose the model does not stand upright with its right side at "
                "+z: left and right, and signs of flexion, may be wrong.",
                file=model.name,
                fix="look at the table of the model below; stand it upright in OpenSim.",
            )
        )
    return findings


LIMBS = {
    "thigh": ("hip", "knee"), "shank": ("knee", "ankle"), "foot": ("ankle", ""),
    "upper arm": ("shoulder", "elbow"), "forearm and hand": ("elbow", ""),
}  # fmt: skip
"""Joints at the beginning and the end of each of `aqbio.body.segment_masses.SEGMENTS`."""

MIN_UPPER_BODY_SHARE = 0.45
"""Least share of trunk, head and arms in a whole body's mass: legs are less than .25 each."""


def segment_masses(skeleton: Skeleton, model_map: ModelMap) -> dict[str, float]:
    """Mass of every segment of the limbs between its joints, kg, by side and name."""
    joints = model_map.joints.by_name()

    def beyond(joint: str) -> float | None:
        if joint not in joints:
            return None
        body = skeleton.joints.index(joints[joint])
        return float(skeleton.mass[skeleton.lineage[:, body]].sum())

    masses = {}
    for segment, (first, last) in LIMBS.items():
        for side in SIDES:
            whole, end = beyond(f"{first}_{side}"), beyond(f"{last}_{side}") if last else 0.0
            if whole is not None and end is not None:
                masses[f"{side} {segment}"] = whole - end
    return masses


def _mass_findings(skeleton: Skeleton, model_map: ModelMap, model: Path) -> list[Finding]:
    """Finding on segments with masses that no person's have."""
    masses, total = segment_masses(skeleton, model_map), float(skeleton.mass.sum())
    legs = sum(
        mass for name, mass in masses.items() if name.split()[-1] in ("thigh", "shank", "foot")
    )
    if "torso" not in model_map.groups and legs > (1.0 - MIN_UPPER_BODY_SHARE) * total:
        return []  # a model of pelvis and legs: the mass of the person is not known
    limits, words = segment_shares(), []
    for name, mass in masses.items():
        low, high = limits[name.partition(" ")[2]]
        if not low <= mass / total <= high:
            words.append(
                f"{name} {mass:.1f} kg ({100 * mass / total:.1f} % of the body; people "
                f"{100 * low:.1f} to {100 * high:.1f} %)"
            )
    if not words:
        return []
    return [
        Finding(
            rule="segment-masses",
            severity="warning",
            what=f"masses that no person's segments have: {'; '.join(words)}. Momenta, joint "
            "moments and causes are of this model, not of a person.",
            file=model.name,
            number=float(len(words)),
            unit="segments",
            fix="scale the model to the person with its masses, and look at its bodies.",
        )
    ]


def _planar_finding(skeleton: Skeleton, model_map: ModelMap, model: Path) -> list[Finding]:
    """Finding on motions that the pelvis of the model cannot make."""
    root = root_coordinates(skeleton)
    if len(root) >= FREE_ROOT:
        return []
    pelvis = skeleton.bodies.index(model_map.pelvis.body)
    poses = segment_poses(skeleton, skeleton.coordinate_default[None])
    moves = contact_jacobian(skeleton, poses, pelvis, poses.origin[:, pelvis])[0][:, root]
    lacking = [
        words for words, row in zip(PELVIS_MOTIONS, moves, strict=True) if np.abs(row).max() < 1e-6
    ]
    return [
        Finding(
            rule="model-planar",
            severity="warning",
            what=f"the pelvis of the model cannot {_either(lacking) or 'move in all directions'}"
            f"{' (a planar model)' if lacking == PLANAR else ''}. What it has no motion for is not "
            "the person's: rotation about these axes, force along them, and their residual. "
            "Contact models hold the feet by what can move; the force along the rest is in the "
            "remainder.",
            file=model.name,
            number=float(len(root)),
            limit=float(FREE_ROOT),
            unit="coordinates",
            fix="use a model whose pelvis moves freely, where that matters.",
        )
    ]


PELVIS_MOTIONS = (
    "list", "turn", "tilt", "move forward", "move up or down", "move sideways",
)  # fmt: skip
"""Motions of a pelvis: rotation about x, y and z, translation along them."""

PLANAR = ["list", "turn", "move sideways"]
"""Motions that the pelvis of a planar model lacks."""


def _either(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _arms_missing(model_map: ModelMap, model: Path) -> list[Finding]:
    """Finding that another part stands for arms or torso: numbers are of the model as it is."""
    missing = [name for name in ("torso", "arm_left", "arm_right") if name not in model_map.groups]
    if not missing:
        return []
    return [
        Finding(
            rule="groups-missing",
            severity="info",
            what=f"the model has no {listed(missing)} of its own: whatever their mass is part of "
            "moves rigidly with it, and the momentum of arms that swing is missing.",
            file=model.name,
            number=float(len(missing)),
            unit="groups",
        )
    ]
