"""Findings of inverse kinematics about the forces, the motion, and the frames of a trial.

Before any fit of motion and forces: afterwards the residual is what the fit left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.special import log_ndtr

from aqbio.config import ModelMap, Trial
from aqbio.config.model_map import Sides
from aqbio.errors import AqbioError, Finding, distinct
from aqbio.inverse_kinematics.force_signs import COMPONENTS, factors, feet_loads
from aqbio.inverse_kinematics.solution import Solution
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.names import SIDES
from aqbio.observed.determined import usual_covariance, variance_shares
from aqbio.prepare.force_faults import PLATE_RARITY, ROWS
from aqbio.prepare.prepared import FLIPPED_FREE_MOMENT, MEASURED
from aqbio.rotation.level_a import LevelA, level_a
from aqbio.scale.calibration import best_landmark
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray

NOT_USED = "The free moment is not used."
"""Consequence of a wrong sign of the free moment."""


@dataclass(frozen=True, slots=True)
class FreeMoment:
    """Sign of the free moment, judged by the body's angular momentum."""

    state: str
    """As the attribute ``free_moment`` of a prepared trial."""
    factor: float = float("nan")
    sd: float = float("nan")
    """factor, sd: By which it acts on the body, 1 where it is right, and standard deviation."""
    side: str = ""
    """The only foot whose free moment is sign-flipped."""


def force_findings(
    solution: Solution, loads: tuple[ExternalLoad, ...], trial_id: str
) -> tuple[list[Finding], str]:
    """Findings about the forces of one trial, from its motion, and the state of its free moment.

    None where parts were not observed: their acceleration is missing, and correct forces would be
    called late, or sign-flipped.
    """
    recorded = str(solution.prepared.attrs["free_moment"])
    if solution.observed.lost_segments(solution.contact_window):
        return [], recorded
    skeleton, motion = solution.skeleton, solution.motion
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    balance = level_a(segment_motion(skeleton, kinematics), loads, gravity=skeleton.gravity)
    if recorded != MEASURED:
        return [], recorded
    judged = _free_moment(solution, loads, balance)
    return list(_free_moment_finding(judged, trial_id)), judged.state


FLIP_RARITY = ROWS["moment-y-sign"].rarity
"""A free moment is called sign-flipped when its factor is more probably below 0 than above by more
than a flip is rare, natural logarithm; where it is by less, the evidence does not tell its sign,
and it is used. Of 43 runs of 12 runners at 2 to 9.5 m/s the factor is 0.17 to 3.0, and 12 ± 5 in a
sprint; of a jog of which two stances are known, -3.7 ± 2.6 to 0.9 ± 2.9."""

FORCE_FACTOR_RANGE = (0.5, 1.5)
"""Factors of fore-aft and sideways force between which the forces are all of those that moved the
body: 0.77 to 1.13 in those runs."""


def _is_flipped(factor: float, sd: float, rarity: float) -> bool:
    """Tell whether a factor is below 0, more clearly than a flip is rare."""
    return bool(log_ndtr(-factor / sd) - log_ndtr(factor / sd) > rarity)


def _free_moment(solution: Solution, loads: Sequence[ExternalLoad], balance: LevelA) -> FreeMoment:
    """Judge by the angular momentum whether the free moment turns the body as it was measured.

    The motion is taken at the instants of the forces, by the lag that these have of it.
    """
    time = solution.markers.time
    lag = float(np.nan_to_num(solution.prepared.attrs.get("force_lag", 0.0)))
    com, momentum = (
        np.stack([np.interp(time - lag, time, x, np.nan, np.nan) for x in values.T], axis=1)
        for values in (balance.com, balance.momentum.sum(axis=1))
    )
    finite_frames = solution.contact_window & np.isfinite(balance.force).all(axis=(1, 2))
    finite_frames &= np.isfinite(com).all(axis=1) & np.isfinite(momentum).all(axis=1)
    height = float(solution.prepared.attrs["surface_height"])
    estimates = factors(time, com, momentum, feet_loads(loads, height), finite_frames)
    all_loads = np.ones(len(loads), dtype=np.bool_)
    if estimates is None or not all(
        FORCE_FACTOR_RANGE[0]
        < estimates.common(COMPONENTS.index(name), all_loads)[0]
        < FORCE_FACTOR_RANGE[1]
        for name in ("force_x", "force_z")
    ):
        return FreeMoment(MEASURED)
    component = COMPONENTS.index("free_moment")
    common_factor, sd = estimates.common(component, all_loads)
    if _is_flipped(common_factor, sd, FLIP_RARITY):
        return FreeMoment(FLIPPED_FREE_MOMENT, common_factor, sd)
    if common_factor < 0.0:  # what hides the sign of both hides that of one
        return FreeMoment(MEASURED, common_factor, sd)
    for foot, side in enumerate(SIDES):
        single_factor = estimates.common(component, np.arange(len(loads)) == foot)
        if _is_flipped(*single_factor, FLIP_RARITY + PLATE_RARITY):
            return FreeMoment(FLIPPED_FREE_MOMENT, *single_factor, side)
    return FreeMoment(MEASURED, common_factor, sd)


