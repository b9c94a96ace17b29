"""Slip of planted feet: of the forefoot's markers against the ground, or the belt under them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.ndimage import median_filter

from aqbio.config.settings import Quality
from aqbio.contributions.measure import Row, measure
from aqbio.intervals.step_uncertainty import is_kinematic
from aqbio.names import SIDES
from aqbio.prepare.belt import MIDDLE_SHARES
from aqbio.vectors import FloatArray

BELT_DIFFERENCE = 0.03
"""Share of the belt's way by which both feet may go differently far: two belts, one for each foot,
and a belt that jerks from contact to contact. Of 40 runs of ten people at 2 to 5 m/s 39 stay below,
one comes to 7 % (docs/decisions/0030)."""

NEIGHBOURS = 3
"""Contacts of a foot in a row of whose speeds the median is the belt's, so that a jerk is none."""


def foot_slips(trial: xr.Dataset) -> dict[str, FloatArray]:
    """Slip (N, 2), m, in the middle of every foot's N contacts: along the run and to the right.

    Of the forefoot's markers (`aqbio.prepare.belt.forefoot_velocity`): toes that the heel turns
    down, or a pressure that vibrates, do not slide. A belt changes its speed from contact to
    contact and gives way under load: along the run a foot is held against the velocity of the other
    one in its contacts (medians of `NEIGHBOURS`), evenly changing in between. Sliding of both feet
    on a belt cannot be told from the belt. On the ground, and where only one foot is seen, the
    trial's ``belt_speed`` is that of the ground. Contacts by foot markers are where these stand
    still, and show no slip.
    """
    along, across = (trial[f"contact_forefoot_{way}"].values for way in ("along", "across"))
    touchdown, toe_off = (trial[f"contact_{end}"].values for end in ("touchdown", "toe_off"))
    belt_speed, middle = float(trial.attrs["belt_speed"]), 0.5 * (touchdown + toe_off)
    duration = (MIDDLE_SHARES[1] - MIDDLE_SHARES[0]) * (toe_off - touchdown)
    whole = trial["contact_complete"].values.astype(bool) & np.isfinite(along + across + middle)
    if is_kinematic(trial):
        whole[:] = False
    slips = {}
    for side in SIDES:
        on_foot = trial["contact_foot"].values.astype(str) == side
        foot, other = np.flatnonzero(whole & on_foot), np.flatnonzero(whole & ~on_foot)
        if not len(foot):
            continue
        ground = np.full(len(foot), -belt_speed)
        if belt_speed and len(other):
            other = other[np.argsort(middle[other])]
            steady = median_filter(along[other], NEIGHBOURS, mode="nearest")
            ground = np.interp(middle[foot], middle[other], steady)
        velocity = np.column_stack([along[foot] - ground, across[foot]])
        slips[side] = velocity * duration[foot, None]
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


def trial_slip(trial: xr.Dataset) -> Slip | None:
    """Slip that all contacts of a foot have in common; None without a contact that shows one."""
    slips = foot_slips(trial)
    if not slips:
        return None
    contact = float(np.nanmedian(trial["contact_toe_off"] - trial["contact_touchdown"]))
    belt_way = float(trial.attrs["belt_speed"]) * (MIDDLE_SHARES[1] - MIDDLE_SHARES[0]) * contact
    common = [common_slip(contacts, BELT_DIFFERENCE * belt_way) for contacts in slips.values()]
    largest = max(float(np.hypot(*contacts.T).max()) for contacts in slips.values())
    return Slip(max(common), largest, sum(map(len, slips.values())), len(slips))


def slip_rows(limits: Quality, key: Row, trial: xr.Dataset) -> Iterator[Row]:
    """Slip that all contacts of a foot have in common: of the foot that slides farther."""
    belt_speed, slip = float(trial.attrs["belt_speed"]), trial_slip(trial)
    if slip is None:
        return
    ground = "a belt of constant speed" if belt_speed else "the ground"
    if belt_speed and slip.feet > 1:
        ground = f"the belt under the other foot, beyond {BELT_DIFFERENCE:.0%} of its way,"
    yield measure(
        key, "foot_slip", slip.common, "m", limit=limits.foot_slip_m, severity="warning",
        note=f"of the forefoot's markers against {ground}, in the middle of the contact: median "
        f"over the contacts of the foot that slides farther; largest of all "
        f"{slip.contacts} contacts {1e3 * slip.largest:.1f} mm",
    )  # fmt: skip
