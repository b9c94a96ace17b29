"""Figures of whole-body angular momentum and its rate by group."""

from __future__ import annotations

from collections.abc import Iterator

from aqbio.figures.panels import Line, PanelRow, PhaseGrid, StepCurves, how_sure, panels
from aqbio.figures.step_columns import StepColumn
from aqbio.figures.style import STYLES
from aqbio.names import ROLE_GROUPS

SIDES_AND_TOTAL = ("push_side", "swing_side", "total")
GROUPS_AND_TOTAL = (*ROLE_GROUPS, "total")
SPLIT_ARMS = ("arm_push", "arm_swing")
AXIS_WORDS = {"x": "forward axis", "y": "vertical axis", "z": "sideways axis"}
MOMENTS = ("moment_of_force", "free_moment", "residual_moment")


def angular_momentum_grid(steps: StepCurves, columns: tuple[StepColumn, ...]) -> PhaseGrid:
    """Lay out angular momentum: the two sides about the vertical, then every group and axis."""
    plan = (
        ("sides", "y", SIDES_AND_TOTAL, 1.2),
        ("groups", "y", GROUPS_AND_TOTAL, 1.2),
        ("groups", "x", GROUPS_AND_TOTAL, 1.0),
        ("groups", "z", GROUPS_AND_TOTAL, 1.0),
    )
    rows = tuple(
        PanelRow(
            f"{kind.capitalize()}, {AXIS_WORDS[axis]}",
            f"$H_{axis}$",
            "kg m²/s",
            f"angular_momentum_{axis}_{kind}",
            panels(_group_lines(steps, "angular_momentum", groups, axis), columns),
            narrow=axis == "y",
            height=height,
        )
        for kind, axis, groups, height in plan
    )
    return PhaseGrid("angular_momentum", columns, rows, implied=True)


def angular_momentum_rate_grid(steps: StepCurves, columns: tuple[StepColumn, ...]) -> PhaseGrid:
    """Lay out the rate of angular momentum by group, and what balances it about every axis.

    Groups add up to the black line; so do moment of the force, free moment and residual.
    """
    by_group = (
        PanelRow(
            f"{kind.capitalize()}, {AXIS_WORDS['y']}",
            "$dH_y/dt$",
            "N m",
            f"angular_momentum_rate_y_{kind}",
            panels(_group_lines(steps, "angular_momentum_rate", groups, "y"), columns),
            narrow=kind == "groups",
            stack=kind == "groups",
        )
        for kind, groups in (
            ("sides", SIDES_AND_TOTAL),
            ("groups", ("total", *ROLE_GROUPS)),
        )
    )
    balance = (
        PanelRow(
            f"Balance, {AXIS_WORDS[axis]}",
            f"$dH_{axis}/dt$",
            "N m",
            f"moment_balance_{axis}",
            panels(_balance_lines(steps, axis), columns),
            narrow=axis == "y",
            stack=True,
        )
        for axis in ("y", "x", "z")
    )
    return PhaseGrid("angular_momentum_rate", columns, (*by_group, *balance), implied=True)


def _group_lines(
    steps: StepCurves, name: str, groups: tuple[str, ...], axis: str
) -> Iterator[Line]:
    values = steps[name]
    present = set(values["group"].values.tolist())
    if set(SPLIT_ARMS) <= present:
        at = groups.index("arms") if "arms" in groups else len(groups)
        groups = (*groups[:at], *(SPLIT_ARMS if "arms" in groups else ()), *groups[at + 1 :])
    for group in [one for one in groups if one in present]:
        at_group = {"group": group, "axis": axis}
        yield Line(group, STYLES[group], values.sel(at_group), how_sure(steps, name, **at_group))


def _balance_lines(steps: StepCurves, axis: str) -> Iterator[Line]:
    rate = steps["angular_momentum_rate"].sel(group="total", axis=axis)
    # Without its interval, which is that of the residual and would lie upon it, grey on grey.
    yield Line("total", STYLES["total"], rate)
    for name in MOMENTS:
        sure = how_sure(steps, name, axis=axis)
        yield Line(name, STYLES[name], steps[name].sel(axis=axis), sure)
