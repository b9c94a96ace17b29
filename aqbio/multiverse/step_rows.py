"""Evidence of the steps of a trial under one specification: what hypotheses read of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import ModelMap
from aqbio.gait.curves import step_dataset
from aqbio.gait.roles import RoleScheme
from aqbio.gait.signals import CHAINS, picked
from aqbio.gait.step_measures import (
    absolute_share,
    lateral_ratio,
    moment_index,
    peak_instants,
)
from aqbio.gait.steps import Step, phase_mean
from aqbio.multiverse.lines import contact_line_rates
from aqbio.names import AXES, ROLE_GROUPS
from aqbio.stats.step_numbers import cosines, lag, momentum_numbers, together_share
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

AMPLIFIERS = ("swing_leg", "arms", "torso")
"""What is said to amplify the push."""

ARM_ROLES = ("arm_push", "arm_swing")
"""Arms one by one, named after the legs of their own sides."""

PUSH_JOINTS = ("hip_push", "knee_push", "ankle_push")

SWING_JOINTS = ("hip_swing", "knee_swing")
"""The joints whose moments move the swing leg."""

SCHEME = RoleScheme(arms="split")
"""Verdicts are about the declared roles, whatever the settings; arms are told one by one too."""

LIMBS = {"arms": ("arms",), "legs": ("push_leg", "swing_leg")}
"""Roles that must be known for a step to show arms or legs."""

_SIGNALS = (
    "angular_momentum", "joint_flexion_moment", "external_moment", "ground_force",
    "com_velocity", "relative_force",
)  # fmt: skip


def evidence_curves(
    trial: xr.Dataset, steps: Sequence[Step], model_map: ModelMap, *more: str
) -> xr.Dataset:
    """Curves of the steps that evidence is told of.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions, or the same of another specification.
    *more : str
        Further signals of `aqbio.gait.curves.step_dataset`.
    """
    return step_dataset(trial, steps, model_map, SCHEME, (*_SIGNALS, *more))


def step_numbers(curves: xr.Dataset, steps: Sequence[Step]) -> pd.DataFrame:
    """Numbers of every step that hypotheses read; the dictionary says what they are.

    Parameters
    ----------
    curves : xarray.Dataset
        From :func:`evidence_curves`.
    steps : sequence of Step
        The same.
    """
    import pandas as pd

    def stance(name: str, **chosen: str | Sequence[str]) -> FloatArray:
        """(101, S, ...) of the contacts."""
        return np.swapaxes(picked(curves, name, phase="stance", **chosen), 0, 1)

    push, swing = (
        moment_index(stance("joint_flexion_moment", joint=joints))
        for joints in (PUSH_JOINTS, SWING_JOINTS)
    )
    amplified = stance("relative_force", group=AMPLIFIERS, axis="y").sum(axis=-1)
    force = stance("ground_force")
    durations = np.array([(step.contact, step.flight) for step in steps]).reshape(-1, 2)
    external = np.moveaxis(picked(curves, "external_moment", axis="y"), 2, 0)
    impulses = (phase_mean(external) * durations).sum(axis=1)
    whole, vertical = np.isfinite(durations[:, 1]), vertical_stance(curves)
    swing_peak, force_peak = _peaks(curves, durations)
    with np.errstate(invalid="ignore", divide="ignore"):  # what is 0 over 0 is unknown
        columns = {
            "step": [step.number for step in steps],
            "side": [str(step.side) for step in steps],
            "contact_s": durations[:, 0],
            "flight_s": durations[:, 1],
            "speed_mps": curves["speed"].values,
            "hub_share": absolute_share(amplified, force[..., AXES.index("y")]),
            "yaw_impulse": np.where(whole, impulses, np.nan),
            "lateral_ratio": lateral_ratio(force),
            "push_index": push,
            "swing_index": swing,
            "log_ratio_moments": np.log(push / swing),
            "lag": lag(swing_peak, force_peak),
            **{f"shows_{limb}": _known(curves, roles) for limb, roles in LIMBS.items()},
            **momentum_numbers(vertical),
        }
    return pd.DataFrame(columns).replace([np.inf, -np.inf], np.nan)


def vertical_stance(curves: xr.Dataset) -> FloatArray:
    """Angular momentum about the vertical in contact, (S, 101, G), by `ROLE_GROUPS`."""
    return picked(curves, "angular_momentum", phase="stance", axis="y", group=ROLE_GROUPS)


def _known(curves: xr.Dataset, roles: Sequence[str]) -> FloatArray:
    """1 where the momentum of all roles is known throughout a contact, otherwise 0."""
    own = picked(curves, "angular_momentum", phase="stance", group=roles)
    known: FloatArray = np.isfinite(own).all(axis=(1, 2, 3)).astype(float)
    return known


def _peaks(curves: xr.Dataset, durations: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Instants of the peaks of the swing leg's momentum and of vertical force, shares."""
    force = picked(curves, "ground_force", axis="y").copy()
    force[:, 1] = 0.0  # in flight
    swing = picked(curves, "angular_momentum", axis="y", group="swing_leg")
    return peak_instants(swing, durations), peak_instants(force, durations)


def line_numbers(
    steps: Sequence[Step], time: FloatArray, rates: FloatArray
) -> dict[str, FloatArray]:
    """H2b: whether the lines of wrists and of ankles turn together, by column; NaN where unknown.

    Parameters
    ----------
    time : (T,) array, s
    rates : (T, 2) array, rad/s
        From `aqbio.multiverse.lines.line_rates`.
    """
    pair = np.array([contact_line_rates(step, time, rates) for step in steps]).reshape(-1, 101, 2)
    return {"line_rate_cosine": cosines(pair)[:, 0, 1], "line_share": together_share(pair)}


def stored_curves(curves: xr.Dataset, feet: FloatArray, trial_id: str) -> xr.Dataset:
    """What is kept of the curves under the study's own settings: part of the step dataset.

    Parameters
    ----------
    curves : xarray.Dataset
        From :func:`evidence_curves`, with rates and hub moments.
    feet : (S, 101, 2) array, m/s
        Of push and swing foot in flight, forward relative to the pelvis.
    """
    groups, hub = [*ROLE_GROUPS, *ARM_ROLES], curves["hub_moment"]
    momenta = curves[["angular_momentum", "angular_momentum_rate"]].sel(group=groups)
    return momenta.assign(
        hub_moment=hub.sel(phase="stance", axis="y", chain=list(CHAINS[:3]), drop=True),
        foot_velocity=(("step", "percent", "foot_role"), feet),
    ).assign_coords(foot_role=["push_leg", "swing_leg"], trial_id=("step", [trial_id] * len(feet)))
