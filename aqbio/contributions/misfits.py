"""Misfits of a trial's results, and the intervals that they widen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from aqbio.contributions.foot_slip import trial_slip
from aqbio.gait.belt import belt_speed
from aqbio.gait.step_files import trial_contacts, trial_steps
from aqbio.gait.steps import Step
from aqbio.intervals.step_uncertainty import KEYS, NAMES, is_kinematic
from aqbio.inverse_dynamics.observations import FILTER_LEAK_S
from aqbio.inverse_kinematics.solution import FITTED
from aqbio.names import AXES, GRAVITY
from aqbio.observed.invalidated import OUTCOMES, Outcome
from aqbio.observed.misfit import Misfits, usual_misfits, widening
from aqbio.vectors import BoolArray, FloatArray

STATISTIC_LEVELS = frozenset(key[0] for key in KEYS.values())
"""Levels of the statistics of a stance, which rest on angular momentum."""


WIDENING = "widening_"
"""Prefix of attributes with the factor of the errors of a kind of numbers."""


def trial_misfits(data: xr.Dataset, of_fit: Misfits) -> dict[str, float]:
    """Misfits of a trial by redundancy: those of its fit, and those of its flights and feet.

    Of a motion that was not fitted ``plain force`` (body weights) and ``plain moment`` (m), the
    residuals while feet bear. ``drift``: range of the whole body's angular momentum about the
    vertical in flight over the largest group's. ``slip``, m: of the forefoot's
    markers in mid-contact.
    """
    steps = trial_steps(list(trial_contacts(data)), data["time"].values)
    is_fitted = data.attrs["motion"] == FITTED
    drift, slip = flight_drift(data, steps), trial_slip(data)
    misfits = {"slip": np.nan if slip is None else slip.common}
    misfits["drift" if is_fitted else "plain drift"] = drift
    if is_fitted:
        return _finite({**of_fit, **misfits})
    weight = float(data.attrs["mass"]) * GRAVITY
    inside = _while_bearing(data)
    for name in ("force", "moment"):
        if f"residual_{name}" in data:
            misfits[f"plain {name}"] = _rms(data[f"residual_{name}"].values[inside]) / weight
    return _finite(misfits)


def _finite(misfits: Misfits) -> dict[str, float]:
    return {name: misfit for name, misfit in misfits.items() if np.isfinite(misfit)}


def _while_bearing(data: xr.Dataset) -> BoolArray:
    """(T,) bool: frames between touchdown and toe-off of any contact."""
    time = data["time"].values
    spans = [(contact.touchdown, contact.toe_off) for contact in trial_contacts(data)]
    inside = [(time >= first) & (time <= last) for first, last in spans]
    return np.any(inside, axis=0) if inside else np.zeros(len(time), dtype=np.bool_)


def _rms(values: FloatArray) -> float:
    """Root mean square of the finite rows; NaN of none."""
    rows = np.reshape(values, (-1, len(AXES)))
    finite = rows[np.isfinite(rows).all(axis=1)]
    return float(np.sqrt((finite**2).mean())) if len(finite) else float("nan")


def flight_drift(data: xr.Dataset, steps: Sequence[Step]) -> float:
    """Mean range of the whole body's H about the vertical in flights, over the largest group's.

    In flights it should be constant. Without plates frames into which the low-pass of contacts
    leaks are left out. NaN without a flight in which all of the body was observed.
    """
    time, momentum = data["time"].values, data["group_angular_momentum"].values[..., 1]
    edge, drifts = FILTER_LEAK_S if is_kinematic(data) else 0.0, []
    for step in steps:
        start, end = step.phase("flight")
        inside = (time >= start + edge) & (time <= end - edge)
        groups = momentum[inside]
        if step.status == "ok" and len(groups) > 1 and np.isfinite(groups).all():
            drifts.append(float(np.ptp(groups.sum(axis=1)) / np.abs(groups).max()))
    return float(np.mean(drifts)) if drifts else float("nan")


def running_speed(data: xr.Dataset) -> float:
    """Mean horizontal speed of the centre of mass, the belt's included, m/s; NaN if unknown."""
    velocity = data["com_velocity"].values.mean(axis=0)
    forward = velocity[0] + float(np.mean(belt_speed(data, data["time"].values)))
    return float(np.hypot(forward, velocity[2]))


def widenings(misfits: Misfits, speed: float) -> dict[Outcome, float]:
    """Factor of the errors of every kind of numbers, at least 1."""
    usual = usual_misfits(speed)
    return {outcome: widening(misfits, usual, outcome) for outcome in OUTCOMES}


def outcome_kind(level: str, statistic: str) -> Outcome:
    """Kind of numbers to which an outcome of a stance belongs."""
    if level in STATISTIC_LEVELS or statistic.startswith("momentum"):
        return "momentum"
    return "causes" if level.startswith("C") else "moments"


def widened(data: xr.Dataset, factors: Mapping[Outcome, float]) -> xr.Dataset:
    """Multiply all errors of a trial by the factor of their kind, and note the factors."""
    changed = {}
    for prefix, names in (("", ("interval_sd", "state_deviation")), ("motion_", ("deviation",))):
        columns = [f"{prefix}outcome_{name}" for name in (NAMES[0], NAMES[3])]
        if not set(columns) <= set(data.coords):
            continue
        pairs = zip(*(data[column].values.tolist() for column in columns), strict=True)
        by_outcome = xr.DataArray(
            np.array([factors[outcome_kind(*pair)] for pair in pairs], dtype=np.float32),
            dims=f"{prefix}outcome",
        )
        for name in (prefix + name for name in names):
            if name in data:
                values = (data[name] * by_outcome).transpose(*data[name].dims)
                changed[name] = values.astype(data[name].dtype).assign_attrs(data[name].attrs)
    for name in map(str, data.data_vars):
        if name.startswith("sd_"):
            is_momentum = "momentum" in name and "rate" not in name
            factor = factors["momentum" if is_momentum else "moments"]
            changed[name] = (data[name] * factor).assign_attrs(data[name].attrs)
    attributes = {f"{WIDENING}{outcome}": factor for outcome, factor in factors.items()}
    return data.assign(changed).assign_attrs(attributes)
