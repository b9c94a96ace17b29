"""Audit of an OpenSim model: defects and unusual properties."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.config import Corrections
from aqbio.errors import AqbioError, Finding
from aqbio.opensim.models import (
    GAIT2392_TORSO_MASS_KG,
    TORSO_INERTIA_FACTOR,
    TORSO_MASS_KG,
    coordinates,
    flagged,
    torso_is_uncorrected,
)
from aqbio.opensim.session import array_from_vec3, initialised, load_model, opensim, quiet, reason

MAX_SIDE_DIFFERENCE = 0.03
"""Largest relative difference between left and right segments without a finding."""


CORRECTION_OF_RULE = {
    "model-muscles": "drop_muscles",
    "model-clamped": "unclamp",
    "model-torso-inertia": "torso_inertia",
}
"""Defects of models, and the correction that removes each."""


def audit_model(
    path: Path, locked: Container[str] = (), corrections: Corrections | None = None
) -> list[Finding]:
    """Check a model for defects that distort inverse kinematics and dynamics.

    Defects that ``corrections`` remove before the model is used are information, not warnings;
    coordinates in ``locked`` are locked on purpose.
    """
    model, findings = _initialising(path)
    checks: tuple[Callable[[Any], list[Finding]], ...] = (
        _clamped,
        partial(_locked, locked=locked),
        _torso_inertia,
        _left_right,
    )
    for check in checks:
        findings += check(model)
    corrected = {
        rule for rule, name in CORRECTION_OF_RULE.items() if getattr(corrections, name, False)
    }
    return [
        replace(
            finding,
            file=path.name,
            severity="info" if finding.rule in corrected else finding.severity,
        )
        for finding in findings
    ]


def _initialising(path: Path) -> tuple[Any, list[Finding]]:
    """The model, without its muscles if it does not initialise with them."""
    try:
        with quiet(level="Off"):
            model = load_model(path, muscles=True)
            model.initSystem()
    except (RuntimeError, AqbioError) as error:
        model = load_model(path)
        initialised(model, file=path)
        text = error.what if isinstance(error, AqbioError) else reason(error)
        message = f"the model does not initialise with its muscles: {text}"
        fix = "keep corrections.drop_muscles on: inverse dynamics does not need them."
        return model, [Finding("model-muscles", "warning", message, fix=fix)]
    count = int(model.getMuscles().getSize())
    if not count:
        return model, []
    message = f"{count} muscles play no part in inverse kinematics and dynamics."
    fix = "corrections.drop_muscles removes them, as it does unless the study says otherwise."
    return model, [Finding("model-muscles", "info", message, number=count, fix=fix)]


def _clamped(model: Any) -> list[Finding]:
    names = flagged(model, "getDefaultClamped")
    if not names:
        return []
    parts = [
        f"{coordinate.getName()} {_range(coordinate)}"
        for coordinate in coordinates(model)
        if coordinate.getName() in names and (_slides(coordinate) or "knee" in coordinate.getName())
    ]
    other_count = len(names) - len(parts)
    message = f"{len(names)} coordinates are clamped, and inverse kinematics stops there silently: "
    message += (
        ", ".join([*parts, f"{other_count} others" if other_count else ""]).rstrip(", ") + "."
    )
    fix = "corrections.unclamp removes the clamps; frames beyond a range are reported instead."
    return [Finding("model-clamped", "warning", message, number=len(names), fix=fix)]


def _slides(coordinate: Any) -> bool:
    return bool(coordinate.getMotionType() == opensim.Coordinate.Translational)


def _range(coordinate: Any) -> str:
    low, high = coordinate.getRangeMin(), coordinate.getRangeMax()
    if _slides(coordinate):
        return f"({low:g} to {high:g} m)"
    return f"({np.degrees(low):.0f} to {np.degrees(high):.0f} degrees)"


def _locked(model: Any, locked: Container[str]) -> list[Finding]:
    names = [name for name in flagged(model, "getDefaultLocked") if name not in locked]
    if not names:
        return []
    message = f"{len(names)} coordinates are locked: {', '.join(names)}."
    fix = "they stay at their default; unlock them in the model if markers can show them."
    return [Finding("model-locked", "info", message, number=len(names), fix=fix)]


def _torso_inertia(model: Any) -> list[Finding]:
    if not torso_is_uncorrected(model):
        return []
    ratio = 1 / TORSO_INERTIA_FACTOR
    message = (
        f"the torso's inertia is at least {ratio:.2f} times too high: its mass was cut from "
        f"{GAIT2392_TORSO_MASS_KG:.2f} kg (gait2392: head, arms and torso) to "
        f"{TORSO_MASS_KG:.2f} kg, its inertia and centre of mass were not; "
        "about the long axis it is 2.8 times that of de Leva's (1996) trunk and head."
    )
    fix = (
        "corrections.torso_inertia multiplies it by the ratio of the masses; the rest of the "
        "excess stays, so compare with the sprint model where the torso's share matters."
    )
    return [Finding("model-torso-inertia", "warning", message, number=ratio, limit=1.0, fix=fix)]


def _left_right(model: Any) -> list[Finding]:
    """Compare masses of bodies and positions of joints of both sides."""
    bodies, joints = model.getBodySet(), model.getJointSet()
    right = {
        f"mass of {b}": m for b, m in _values_of_side(bodies, "_r", lambda body: body.getMass())
    }
    left = {
        f"mass of {b}": m for b, m in _values_of_side(bodies, "_l", lambda body: body.getMass())
    }
    right |= {f"place of joint {j}": d for j, d in _values_of_side(joints, "_r", _joint_distance)}
    left |= {f"place of joint {j}": d for j, d in _values_of_side(joints, "_l", _joint_distance)}
    findings = []
    for name in sorted(set(left) & set(right)):
        if right[name] == 0 or abs(left[name] / right[name] - 1) <= MAX_SIDE_DIFFERENCE:
            continue
        difference = left[name] / right[name] - 1
        message = (
            f"{name}: left is {difference:+.1%} of right ({left[name]:.4g} against "
            f"{right[name]:.4g}), more than {MAX_SIDE_DIFFERENCE:.0%}."
        )
        fix = "check the model: was one side scaled or edited by itself?"
        findings.append(
            Finding(
                "model-left-right",
                "warning",
                message,
                number=difference,
                limit=MAX_SIDE_DIFFERENCE,
                fix=fix,
            )
        )
    return findings


def _values_of_side(
    members: Any, side: str, value: Callable[[Any], float]
) -> list[tuple[str, float]]:
    """Value of every member whose name ends with a side, by its name without the side."""
    chosen = (members.get(index) for index in range(members.getSize()))
    return [
        (member.getName().removesuffix(side), float(value(member)))
        for member in chosen
        if member.getName().endswith(side)
    ]


def _joint_distance(joint: Any) -> float:
    frame = opensim.PhysicalOffsetFrame.safeDownCast(joint.getParentFrame())
    return 0.0 if frame is None else float(np.linalg.norm(array_from_vec3(frame.get_translation())))
