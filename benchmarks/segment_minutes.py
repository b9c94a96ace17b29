"""Two more minutes: ``python -m benchmarks.segment_minutes --athletes 20 --write``.

The virtual athletes of `benchmarks.segment_truth` stand still on a plate as well, in the postures
of `benchmarks.postures`: quietly, in the two that promise most, and in all of them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from aqbio.io.segment_sources import segment_sources
from aqbio.mechanics.anthropometry.segment_sources import about_sources
from aqbio.mechanics.consistency.adjusted import adjusted_loads, adjusted_skeleton
from aqbio.mechanics.consistency.centres import CentreEstimates, centre_estimates
from aqbio.mechanics.consistency.evidence import fit_evidence
from aqbio.mechanics.consistency.fit import fit_trial
from aqbio.mechanics.consistency.parameters import estimates
from aqbio.mechanics.consistency.runner import Runner
from aqbio.mechanics.consistency.session import STATIC_SD, StaticStance, together
from aqbio.mechanics.consistency.suspicion import suspicions
from aqbio.mechanics.consistency.trial_fit import TrialFit
from aqbio.mechanics.inverse_kinematics.ik import inverse_kinematics
from aqbio.mechanics.multibody.motion import Motion, spline_motion
from aqbio.mechanics.multibody.poses import segment_poses, station_positions
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray, rotate
from benchmarks.body_calibration import calibrated
from benchmarks.body_forces import foot_loads, ground_wrench, observed, outcomes
from benchmarks.body_intervals import spreads
from benchmarks.body_outcomes import Found
from benchmarks.postures import POSTURES, momentum_slopes, recorded, standing_slopes
from benchmarks.segment_bodies import BELIEVED, Way, body_of, way_of
from benchmarks.segment_minutes_page import (
    ALL,
    BEST,
    OFTEN,
    OFTEN_BEST,
    RESULT,
    USUAL,
    WRONG,
    page,
)
from benchmarks.segment_truth import (
    LINE,
    LOADS,
    MEASURED,
    ROLES,
    SOURCES,
    TODAY,
    contacts,
    half_widths,
    mean_momentum,
    moves_of,
    rms,
    roles,
    whole_covariance,
    with_inertia_of,
)
from validation.bodies import CASES, FULL, MAP, RATE, VirtualBody, virtual_body

UPRIGHT, ON_THE_BACK = POSTURES[0].words, "lying on the back, on a board"
TURNED: Mapping[str, Mapping[str, float]] = {
    UPRIGHT: {},
    "arms out to both sides": {"arm_add_r": -90.0, "arm_add_l": -90.0},
    "arms held forward": {"arm_flex_r": 90.0, "arm_flex_l": 90.0},
    "right leg held out to the side": {"hip_adduction_r": -40.0},
    "left leg held out to the side": {"hip_adduction_l": -40.0},
    "right leg held straight ahead": {"hip_flexion_r": 60.0},
    "left leg held straight ahead": {"hip_flexion_l": 60.0},
    "trunk bent forward": {"lumbar_extension": -50.0},
    "trunk bent to the right": {"lumbar_bending": 25.0},
    "trunk bent to the left": {"lumbar_bending": -25.0},
    ON_THE_BACK: {"pelvis_tilt": 90.0},
    "lying on the side, on a board": {"pelvis_list": 90.0},
}
"""Coordinates of the sprint model in these postures, degrees."""
BEHIND = ("RPSI", "LPSI", "SACR", "C7", "T10", "RHEE", "LHEE")
"""Markers that nobody sees of a person on the back."""
GAIN, NOISE, LOADED = 0.005, (3.0, 2.0), 50.0
"""Of the plates in the run: each axis relative; each frame, N and N m; from which force they are
loaded. Each contact's centre of pressure is off as that of a posture."""
LOOSELY, SKIN_M, PRESSURE_M = np.radians(3.0), 0.006, 0.003
"""How a posture differs from what was asked for, each coordinate; how far skin is from where the
calibration has it, each marker; how far the centre of pressure is off: plate and sway."""
BEYOND = 2.0
"""How far the bodies of a wrong belief are, over those of a right one."""


