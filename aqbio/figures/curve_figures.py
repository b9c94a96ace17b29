"""Figures of curves over the step: momentum, joint moments, torques on the pelvis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.figures.curves import (
    MAX_SINGLE_STEPS,
    MIN_BAND_STEPS,
    NUMBER_COLUMNS,
    Curve,
    Line,
    PanelRow,
    PhaseGrid,
    StepCurves,
    drawn_numbers,
    draws_sd,
    phase_grid_figure,
    summarise_lines,
)
from aqbio.figures.figure import Drawing, StudyFigure
from aqbio.figures.step_means import (
    StepColumn,
    fastest_rows,
    step_columns,
)
from aqbio.figures.style import STYLES
from aqbio.figures.words import digits
from aqbio.io.step_curves import CurveVariable, StudyCurves
from aqbio.io.study import Study
from aqbio.names import ROLE_GROUPS
from aqbio.study.internal import Parts

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
            summarise_lines(_group_lines(steps, "angular_momentum", groups, axis), columns),
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
            summarise_lines(_group_lines(steps, "angular_momentum_rate", groups, "y"), columns),
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
            summarise_lines(_balance_lines(steps, axis), columns),
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
        yield Line(group, STYLES[group], values.sel(at_group), draws_sd(steps, name, **at_group))


def _balance_lines(steps: StepCurves, axis: str) -> Iterator[Line]:
    rate = steps["angular_momentum_rate"].sel(group="total", axis=axis)
    # Without its interval, which is that of the residual and would lie upon it, grey on grey.
    yield Line("total", STYLES["total"], rate)
    for name in MOMENTS:
        sure = draws_sd(steps, name, axis=axis)
        yield Line(name, STYLES[name], steps[name].sel(axis=axis), sure)


LEG_JOINTS = ("hip", "knee", "ankle")
JOINTS = (*LEG_JOINTS, "lumbar", "shoulder", "elbow")
_UNIT = "N m"


def vertical_joint_moments_grid(steps: StepCurves, columns: tuple[StepColumn, ...]) -> PhaseGrid:
    """Lay out the ground-vertical joint moments, N m, of proximal on distal segments."""
    values = steps["joint_moment"].sel(axis="y")
    words = {joint: (joint.capitalize(), "$M_y$") for joint in JOINTS}
    return _joint_grid("joint_moments_vertical", values, columns, words)


def flexion_moments_grid(steps: StepCurves, columns: tuple[StepColumn, ...]) -> PhaseGrid:
    """Lay out the flexion-extension component of the joint moments, N m."""
    words = {joint: (f"{joint.capitalize()} extension", "") for joint in JOINTS}
    words["ankle"] = ("Ankle plantarflexion", "")
    return _joint_grid("joint_moments_flexion", steps["joint_flexion_moment"], columns, words)


def _joint_grid(
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
            summarise_lines(_joint_lines(values, joint), columns),
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
            summarise_lines(_hub_lines(steps, name, axis), columns),
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
            tuple(map(_share_of_steps, panel))
            for panel in summarise_lines(_odd_lines(steps["hub_moment"].sel(axis="y")), columns)
        ),
        height=0.45,
        strip=True,
    )
    return PhaseGrid("hub_torques", columns, (rows[0], odd, *rows[1:]))


def _hub_lines(steps: StepCurves, name: str, axis: str) -> Iterator[Line]:
    for chain, style in CHAINS.items():
        at = {"chain": chain, "axis": axis}
        if name == "hub_force_moment":  # what the joint does not do of the whole
            values = steps["hub_moment"].sel(at) - steps["hub_joint_moment"].sel(at)
        else:
            values = steps[name].sel(at)
        yield Line(chain, STYLES[style], values, draws_sd(steps, name, **at))


def _odd_lines(torque: xr.DataArray | CurveVariable) -> list[Line]:
    """Where each torque opposes both others: 100 there, 0 elsewhere, by step."""
    three = torque.sel(chain=list(PULLING)).load().transpose("step", "phase", "percent", "chain")
    values = three.to_numpy()
    sign = np.sign(values)
    opposed = np.where(sign * sign.sum(axis=-1, keepdims=True) < 0, 100.0, 0.0)
    share = three.copy(data=np.where(np.isfinite(values).all(axis=-1)[..., None], opposed, np.nan))
    return [Line(chain, STYLES[CHAINS[chain]], share.sel(chain=chain)) for chain in PULLING]


def _share_of_steps(curve: Curve) -> Curve:
    """Share of steps: a standard deviation of yes and no says nothing."""
    return replace(curve, sd=np.full_like(curve.mean, np.nan), single=curve.single[:0])


WORDS = {
    "angular_momentum": (
        "Angular momentum by side and by group",
        "Angular momentum about the whole-body centre of mass.",
    ),
    "angular_momentum_rate": (
        "Rate of angular momentum, external moment and residual",
        (
            "Rate of change of angular momentum about the whole-body centre of mass. Balance: the "
            "rate of the whole body is the sum of the moment of the ground force, the free moment "
            "and the residual, which is what measurement and model leave unexplained. The "
            "residual is drawn as it is, never shared out among the groups."
        ),
    ),
    "joint_moments_vertical": (
        "Joint moments about the vertical, push against swing",
        (
            "Ground-vertical part of the moment that the proximal segment exerts on the distal "
            "one, at the joint centre."
        ),
    ),
    "joint_moments_flexion": (
        "Joint moments of flexion and extension, push against swing",
        "Flexion-extension component of the joint moments.",
    ),
    "hub_torques": (
        "Torques of legs and upper body on the pelvis",
        (
            "Moments that push leg, swing leg and upper body exert on the pelvis, about its "
            "centre of mass, and their parts by the moment at the joint and by the force at the "
            "joint, which lies beside that centre. The pelvis has next to no inertia about the "
            "vertical, so the three cancel whatever the runner does; which one opposes the other "
            "two is open. Odd one out: share of the steps in which it is this one."
        ),
    ),
}
"""Title, and what the caption begins with, by figure."""

_SIGNS = (
    "Left steps are mirrored onto right ones. About the vertical axis, positive turns "
    "counter-clockwise seen from above, towards the swing side."
)
_FLIGHT = (
    "In flight (grey) no moment but that of the air acts, so what one group gains the others lose: "
    "curves there are mechanically implied, and a change of the whole body there is error of "
    "measurement and model."
)


def grid_caption(grid: PhaseGrid, signs: str = _SIGNS, roles: str = "") -> str:
    """The caption of a figure of curves over the step; `roles` says what the two sides are."""
    drawn = [line for row in grid.rows for panel in row.panels for line in panel]
    lines = "Thick lines: mean over steps; thin lines (in panels of few curves): single steps"
    if any(line.count > MAX_SINGLE_STEPS for line in drawn):
        lines += f", or means of participants where there are more than {MAX_SINGLE_STEPS} steps"
    if any(line.count >= MIN_BAND_STEPS for line in drawn):
        lines += f"; pale bands: ± one standard deviation over steps (from {MIN_BAND_STEPS} on)"
    if any(line.half is not None and np.isfinite(line.half).any() for line in drawn):
        lines += (
            "; darker bands: 95 % interval of measurement and model (body-segment parameters, "
            "plates, markers), a step's, since such errors do not average out"
        )
    if any(row.stack for row in grid.rows):
        lines += (
            "; areas: means of the parts, those above 0 stacked upwards and those below downwards, "
            "which together make the black line"
        )
    events = "Stance and flight run from 0 to 100 % each; TD touchdown, TO toe-off."
    words = [WORDS[grid.name][1], *([roles] if roles else []), signs, f"{lines}.", events]
    return " ".join([*words, _FLIGHT] if grid.implied else words)


def flexion_signs(positive: str) -> str:
    """Which direction of the flexion component is positive."""
    return f"Positive: {positive}. Left steps are mirrored onto right ones."


def grid_alternative_text(grid: PhaseGrid) -> str:
    """Describe a figure of curves by its rounded mean values at mid-stance."""
    sentences = [f"{WORDS[grid.name][0]}, curves over stance and flight. Values at mid-stance."]
    for number, column in enumerate(grid.columns):
        parts = [
            _row_words(row, row.panels[number])
            for row in grid.rows
            if row.narrow and row.panels[number]
        ]
        sentences.append(f"At {column.title} ({column.size}): {'; '.join(parts)}.")
    return " ".join(sentences)


def _row_words(row: PanelRow, panel: tuple[Curve, ...]) -> str:
    lines = [f"{line.style.label} {digits(float(line.mean[0, 50]), row.unit)}" for line in panel]
    return f"{row.label.lower()} ({row.unit}): {', '.join(lines)}"


def curve_figures(study: Study, steps: StudyCurves, parts: Parts) -> Iterator[Drawing]:
    """Figures of curves over the step; none without a step."""
    whole = steps.where("flight_s")
    edges = study.settings.figures.speed_edges_mps
    columns = parts.part("columns", lambda: step_columns(whole, edges), tuple[StepColumn, ...]())
    if not columns:
        return
    roles = str(steps.attrs["roles"])
    flexion = flexion_signs(str(steps["joint_flexion_moment"].attrs["positive"]))
    layouts: dict[str, tuple[Callable[..., PhaseGrid], dict[str, str]]] = {
        "angular_momentum": (angular_momentum_grid, {"roles": roles}),
        "angular_momentum_rate": (angular_momentum_rate_grid, {"roles": roles}),
        "joint_moments_vertical": (vertical_joint_moments_grid, {}),
        "joint_moments_flexion": (flexion_moments_grid, {"signs": flexion}),
        "hub_torques": (hub_torques_grid, {}),
    }

    def laid_out(name: str) -> list[StudyFigure]:
        layout, words = layouts[name]
        grid = layout(whole, columns)
        if not grid.rows:
            return []
        numbers = drawn_numbers(grid)
        return [
            StudyFigure(
                name=name,
                title=WORDS[name][0],
                numbers=numbers,
                columns=NUMBER_COLUMNS,
                draw=partial(phase_grid_figure, grid),
                caption=grid_caption(grid, **words),
                alternative=grid_alternative_text(grid),
                claim=CLAIMS[name](numbers) if name in CLAIMS else "",
            )
        ]

    for name in layouts:
        yield name, partial(laid_out, name)


def _stance(numbers: pd.DataFrame, row: str) -> pd.Series[float]:
    own = numbers[(numbers["row"] == row) & (numbers["phase"] == "stance")]
    return own.groupby("line")["mean"].mean()


def _momentum_claim(numbers: pd.DataFrame) -> str:
    signs = []
    for _, column in numbers.groupby(["condition", "speed_mps"], dropna=False):
        means = _stance(column, "angular_momentum_y_groups")
        if not {"push_leg", "swing_leg", "arms"} <= set(means.index):
            return ""
        signs.append(tuple(np.sign(means[["push_leg", "swing_leg", "arms"]])))
    if len(set(signs)) != 1:
        return ""
    push, swing, arms = signs[0]
    if push == swing == -arms:
        return "Over stance both legs turn one way about the vertical, the arms the other"
    if push == arms == -swing:
        return "In mean stance the arms turn with the push leg, against the swing leg"
    return ""


def _hub_claim(numbers: pd.DataFrame) -> str:
    column = fastest_rows(numbers)
    shares = _stance(column, "odd_one_out_y").dropna()
    if shares.empty:
        return ""
    words = {"leg_push": "the push leg", "leg_swing": "the swing leg"}
    name = str(shares.idxmax())
    speed = digits(float(column["speed_mps"].iloc[0]), "m/s")
    return (
        f"Most often {words.get(name, 'the upper body')} opposes the other two at the pelvis "
        f"({shares.max():.0f} % of stance at {speed} m/s)"
    )


CLAIMS = {"angular_momentum": _momentum_claim, "hub_torques": _hub_claim}
