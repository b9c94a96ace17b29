"""Figure of every athlete's fastest run: angles, moments and powers of the legs' joints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Patch

from aqbio.figures.figure import Figure, Results
from aqbio.figures.marks import marked, where
from aqbio.figures.step_means import PHASES, phase_means
from aqbio.figures.style import (
    FLIGHT_SHADE,
    GREY,
    STYLES,
    is_narrow,
    journal_style,
    legend_above,
    shade_flight,
    sheet,
    stroke,
    zero_line,
)
from aqbio.figures.words import count_words, digits, who
from aqbio.gait.curves import role_scheme, step_dataset
from aqbio.gait.signals import JOINT_ROLES, named_parts, role_parts
from aqbio.gait.step_files import recorded_steps
from aqbio.gait.steps import Step
from aqbio.io.netcdf import read_some
from aqbio.io.study import Study
from aqbio.names import NORMAL
from aqbio.vectors import FloatArray

WORK = ("joint_moment_coordinate", "joint_power", "group_angular_momentum", "ground_force")
"""Variables read from contributions: moments and power of joints, and the axes of all curves."""

Curves = dict[tuple[str, str], FloatArray]
"""(phases, 101) array by quantity and line."""


def fastest_runs(outcomes: pd.DataFrame) -> list[tuple[str, str]]:
    """Participant and trial of every athlete's fastest run, in the usual condition if possible."""
    measured = outcomes[(outcomes["status"] == "ok") & outcomes["speed_mps"].notna()]
    usual = measured[measured["condition"] == NORMAL]
    speeds = (usual if len(usual) else measured).groupby(["participant_id", "trial_id"], sort=True)
    means = speeds["speed_mps"].mean().reset_index()
    fastest = means.loc[means.groupby("participant_id")["speed_mps"].idxmax()]
    return [
        (str(participant_id), str(trial))
        for participant_id, trial in fastest.iloc[:, :2].to_numpy().tolist()
    ]


def run_files(study: Study, runs: list[tuple[str, str]]) -> list[Path]:
    """Files on which the figures of these runs rest."""
    return [
        study.folder(participant_id, stage) / f"{trial}.nc"
        for participant_id, trial in runs
        for stage in ("contributions", "inverse_dynamics")
    ]


def joint_work_rows(results: Results) -> pd.DataFrame:
    """Angles (deg), moments (N m/kg) and powers (W/kg) of the legs' joints, mean over athletes."""
    study, outcomes = results.study, results["steps"]
    parts = [
        _work(study, read_some(contributions, WORK), read_some(motion, ["q"]), steps, mass)
        for (contributions, motion), steps, mass in _runs(study, outcomes)
    ]
    return phase_means(parts, {name: unit for name, (_, unit) in ROWS.items()})


def _runs(study: Study, outcomes: pd.DataFrame) -> Iterator[tuple[list[Path], list[Step], float]]:
    """Files, steps and body mass (kg) of every athlete's fastest run."""
    for participant_id, trial in fastest_runs(outcomes):
        steps = outcomes[
            (outcomes["participant_id"] == participant_id) & (outcomes["trial_id"] == trial)
        ]
        steps = steps[steps["status"] == "ok"]
        mass_kg = float(steps["mass_kg"].iloc[0])
        yield run_files(study, [(participant_id, trial)]), list(recorded_steps(steps)), mass_kg


def _work(
    study: Study, trial_results: xr.Dataset, motion: xr.Dataset, steps: list[Step], mass_kg: float
) -> Curves:
    scheme, mapped = role_scheme(study), study.model_map
    flexion = {
        f"{joint}_{side}": (coordinate, mapped.flexion[joint])
        for joint, coordinates in mapped.sagittal.items()
        if joint in mapped.flexion and joint in JOINTS
        for side, coordinate in coordinates.model_dump().items()
    }
    angles = np.stack(
        [sign * motion["q"].sel(coordinate=name).values for name, sign in flexion.values()], axis=1
    )
    trial = trial_results.assign(joint_angle=(("time", "angle_joint"), angles)).assign_coords(
        angle_joint=list(flexion)
    )
    parts = {**role_parts(scheme, mapped), **named_parts(angle_joint=JOINT_ROLES)}
    names = ("joint_angle", "joint_flexion_moment", "joint_power")
    curves = step_dataset(trial, steps, mapped, scheme, names, parts).mean("step")
    sources: Mapping[str, tuple[str, str, float]] = {
        "angle": ("joint_angle", "angle_joint", 180.0 / np.pi),
        "moment": ("joint_flexion_moment", "joint", 1.0 / mass_kg),
        "power": ("joint_power", "joint", 1.0 / mass_kg),
    }
    return {
        (quantity, f"{joint}_{role}"): factor
        * curves[name].sel({dimension: f"{joint}_{role}"}).transpose("phase", "percent").values
        for quantity, (name, dimension, factor) in sources.items()
        for joint in JOINTS
        for role in ROLES
    }


def _line(
    rows: pd.DataFrame, quantity: str, line: str, phase: str, name: str = "mean"
) -> FloatArray:
    """Values of a line over a phase, (101,) array; empty where it is not known."""
    selected = rows[
        (rows["quantity"] == quantity) & (rows["line"] == line) & (rows["phase"] == phase)
    ]
    return selected[name].to_numpy(dtype=float)


