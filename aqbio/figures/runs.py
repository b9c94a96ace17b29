"""Figures of every athlete's fastest run: sources of the ground force, work of the legs' joints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from aqbio.figures.figure import Drawing, StudyFigure
from aqbio.figures.step_means import PHASE_MEANS, PHASES, phase_line, phase_means
from aqbio.figures.style import (
    BLUE,
    DASHED,
    FLIGHT_SHADE,
    FRAME,
    GREY,
    INK,
    NARROW_MM,
    PURPLE,
    SKY,
    STYLES,
    VERMILLION,
    LineStyle,
    draw_stack,
    journal_style,
    legend_above,
    pale,
    panels,
    sheet,
    stroke,
)
from aqbio.figures.words import digits
from aqbio.gait.curves import role_scheme, step_dataset
from aqbio.gait.signals import JOINT_ROLES, named_parts, role_parts
from aqbio.gait.step_files import recorded_steps
from aqbio.gait.steps import Step
from aqbio.io.netcdf import read_some
from aqbio.io.study import Study
from aqbio.names import GRAVITY, NORMAL
from aqbio.steps.rows import level_curves
from aqbio.vectors import FloatArray

PRIMARY = "C2"
"""Contact model whose sources are drawn."""

SUMS = ("push_side", "swing_side", "ankle_toes")
"""How sources begin that are sums of others."""

CAUSES = ("induced_ground_force", "induced_momentum_rate", "ground_force", "group_angular_momentum")
"""Of contributions: what the causes of the ground force are told of."""

UNITS = {"angle": "deg", "moment": "N m/kg", "power": "W/kg"}

WORK = ("joint_moment_coordinate", "joint_power", "group_angular_momentum", "ground_force")
"""Of contributions: moments and power of joints, and what has axes with and without forces."""

Curves = dict[tuple[str, str], FloatArray]
"""(phases, 101) array by quantity and line."""


def run_figures(study: Study, outcomes: pd.DataFrame) -> Iterator[Drawing]:
    """Figures of what every athlete's fastest run shows."""
    yield "ground_force_sources", lambda: list(_force_sources(study, outcomes))
    yield "joint_work", lambda: list(_joint_work(study, outcomes))


def _force_sources(study: Study, outcomes: pd.DataFrame) -> Iterator[StudyFigure]:
    numbers = force_source_numbers(study, outcomes)
    if numbers.empty:
        return
    title = "Which joints make the ground force, over stance"
    means = numbers.groupby(["quantity", "line"])["mean"].mean()
    names = {**{name: look.label for name, look in LOOKS.items()}, MEASURED: MEASURED}
    said = [
        f"{words} (BW, mean of stance): "
        + ", ".join(
            f"{label} {digits(float(means[axis, name]), 'BW')}"
            for name, label in names.items()
            if (axis, name) in means
        )
        for axis, words in PANELS.items()
    ]
    yield StudyFigure(
        name="ground_force_sources",
        title=title,
        numbers=numbers,
        columns=PHASE_MEANS,
        draw=partial(draw_force_sources, numbers),
        caption="Ground force under contact model C2 by what causes it at that instant, all other "
        f"moments held: means of the fastest run of each of {int(numbers['athletes'].max())} "
        "athletes, body weights. Areas above 0 are stacked upwards, those below downwards; "
        "together they make the measured force (black), for the decomposition is a superposition. "
        "Rest: what the contact model cannot exert, and the residual. The spread between athletes "
        "is in the table.",
        alternative=f"{title}. {'; '.join(said)}.",
        claim=_sources_claim(numbers),
    )


def _sources_claim(numbers: pd.DataFrame) -> str:
    own = numbers[numbers["quantity"] == "y"].groupby("line")["mean"].mean()
    push = sum(own.get(name, 0.0) for name in LOOKS if name.endswith("_push"))
    if MEASURED not in own:
        return ""
    share = 100.0 * push / own[MEASURED]
    return f"Joints of the push leg make {share:.0f} % of the upward force (contact model C2)"