def _free_moment_finding(judged: FreeMoment, trial_id: str) -> Iterator[Finding]:
    """Finding that the sign of the free moment is flipped."""
    if judged.state == MEASURED:
        return
    foot = f" of the {judged.side} foot" if judged.side else ""
    yield Finding(
        rule="free-moment-sign",
        severity="warning",
        what=f"the sign of the free moment{foot} is flipped: the body turns about the vertical as "
        f"if that moment were {judged.factor:.1f} ± {judged.sd:.1f} times what was "
        f"recorded, and it must be more than 0. {NOT_USED}",
        trial=trial_id,
        number=judged.factor,
        limit=0.0,
        unit="1",
        where="free_moment_sign",
        fix="look at the sign of the plates' vertical moment in the capture software: it must "
        "be that of the load on the plate (C3D), or of the reaction on the runner (MOT).",
    )


MAX_REMOVED_DEG = 0.3
"""Root mean square, degrees, that the low-pass removes from the middle coordinate of a sound
recording: up to 0.22 in a sprint, 0.08 in jogs, 0.05 on a treadmill and 0.2 in 142 virtual runs."""

MAX_ARM_HIP_CORRELATION = 0.5
"""Correlation of each arm's flexion with that of the hip on its side, above which arms swing with
the wrong leg. Sound runs: -0.96 to -0.3, with restricted arms up to 0.2; exchanged: 0.3 to 0.96."""

MIN_ARM_SWING_DEG = 15.0
"""Smallest arm swing, peak to peak, by which sides are judged."""


def motion_findings(
    solution: Solution, model_map: ModelMap, cutoff: float, trial_id: str
) -> Iterator[Finding]:
    """Findings on what the motion contradicts: its own smoothness, and the sides of the arms."""
    removed = removed_degrees(solution)
    if removed > MAX_REMOVED_DEG:
        yield Finding(
            rule="motion-noisy",
            severity="warning",
            what=f"the low-pass at {cutoff:g} Hz takes "
            f"{distinct(removed, MAX_REMOVED_DEG, 1)} degrees (RMS) "
            f"from the middle joint angle, more than {MAX_REMOVED_DEG:g} as in sound recordings: "
            "there is noise in the angles, or the cut-off is too low for this motion. Momenta, "
            "their rates and joint moments are less sure than stated.",
            trial=trial_id,
            number=removed,
            limit=MAX_REMOVED_DEG,
            unit="degrees",
            fix="look at markers or angles for noise, and at prepare.cutoff_hz.",
        )
    swings = arm_swings(solution, model_map)
    if len(swings) == len(SIDES) and min(swings) > MAX_ARM_HIP_CORRELATION:
        yield Finding(
            rule="arms-in-phase",
            severity="warning",
            what="both arms swing forward with the leg of their own side (correlations of "
            f"{swings[0]:.2f} and {swings[1]:.2f}), which no runner's do: left and right arm are "
            "exchanged, or the sign of their flexion is flipped. The momentum of the arms, of the "
            "push side and of the whole body is wrong then.",
            trial=trial_id,
            number=min(swings),
            limit=MAX_ARM_HIP_CORRELATION,
            unit="correlation",
            fix="look at the labels or columns of both arms.",
        )


def removed_degrees(solution: Solution) -> float:
    """Root mean square of what the low-pass took from each free angle, the middle one, degrees."""
    skeleton, used = solution.skeleton, solution.contact_window
    angles = [c for c in skeleton.free if skeleton.coordinate_is_rotation[c]]
    removed = (solution.q_raw - solution.motion.q)[used][:, angles]
    return float(np.degrees(np.median(np.sqrt(np.nanmean(removed**2, axis=0)))))


def arm_swings(solution: Solution, model_map: ModelMap) -> tuple[float, ...]:
    """Correlation of each arm's flexion with that of the hip on its side; of arms that swing."""
    arms, hips = (_flexions(solution, model_map, joint) for joint in ("shoulder", "hip"))
    min_swing = np.radians(MIN_ARM_SWING_DEG)
    if arms is None or hips is None or np.ptp(arms, axis=0).min() < min_swing:
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


MIN_MARKERS = 10

MIN_STRETCH_S = 0.1
"""Less cannot be low-passed."""

MIN_STRETCH_FRAMES = 6
"""Less cannot carry a quintic spline."""