def _athletes(rows: pd.DataFrame) -> str:
    return count_words(int(rows["athletes"].max()), who(rows), "athletes", by="most")


ROWS = {
    "angle": ("Flexion angle", "deg"),
    "moment": ("Extension moment", "N m/kg"),
    "power": ("Joint power", "W/kg"),
}
"""Words and unit, by quantity."""

JOINTS = ("hip", "knee", "ankle")
ROLES = {"push": STYLES["push_leg"], "swing": STYLES["swing_leg"]}


@journal_style()
def draw_joint_work(rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw one column of panels per joint, one row per quantity that is known."""
    measured_rows = {
        name: words for name, words in ROWS.items() if (rows["quantity"] == name).any()
    }
    row_mm, margin_mm = (32.0, 16.0) if is_narrow(width_mm) else (35.0, 15.0)
    figure = sheet(width_mm, row_mm * len(measured_rows) + margin_mm)
    axes = figure.subplots(len(measured_rows), 3, squeeze=False, sharex=True, sharey="row")
    for line, (quantity, (words, unit)) in zip(axes, measured_rows.items(), strict=True):
        for ax, joint in zip(line, JOINTS, strict=True):
            _draw_work(ax, rows, quantity, joint)
        line[0].set_ylabel(f"{words}\n({unit})")
    for ax, joint in zip(axes[0], JOINTS, strict=True):
        ax.set_title(joint.capitalize(), fontweight="bold")
    figure.supxlabel("Stance (TD to TO) and flight, each 0 to 100 %", fontsize=7)
    axes[0, 0].set_xlim(0, 200)
    axes[0, 0].set_xticks([0, 100, 200], labels=["TD", "TO", "TD"])
    handles = [
        stroke(look.colour, look.label, linestyle=look.dash, linewidth=look.width)
        for look in ROLES.values()
    ]
    flight = Patch(facecolor=FLIGHT_SHADE, edgecolor=GREY, linewidth=0.4, label="flight")
    legend_above(figure, [*handles, flight], 3)
    return figure


def _draw_work(ax: Axes, rows: pd.DataFrame, quantity: str, joint: str) -> None:
    shade_flight(ax)
    zero_line(ax, "y")
    for role, look in ROLES.items():
        for number, phase in enumerate(PHASES):
            selection = (rows, quantity, f"{joint}_{role}", phase)
            mean, sd = (_line(*selection, statistic) for statistic in ("mean", "sd"))
            along = np.arange(float(len(mean))) + 100.0 * number
            ax.fill_between(
                along, mean - sd, mean + sd, color=look.colour, alpha=0.15, linewidth=0, zorder=2
            )
            ax.plot(
                along, mean, color=look.colour, linestyle=look.dash, linewidth=look.width, zorder=3
            )
    ax.locator_params(axis="y", nbins=5)


POSITIVE = {
    "angle": "flexion and dorsiflexion (angles)",
    "moment": "extension and plantarflexion (moments)",
    "power": "energy given by the joint (powers)",
}
"""What a positive number means."""


def _work_caption(rows: pd.DataFrame) -> str:
    positive = ", ".join(words for name, words in POSITIVE.items() if name in set(rows["quantity"]))
    several = int(rows["athletes"].max()) > 1
    run = (
        f"Fastest run of each of {_athletes(rows)}: mean, bands ± one standard deviation between "
        f"{who(rows)}s"
        if several
        else f"Fastest run of {_athletes(rows)}: mean of its steps"
    )
    return (
        f"{run}. Positive: {positive}. TD touchdown, TO toe-off; in the next step both legs "
        "change roles."
    )


def _work_alternative(rows: pd.DataFrame) -> str:
    lines = []
    for (quantity, line), line_rows in rows.groupby(["quantity", "line"], sort=False):
        words, unit = ROWS[str(quantity)]
        joint, role = str(line).split("_")
        ends = " to ".join(
            digits(float(end), unit) for end in (line_rows["mean"].min(), line_rows["mean"].max())
        )
        lines.append(f"{words.lower()} {joint}, {role} leg {ends} {unit}")
    over = f"{who(rows)}s" if int(rows["athletes"].max()) > 1 else "steps of one athlete"
    return f"Mean over {over}. {'; '.join(lines)}."


def _work_claim(rows: pd.DataFrame) -> str:
    powers = rows[rows["quantity"] == "power"]
    if powers["mean"].dropna().empty:
        return ""
    sizes = powers["mean"].abs()
    largest = powers.loc[sizes.sort_values(na_position="first").index[-1]]
    joint, role = str(largest["line"]).split("_")
    key = where(quantity="power", line=str(largest["line"]))
    size = marked(f"{abs(largest['mean']):.0f}", "", key, "mean", by="largest size")
    does = "gives" if largest["mean"] > 0.0 else "absorbs"
    return f"The {joint} of the {role} leg has the largest power: it {does} {size} W/kg"


JOINT_WORK = Figure(
    name="joint_work",
    title="Angles, moments and powers of the legs' joints",
    table=joint_work_rows,
    columns="phase_means",
    draw=draw_joint_work,
    caption=_work_caption,
    alternative=_work_alternative,
    claim=_work_claim,
)
