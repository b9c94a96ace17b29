"""Slip of the feet that bear load: against the ground, or against the belt that moves with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from aqbio.config.settings import Quality
from aqbio.contributions.measure import Row, measure
from aqbio.gait.steps import Step
from aqbio.names import SIDES
from aqbio.vectors import FloatArray

PLANTED_FORCE_SHARE = 0.5
"""Share of its peak force above which a foot counts as planted."""

BELT_DIFFERENCE = 0.03
"""Share of the belt's way by which both feet may go differently far: two belts, one for each foot,
and a belt that jerks from contact to contact. Of 40 runs of ten people at 2 to 5 m/s 39 stay below,
one comes to 7 % (docs/decisions/0030)."""


@dataclass(frozen=True, slots=True)
class LoadedWay:
    """Way of a planted foot in the laboratory during one contact."""

    side: str
    way: FloatArray
    """(2,) array, m: along the run and to the right."""
    duration: float
    """Time for which the foot bore more than half of its peak force, s."""


def loaded_ways(data: xr.Dataset, steps: Sequence[Step]) -> list[LoadedWay]:
    """Ways of the planted feet in all steps that were not rejected."""
    time, ways = data["time"].values, []
    for step in steps:
        if step.status == "rejected":
            continue
        foot = SIDES.index(step.side)
        force = data["ground_force"].values[:, foot, 1]
        velocity = data["contact_velocity"].values[:, foot]
        during = (time >= step.touchdown) & (time <= step.toe_off)
        during &= force > PLANTED_FORCE_SHARE * np.max(force, where=during, initial=0.0)
        during &= np.isfinite(velocity).all(axis=1)
        if during.sum() > 1:
            way = np.trapezoid(velocity[during], time[during], axis=0)[[0, 2]]
            ways.append(LoadedWay(str(step.side), way, float(np.ptp(time[during]))))
    return ways


def foot_slips(ways: Sequence[LoadedWay], belt_speed: float) -> dict[str, FloatArray]:
    """Slip (N, 2), m, of every foot's N contacts: along the run and to the right.

    A belt gives way under load and has another speed during contacts than over the stride: the
    fore-aft way of a foot is held against the velocity at which the other foot moves while it is
    planted. Sliding of both feet on a belt cannot be distinguished. On the ground, and where
    only one foot is seen, ``belt_speed`` is that of the ground.
    """
    by_foot = {
        side: [way for way in ways if way.side == side]
        for side in dict.fromkeys(way.side for way in ways)
    }
    velocity = {
        side: float(np.median([way.way[0] / way.duration for way in slides]))
        for side, slides in by_foot.items()
    }
    slips = {}
    for side, slides in by_foot.items():
        others = [velocity[other] for other in velocity if other != side]
        ground = others[0] if belt_speed and others else -belt_speed
        slips[side] = np.array([way.way - [ground * way.duration, 0.0] for way in slides])
    return slips


def common_slip(slips: FloatArray, tolerance: float) -> float:
    """Size of the slip that (N, 2) contacts of a foot have in common, m.

    Median over contacts, fore-aft beyond ``tolerance``: a fault of markers, plates or contact
    models repeats in every contact; a single contact in which a belt jerks does not.
    """
    along, across = np.median(slips, axis=0)
    return float(np.hypot(max(0.0, abs(along) - tolerance), across))


@dataclass(frozen=True, slots=True)
class Slip:
    """Slip of the foot that slides farther."""

    common: float
    """Slip that all contacts of the foot have in common, m."""
    largest: float
    """Of any contact, m."""
    contacts: int
    """Number of contacts of both feet."""
    feet: int
    """Number of feet with a contact."""


def trial_slip(data: xr.Dataset, steps: Sequence[Step]) -> Slip | None:
    """Slip that all contacts of a foot have in common; None without a contact with forces."""
    belt_speed, ways = float(data.attrs["belt_speed"]), loaded_ways(data, steps)
    slips = foot_slips(ways, belt_speed)
    if not slips:
        return None
    belt_way = belt_speed * float(np.median([way.duration for way in ways]))
    common = [
        common_slip(ways_of_foot, BELT_DIFFERENCE * belt_way) for ways_of_foot in slips.values()
    ]
    largest = max(float(np.hypot(*contacts.T).max()) for contacts in slips.values())
    return Slip(max(common), largest, sum(map(len, slips.values())), len(slips))


def slip_rows(limits: Quality, key: Row, data: xr.Dataset, steps: Sequence[Step]) -> Iterator[Row]:
    """Slip that all contacts of a foot have in common: of the foot that slides farther."""
    belt_speed, slip = float(data.attrs["belt_speed"]), trial_slip(data, steps)
    if slip is None:
        return
    ground = "a belt of constant speed" if belt_speed else "the ground"
    if belt_speed and slip.feet > 1:
        ground = f"the belt under the other foot, beyond {BELT_DIFFERENCE:.0%} of its way,"
    yield measure(
        key, "foot_slip", slip.common, "m", limit=limits.foot_slip_m, severity="warning",
        note=f"against {ground}, while the foot bears more than half of its peak force: median "
        f"over the contacts of the foot that slides farther; largest of all "
        f"{slip.contacts} contacts {1e3 * slip.largest:.1f} mm",
    )  # fmt: skip