def _joint_work(study: Study, outcomes: pd.DataFrame) -> Iterator[StudyFigure]:
    numbers = joint_work_numbers(study, outcomes)
    if numbers.empty:
        return
    title, lines = "Angles, moments and powers of the legs' joints", []
    for quantity, (words, unit) in ROWS.items():
        for joint, role in product(JOINTS, ROLES):
            named = (numbers["quantity"] == quantity) & (numbers["line"] == f"{joint}_{role}")
            own = numbers.loc[named, "mean"]
            if len(own):
                ends = " to ".join(digits(float(end), unit) for end in (own.min(), own.max()))
                lines.append(f"{words.lower()} {joint}, {role} leg {ends} {unit}")
    yield StudyFigure(
        name="joint_work",
        title=title,
        numbers=numbers,
        columns=PHASE_MEANS,
        draw=partial(draw_joint_work, numbers),
        caption="Fastest run of every athlete: thick lines mean over "
        f"{int(numbers['athletes'].max())} athletes, bands ± one standard deviation between them. "
        "Angles: flexion and dorsiflexion positive, of the coordinate that flexes the joint; "
        "moments: extension and plantarflexion positive, over body mass; powers: of all moments at "
        "the joint, positive where it gives energy, over body mass. Grey: flight; in the next step "
        "both legs change roles.",
        alternative=f"{title}, mean over athletes. {'; '.join(lines)}.",
        claim=_work_claim(numbers),
    )


def _work_claim(numbers: pd.DataFrame) -> str:
    own = numbers[numbers["quantity"] == "power"]
    if own["mean"].dropna().empty:
        return ""
    best = own.sort_values("mean", na_position="first").iloc[-1]
    joint, role = str(best["line"]).split("_")
    return f"The {joint} of the {role} leg has the largest power, {best['mean']:.0f} W/kg"


def fastest_runs(outcomes: pd.DataFrame) -> list[tuple[str, str]]:
    """Participant and trial of every athlete's fastest run, in the usual condition if possible."""
    kept = outcomes[(outcomes["status"] == "ok") & outcomes["speed_mps"].notna()]
    usual = kept[kept["condition"] == NORMAL]
    speeds = (usual if len(usual) else kept).groupby(["participant_id", "trial_id"], sort=True)
    means = speeds["speed_mps"].mean().reset_index()
    fastest = means.loc[means.groupby("participant_id")["speed_mps"].idxmax()]
    return [(str(who), str(trial)) for who, trial in fastest.iloc[:, :2].to_numpy().tolist()]


def run_files(study: Study, runs: list[tuple[str, str]]) -> list[Path]:
    """Files that the figures of these runs rest on."""
    return [
        study.folder(who, stage) / f"{trial}.nc"
        for who, trial in runs
        for stage in ("contributions", "inverse_dynamics")
    ]


def force_source_numbers(study: Study, outcomes: pd.DataFrame) -> pd.DataFrame:
    """The ground force over stance by its sources, body weights, mean over athletes."""
    told = [
        curves
        for (contributions, _), steps, mass in _runs(study, outcomes)
        if (curves := _sources(study, read_some(contributions, CAUSES), steps, mass))
    ]
    return phase_means(told, dict.fromkeys("xyz", "BW"))