@dataclass(frozen=True, eq=False)
class Believed:
    """One belief about one person, with what the run says."""

    words: str
    own: Skeleton
    runner: Runner
    fit: TrialFit
    plates: tuple[FloatArray, FloatArray]
    """What they read in the run: force, and moment about the ground's origin."""
    still: Mapping[str, StaticStance]
    slopes: FloatArray
    """(S, Q, P) array: how H_y of every contact hangs on what is not known of the body."""
    best: tuple[str, ...]
    """The two postures that promise most."""

    def states(self) -> Iterator[tuple[str, Sequence[str], int]]:
        """What was recorded beside the run, and how often that counts."""
        yield USUAL, (UPRIGHT,), 1
        yield BEST, (UPRIGHT, *self.best), 1
        yield ALL, tuple(self.still), 1
        yield OFTEN, (UPRIGHT,), 4
        yield OFTEN_BEST, (UPRIGHT, *self.best), 4


def judged(body: VirtualBody, seed: int) -> Iterator[dict[str, object]]:
    """Errors and half widths of stance means of the last run, by truth, belief and recordings."""
    found, sex, sources = calibrated(body, FULL), body.athlete.sex, segment_sources()
    held = postures(found.skeleton, body.skeleton, np.random.default_rng([seed, 78]))
    for truth in (MEASURED, LINE, BELIEVED, WRONG):
        random = np.random.default_rng([seed, 77])
        key = BELIEVED if truth == WRONG else truth
        true = body_of(body.skeleton, key, sex, random)
        if truth == WRONG:
            far = body.skeleton.com + BEYOND * (true.com - body.skeleton.com)
            true = replace(true, com=far)
        foot = body.stance[-1]
        motion = spline_motion(true, np.arange(len(foot)) / RATE, body.q[-1])
        ground = ground_wrench(true, motion)
        plates = on_plates(ground, foot, np.random.default_rng([seed, 79]))
        makers = {TODAY: None, SOURCES: about_sources}
        for words, make in makers.items():
            if make is not None and truth == WRONG:
                continue
            belief = None if make is None else make(sources, (truth, sex))
            still = {name: one.stance(true) for name, one in held.items()}
            one = _believed(words, found, way_of(found.skeleton, belief), body, plates, still)
            about = {"truth": truth, "seed": seed, "belief": words}
            yield from (about | row for row in _rows(one, body, true))


def _believed(
    words: str,
    found: Found,
    way: Way,
    body: VirtualBody,
    plates: tuple[FloatArray, FloatArray],
    still: Mapping[str, StaticStance],
) -> Believed:
    own = replace(found.skeleton, com=found.skeleton.com + way.mean)
    clock = np.arange(len(body.stance[-1])) / RATE
    seen = observed(own, body, clock, plates)
    left_open = spreads(found, own)["posterior"]
    runner = Runner(own, MAP.groups, left_open.open_centres(seen.start, np.ones(len(own.markers))))
    assert runner.open_centres is not None
    vars(runner)["centre_covariance"] = way.covariance + runner.open_centres
    fit = fit_trial(runner, seen)
    first = together(runner, [fit], runner.parameters, [still[UPRIGHT]])
    slopes = _slopes(own, fit.motion, body.stance[-1])
    best = _best(own, _moved(runner, *first), slopes, still)
    return Believed(words, own, runner, fit, plates, still, slopes, best)


@dataclass(frozen=True, eq=False)
class Held:
    """A posture as a person held it, and the pose that markers show on the calibrated body."""

    true: FloatArray
    """(C,) array, of the true body."""
    shown: FloatArray
    """(C,) array, of the calibrated one."""
    off: FloatArray
    """(3,) array, m: of the centre of pressure."""

    def stance(self, true: Skeleton) -> StaticStance:
        """What the plate says of a body with its own masses."""
        poses = segment_poses(true, self.true[None])
        points = (poses.origin + rotate(poses.rotation, true.com))[0]
        return StaticStance(self.shown, true.mass @ points / true.mass.sum() + self.off)


