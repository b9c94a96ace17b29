"""How sure curves are, sample by sample: standard deviations over draws, from stage to step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.mechanics.gait.steps import PHASES, Step
from aqbio.mechanics.intervals.uncertainty import DrawnOutcomes
from aqbio.names import AXES, SIDES
from aqbio.stages.contributions.drawn import drawn_dataset
from aqbio.stages.contributions.trial_draws import TrialDraws
from aqbio.steps.signals import CHAINS, by_anatomy, in_roles, role_parts
from aqbio.steps.spreads import KNOTS, SPREADS, interpolated

if TYPE_CHECKING:
    import xarray as xr

FLIGHT_FRAMES = 5
"""Frames of a flight that are drawn."""

ITEMS = {name: f"sure_{item}" if item else "" for name, item in SPREADS.items()}
"""Variables of the step curves with a standard deviation, and the dimension of their items."""


Phases = Sequence[tuple[slice, DrawnOutcomes]]
"""Frames (:func:`phase_frames`) and draws of a step's stance, and of its flight if drawn."""


def curves_sd_dataset(draws: TrialDraws, steps: Mapping[Step, Phases]) -> xr.Dataset:
    """Standard deviations of the curves of one step of each foot.

    Parameters
    ----------
    draws : TrialDraws
    steps : mapping
        Drawn outcomes of the phases by step.

    Returns
    -------
    xarray.Dataset
        ``sd_<variable>`` (stance_foot, phase, knot, item, axis), canonical; NaN where nothing was
        drawn: in flights that were not recorded or in which roles change.
    """
    import xarray as xr

    counts = {"sure_group": len(draws.roles.items), "sure_chain": len(CHAINS), "": 1}
    values = {
        name: np.full((len(SIDES), 2, len(KNOTS), counts[item], 3), np.nan)
        for name, item in ITEMS.items()
    }
    parts = role_parts(draws.roles)
    for step, phases in steps.items():
        for phase, (frames, found) in enumerate(phases):
            start, end = step.phase(PHASES[phase])
            at = (draws.time[frames] - start) / (end - start)
            data = drawn_dataset(draws, found, frames)
            for name, own in values.items():
                signal = by_anatomy(data, name)
                if signal is None:
                    continue
                drawn = in_roles(signal, parts, step.side, step.side)[1]  # a mirror changes no sd
                sd = drawn.std(axis=0).reshape(len(at), -1, len(AXES))
                own[SIDES.index(step.side), phase] = interpolated(at, sd, KNOTS)
    dimensions = ("stance_foot", "phase", "knot")
    return xr.Dataset(
        {
            f"sd_{name}": (
                (*dimensions, *((item,) if item else ()), "axis"),
                values[name] if item else values[name][:, :, :, 0],
                {"long_name": f"standard deviation of {name} over draws"},
            )
            for name, item in ITEMS.items()
        },
        coords={
            "stance_foot": list(SIDES),
            "phase": list(PHASES),
            "knot": KNOTS,
            "sure_group": list(draws.roles.items),
            "sure_chain": list(CHAINS),
            "axis": list(AXES),
        },
    )


def phase_frames(draws: TrialDraws, step: Step) -> list[slice]:
    """Frames of the stance, and of the flight where it is known who pushes."""
    stance = draws.frames(step)
    if not np.isfinite(step.flight) or draws.roles.flight != "R1":
        return [stance]
    inside = np.flatnonzero(
        (draws.time > step.toe_off) & (draws.time < min(step.next_touchdown, draws.time[-1]))
    )
    if len(inside) < FLIGHT_FRAMES:
        return [stance]
    first, last = int(inside[0]), int(inside[-1]) + 1
    return [stance, slice(first, last, (last - first) // FLIGHT_FRAMES)]
