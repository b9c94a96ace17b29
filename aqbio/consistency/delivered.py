"""What a fit delivers, against the plain way: where its markers are, and how its moments change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aqbio.consistency.balance import adjusted_loads
from aqbio.consistency.fit import TrialFit
from aqbio.consistency.stances import planted_contacts
from aqbio.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import BoolArray, FloatArray

SUDDEN_S = 0.020
"""Changes of a joint moment within this time are looked at, s."""


def segment_displacements(fit: TrialFit, frames: BoolArray) -> dict[str, float]:
    """Root mean square of them by segment with markers, m, over frames (T,)."""
    skeleton, moved = fit.runner.skeleton, fit.markers_moved(fit.observations.start)[frames]
    carrier = skeleton.marker_body[fit.observations.marker_index]
    return {
        skeleton.bodies[body]: float(np.sqrt(np.nanmean(moved[:, carrier == body] ** 2)))
        for body in np.unique(carrier[np.isfinite(moved).any(axis=0)])
    }


def sudden_change(fit: TrialFit, loads: Sequence[ExternalLoad]) -> tuple[str, float]:
    """Joint whose moment changes more within 20 ms than the plain one ever does.

    Name of the coordinate and how much more, N m; over the measured frames from first touchdown to
    last toe-off. NaN without loads.
    """
    seen, skeleton = fit.observations, fit.skeleton
    joints = [
        one
        for one in skeleton.free
        if skeleton.coordinate_is_rotation[one] and not fit.runner.root[one]
    ]
    if not loads or not joints or not len(seen.contacts):
        return "", float("nan")
    adjusted = adjusted_loads(loads, seen.time, fit.values)
    plain = _moments(fit.runner.skeleton, seen.plain, loads)[:, joints]
    fitted = _moments(skeleton, fit.motion, adjusted)[:, joints]
    inside = (seen.time >= seen.contacts[0, 0]) & (seen.time <= seen.contacts[-1, 1])
    usable = inside & fit.measured & np.isfinite(plain + fitted).all(axis=1)
    apart = max(round(SUDDEN_S * seen.rate), 1)
    both = usable[apart:] & usable[:-apart]
    if not both.any():
        return "", float("nan")
    largest = [np.abs(one[apart:] - one[:-apart])[both].max(axis=0) for one in (plain, fitted)]
    more = largest[1] - largest[0]
    joint = int(more.argmax())
    return skeleton.coordinates[joints[joint]], float(more[joint])


def added_slip(fit: TrialFit) -> float:
    """How much farther the planted forefoot slides than with the plain motion, m, horizontally.

    Largest over the measured contacts; NaN without any, and on a belt, whose way is not known here.
    """
    seen, found = fit.observations, [np.nan]
    if seen.drag:
        places = [fit.solver.recorded_markers(q) for q in (seen.plain.q, fit.motion.q)]
        for _, frames, forefoot in planted_contacts(fit.runner, seen):
            ends = np.flatnonzero(frames)[[0, -1]]
            ways = [np.diff(one[ends][:, forefoot].mean(axis=1), axis=0)[0] for one in places]
            plain, fitted = (float(np.hypot(way[0], way[2])) for way in ways)
            found.append(fitted - plain)
    return float(np.nanmax(found)) if len(found) > 1 else float("nan")


def _moments(skeleton: Skeleton, motion: Motion, loads: Sequence[ExternalLoad]) -> FloatArray:
    """Generalised forces (T, C) of a motion."""
    moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    return inverse_dynamics(skeleton, moves, loads)