def on_plates(
    ground: tuple[FloatArray, FloatArray], foot: FloatArray, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """The ground's force and moment about its origin as plates read them."""
    force, moment = ground
    on = (foot != 0) & (force[:, 1] > LOADED)
    place = np.zeros_like(force)
    place[on, 0], place[on, 2] = moment[on, 2] / force[on, 1], -moment[on, 0] / force[on, 1]
    free = moment - np.cross(place, force)
    for side in (1.0, -1.0):
        own = on & (foot == side)
        contact = np.cumsum(np.diff(own, prepend=False) & own)
        shift = random.normal(0.0, PRESSURE_M, (contact[-1] + 1, 3)) * [1.0, 0.0, 1.0]
        place[own] += shift[contact[own]]
    noise = [on[:, None] * random.normal(0.0, sd, force.shape) for sd in NOISE]
    read = force * (1.0 + on[:, None] * random.normal(0.0, GAIN, 3)) + noise[0]
    return read, np.cross(place, read) + free + noise[1]


def postures(own: Skeleton, true: Skeleton, random: np.random.Generator) -> dict[str, Held]:
    """Every posture as it was recorded; where mass sits does not matter to it."""
    found = {}
    index = np.arange(len(own.markers))
    order = [true.markers.index(name) for name in own.markers]
    for words, turned in TURNED.items():
        q = posed(true, turned)
        q = q + np.where(true.coordinate_is_rotation, random.normal(0.0, LOOSELY, len(q)), 0.0)
        q[true.coordinate_locked] = true.coordinate_default[true.coordinate_locked]
        poses = segment_poses(true, q[None])
        places = station_positions(poses, true.marker_body, true.marker_position)[:, order]
        places = places + random.normal(0.0, SKIN_M, places.shape)
        hidden = BEHIND if words == ON_THE_BACK else ()
        weight = np.array([float(name not in hidden) for name in own.markers])
        shown = inverse_kinematics(own, places, index, weight).q[0]
        found[words] = Held(q, shown, random.normal(0.0, PRESSURE_M, 3))
    return found


def posed(skeleton: Skeleton, turned: Mapping[str, float]) -> FloatArray:
    """Coordinates of a posture, (C,)."""
    q = skeleton.coordinate_default.copy()
    for name, degrees in turned.items():
        q[skeleton.coordinates.index(name)] += np.radians(degrees)
    return q


def _slopes(own: Skeleton, motion: Motion, foot: FloatArray) -> FloatArray:
    """(S, Q, P) array: of every contact, by what is not known of the body."""
    return np.stack(
        [
            roles(own, right=right)
            @ momentum_slopes(own, moves_of(own, motion, frames)).mean(axis=0)
            for right, frames in contacts(foot)
        ]
    )


def _best(
    own: Skeleton, centres: CentreEstimates, slopes: FloatArray, still: Mapping[str, StaticStance]
) -> tuple[str, ...]:
    """The two postures after which the quantities are surest, one after the other."""
    covariance = whole_covariance(centres.covariance, own)
    rows = {
        words: standing_slopes(own, segment_poses(own, one.q[None]))
        for words, one in still.items()
        if words != UPRIGHT
    }
    chosen: list[str] = []
    for _ in range(2):
        left = {
            words: recorded(covariance, row, STATIC_SD)
            for words, row in rows.items()
            if words not in chosen
        }
        first = min(left, key=lambda words: _unsure(slopes, left[words]))
        chosen.append(first)
        covariance = left[first]
    return tuple(chosen)


def _unsure(slopes: FloatArray, covariance: FloatArray) -> float:
    """Standard deviations of all quantities and contacts together."""
    variance = np.einsum("sqi,ij,sqj->sq", slopes, covariance, slopes)
    return float(np.sqrt(variance).sum())


def _moved(runner: Runner, values: Mapping[str, float], covariance: FloatArray) -> CentreEstimates:
    found = estimates(runner.parameters, values, covariance)
    return centre_estimates(runner, found, covariance)


def _rows(one: Believed, body: VirtualBody, true: Skeleton) -> Iterator[dict[str, object]]:
    foot, runner, own = body.stance[-1], one.runner, one.own
    clock = np.arange(len(foot)) / RATE
    motion = spline_motion(true, clock, body.q[-1])
    right_loads = outcomes(true, motion, foot, foot_loads(foot, *ground_wrench(true, motion)))
    loads = foot_loads(foot, *one.plates)
    first = with_inertia_of(true, own)
    needed = true.com[[true.bodies.index(name) for name in own.bodies]] - own.com
    for words, names, often in one.states():
        about = {"recorded": words}
        still = [one.still[name] for name in names]
        values, covariance = together(runner, [one.fit] * often, runner.parameters, still)
        centres = _moved(runner, values, covariance)
        body_of_fit = with_inertia_of(true, adjusted_skeleton(runner, values))
        yield from (about | row for row in _told(centres, needed))
        again = one.fit
        refitted = words in (USUAL, BEST)
        if refitted:
            again = fit_trial(
                runner, one.fit.observations, one.fit.weights, runner.parameters, values, one.fit
            )
            doubts = suspicions(again.estimates, fit_evidence(again))
            yield about | {"quantity": "suspect", "error": float(bool(doubts))}
            fitted = outcomes(
                again.skeleton, again.motion, foot, adjusted_loads(loads, clock, again.values)
            )
            for name, right_values in right_loads.items():
                if name.startswith(LOADS):
                    yield about | {"quantity": name, "error": rms(fitted[name] - right_values)}
        for (right, frames), slopes in zip(contacts(foot), one.slopes, strict=True):
            matrix = roles(true, right=right)
            truth = matrix @ mean_momentum(true, motion, frames)
            placed = matrix @ mean_momentum(body_of_fit, motion, frames) - truth
            expected = matrix @ mean_momentum(first, motion, frames) - truth
            moved = matrix @ mean_momentum(again.skeleton, again.motion, frames) - truth
            halves = half_widths(slopes, centres.covariance, own)
            for number, quantity in enumerate(ROLES):
                yield about | {
                    "quantity": quantity,
                    "error": placed[number],
                    "before": expected[number],
                    "with_motion": moved[number] if refitted else np.nan,
                    "half": halves[number],
                }


def _told(centres: CentreEstimates, needed: FloatArray) -> Iterator[dict[str, object]]:
    """Every direction of centres: the share of its variance that is left, what it was to move."""
    values, directions = np.linalg.eigh(centres.prior_covariance)
    unsure = values > values[-1] * 1e-9
    inverse = directions[:, unsure] / np.sqrt(values[unsure])
    left, ways = np.linalg.eigh(inverse.T @ centres.covariance @ inverse)
    turned = (inverse @ ways).T
    for share, far, went in zip(
        left, turned @ needed.ravel(), turned @ centres.shift.ravel(), strict=True
    ):
        yield {"quantity": "direction", "half": share, "before": far, "error": went}


def measured(athletes: range) -> pd.DataFrame:
    """All rows of so many athletes with the usual skin."""
    return pd.DataFrame(
        row for seed in athletes for row in judged(virtual_body(CASES[0], seed), seed)
    )


def main() -> None:
    """Measure, or read rows that were measured; print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--athletes", type=int, default=24)
    parser.add_argument("--first", type=int, default=0, help="the first athlete's number")
    parser.add_argument("--rows", type=Path, nargs="+", help="kept here, and read where they are")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results")
    asked = parser.parse_args()
    files = asked.rows or []
    if files and all(file.is_file() for file in files):
        rows = pd.concat([pd.read_csv(file, sep="\t") for file in files])
    else:
        start = time.process_time()
        rows = measured(range(asked.first, asked.first + asked.athletes))
        print(f"{time.process_time() - start:.0f} CPU s")
        if files:
            rows.to_csv(files[0], sep="\t", index=False)
    text = page(rows, rows["seed"].nunique())
    print(text)
    if asked.write:
        RESULT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