def joint_work_numbers(study: Study, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Angles (deg), moments (N m/kg) and powers (W/kg) of the legs' joints, mean over athletes."""
    told = [
        _work(study, read_some(contributions, WORK), read_some(motion, ["q"]), steps, mass)
        for (contributions, motion), steps, mass in _runs(study, outcomes)
    ]
    return phase_means(told, UNITS)


def _runs(study: Study, outcomes: pd.DataFrame) -> Iterator[tuple[list[Path], list[Step], float]]:
    """Files, steps and body mass (kg) of every athlete's fastest run."""
    for who, trial in fastest_runs(outcomes):
        own = outcomes[(outcomes["participant_id"] == who) & (outcomes["trial_id"] == trial)]
        own = own[own["status"] == "ok"]
        mass_kg = float(own["mass_kg"].iloc[0])
        yield run_files(study, [(who, trial)]), list(recorded_steps(own)), mass_kg


def _sources(study: Study, found: xr.Dataset, steps: list[Step], mass_kg: float) -> Curves:
    if "induced_ground_force" not in found or PRIMARY not in found["contact_model"].values:
        return {}
    curves = level_curves(found, steps, role_scheme(study)).sel(phase=["stance"])
    caused = curves["induced_ground_force"].sel(contact_model=PRIMARY).mean("step")
    caused = caused.transpose("source", "phase", "percent", "axis") / (mass_kg * GRAVITY)
    measured = step_dataset(found, steps, None, role_scheme(study), ("ground_force",))[
        "ground_force"
    ].sel(phase=["stance"])
    told: Curves = {}
    for number, axis in enumerate(caused["axis"].values.tolist()):
        for source in [one for one in caused["source"].values.tolist() if not one.startswith(SUMS)]:
            key = (str(axis), force_part(str(source)))
            told[key] = told.get(key, 0.0) + caused.sel(source=source).values[..., number]
        whole = measured.sel(axis=axis).mean("step").values / (mass_kg * GRAVITY)
        told[str(axis), MEASURED] = whole
    return told


def _work(
    study: Study, found: xr.Dataset, motion: xr.Dataset, steps: list[Step], mass_kg: float
) -> Curves:
    scheme, mapped = role_scheme(study), study.model_map
    flexion = {
        f"{joint}_{side}": (coordinate, mapped.flexion[joint])
        for joint, place in mapped.sagittal.items()
        if joint in mapped.flexion and joint in JOINTS
        for side, coordinate in place.model_dump().items()
    }
    angles = np.stack(
        [sign * motion["q"].sel(coordinate=name).values for name, sign in flexion.values()], axis=1
    )
    trial = found.assign(joint_angle=(("time", "angle_joint"), angles)).assign_coords(
        angle_joint=list(flexion)
    )
    parts = {**role_parts(scheme, mapped), **named_parts(angle_joint=JOINT_ROLES)}
    names = ("joint_angle", "joint_flexion_moment", "joint_power")
    curves = step_dataset(trial, steps, mapped, scheme, names, parts).mean("step")
    wanted: Mapping[str, tuple[str, str, float]] = {
        "angle": ("joint_angle", "angle_joint", 180.0 / np.pi),
        "moment": ("joint_flexion_moment", "joint", 1.0 / mass_kg),
        "power": ("joint_power", "joint", 1.0 / mass_kg),
    }
    return {
        (quantity, f"{joint}_{role}"): factor
        * curves[name].sel({dimension: f"{joint}_{role}"}).transpose("phase", "percent").values
        for quantity, (name, dimension, factor) in wanted.items()
        for joint in JOINTS
        for role in ROLES
    }


PANELS = {"y": "Upward", "x": "Forward"}
MEASURED = "measured"

LOOKS = {
    "ankle_push": LineStyle("ankle and toes, push", BLUE),
    "knee_push": LineStyle("knee, push", SKY, (0, (2.2, 1.2))),
    "hip_push": LineStyle("hip, push", "#003F6B"),
    "swing": LineStyle("swing-side joints", VERMILLION, DASHED),
    "upper": LineStyle("lumbar joint and arms", PURPLE),
    "rest": LineStyle("gravity, velocity terms, rest", GREY),
}
"""Parts of the force, and how each is drawn."""


def force_part(source: str) -> str:
    """Which part of the figure a source of level C belongs to."""
    joint, _, side = source.rpartition("_")
    if joint in ("shoulder", "elbow") or source == "lumbar":
        return "upper"
    if side == "push":
        return "ankle_push" if joint in ("ankle", "mtp") else f"{joint}_push"
    return "swing" if side == "swing" else "rest"


@journal_style()
def draw_force_sources(numbers: pd.DataFrame, width_mm: float) -> Figure:
    """Draw the parts of the force as areas, and the measured force over them, body weights."""
    figure, axes = panels(width_mm, wide=(1, 2, 78.0), narrow=(2, 1, 140.0))
    for place, (axis, words) in zip(axes, PANELS.items(), strict=True):
        _draw_sources(place, numbers, axis)
        place.set_title(f"{words} ground force")
        place.set_ylabel("force (BW)")
        place.set_xlabel("stance (%)")
    handles = [
        Patch(
            facecolor=pale(look.colour), edgecolor=look.colour, linewidth=0.4,
            hatch="" if look.dash == "solid" else "//////", label=look.label,
        )
        for name, look in LOOKS.items()
        if (numbers["line"] == name).any()
    ]  # fmt: skip
    whole = stroke(INK, "measured", linewidth=1.2)
    legend_above(figure, [*handles, whole], 4, narrow=2)
    return figure


def _draw_sources(place: Axes, numbers: pd.DataFrame, axis: str) -> None:
    parts = [
        (look, mean)
        for name, look in LOOKS.items()
        if len(mean := phase_line(numbers, axis, name, "stance")[1])
    ]
    along = np.arange(101.0)
    place.axhline(0, color=FRAME, linewidth=0.5)
    if parts:
        draw_stack(place, along, parts)
    whole = phase_line(numbers, axis, MEASURED, "stance")[1]
    if len(whole):
        place.plot(along, whole, color=INK, linewidth=1.2, zorder=4)
    place.set_xlim(0, 100)


ROWS = {
    "angle": ("Flexion angle", "deg"),
    "moment": ("Extension moment", "N m/kg"),
    "power": ("Power", "W/kg"),
}
"""Words and unit, by quantity."""

JOINTS = ("hip", "knee", "ankle")
ROLES = {"push": STYLES["push_leg"], "swing": STYLES["swing_leg"]}


@journal_style()
def draw_joint_work(numbers: pd.DataFrame, width_mm: float) -> Figure:
    """Draw one column of panels per joint."""
    narrow = width_mm < NARROW_MM
    figure = sheet(width_mm, 112.0 if narrow else 120.0)
    axes = figure.subplots(3, 3, squeeze=False, sharex=True, sharey="row")
    for row, (quantity, (words, unit)) in zip(axes, ROWS.items(), strict=True):
        for place, joint in zip(row, JOINTS, strict=True):
            _draw_work(place, numbers, quantity, joint)
        row[0].set_ylabel(f"{words}\n({unit})")
    for place, joint in zip(axes[0], JOINTS, strict=True):
        place.set_title(joint.capitalize(), fontweight="bold")
    for place in axes[-1]:
        place.set_xlabel("phase")
    axes[0, 0].set_xlim(0, 200)
    axes[0, 0].set_xticks([0, 100, 200], labels=["TD", "TO", "TD"])
    handles = [
        stroke(look.colour, look.label, linestyle=look.dash, linewidth=look.width)
        for look in ROLES.values()
    ]
    legend_above(figure, handles, 3, narrow=2)
    return figure


def _draw_work(place: Axes, numbers: pd.DataFrame, quantity: str, joint: str) -> None:
    place.axvspan(100, 200, color=FLIGHT_SHADE, linewidth=0, zorder=0)
    place.axhline(0, color=FRAME, linewidth=0.5, zorder=1)
    for role, look in ROLES.items():
        for number, phase in enumerate(PHASES):
            named = (numbers, quantity, f"{joint}_{role}", phase)
            at, mean, sd = phase_line(*named)
            if not len(at):
                continue
            along = at + 100.0 * number
            place.fill_between(
                along, mean - sd, mean + sd, color=look.colour, alpha=0.15, linewidth=0, zorder=2
            )
            place.plot(
                along, mean, color=look.colour, linestyle=look.dash, linewidth=look.width, zorder=3
            )
    place.locator_params(axis="y", nbins=5)
