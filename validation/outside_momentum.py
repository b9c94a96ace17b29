"""Momentum by OpenSim alone on others' models and motions: ``... -m validation.outside_momentum``.

``python -m validation.outside_momentum STUDY FOLDER``: FOLDER holds a folder per participant
(``subject01`` for HD01) with a scaled model (``*.osim``) and inverse kinematics (``Run_4_ik.mot``)
that others made from the same recordings. Segment masses, centres, inertias, poses and velocities
are OpenSim's; of the study only instants of contacts are taken. Models of the Hamner family carry
the inertia of a trunk with arms in their torso (docs/methods.md), so that a second column has the
torso's inertia as the study's torso has it for its mass. Counts the stance means about the vertical
that lie within the study's 95 % intervals.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.signal import butter, sosfiltfilt

from aqbio.figures.words import digits
from aqbio.names import NORMAL_95, SIDES
from aqbio.opensim.session import opensim
from aqbio.reference.group import ERROR, MEAN
from aqbio.results import StudyResults, open_study
from aqbio.vectors import FloatArray
from validation.verdicts import markdown

UNIT = "kg m²/s"

CUTOFF_HZ = 20.0
"""Low-pass of the coordinates, as in the study."""

LEG = ("femur", "tibia", "patella", "talus", "calcn", "toes")
ARM = ("humerus", "ulna", "radius", "hand")
PARTS = ("push_leg", "swing_leg", "arms", "torso", "pelvis", "total")
TRIAL, MOTION = "run4", "Run_4_ik.mot"


def read_motion(path: Path) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Time and columns of a motion file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip() == "endheader") + 1
    values = np.loadtxt(lines[start + 1 :], ndmin=2)
    return values[:, 0], dict(zip(lines[start].split()[1:], values[:, 1:].T, strict=True))


def body_momentum(
    model_file: Path, motion: Path, torso_gyration_m2: float
) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Momentum of every body about the vertical and the whole body's centre of mass.

    Time (T,), s, and (T,) kg m²/s by body; under `CORRECTED` what the torso's has to be added if
    its inertia over mass about its long axis were the given one, m².
    """
    model = opensim.Model(str(model_file))
    model.updForceSet().clearAndDestroy()
    state = model.initSystem()
    time, columns = read_motion(motion)
    moved = list(_moved(model, state, time, columns))
    bodies = [model.getBodySet().get(k) for k in range(model.getBodySet().getSize())]
    names = [*(body.getName() for body in bodies), CORRECTED]
    momentum = {name: np.zeros(len(time)) for name in names}
    torso = model.getBodySet().get("torso")
    own_gyration_m2 = torso.getInertia().getMoments().get(1) / torso.getMass()
    correction = torso_gyration_m2 / own_gyration_m2 - 1.0
    for frame in range(len(time)):
        for handle, q, u in moved:
            handle.setValue(state, float(q[frame]), False)
            handle.setSpeedValue(state, float(u[frame]))
        model.realizeVelocity(state)
        parts = {body.getName(): _of_body(body, state) for body in bodies if body.getMass() > 0}
        mass = np.array([part[0] for part in parts.values()])
        centre = mass @ [part[1] for part in parts.values()] / mass.sum()
        velocity = mass @ [part[2] for part in parts.values()] / mass.sum()
        for name, (m, r, v, spin) in parts.items():
            momentum[name][frame] = (m * np.cross(r - centre, v - velocity) + spin)[1]
        momentum[CORRECTED][frame] = correction * parts["torso"][3][1]
    return time, momentum


def _moved(
    model: Any, state: Any, time: FloatArray, columns: Mapping[str, FloatArray]
) -> Iterator[tuple[Any, FloatArray, FloatArray]]:
    """Coordinates of the motion, low-passed, in radians and metres, with their rates."""
    sos = butter(2, CUTOFF_HZ, fs=1.0 / float(np.median(np.diff(time))), output="sos")
    for number in range(model.getCoordinateSet().getSize()):
        handle = model.getCoordinateSet().get(number)
        handle.setLocked(state, False)
        if (values := columns.get(handle.getName())) is None:
            continue
        turns = handle.getMotionType() == opensim.Coordinate.Rotational
        in_radians = handle.getName().endswith("_beta")  # OpenSim writes these so
        q = sosfiltfilt(sos, np.radians(values) if turns and not in_radians else values)
        yield handle, q, np.gradient(q, time)


