"""Feet that stand where no force is measured: beside the plates, or before the file of forces."""

from __future__ import annotations

import numpy as np
import xarray as xr

from aqbio.config import MarkerSet
from aqbio.errors import Finding
from aqbio.names import SIDES
from aqbio.prepare.contacts import MIN_PLATE_PEAK_N, contact_span
from aqbio.prepare.events_from_markers import MAX_LANDING_S, MAX_STILL_SPEED_SHARE, MAX_TAKE_OFF_S
from aqbio.prepare.ground import foot_markers, low_frames
from aqbio.prepare.trial import PreparedTrial
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray

MIN_UNMEASURED_S = 0.06
"""A foot that stands for longer without a force is not measured, s: events from foot markers are
within 35 ms of those of plates in the runs of six runners."""

MIN_STILL_SPEED_M_S = 0.3
"""A forefoot slower than this over the ground stands, however slow the walk, m/s."""


def unmeasured_stance(
    trial: PreparedTrial, prepared: xr.Dataset, marker_set: MarkerSet
) -> BoolArray:
    """Frames (T, 2) in which a foot stands by the motion and its plate reads next to nothing.

    With the time that a landing and a take-off may take before and after; none without forces.
    """
    vertical = prepared["foot_force"].sel(axis="y").values
    silent = np.abs(vertical) < MIN_PLATE_PEAK_N
    stands = _standing(trial, marker_set)
    shortest = MIN_UNMEASURED_S * trial.rate
    before, after = (round(margin * trial.rate) for margin in (MAX_LANDING_S, MAX_TAKE_OFF_S))
    unmeasured: BoolArray = np.zeros(silent.shape, dtype=bool)
    for foot in range(len(SIDES)):
        for start, stop in runs(stands[:, foot] & silent[:, foot]):
            if stop - start >= shortest:
                span = slice(max(start - before, 0), stop + after)
                unmeasured[span, foot] = silent[span, foot]
    return unmeasured


def _standing(trial: PreparedTrial, marker_set: MarkerSet) -> BoolArray:
    """Frames (T, 2) in which a forefoot is low and still, or a contact of its markers lasts."""
    feet = foot_markers(trial.labels, trial.markers, marker_set)
    forefeet = feet[:, :, 1:].mean(axis=2)
    ground = trial.ground.velocity(trial.time)[:, None]
    velocity = np.gradient(forefeet, 1.0 / trial.rate, axis=0) - ground
    speed = np.hypot(velocity[..., 0], velocity[..., 2])
    stands: BoolArray = low_frames(forefeet) & (speed < _still_speed(forefeet, trial))
    for contact in trial.kinematic:
        start, stop = contact_span(contact)
        stands[:, contact.foot] |= (trial.time >= start) & (trial.time <= stop)
    return stands


def _still_speed(forefeet: FloatArray, trial: PreparedTrial) -> float:
    """Speed over the ground, m/s, below which a forefoot stands."""
    travel = forefeet.mean(axis=1)[[0, -1]]
    elapsed = max(float(trial.time[-1] - trial.time[0]), 1.0 / trial.rate)
    speed = float(np.linalg.norm(np.diff(travel, axis=0)[0, [0, 2]])) / elapsed
    return max(MAX_STILL_SPEED_SHARE * (speed + trial.ground.belt_speed), MIN_STILL_SPEED_M_S)


def without_unmeasured(
    prepared: xr.Dataset, unmeasured: BoolArray, first_time: float
) -> tuple[xr.Dataset, list[Finding]]:
    """A prepared trial whose forces are unknown where a foot stands unmeasured, and the finding.

    Its words count from ``first_time``, the instant of the first frame, s.
    """
    if not unmeasured.any():
        return prepared, []
    time = prepared["time"].values + first_time
    spans = [
        (time[start], time[stop - 1], side)
        for foot, side in enumerate(SIDES)
        for start, stop in runs(unmeasured[:, foot])
    ]
    words = ", ".join(f"{side} {start:.2f} to {stop:.2f} s" for start, stop, side in sorted(spans))
    is_measured = ~unmeasured[..., None]
    changed = {name: prepared[name].where(is_measured) for name in ("foot_force", "foot_moment")}
    frames = int(unmeasured.any(axis=1).sum())
    finding = Finding(
        rule="stance-unmeasured",
        severity="warning",
        what=f"a foot stands where no force is measured ({words}; {frames} of {len(time)} frames): "
        "joint moments, residuals and levels B and C are n/a there.",
        number=float(frames),
        unit="frames",
        fix="read what needs forces in the other frames only, or give the forces of all plates.",
    )
    return prepared.assign(changed), [finding]
