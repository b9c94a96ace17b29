"""Bodies before and after the fit, over people: ``python -m validation.fitted_bodies STUDY [...]``.

Of studies of recorded people (``aqbio run STUDY -- --until inverse_kinematics``): what the forces
change of every body, and how the acceleration of the markers' centre of mass compares with force
over mass, with the tables' body, before and after markers are put back by the soft tissue that the
fit found. What all people share is an error of the model, not their bodies.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import butter, sosfiltfilt

from aqbio.filters import low_pass
from aqbio.inverse_dynamics.balance import centre_shifts
from aqbio.inverse_dynamics.fit import TrialFit
from aqbio.inverse_dynamics.parameters import CENTRES, SOFT_TISSUE
from aqbio.inverse_dynamics.session import Session
from aqbio.inverse_dynamics.stage import participant_session
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.io.study import load_study
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from aqbio.multibody.motion import spline_motion
from aqbio.names import AXES, GRAVITY
from aqbio.vectors import FloatArray

SLOW_HZ = 6.0
"""Below it soft tissue follows the bone without resonance, Hz."""

FLIGHT_N_PER_KG = 0.2
"""A runner with less force over mass than this is in flight."""

Row = tuple[str, str, str, float]
"""Person, trial ("" for the body), quantity and value."""


def body_rows(person: str, session: Session) -> Iterator[Row]:
    """Changes of one body by the fit: parameters in their prior sds, shares, centres."""
    fit = next(iter(session.fits.values()))
    before, after = session.runner.skeleton, fit.skeleton
    for estimate in session.estimates:
        parameter = estimate.parameter
        if parameter.on and not estimate.name.startswith(CENTRES):
            change = (estimate.estimate - parameter.prior) / parameter.prior_sd
            yield person, "", f"{estimate.name}, prior sd", change
            yield person, "", f"{estimate.name}, {parameter.unit}", estimate.estimate
    for name in ("leg_left", "leg_right", "torso"):
        chosen = session.runner.members(name)
        for version, skeleton in (("before", before), ("after", after)):
            share = skeleton.mass[chosen].sum() / skeleton.mass.sum()
            yield person, "", f"share of {name} {version}, %", 100.0 * float(share)
    shifts = 1e3 * centre_shifts(session.runner, fit.values)
    for name, shift, tissue in zip(before.bodies, shifts, session.runner.tissue, strict=True):
        if tissue in ("thigh", "shank", "torso", "pelvis"):
            for axis, amount in zip(AXES, shift, strict=True):
                yield person, "", f"centre of {name}, {axis}, mm", float(amount)


def trial_rows(person: str, trial: str, fit: TrialFit) -> Iterator[Row]:
    """Agreement of accelerations of markers and forces, before and after removal of soft tissue."""
    observations, frames = fit.observations, fit.measured
    for version, residual in (("before", fit.before), ("after", fit.after)):
        for name, rows, unit in (
            ("force", residual.force, "N"),
            ("moment", residual.moment, "N m"),
        ):
            size = float(np.sqrt((rows[frames] ** 2).mean()))
            yield person, trial, f"residual {name} {version}, {unit}", size
    force = observations.wrench.at(observations.time)[0] / fit.skeleton.mass.sum()
    force = force - [0.0, GRAVITY, 0.0]
    flight = frames & (np.abs(force[:, 1] + GRAVITY) < FLIGHT_N_PER_KG)
    tissue = {name: fit.values[name] for name in SOFT_TISSUE}
    for version, values in (("markers", {}), ("markers less soft tissue", tissue)):
        acceleration = _plain_acceleration(fit, values)
        for number, axis in enumerate(AXES):
            gain = _gain(force[:, number], acceleration[:, number], observations.rate, fit)
            yield person, trial, f"force on acceleration, {axis}, {version}", gain
        for number, steps, name in ((1, 2, "y, frequency of steps"), (2, 1, "z, of strides")):
            ratio = _ratio_at(force[:, number], acceleration[:, number], fit, steps)
            yield person, trial, f"force on acceleration, {name}, {version}", ratio
        if flight.any():
            mean = float(acceleration[flight, 1].mean())
            yield person, trial, f"acceleration in flight, m/s², {version}", mean


def _plain_acceleration(fit: TrialFit, values: dict[str, float]) -> FloatArray:
    """Acceleration of the centre of mass (T, 3) by markers put back on the bone, tables' body."""
    observations, skeleton = fit.observations, fit.runner.skeleton
    followed = observations.on_body
    index, markers = observations.marker_index[followed], observations.markers[:, followed]
    bone = markers - fit.solver.displacement(values)
    q = inverse_kinematics(skeleton, bone, index, np.ones(len(index)), near=observations.start)
    smooth = low_pass(q, observations.rate, observations.cutoff)
    motion = spline_motion(skeleton, observations.time, smooth)
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    return centre_of_mass(segment_motion(skeleton, moves))[2]


def _gain(force: FloatArray, acceleration: FloatArray, rate: float, fit: TrialFit) -> float:
    """Regression of force over mass on acceleration below `SLOW_HZ`, in the measured frames."""
    low = butter(2, SLOW_HZ / (0.5 * rate), output="sos")
    slow_force, slow = (sosfiltfilt(low, signal)[fit.measured] for signal in (force, acceleration))
    return float(slow @ slow_force / (slow @ slow))


def _ratio_at(force: FloatArray, acceleration: FloatArray, fit: TrialFit, steps: int) -> float:
    """Force over mass on acceleration at so many times the frequency of strides, whole strides."""
    time, touchdowns = fit.observations.time, fit.observations.contacts[:, 0]
    strides = (len(touchdowns) - 1) // 2
    if not strides:
        return float("nan")
    first, last = touchdowns[0], touchdowns[2 * strides]
    inside = (time >= first) & (time < last)
    wave = np.exp(-2j * np.pi * steps * strides / (last - first) * time[inside])
    size, moved = (abs((s[inside] - s[inside].mean()) @ wave) for s in (force, acceleration))
    return float(size / moved)


def main(studies: Sequence[str]) -> None:
    """Print every quantity as mean and sd over people or trials."""
    rows: list[Row] = []
    for path in studies:
        study = load_study(Path(path))
        for participant in study.participants:
            person = participant.participant_id
            session = participant_session(study, person).fitted
            if not session.fits:
                continue
            rows += body_rows(person, session)
            for trial, fit in session.fits.items():
                rows += trial_rows(person, trial, fit)
    table = pd.DataFrame(rows, columns=["person", "trial", "quantity", "value"])
    summary = table.groupby("quantity", sort=False)["value"].agg(
        ["count", "mean", "std", "min", "max"]
    )
    print(summary.to_string(float_format=lambda number: f"{number:.4g}"))


if __name__ == "__main__":
    main(sys.argv[1:])
