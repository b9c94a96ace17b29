"""Draw what was believed and what was learnt of JA1's body; needs AQBIO_REALDATA.

Run from the repository: ``python -m docs.make_body_figure docs/images``
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aqbio.body.posterior import LengthBelief, lengths
from aqbio.figures.style import GREY, INK
from benchmarks.body_real import calibrated_body, prepared
from benchmarks.body_sessions import JA1_CLUSTERS, SESSIONS, Variant

INTERVAL, ACROSS = 1.959964, 0.22
BLUE = "#0072B2"


def rows_of(axes: Axes, found: list[LengthBelief], shift: float, colour: str, words: str) -> None:
    """Draw what recordings say of every length against what was expected, mm."""
    height = np.arange(len(found))[::-1] + shift
    centre = 1e3 * np.array([one.length - one.expected for one in found])
    half = 1e3 * INTERVAL * np.array([one.sd for one in found])
    axes.errorbar(centre, height, xerr=half, fmt="o", ms=3.5, lw=1.4, color=colour, label=words)


def figure(every: list[LengthBelief], clusters: list[LengthBelief]) -> Figure:
    """Grey: believed before; black: all recordings; blue: clusters in movement alone."""
    drawn = Figure(figsize=(6.3, 3.6), layout="constrained")
    axes = drawn.subplots()
    height = np.arange(len(every))[::-1]
    half = 1e3 * INTERVAL * np.array([one.expected_sd for one in every])
    axes.barh(height, 2.0 * half, left=-half, height=0.62, color=GREY, alpha=0.25,
              label="believed from sex and mass")  # fmt: skip
    axes.axvline(0.0, color=GREY, linewidth=0.8)
    rows_of(axes, every, ACROSS / 2.0, INK, "static trial, jog and sprint, all markers")
    rows_of(axes, clusters, -ACROSS / 2.0, BLUE, "jog and sprint, no landmark of knees and ankles")
    names = [f"{one.words.removeprefix('the ')}  {1e3 * one.length:.0f} mm" for one in every]
    axes.set_yticks(height, names)
    axes.set_xlabel("length less what was expected, mm (95 % intervals)")
    axes.spines[["top", "right"]].set_visible(False)
    drawn.legend(loc="outside upper center", ncols=1, frameon=False, fontsize=8)
    return drawn


def main() -> None:
    """Calibrate JA1 twice and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    mpl.rcParams.update({"font.size": 8, "svg.fonttype": "none", "svg.hashsalt": "aqbio"})
    found = []
    with tempfile.TemporaryDirectory(prefix="body-") as scratch:
        base = prepared(SESSIONS[0], Path(scratch) / "base", Path(os.environ["AQBIO_REALDATA"]))
        for number, variant in enumerate((Variant("all data"), JA1_CLUSTERS)):
            fit = calibrated_body(base, variant, Path(scratch) / str(number))
            found.append(list(lengths(fit)))
    figure(*found).savefig(folder / "body.svg", metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main()
