"""B9 and B10: how fast the command line answers, how much memory a long motion takes."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.board import Row, Target, Verdict
from benchmarks.material import ROOT, Material
from benchmarks.rows.dynamics import ROUNDING

HELP = (sys.executable, "-c", "from aqbio.cli import main; main()", "--help")
LONG = 100_000
REPEATED = 100


def against_the_clock(material: Material) -> list[Row]:
    """B9: a fresh process that prints the help."""
    del material

    def gate(mine: subprocess.CompletedProcess[str], _: object) -> Verdict:
        good = mine.returncode == 0 and "contributions" in mine.stdout
        return Verdict(good, "prints every command")

    return [
        Row(
            "B9",
            "`aqbio --help`, a fresh process: beside a process that only imports NumPy",
            partial(_process, HELP),
            partial(_process, (sys.executable, "-c", "import numpy")),
            gate,
            Target("ours_s", "<=", 0.15),
        )
    ]


def within_memory(material: Material) -> list[Row]:
    """B10: inverse dynamics of a long motion, and of many trials, in a process of its own."""
    folder, motion = material.folder, material.motion
    arrays = folder / "motion.npz"
    np.savez(arrays, q=motion.q, u=motion.u, udot=motion.udot)

    def ours(what: str, count: int) -> dict[str, Any]:
        command = [sys.executable, "-m", "benchmarks.memory", what, str(count)]
        done = _process((*command, str(material.skeleton_file), str(arrays)))
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def peak(mine: dict[str, Any], _: object) -> Verdict:
        return Verdict(
            mine["apart"] <= ROUNDING,
            f"the first and last frames are those of the short motion to {mine['apart']:.1g} of "
            f"the peak; {mine['arrays_mb']:.0f} MB are the motion and its forces",
            mine["peak_mb"],
        )

    def growth(mine: dict[str, Any], _: object) -> Verdict:
        per_trial = mine["growth_mb"] / REPEATED
        words = f"{per_trial:.3f} MB a trial, the memory column is the whole growth"
        return Verdict(mine["apart"] <= ROUNDING, words, mine["growth_mb"])

    return [
        Row(
            "B10",
            f"peak memory of inverse dynamics over {LONG:,} frames, a process of its own, Python "
            "and libraries included",
            partial(ours, "peak", LONG),
            None,
            peak,
            Target("memory_mb", "<=", 300),
        ),
        Row(
            "B10.2",
            f"growth of memory over {REPEATED} trials of {len(motion.q)} frames in one process: "
            "kinematics, inverse dynamics, momentum",
            partial(ours, "growth", REPEATED),
            None,
            growth,
            Target("memory_mb", "<=", 0.1 * REPEATED),
        ),
    ]


def _process(command: tuple[str | Path, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
