"""Draw what skin does in a sprint, and what fits take for it; virtual, so that the truth is known.

Run from the repository: ``python -m docs.make_skin_figure docs/images``
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from aqbio.consistency.fit import TrialFit, fit_trial
from aqbio.figures.style import GREY, INK
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.poses import segment_poses
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray
from benchmarks.consistency_truth import ARMS, LEARNT, SETTINGS, observed, recorded
from validation.recordings.known_run import KnownRun, known_runner

SPRINTER, USUAL = 1, SETTINGS[2]
SEGMENTS = {"femur_r": "right thigh", "tibia_r": "right shank", "torso": "trunk"}
AXES = ("forward", "up", "to the right")
BLUE, ORANGE = "#0072B2", "#D55E00"


def of_the_fit(made: KnownRun, fit: TrialFit, body: int) -> FloatArray:
    """Mean displacement of a segment's markers from the fitted bone, its axes, (T, 3), mm."""
    apart = made.markers - marker_positions(fit.skeleton, fit.motion.q)
    rotation = segment_poses(fit.skeleton, fit.motion.q).rotation
    return _within(apart, rotation, fit.skeleton, body)


def of_the_truth(made: KnownRun, body: int) -> FloatArray:
    """The same from the true bone."""
    recording = made.run.recording
    return _within(made.markers - recording.markers, recording.rotation, made.model, body)


def _within(apart: FloatArray, rotation: FloatArray, skeleton: Skeleton, body: int) -> FloatArray:
    mean = apart[:, skeleton.marker_body == body].mean(axis=1)
    return np.asarray(1e3 * np.einsum("tab,ta->tb", rotation[:, body], mean))


def figure(made: KnownRun, fits: dict[str, TrialFit]) -> Figure:
    """Truth black, errors that are learnt blue, errors that are new in every frame orange."""
    drawn = Figure(figsize=(6.3, 4.2), layout="constrained")
    grid = drawn.subplots(len(SEGMENTS), 3, sharex=True, sharey="row")
    shown = made.window
    time = made.time[shown] - made.contacts[0, 0]
    looks = {
        "truth": (INK, "-", 1.6),
        "fit, errors learnt": (BLUE, "-", 1.1),
        "fit, errors new in every frame": (ORANGE, "--", 1.0),
    }
    for row, (segment, words) in zip(grid, SEGMENTS.items(), strict=True):
        row[0].set_ylabel(f"{words}, mm")
        body = made.model.bodies.index(segment)
        every = [of_the_truth(made, body)]
        every += [of_the_fit(made, fits[name], body) for name in (LEARNT, "30/10")]
        for (name, (colour, line, width)), moved in zip(looks.items(), every, strict=True):
            for axes, course in zip(row, moved[shown].T, strict=True):
                axes.plot(time, course, line, color=colour, linewidth=width, label=name)
    for axes in grid.flat:
        for touchdown, toe_off in made.contacts - made.contacts[0, 0]:
            axes.axvspan(touchdown, toe_off, color=GREY, alpha=0.15, linewidth=0)
        axes.spines[["top", "right"]].set_visible(False)
    for axes, words in zip(grid[0], AXES, strict=True):
        axes.set_title(words, fontsize=8)
    for axes in grid[-1]:
        axes.set_xlabel("time, s")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    return drawn


def main() -> None:
    """Record, fit both ways, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    mpl.rcParams.update({"font.size": 8, "svg.fonttype": "none", "svg.hashsalt": "aqbio"})
    made = recorded(USUAL, SPRINTER)
    seen = observed(USUAL, made)
    fits = {name: fit_trial(known_runner(made), seen, ARMS[name]) for name in ("30/10", LEARNT)}
    figure(made, fits).savefig(folder / "skin.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
