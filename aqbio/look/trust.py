"""Tests of a motion by mechanics: what forces leave unexplained, and the total in flight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from aqbio.config.settings import Quality
from aqbio.errors import Finding, distinct
from aqbio.gait.steps import MAXIMUM_FLIGHT_S, Contact, rotation_about_vertical
from aqbio.names import GRAVITY
from aqbio.vectors import BoolArray, FloatArray

AXIS_WORDS = ("forward", "vertical", "sideways")
"""Axes along the run."""

MIN_FLIGHT_FRAMES = 3
"""Least number of frames of a flight, without its ends, whose change is stated."""


def along_run(dataset: xr.Dataset, heading: float) -> xr.Dataset:
    """Vectors of a dataset on axes along the direction of travel: x forward, y up, z right."""
    turn = rotation_about_vertical(-heading).T
    turned = {
        str(name): variable.copy(data=variable.transpose(..., "axis").values @ turn)
        if variable.dims[-1] == "axis"
        else variable
        for name, variable in dataset.data_vars.items()
        if "axis" in variable.dims and variable.dtype.kind == "f"
    }
    return dataset.assign(turned)


@dataclass(frozen=True, slots=True)
class Residual:
    """What forces and motion leave unexplained at the pelvis, and how much is tolerated."""

    force: FloatArray
    """(3,) array, N. Root mean square over the measured frames, along the run's axes."""
    moment: FloatArray
    """(3,) array, N m. About the centre of mass, likewise."""
    weight: float
    """N."""
    max_force: float
    """N."""
    max_moment: float
    """max_force, max_moment: Largest that is tolerated along any axis, N and N m: shares of the
    largest force, and of that times the height of the centre of mass (Hicks 2015)."""

    @property
    def is_tolerated(self) -> bool:
        """True if force and moment are within their limits along all axes."""
        return bool(self.force.max() <= self.max_force and self.moment.max() <= self.max_moment)


def residual(run: xr.Dataset) -> Residual | None:
    """Residual of a motion along its run; None where no force of a whole body is measured."""
    force, moment = (run[f"residual_{name}"].values for name in ("force", "moment"))
    known = np.isfinite(force).all(axis=1) & np.isfinite(moment).all(axis=1)
    if not known.any():
        return None
    limits = Quality()
    measured = run["ground_force"].sum("foot", skipna=False).values[known]
    peak = float(np.linalg.norm(measured, axis=1).max())
    height = float(run["com"].values[known, 1].mean()) - float(run.attrs["surface_height"])
    return Residual(
        force=_rms(force[known]),
        moment=_rms(moment[known]),
        weight=float(run.attrs["mass"]) * GRAVITY,
        max_force=limits.residual_force * peak,
        max_moment=limits.residual_moment * peak * height,
    )


def _rms(values: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((values**2).mean(axis=0)))


def residual_sentence(left: Residual) -> str:
    """Residual against its limits: of the axis with the largest."""
    limits = Quality()
    force, moment = int(left.force.argmax()), int(left.moment.argmax())
    share, tolerated = (
        100.0 * value / left.weight for value in (left.force[force], left.max_force)
    )
    return (
        f"forces and motion {'agree' if left.is_tolerated else 'do not agree'}: they leave "
        f"{distinct(share, tolerated)} % of body weight unexplained "
        f"along the {AXIS_WORDS[force]} axis, where {distinct(tolerated, share)} % "
        f"{'is' if tolerated < 2.0 else 'are'} tolerated "
        f"({100.0 * limits.residual_force:g} % of the largest force), and "
        f"{distinct(float(left.moment[moment]), left.max_moment)} N m about the "
        f"{AXIS_WORDS[moment]} axis, where {distinct(left.max_moment, float(left.moment[moment]))} "
        "are (root mean square by axis; Hicks 2015)"
    )


@dataclass(frozen=True, slots=True)
class FlightDrift:
    """Change of the total angular momentum in flight, where nothing can change it."""

    drift: FloatArray
    """(3,) array, kg m²/s. Largest range within a flight, along the run's axes."""
    part: FloatArray
    """(3,) array, kg m²/s. Largest of any part in these flights, about the same axes."""
    flights: int

    @property
    def is_tolerated(self) -> bool:
        """True if no drift is more than a share of what the largest part carries."""
        return bool((self.drift <= Quality().flight_drift * self.part.max()).all())


def flight_drift(
    run: xr.Dataset, contacts: Sequence[Contact], cutoff_hz: float, *, start: float
) -> FlightDrift | None:
    """Drift in the flights of a run between its contacts, whose times count from ``start``, s.

    Without the ends of a flight, into which the low-pass carries half a period of the contacts.
    None where no flight is long enough, or the body is not known in it.
    """
    time, momentum = run["time"].values, run["group_angular_momentum"].values
    total = momentum.sum(axis=1)
    drifts, parts = [], []
    for inside in _flights(time, contacts, 0.5 / cutoff_hz, start):
        if inside.sum() >= MIN_FLIGHT_FRAMES and np.isfinite(total[inside]).all():
            drifts.append(np.ptp(total[inside], axis=0))
            parts.append(np.abs(momentum[inside]).max(axis=(0, 1)))
    if not drifts:
        return None
    return FlightDrift(np.max(drifts, axis=0), np.max(parts, axis=0), len(drifts))


def _flights(
    time: FloatArray, contacts: Sequence[Contact], margin: float, start: float
) -> Iterator[BoolArray]:
    """Frames (T,) of every flight between two contacts, without a margin, s, at its ends."""
    ordered = sorted(contacts, key=lambda contact: contact.touchdown)
    for index, contact in enumerate(ordered[1:], 1):
        left = max(earlier.toe_off for earlier in ordered[:index]) + start
        lands = contact.touchdown + start
        if 0.0 < lands - left <= MAXIMUM_FLIGHT_S:
            yield np.asarray((time >= left + margin) & (time <= lands - margin))


def drift_sentence(drift: FlightDrift) -> str:
    """Drift by axis against what the largest part carries."""
    forward, vertical, sideways = (f"{value:.1f}" for value in drift.drift)
    flights = "the flight" if drift.flights == 1 else f"{drift.flights} flights"
    return (
        f"in flight the total angular momentum about the centre of mass must stand still; in "
        f"{flights} between contacts it moves by up to {forward} (forward axis), {vertical} "
        f"(vertical) and {sideways} kg m²/s (sideways), where the largest part carries "
        f"{drift.part.max():.1f}"
    )


def trust_findings(left: Residual | None, drift: FlightDrift | None) -> Iterator[Finding]:
    """Warnings that forces and motion do not agree, and that the total moves in flight."""
    limits = Quality()
    if left is not None and not left.is_tolerated:
        sentence = residual_sentence(left)
        yield Finding(
            rule="residual-large",
            severity="warning",
            what=f"{sentence}. What each joint causes is as unsure.",
            number=float(left.force.max() / left.weight),
            limit=left.max_force / left.weight,
            unit="body weight",
            fix="look at clocks, signs and places of the plates, and at model and markers; soft "
            "tissue alone can leave that much in running. A study (aqbio new) fits motion, forces "
            "and body together.",
        )
    if drift is not None and not drift.is_tolerated:
        yield Finding(
            rule="flight-drift",
            severity="warning",
            what=f"{drift_sentence(drift)}: more than {100.0 * limits.flight_drift:g} % of it.",
            number=float(drift.drift.max()),
            limit=limits.flight_drift * float(drift.part.max()),
            unit="kg m²/s",
            fix="do not read differences of momentum that are smaller; soft tissue, and masses of "
            "segments, move it.",
        )