def _of_body(body: Any, state: Any) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """Mass, centre, its velocity, and angular momentum about that centre, all in ground."""
    station = body.getMassCenter()
    rotation = body.getTransformInGround(state).R()
    matrix = np.array([[rotation.get(i, j) for j in range(3)] for i in range(3)])
    moments, products = body.getInertia().getMoments(), body.getInertia().getProducts()
    xx, yy, zz = (moments.get(k) for k in range(3))
    xy, xz, yz = (products.get(k) for k in range(3))
    inertia = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    spin = body.getAngularVelocityInGround(state).to_numpy()
    return (
        body.getMass(),
        body.findStationLocationInGround(state, station).to_numpy(),
        body.findStationVelocityInGround(state, station).to_numpy(),
        matrix @ inertia @ matrix.T @ spin,
    )


CORRECTED = "correction of the torso"
"""What the torso's momentum has to be added for the other inertia."""


def by_role(momentum: Mapping[str, FloatArray], side: str) -> dict[str, FloatArray]:
    """Sum bodies over the parts of a step whose contact is on a side, mirrored for the left."""
    opposite = SIDES[1 - SIDES.index(side)]
    sign = -1.0 if side == "left" else 1.0

    def total(names: Sequence[str], ends: Sequence[str]) -> FloatArray:
        chosen = [f"{name}_{end[0]}" for name in names for end in ends]
        parts = [momentum[name] for name in chosen if name in momentum]
        return np.asarray(sign * np.sum(parts, axis=0))

    return {
        "push_leg": total(LEG, [side]),
        "swing_leg": total(LEG, [opposite]),
        "arms": total(ARM, SIDES),
        "torso": sign * momentum["torso"],
        "pelvis": sign * momentum["pelvis"],
        "total": sign * np.sum([momentum[x] for x in momentum if x != CORRECTED], axis=0),
        CORRECTED: sign * momentum[CORRECTED],
    }


def compared_rows(
    steps: pd.DataFrame, folder: Path, torso_gyration_m2: float
) -> Iterator[dict[str, Any]]:
    """Stance means by OpenSim and by the study, with its interval, mean over a person's steps."""
    [model] = folder.glob("*.osim")
    time, momentum = body_momentum(model, folder / MOTION, torso_gyration_m2)
    clock = time - time[0]
    means: dict[str, list[float]] = {part: [] for part in (*PARTS, CORRECTED)}
    for step in steps.to_dict("records"):
        inside = (clock >= step["touchdown_fitted_s"]) & (clock <= step["toe_off_fitted_s"])
        for part, values in by_role(momentum, str(step["side"])).items():
            means[part].append(float(values[inside].mean()))
    for part in PARTS:
        outside = float(np.mean(means[part]))
        moved = float(np.mean(means[CORRECTED])) if part in ("torso", "total") else 0.0
        yield {
            "person": steps["participant_id"].iloc[0],
            "part": part,
            "study": float(steps[MEAN.format(part, "y")].mean()),
            "half": NORMAL_95 * float(steps[ERROR.format(part, "y")].mean()),
            "opensim": outside,
            "corrected": outside + moved,
        }


def torso_gyration(results: StudyResults, participant_id: str) -> float:
    """Inertia over mass of trunk and head about their long axis in the study's body, m²."""
    skeleton, members = results.model(participant_id), results.anatomy.groups["torso"]
    chosen = [skeleton.bodies.index(name) for name in members]
    return float(skeleton.inertia[chosen][:, 1, 1].sum() / skeleton.mass[chosen].sum())


def main(arguments: Sequence[str]) -> int:
    """Compare and print."""
    results, folders = open_study(arguments[0]), sorted(Path(arguments[1]).glob("subject*"))
    steps = results.tables["steps"]
    complete_steps = steps[(steps["status"] == "ok") & (steps["trial_id"] == TRIAL)]
    rows = []
    for folder in folders:
        person = folder.name.replace("subject", "HD")
        own_steps = complete_steps[complete_steps["participant_id"] == person]
        rows += list(compared_rows(own_steps, folder, torso_gyration(results, person)))
    cells, within = [], {"opensim": 0, "corrected": 0}
    for row in rows:
        marks = []
        for column in within:
            is_within = abs(row[column] - row["study"]) <= row["half"]
            within[column] += is_within
            marks.append(f"{digits(row[column], UNIT)}{'' if is_within else ' (outside)'}")
        study = f"{digits(row['study'], UNIT)} ± {digits(row['half'], UNIT)}"
        cells.append([row["person"], row["part"].replace("_", " "), study, *marks])
    head = ["person", "part", f"study, 95 % ({UNIT})", "OpenSim", "with the study's torso inertia"]
    print(markdown(head, cells))
    print(f"\nwithin: {within['opensim']}, {within['corrected']} of {len(rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
