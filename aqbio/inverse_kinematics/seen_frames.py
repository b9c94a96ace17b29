"""Which frames of a trial are solved, and which coordinates are not determined in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import ModelMap, Trial
from aqbio.errors import AqbioError, Finding
from aqbio.inverse_kinematics.solved import Solution
from aqbio.labels.by_name import landmark_table
from aqbio.labels.marker_set import model_landmarks
from aqbio.observed.determined import told_shares, usual_covariance
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import xarray as xr

MINIMUM_MARKERS = 10

MINIMUM_S, MINIMUM_FRAMES = 0.1, 6
"""Less cannot be low-passed, s, or carry a quintic spline."""


def seen_frames(enough: BoolArray, time: FloatArray, spans: FloatArray, trial: Trial) -> slice:
    """Frames of the stretch with enough markers that holds most contacts."""
    stretches = runs(enough)
    lengths = stretches[:, 1] - stretches[:, 0]
    shortest = _shortest(time)
    if not np.any(lengths >= shortest):
        raise AqbioError(
            f"at most {lengths.max(initial=0)} frames in a row, of {len(time)}, have the "
            f"{MINIMUM_MARKERS} markers that are needed; at least {shortest} must.",
            trial=trial.trial_id,
            fix="fill gaps in the capture software, or look at start_s and end_s in trials.tsv.",
            rule="markers-seen",
        )
    start, stop = max(
        stretches[lengths >= shortest],
        key=lambda one: (_held(one, time, spans), int(one[1] - one[0])),
    )
    return slice(int(start), int(stop))


def left_out_findings(
    enough: BoolArray, time: FloatArray, spans: FloatArray, used: slice, trial: Trial
) -> list[Finding]:
    """Findings on which frames were seen and left out, because those between were not seen."""
    others = [one for one in runs(enough) if int(one[0]) != used.start]
    if not others:
        return []
    spans = spans[(spans[:, 1] >= time[0]) & (spans[:, 0] <= time[-1])]
    inside = (spans[:, 0] >= time[used][0]) & (spans[:, 1] <= time[used][-1])
    between = "; ".join(f"{time[one[0]]:.3f} to {time[one[1] - 1]:.3f} s" for one in others)
    lost = int((~inside).sum())
    count = int(sum(stop - start for start, stop in others))
    return [
        Finding(
            rule="frames-left-out",
            severity="warning" if lost else "info",
            what=f"fewer than {MINIMUM_MARKERS} markers are seen in some frames; of what is seen "
            f"the part from {time[used][0]:.3f} to {time[used][-1]:.3f} s is used, with "
            f"{len(spans) - lost} of {len(spans)} contacts, and not the "
            f"{count} frame{'s' if count > 1 else ''} elsewhere.",
            trial=trial.trial_id,
            number=count,
            limit=0,
            where=between,
            fix="fill the gaps between in the capture software, or set start_s and end_s in "
            "trials.tsv to the part that you want."
            if lost
            else "",
        )
    ]


def contact_spans(prepared: xr.Dataset) -> FloatArray:
    """(N, 2) touchdown and toe-off of every contact, s; one stands in for the other if unknown."""
    if prepared.sizes.get("contact", 0) == 0:
        return np.zeros((0, 2))
    begins, ends = (prepared[f"contact_{name}"].values for name in ("touchdown", "toe_off"))
    spans: FloatArray = np.stack(
        [np.where(np.isnan(begins), ends, begins), np.where(np.isnan(ends), begins, ends)], axis=1
    )
    return spans


def _shortest(time: FloatArray) -> int:
    """Fewest frames in a row that can be solved."""
    rate = (len(time) - 1) / (time[-1] - time[0]) if len(time) > 1 else 0.0
    return max(int(np.ceil(MINIMUM_S * rate - 1e-6)), MINIMUM_FRAMES)


def _held(stretch: IntArray, time: FloatArray, spans: FloatArray) -> float:
    """How long feet are on the ground within a stretch, s."""
    first, last = time[stretch[0]], time[stretch[1] - 1]
    within = np.minimum(spans[:, 1], last) - np.maximum(spans[:, 0], first)
    return float(np.clip(within, 0.0, None).sum())


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