def choose_frames(
    enough_markers: BoolArray, time: FloatArray, spans: FloatArray, trial: Trial
) -> slice:
    """Frames of the stretch with enough markers that holds most contacts."""
    stretches = runs(enough_markers)
    lengths = stretches[:, 1] - stretches[:, 0]
    rate = (len(time) - 1) / (time[-1] - time[0]) if len(time) > 1 else 0.0
    shortest = max(int(np.ceil(MIN_STRETCH_S * rate - 1e-6)), MIN_STRETCH_FRAMES)
    if not np.any(lengths >= shortest):
        raise AqbioError(
            f"at most {lengths.max(initial=0)} frames in a row, of {len(time)}, have the "
            f"{MIN_MARKERS} markers that are needed; at least {shortest} must.",
            trial=trial.trial_id,
            fix="fill gaps in the capture software, or look at start_s and end_s in trials.tsv.",
            rule="markers-seen",
        )

    def contact_time(stretch: IntArray) -> tuple[float, int]:
        """Time that feet are on the ground within a stretch, s, and its number of frames."""
        first, last = time[stretch[0]], time[stretch[1] - 1]
        within = np.minimum(spans[:, 1], last) - np.maximum(spans[:, 0], first)
        return float(np.clip(within, 0.0, None).sum()), int(stretch[1] - stretch[0])

    start, stop = max(stretches[lengths >= shortest], key=contact_time)
    return slice(int(start), int(stop))


def left_out_findings(
    enough_markers: BoolArray, time: FloatArray, spans: FloatArray, used: slice, trial: Trial
) -> list[Finding]:
    """Findings on visible frames that were left out because of gaps between them."""
    other_runs = [run for run in runs(enough_markers) if int(run[0]) != used.start]
    if not other_runs:
        return []
    spans = spans[(spans[:, 1] >= time[0]) & (spans[:, 0] <= time[-1])]
    inside = (spans[:, 0] >= time[used][0]) & (spans[:, 1] <= time[used][-1])
    between = "; ".join(f"{time[run[0]]:.3f} to {time[run[1] - 1]:.3f} s" for run in other_runs)
    frames_left_out = int((~inside).sum())
    count = int(sum(stop - start for start, stop in other_runs))
    return [
        Finding(
            rule="frames-left-out",
            severity="warning" if frames_left_out else "info",
            what=f"fewer than {MIN_MARKERS} markers are seen in some frames; of what is seen "
            f"the part from {time[used][0]:.3f} to {time[used][-1]:.3f} s is used, with "
            f"{len(spans) - frames_left_out} of {len(spans)} contacts, and not the "
            f"{count} frame{'s' if count > 1 else ''} elsewhere.",
            trial=trial.trial_id,
            number=count,
            limit=0,
            where=between,
            fix="fill the gaps between in the capture software, or set start_s and end_s in "
            "trials.tsv to the part that you want."
            if frames_left_out
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


SAMPLED_FRAMES = 25
"""Frames in which markers are tried."""


def undetermined_findings(
    solution: Solution, model_map: ModelMap, trial_id: str
) -> Iterator[Finding]:
    """Coordinates that are not determined, in how many frames, and the landmark that helps most."""
    names = solution.skeleton.coordinates
    undetermined = {
        coordinate: solution.observes(coordinate) & ~solution.determines(coordinate)
        for coordinate in range(len(names))
    }
    undetermined = {index: frames for index, frames in undetermined.items() if frames.any()}
    if not undetermined:
        return
    counts = [
        f"{names[coordinate]} ({int(frames.sum())} frames)"
        for coordinate, frames in undetermined.items()
    ]
    yield Finding(
        rule="coordinate-unobservable",
        severity="info",
        what=f"of {len(solution.markers.time)} frames, the recording does not tell "
        f"{', '.join(counts)}: there the moments about these axes are missing, and the pose takes "
        "them from the frames beside or from the runner's mean posture.",
        trial=trial_id,
        number=float(len(undetermined)),
        unit="coordinates",
        fix=_help(solution, model_map, undetermined)
        or f"wear markers on {', '.join(dict.fromkeys(solution.first_segments(undetermined)))}, "
        "or fill "
        "their gaps.",
    )


def _help(solution: Solution, model_map: ModelMap, undetermined: dict[int, BoolArray]) -> str:
    """Name the landmark whose marker would have determined most; empty where none would."""
    if not solution.from_markers:
        return ""
    skeleton, worn = solution.skeleton, solution.markers.names
    frames = np.flatnonzero(np.any(list(undetermined.values()), axis=0))
    chosen = frames[np.unique(np.linspace(0, len(frames) - 1, SAMPLED_FRAMES).astype(int))]

    def shares(index: IntArray) -> FloatArray:
        q, recorded = solution.q_raw[chosen], np.array([skeleton.markers.index(n) for n in worn])
        covariance = usual_covariance(skeleton, q, recorded, solution.markers.positions[chosen])
        return variance_shares(skeleton, q, covariance, index, np.array(list(undetermined)))

    landmark = best_landmark(skeleton, model_map, worn, shares)
    return f"{landmark}." if landmark else ""
