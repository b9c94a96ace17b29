"""Figures of joint moments: push leg against swing leg, lumbar joint, arms."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from aqbio.figures.panels import Line, PanelRow, PhaseGrid, StepCurves, panels
from aqbio.figures.step_columns import StepColumn
from aqbio.figures.style import STYLES
from aqbio.io.step_curves import CurveVariable

LEG_JOINTS = ("hip", "knee", "ankle")
JOINTS = (*LEG_JOINTS, "lumbar", "shoulder", "elbow")
_UNIT = "N m"


def vertical_joint_moments_grid(steps: StepCurves, columns: tuple[StepColumn, ...]) -> PhaseGrid:
    """Lay out the ground-vertical joint moments, N m, of proximal on distal segments."""
    values = steps["joint_moment"].sel(axis="y")
    words = {joint: (joint.capitalize(), "$M_y$") for joint in JOINTS}
    return _grid("joint_moments_vertical", values, columns, words)


def flexion_moments_grid(steps: StepCurves, columns: tuple[StepColumn, ...]) -> PhaseGrid:
    """Lay out the flexion-extension component of the joint moments, N m."""
    words = {joint: (f"{joint.capitalize()} extension", "") for joint in JOINTS}
    words["ankle"] = ("Ankle plantarflexion", "")
    return _grid("joint_moments_flexion", steps["joint_flexion_moment"], columns, words)


def _grid(
    name: str,
    values: xr.DataArray | CurveVariable,
    columns: tuple[StepColumn, ...],
    words: Mapping[str, tuple[str, str]],
) -> PhaseGrid:
    rows = tuple(
        PanelRow(
            *words[joint],
            _UNIT,
            joint,
            panels(_joint_lines(values, joint), columns),
            narrow=joint in LEG_JOINTS,
            height=0.9,
        )
        for joint in JOINTS
    )
    return PhaseGrid(name, columns, rows)


def _joint_lines(values: xr.DataArray | CurveVariable, joint: str) -> list[Line]:
    names = {joint: "midline", f"{joint}_push": "push_side", f"{joint}_swing": "swing_side"}
    present = set(values["joint"].values.tolist())
    return [
        Line(name, STYLES[style], values.sel(joint=name))
        for name, style in names.items()
        if name in present
    ]
