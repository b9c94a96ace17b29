"""Draw the figures of docs/virtual_sprinters.md; those with recorded data need AQBIO_REALDATA.

Run from the repository: ``python -m docs.make_virtual_figures docs/images``
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aqbio.figures.style import GREY, INK
from aqbio.multibody.poses import segment_poses, station_positions
from aqbio.virtual.gait import Gait
from aqbio.virtual.truth import run_truth
from docs.recorded_gait import ANGLES, JA1, PERCENT, RUNS, design_like, recorded_gait
from validation.gaits.generator import generated_gait
from validation.gaits.measures import gait_measures
from validation.gaits.parameters import interpolated, presets, reference_speed, steady

RIGHT, LEFT, TRUNK = "#0072B2", "#D55E00", INK
INSTANTS = 10


def sticks(gait: Gait, time: np.ndarray) -> dict[str, np.ndarray]:
    """Lines of a stick figure, (T, points, 3), by colour."""
    skeleton, g = gait.skeleton, gait.athlete.lengths
    poses = segment_poses(skeleton, gait.states(time)[0])

    def points(*points_on_bodies: tuple[str, tuple[float, float, float]]) -> np.ndarray:
        body = np.array([skeleton.bodies.index(name) for name, _ in points_on_bodies])
        return station_positions(
            poses, body, np.array([position for _, position in points_on_bodies])
        )

    origin = (0.0, 0.0, 0.0)
    lines = {}
    for side in "rl":
        sole = -g.ankle_height
        lines[f"leg_{side}"] = points(
            ("pelvis", origin),
            (f"femur_{side}", origin),
            (f"tibia_{side}", origin),
            (f"foot_{side}", origin),
            (f"foot_{side}", (-g.heel, sole, 0.0)),
            (f"foot_{side}", (g.ball, sole, 0.0)),
            (f"toes_{side}", (g.toes, 0.27 * sole, 0.0)),
            (f"toes_{side}", origin),
            (f"foot_{side}", origin),
        )
        lines[f"arm_{side}"] = points(
            ("torso", (0.0, g.shoulder_y + 0.03, 0.0)),
            (f"humerus_{side}", origin),
            (f"radius_{side}", origin),
            (f"radius_{side}", (0.0, -g.forearm - 0.6 * g.hand, 0.0)),
        )
    lines["trunk"] = points(
        ("pelvis", origin), ("torso", origin), ("torso", (0.0, g.shoulder_y + 0.03, 0.0))
    )
    lines["head"] = points(
        ("torso", (0.01, g.shoulder_y + 0.13, 0.0)), ("torso", (0.02, g.shoulder_y + 0.25, 0.0))
    )
    return lines


def strip(axes: Axes, gait: Gait, view: int) -> None:
    """Draw a step at ten instants, from the side (0) or from behind (2)."""
    time = np.linspace(0.0, float(gait.timeline.step[0]), INSTANTS)
    lines = sticks(gait, time)
    truth = run_truth(gait, time)
    cop, _ = truth.loads.cop(20.0)
    weight = gait.athlete.mass * 9.80665
    for frame in range(INSTANTS):
        shift = 1.15 * frame - truth.com[frame, view] if view == 0 else 0.85 * frame
        for name in ("leg_l", "arm_l", "trunk", "head", "leg_r", "arm_r"):
            colour = {"l": LEFT, "r": RIGHT}.get(name[-1] if "_" in name else "", TRUNK)
            path = lines[name][frame]
            width = 5.0 if name == "head" else 1.6
            axes.plot(
                path[:, view] + shift, path[:, 1], color=colour, lw=width, solid_capstyle="round"
            )
        for foot in range(2):
            if np.isfinite(cop[frame, foot, 0]):
                force = truth.loads.force[frame, foot] / weight / 4.0
                base = cop[frame, foot]
                axes.plot(
                    [base[view] + shift, base[view] + force[view] + shift],
                    [0.0, force[1]],
                    color="#009E73",
                    lw=1.0,
                )
        text_x = 1.15 * frame if view == 0 else 0.85 * frame
        axes.text(text_x, -0.13, f"{1000 * time[frame]:.0f} ms", ha="center", fontsize=6)
    axes.axhline(0.0, color=GREY, lw=0.5)
    axes.set_aspect("equal")
    axes.set_axis_off()


def strip_figure() -> Figure:
    """Stick figures of a step at 9.5 m/s, from the side and from behind."""
    step = interpolated(presets(), reference_speed(JA1, 9.5))
    gait = generated_gait(steady(JA1, 9.5, step)).gait
    figure = Figure(figsize=(7.1, 3.4), layout="constrained")
    axes = figure.subplots(2, 1)
    strip(axes[0], gait, 0)
    strip(axes[1], gait, 2)
    return figure


def angle_figure(realdata: Path) -> Figure:
    """Hip, knee and ankle over the stride, virtual over recorded."""
    figure = Figure(figsize=(7.1, 3.6), layout="constrained")
    grid = figure.subplots(2, 3, sharex=True)
    for row, speed in zip(grid, RUNS, strict=True):
        recorded = recorded_gait(realdata, speed)
        solved = generated_gait(design_like(recorded, speed))
        measures = gait_measures(solved)
        for axes, (name, (coordinate, _)) in zip(row, ANGLES.items(), strict=True):
            curve = np.interp(
                PERCENT, measures.stride, measures.angles[f"{coordinate}_r"], period=1.0
            )
            error = np.sqrt(np.mean((curve - recorded.angles[name]) ** 2))
            axes.plot(
                100 * PERCENT, recorded.angles[name], color=GREY, lw=1.2, label="recorded (JA1)"
            )
            axes.plot(100 * PERCENT, curve, color=RIGHT, lw=1.2, label="virtual")
            axes.axvline(
                100 * solved.gait.timeline.contact[0] / solved.gait.timeline.step[:2].sum(),
                color=GREY,
                lw=0.5,
                ls=":",
            )
            axes.set_title(f"{name}, {speed:g} m/s (RMS {error:.1f}°)", fontsize=7)
            axes.tick_params(labelsize=6)
        row[0].set_ylabel("flexion, degrees", fontsize=7)
    for axes in grid[1]:
        axes.set_xlabel("% of stride", fontsize=7)
    grid[0, 0].legend(fontsize=6, frameon=False)
    return figure


def force_figure(realdata: Path) -> Figure:
    """Ground reaction forces over the contact, virtual over recorded."""
    figure = Figure(figsize=(7.1, 3.6), layout="constrained")
    grid = figure.subplots(2, 3, sharex=True)
    labels = ("forward", "up", "toward the stance side")
    for row, speed in zip(grid, RUNS, strict=True):
        recorded = recorded_gait(realdata, speed)
        gait = generated_gait(design_like(recorded, speed)).gait
        time = np.linspace(0.0, float(gait.timeline.contact[0]), 101)
        force = run_truth(gait, time).loads.force[:, 1] / (JA1.mass * 9.80665)
        for index, (axes, label) in enumerate(zip(row, labels, strict=True)):
            for curve in recorded.forces:
                axes.plot(100 * PERCENT, curve[:, index], color=GREY, lw=0.7)
            axes.plot(100 * PERCENT, force[:, index], color=RIGHT, lw=1.4)
            axes.set_title(f"{label}, {speed:g} m/s", fontsize=7)
            axes.tick_params(labelsize=6)
        row[0].set_ylabel("body weights", fontsize=7)
    for axes in grid[1]:
        axes.set_xlabel("% of contact", fontsize=7)
    return figure


def main() -> None:
    """Write the figures as SVG."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--format", default="svg", choices=["svg", "png"])
    chosen = parser.parse_args()
    mpl.rcParams["svg.hashsalt"] = "aqbio"
    figures = {"virtual_strip": strip_figure()}
    realdata = os.environ.get("AQBIO_REALDATA")
    if realdata:
        figures["virtual_angles"] = angle_figure(Path(realdata))
        figures["virtual_forces"] = force_figure(Path(realdata))
    metadata = {"Date": None} if chosen.format == "svg" else None
    for name, figure in figures.items():
        figure.savefig(chosen.folder / f"{name}.{chosen.format}", metadata=metadata, dpi=150)


if __name__ == "__main__":
    main()
