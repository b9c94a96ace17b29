"""Coordinates that a recording leaves open, of segments that are observed all the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aqbio.config import ModelMap
from aqbio.errors import Finding
from aqbio.landmarks.model_landmarks import model_landmarks
from aqbio.landmarks.table import landmark_table
from aqbio.mechanics.observed.determined import usual_covariance
from aqbio.mechanics.observed.helped import told_shares
from aqbio.mechanics.vectors import BoolArray, IntArray
from aqbio.stages.solve.solved import Solution

LEAST_SHARE = 0.1
"""A marker that takes away less of the variance is no help."""

SAMPLES = 25
"""Frames in which markers are tried."""


def undetermined_findings(
    solution: Solution, model_map: ModelMap, trial_id: str
) -> Iterator[Finding]:
    """Coordinates that are not determined, in how many frames, and the landmark that helps most."""
    names = solution.skeleton.coordinates
    lost = {index: _untold(solution, index) for index in range(len(names))}
    lost = {index: frames for index, frames in lost.items() if frames.any()}
    if not lost:
        return
    said = [f"{names[one]} ({int(frames.sum())} frames)" for one, frames in lost.items()]
    yield Finding(
        rule="coordinate-unobservable",
        severity="info",
        what=f"of {len(solution.markers.time)} frames, the recording does not tell "
        f"{', '.join(said)}: there the moments about these axes are missing, and the pose takes "
        "them from the frames beside or from the runner's mean posture.",
        trial=trial_id,
        number=float(len(lost)),
        unit="coordinates",
        fix=_help(solution, model_map, lost)
        or f"wear markers on {', '.join(dict.fromkeys(solution.ends(lost)))}, or fill their gaps.",
    )


def _untold(solution: Solution, coordinate: int) -> BoolArray:
    """(T,) bool: a coordinate is not told though all that it moves is seen."""
    return solution.carries(coordinate) & ~solution.shows(coordinate)


def _help(solution: Solution, model_map: ModelMap, lost: dict[int, BoolArray]) -> str:
    """Name the landmark of the model whose marker would have told most; empty where none would."""
    skeleton, worn = solution.skeleton, set(solution.markers.names)
    own = dict(
        zip(skeleton.markers, [skeleton.bodies[b] for b in skeleton.marker_body], strict=True)
    )
    places = model_landmarks(own, model_map, landmark_table()).places
    bare = {place: marker for place, marker in places.items() if marker not in worn}
    if not (bare and solution.from_markers):
        return ""
    frames = np.flatnonzero(np.any(list(lost.values()), axis=0))
    chosen = frames[np.unique(np.linspace(0, len(frames) - 1, SAMPLES).astype(int))]
    index = np.array([skeleton.markers.index(marker) for marker in bare.values()])
    shares = _shares(solution, chosen, index, np.array(list(lost)))
    best = int(np.argmax(shares))
    if shares[best] < LEAST_SHARE:
        return ""
    place = list(bare)[best]
    return f"a marker on the {place} would have told most ({shares[best]:.0%} of the variance)."


def _shares(solution: Solution, frames: IntArray, index: IntArray, wanted: IntArray) -> np.ndarray:
    """Share of the variance of some coordinates that each marker would take away, (M,)."""
    skeleton, q = solution.skeleton, solution.q_raw[frames]
    recorded = np.array([skeleton.markers.index(name) for name in solution.markers.names])
    covariance = usual_covariance(skeleton, q, recorded, solution.markers.positions[frames])
    return told_shares(skeleton, q, covariance, index, wanted)
