"""Memory of a process of its own: ``python -m benchmarks.memory peak|growth COUNT FILES``."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import numpy as np

from aqbio.io.skeleton import load_skeleton
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray
from benchmarks.chunked import motion_forces

State = tuple[FloatArray, FloatArray, FloatArray]

WARM = 5
"""Trials before growth is counted."""


def peak(skeleton: Skeleton, trial: State, frames: int) -> dict[str, float]:
    """Inverse dynamics of a long motion: the trial again and again."""
    expected = motion_forces(skeleton, trial)
    length = len(expected)
    times = -(-frames // length)
    q, u, udot = (np.tile(values, (times, 1))[:frames] for values in trial)
    tau = motion_forces(skeleton, (q, u, udot))
    last = frames - (times - 1) * length
    most, arrays = most_mb(), sum(values.nbytes for values in (q, u, udot, tau))
    apart = max(
        _apart(tau[:length], expected[:frames]),
        _apart(tau[-last:], expected[:last]),
    )
    return {"apart": apart, "peak_mb": most, "arrays_mb": arrays / 1e6}


def growth(skeleton: Skeleton, trial: State, trials: int) -> dict[str, float]:
    """Everything that is computed of a trial, many times."""
    expected = motion_forces(skeleton, trial)
    apart = before = 0.0
    for number in range(WARM + trials):
        if number == WARM:
            before = most_mb()
        segments = segment_motion(skeleton, segment_kinematics(skeleton, *trial))
        com, velocity, _ = centre_of_mass(segments)
        angular_momentum(segments, com, velocity)
        apart = max(apart, _apart(motion_forces(skeleton, trial), expected))
    return {"apart": apart, "growth_mb": most_mb() - before}


def _apart(found: FloatArray, expected: FloatArray) -> float:
    """Largest difference as a part of the largest value."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def most_mb() -> float:
    """Most memory that this process has had, MB of a million bytes.

    Linux hands the peak of the process that started this one on to ``getrusage``; its own is in
    ``/proc``.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        lines = status.read_text(encoding="utf-8").splitlines()
        [line] = [line for line in lines if line.startswith("VmHWM")]
        return float(line.split()[1]) * 1024.0 / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most * (1.0 if sys.platform == "darwin" else 1024.0) / 1e6


def main(arguments: list[str]) -> None:
    """Print what was found as JSON."""
    what, count, skeleton_file, arrays = arguments
    skeleton = load_skeleton(Path(skeleton_file))
    with np.load(arrays) as file:
        trial = (file["q"], file["u"], file["udot"])
    measure = {"peak": peak, "growth": growth}[what]
    print(json.dumps(measure(skeleton, trial, int(count))))


if __name__ == "__main__":
    main(sys.argv[1:])
