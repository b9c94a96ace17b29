"""Figure of the torques of both legs and the upper body on the pelvis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import xarray as xr

from aqbio.figures.panels import Curve, Line, PanelRow, PhaseGrid, StepCurves, how_sure, panels
from aqbio.figures.step_columns import StepColumn
from aqbio.figures.style import STYLES
from aqbio.io.step_curves import CurveVariable

CHAINS = {
    "leg_push": "push_leg",
    "leg_swing": "swing_leg",
    "upper_body": "upper_body",
    "residual": "residual_moment",
}
"""What turns the pelvis, with the style of each."""

PULLING = ("leg_push", "leg_swing", "upper_body")


def hub_torques_grid(steps: StepCurves, columns: tuple[StepColumn, ...]) -> PhaseGrid:
    """Lay out the torques on the pelvis about its centre of mass, N m."""
    plan = (
        ("Vertical axis", "hub_moment", "y", 1.3, "torque_y"),
        ("Joint-moment part", "hub_joint_moment", "y", 1.0, "joint_moment_y"),
        ("Joint-force part", "hub_force_moment", "y", 1.0, "joint_force_y"),
        ("Forward axis", "hub_moment", "x", 0.9, "torque_x"),
        ("Sideways axis", "hub_moment", "z", 0.9, "torque_z"),
    )
    rows = [
        PanelRow(
            words,
            f"$W_{axis}$",
            "N m",
            key,
            panels(_lines(steps, name, axis), columns),
            narrow=key == "torque_y",
            height=height,
        )
        for words, name, axis, height, key in plan
    ]
    odd = PanelRow(
        "Odd one",
        "out",
        "%",
        "odd_one_out_y",
        tuple(
            tuple(map(_share, panel))
            for panel in panels(_odd_lines(steps["hub_moment"].sel(axis="y")), columns)
        ),
        height=0.45,
        strip=True,
    )
    return PhaseGrid("hub_torques", columns, (rows[0], odd, *rows[1:]))


def _lines(steps: StepCurves, name: str, axis: str) -> Iterator[Line]:
    for chain, style in CHAINS.items():
        at = {"chain": chain, "axis": axis}
        if name == "hub_force_moment":  # what the joint does not do of the whole
            values = steps["hub_moment"].sel(at) - steps["hub_joint_moment"].sel(at)
        else:
            values = steps[name].sel(at)
        yield Line(chain, STYLES[style], values, how_sure(steps, name, **at))


def _odd_lines(torque: xr.DataArray | CurveVariable) -> list[Line]:
    """Where each torque opposes both others: 100 there, 0 elsewhere, by step."""
    three = torque.sel(chain=list(PULLING)).load().transpose("step", "phase", "percent", "chain")
    values = three.to_numpy()
    sign = np.sign(values)
    opposed = np.where(sign * sign.sum(axis=-1, keepdims=True) < 0, 100.0, 0.0)
    share = three.copy(data=np.where(np.isfinite(values).all(axis=-1)[..., None], opposed, np.nan))
    return [Line(chain, STYLES[CHAINS[chain]], share.sel(chain=chain)) for chain in PULLING]


def _share(curve: Curve) -> Curve:
    """Share of steps: a standard deviation of yes and no says nothing."""
    return replace(curve, sd=np.full_like(curve.mean, np.nan), single=curve.single[:0])
