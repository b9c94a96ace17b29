"""What the plain solution says about the forces (clock, free moment's sign) and the motion.

Before any fit of motion and forces: afterwards the residual is what the fit left.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aqbio.config import ModelMap
from aqbio.config.model_map import Sides
from aqbio.contributions.level_a import LevelA, level_a
from aqbio.errors import Finding, distinct
from aqbio.gait.step_files import trial_contacts
from aqbio.inverse_kinematics.solved import Solution
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.names import SIDES
from aqbio.recordings.clock import LONGEST_DELAY, force_delay
from aqbio.recordings.contact_findings import free_moment_slope
from aqbio.vectors import FloatArray


def force_findings(
    solution: Solution, loads: tuple[ExternalLoad, ...], trial_id: str
) -> list[Finding]:
    """Findings about the forces of one trial, from its motion; none where parts were not observed.

    The acceleration of an unobserved part is missing: correct forces would be called late, or
    turned.
    """
    if solution.observed.lost_segments(solution.contact_window):
        return []
    skeleton, motion = solution.skeleton, solution.motion
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    balance = level_a(segment_motion(skeleton, kinematics), loads, gravity=skeleton.gravity)
    late = list(_clock(solution, balance, trial_id))
    # A late force leaves residuals of its own: first the clock, then signs.
    return late or list(_free_moment(solution, balance, trial_id))


ANGLES_INSTEAD = " An angle of the file with a wrong sign or unit looks the same."
"""What else makes the motion late where it comes from a file of joint angles."""


def _clock(solution: Solution, balance: LevelA, trial_id: str) -> Iterator[Finding]:
    """Finding that the forces come later or earlier than the motion asks for, by over a frame."""
    time, inside = solution.markers.time, solution.contact_window
    force = balance.force.sum(axis=1)[inside, 1]
    if not inside.any() or not np.isfinite(force).all():
        return
    gravity = solution.skeleton.gravity[1]
    asked = solution.skeleton.mass.sum() * (balance.com_acceleration[inside, 1] - gravity)
    delay, frame = force_delay(time[inside], force, asked), float(time[1] - time[0])
    if np.isinf(delay):
        yield Finding(
            rule="force-delay",
            severity="warning",
            what="no delay of up to "
            f"{1000 * LONGEST_DELAY:.0f} ms brings the vertical force to m (a + g) of the motion: "
            f"the forces are {'later' if delay > 0 else 'earlier'} than that, or not those of this "
            "motion.",
            trial=trial_id,
            limit=LONGEST_DELAY,
            unit="s",
            fix="look whether markers and forces are of the same trial and start together; do not "
            "use joint moments, residuals and contributions of this trial before.",
        )
    elif np.isfinite(delay) and abs(delay) > frame:
        side = "late" if delay > 0 else "early"
        yield Finding(
            rule="force-delay",
            severity="warning",
            what=f"the forces are {1000 * abs(delay):.0f} ms {side}, more than one marker frame "
            f"({1000 * frame:.0f} ms): the vertical force fits m (a + g) of the motion best there."
            f"{'' if solution.from_markers else ANGLES_INSTEAD}",
            trial=trial_id,
            number=delay,
            limit=frame,
            unit="s",
            fix="look at how cameras and plates are triggered; a known delay, the same in all, "
            "goes into laboratory.force_delay_s. Do not use joint moments, residuals and "
            "contributions of this trial before the clocks agree.",
        )


def _free_moment(solution: Solution, balance: LevelA, trial_id: str) -> Iterator[Finding]:
    """Finding that the free moment is reversed, where the residual can tell."""
    time = solution.markers.time
    number = np.full(len(time), -1)
    for place, one in enumerate(trial_contacts(solution.prepared)):
        if one.complete:
            number[(time >= one.touchdown) & (time <= one.toe_off)] = place
    free = balance.free_moment[..., 1].sum(axis=1)
    residual = balance.residual_moment[:, 1]
    known = (number >= 0) & np.isfinite(free + residual)
    slope = free_moment_slope(residual[known], free[known], number[known])
    if slope.reversed:
        before, after = (
            float(np.sqrt((values[known] ** 2).mean()))
            for values in (residual, residual + 2.0 * free)
        )
        yield Finding(
            rule="free-moment-sign",
            severity="warning",
            what="the free moment of the plates seems to have the wrong sign: with it turned round "
            f"the residual moment about the vertical falls from {before:.0f} to {after:.0f} N m "
            f"(slope {slope.value:.1f} ± {slope.error:.1f} over {slope.contacts} contacts; "
            "0 is right, -2 reversed).",
            trial=trial_id,
            number=slope.value,
            limit=-1.0,
            unit="1",
            fix="look at the sign of the plates' vertical moment in the capture software: it must "
            "be that of the load on the plate (C3D), or of the reaction on the runner (MOT).",
        )


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
    """Findings on what the motion contradicts: its own smoothness, and the sides of the arms."""
    removed = removed_degrees(solution)
    if removed > REMOVED_DEGREES:
        yield Finding(
            rule="motion-noisy",
            severity="warning",
            what=f"the low-pass at {cutoff:g} Hz takes "
            f"{distinct(removed, REMOVED_DEGREES, 1)} degrees (RMS) "
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
