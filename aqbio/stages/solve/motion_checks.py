"""What the motion says against its files: noise, a cut-off too low, exchanged arms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aqbio.config import ModelMap
from aqbio.config.model_map import Sides
from aqbio.errors import Finding
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import SIDES
from aqbio.stages.solve.solved import Solution

REMOVED_DEGREES = 0.3
"""What the low-pass takes from the middle coordinate of a sound recording, degrees (root mean
square): up to 0.22 in a sprint, 0.08 in jogs, 0.05 on a treadmill and 0.2 in 142 virtual runs."""

TOGETHER = 0.5
"""Correlation of each arm's flexion with that of the hip on its side, above which arms swing with
the wrong leg. Sound runs: -0.96 to -0.3, with restricted arms up to 0.2; exchanged: 0.3 to 0.96."""

SWING_DEGREES = 15.0
"""Arms that swing less, peak to peak, say nothing about their sides."""


def motion_findings(
    solution: Solution, model_map: ModelMap, cutoff: float, trial_id: str
) -> Iterator[Finding]:
    """Say what the motion contradicts: its own smoothness, and the sides of the arms."""
    removed = removed_degrees(solution)
    if removed > REMOVED_DEGREES:
        yield Finding(
            rule="motion-noisy",
            severity="warning",
            what=f"the low-pass at {cutoff:g} Hz takes {removed:.2f} degrees (root mean square) "
            f"from the middle joint angle, more than {REMOVED_DEGREES:g} as in sound recordings: "
            "there is noise in the angles, or the cut-off is too low for this motion. Momenta, "
            "their rates and joint moments are less sure than stated.",
            trial=trial_id,
            number=removed,
            limit=REMOVED_DEGREES,
            unit="degrees",
            fix="look at markers or angles for noise, and at prepare.cutoff_hz.",
        )
    swings = arm_swings(solution, model_map)
    if len(swings) == len(SIDES) and min(swings) > TOGETHER:
        yield Finding(
            rule="arms-in-phase",
            severity="warning",
            what="both arms swing forward with the leg of their own side (correlations of "
            f"{swings[0]:.2f} and {swings[1]:.2f}), which no runner's do: left and right arm are "
            "exchanged, or the sign of their flexion is turned. The momentum of the arms, of the "
            "push side and of the whole body is wrong then.",
            trial=trial_id,
            number=min(swings),
            limit=TOGETHER,
            unit="correlation",
            fix="look at the labels or columns of both arms.",
        )


def removed_degrees(solution: Solution) -> float:
    """Root mean square of what the low-pass took from each free angle, the middle one, degrees."""
    skeleton, used = solution.skeleton, solution.contact_window
    angles = [c for c in skeleton.free if skeleton.coordinate_is_rotation[c]]
    taken = (solution.q_raw - solution.motion.q)[used][:, angles]
    return float(np.degrees(np.median(np.sqrt(np.nanmean(taken**2, axis=0)))))


def arm_swings(solution: Solution, model_map: ModelMap) -> tuple[float, ...]:
    """Correlation of each arm's flexion with that of the hip on its side; of arms that swing."""
    arms, hips = (_flexions(solution, model_map, joint) for joint in ("shoulder", "hip"))
    least = np.radians(SWING_DEGREES)
    if arms is None or hips is None or np.ptp(arms, axis=0).min() < least:
        return ()
    if solution.observed.lost_segments(solution.contact_window):
        return ()
    pairs = zip(arms.T, hips.T, strict=True)
    return tuple(float(np.corrcoef(arm, hip)[0, 1]) for arm, hip in pairs)


def _flexions(solution: Solution, model_map: ModelMap, joint: str) -> FloatArray | None:
    """(T, 2) array, rad: flexion of the left and of the right joint during the contacts."""
    names, sign = model_map.sagittal.get(joint), model_map.flexion.get(joint)
    if not isinstance(names, Sides) or sign is None:
        return None
    index = [solution.skeleton.coordinates.index(getattr(names, side)) for side in SIDES]
    return np.asarray(sign * solution.motion.q[solution.contact_window][:, index])
