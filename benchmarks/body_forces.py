"""Bodies of one's own under forces: ``python -m benchmarks.body_forces --athletes 10 --write``.

Virtual athletes of `validation.bodies` (sizes, masses by volume, marker places, hinge axes and
skin of their own), calibrated from their recordings; their centres of mass are displaced as well.
The ground exerts what the true motion of the true body needs. Motion and forces are then fitted
together with more and less left open about where the mass sits.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import aqbio
from aqbio.io.atomic import write_text
from aqbio.mechanics.consistency.adjusted import adjusted_loads
from aqbio.mechanics.consistency.evidence import fit_evidence
from aqbio.mechanics.consistency.fit import fit_trial
from aqbio.mechanics.consistency.observations import GroundWrench, Observations
from aqbio.mechanics.consistency.parameters import CENTRES
from aqbio.mechanics.consistency.runner import Runner
from aqbio.mechanics.consistency.suspicion import suspicions
from aqbio.mechanics.consistency.trial_fit import TrialFit
from aqbio.mechanics.consistency.weights import Weights
from aqbio.mechanics.inverse_kinematics.ik import inverse_kinematics
from aqbio.mechanics.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.mechanics.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.mechanics.multibody.momentum import (
    angular_momentum,
    angular_momentum_rate,
    centre_of_mass,
)
from aqbio.mechanics.multibody.motion import Motion, spline_motion
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.recordings.filters import low_pass
from aqbio.mechanics.vectors import BoolArray, FloatArray
from aqbio.virtual.truth import FEET
from benchmarks.body_calibration import calibrated
from benchmarks.body_intervals import spreads
from benchmarks.body_outcomes import CUTOFF, EDGE, Found
from validation.bodies import CASES, FULL, MAP, RATE, VirtualBody, virtual_body

RESULT = Path(__file__).parent / "results" / "body_forces.md"
APART = (0.0, 0.010)
"""How far true centres of mass are from where the tables put them, standard deviation by axis of
each segment, each side for itself, m: not drawn as the fit believes (tables err on both sides)."""

PLAIN, NOTHING, BODY, TABLES, BOTH = "plain", "nothing", "the body", "tables", "both"
LEARNT = "both, learnt skin"
SHOWN = {CASES[0]: "usual", CASES[3]: "stride"}
MOMENTS = ("hip_flexion", "hip_adduction", "knee_angle", "ankle_angle")
SIDES = (("push", "right", "left"), ("swing", "left", "right"))


def judged(body: VirtualBody, found: Found, apart: float, seed: int) -> Iterator[dict[str, object]]:
    """Errors of the last run in its stances, by what is left open: RMS, about the vertical."""
    random = np.random.default_rng([seed, 99])
    com = body.skeleton.com + apart * random.standard_normal(body.skeleton.com.shape)
    true, own, foot = replace(body.skeleton, com=com), found.skeleton, body.stance[-1]
    clock = np.arange(len(foot)) / RATE
    motion = spline_motion(true, clock, body.q[-1])
    ground = ground_wrench(true, motion)
    right = outcomes(true, motion, foot, foot_loads(foot, *ground))
    seen = observed(own, body, clock, ground)
    fits = dict(_fits(own, found, seen))
    ways = {PLAIN: outcomes(own, seen.plain, foot, foot_loads(foot, *ground))}
    for way, fit in fits.items():
        loads = adjusted_loads(foot_loads(foot, *ground), clock, fit.values)
        ways[way] = outcomes(fit.skeleton, fit.motion, foot, loads)
    for way, values in ways.items():
        yield from (
            {"way": way, "quantity": name, "error": _rms(values[name] - truth)}
            for name, truth in right.items()
        )
        if way != PLAIN:
            yield from ({"way": way} | row for row in _told(fits[way]))


def observed(
    own: Skeleton, body: VirtualBody, clock: FloatArray, ground: tuple[FloatArray, FloatArray]
) -> Observations:
    """What the fit reads: markers of the last run, and the ground's wrench in all frames."""
    index = np.arange(len(own.markers))
    order = [body.skeleton.markers.index(name) for name in own.markers]
    markers = body.runs[-1].position[:, order]
    q = inverse_kinematics(own, markers, index, np.ones(len(index))).q
    plain = spline_motion(own, clock, low_pass(q, RATE, CUTOFF))
    wrench, everywhere = GroundWrench(clock, *ground), np.ones(len(clock), dtype=np.bool_)
    spans, left = contacts(clock, body.stance[-1])
    return Observations(
        clock, index, markers, wrench, everywhere, q, plain, drag=False, contacts=spans, left=left
    )


def contacts(clock: FloatArray, foot: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Whole contacts, (N, 2), s, and whether they are the left foot's, from who stands in (T,)."""
    parts = np.split(np.arange(len(foot)), np.flatnonzero(np.diff(foot)) + 1)[1:-1]
    stances = [part for part in parts if foot[part[0]] != 0]
    spans = np.array([clock[[part[0], part[-1]]] for part in stances])
    return spans, np.array([foot[part[0]] < 0 for part in stances])


def _fits(own: Skeleton, found: Found, seen: Observations) -> Iterator[tuple[str, TrialFit]]:
    """Fits with more and less left open about where the mass sits."""
    weight = np.ones(len(own.markers))
    left_open = spreads(found, own)["posterior"].open_centres(seen.start, weight)
    runner = Runner(own, MAP.groups, left_open)
    given = [one for one in runner.parameters if not one.name.startswith(CENTRES)]
    yield NOTHING, fit_trial(runner, seen, parameters=given)
    body = Runner(own, MAP.groups, left_open)
    vars(body)["centre_covariance"] = left_open
    yield BODY, fit_trial(body, seen)
    yield TABLES, fit_trial(Runner(own, MAP.groups), seen)
    yield BOTH, fit_trial(runner, seen)
    yield LEARNT, fit_trial(runner, seen, Weights(learnt_skin=True))


def _told(fit: TrialFit) -> Iterator[dict[str, object]]:
    """What a fit says of itself."""
    seen = fit_evidence(fit)
    yield {"quantity": "markers moved, mm", "error": 1e3 * seen.markers_moved}
    yield {"quantity": "farthest centre, SD", "error": seen.centre_apart}
    yield {"quantity": "suspect", "error": float(bool(suspicions(fit.estimates, seen)))}


def _moving(skeleton: Skeleton, motion: Motion):  # type: ignore[no-untyped-def]
    return segment_kinematics(skeleton, motion.q, motion.u, motion.udot)


def ground_wrench(skeleton: Skeleton, motion: Motion) -> tuple[FloatArray, FloatArray]:
    """Force of the ground and its moment about the ground's origin, by Newton and Euler."""
    moves = segment_motion(skeleton, _moving(skeleton, motion))
    com, _, acceleration = centre_of_mass(moves)
    force = skeleton.mass.sum() * (acceleration - skeleton.gravity)
    rate = angular_momentum_rate(moves, com, acceleration).sum(axis=1)
    return force, rate + np.cross(com, force)


def foot_loads(foot: FloatArray, force: FloatArray, moment: FloatArray) -> list[ExternalLoad]:
    on = ((foot < 0)[:, None], (foot > 0)[:, None])
    return [
        ExternalLoad(name, force * own, moment * own, np.zeros(3))
        for name, own in zip(FEET, on, strict=True)
    ]


def outcomes(
    skeleton: Skeleton, motion: Motion, foot: FloatArray, loads: list[ExternalLoad]
) -> Mapping[str, FloatArray]:
    """Momentum, its rate and joint moments by role, (T,) each, in the stances."""
    inside = np.flatnonzero(foot)
    inside = inside[(inside >= EDGE) & (inside < len(foot) - EDGE)]
    moves = _moving(skeleton, motion)
    segments = segment_motion(skeleton, moves)
    com, velocity, acceleration = centre_of_mass(segments)
    rows = {
        "H_y": angular_momentum(segments, com, velocity)[inside, :, 1],
        "dH_y/dt": angular_momentum_rate(segments, com, acceleration)[inside, :, 1],
    }
    tau = inverse_dynamics(skeleton, moves, loads)[inside]
    on_right, found = foot[inside] > 0, {}
    for kind, by_segment in rows.items():
        part = {
            name: by_segment[:, [skeleton.bodies.index(one) for one in members]].sum(axis=1)
            for name, members in MAP.groups.items()
        }
        for role, right, left in SIDES:
            legs = part[f"leg_{right}"], part[f"leg_{left}"]
            found[f"{kind} {role} leg"] = np.where(on_right, *legs)
        found[f"{kind} arms"] = part["arm_left"] + part["arm_right"]
        found[f"{kind} torso"] = part["torso"]
        found[f"{kind} total"] = by_segment.sum(axis=1)
    for name in MOMENTS:
        for role, right, left in SIDES if name.startswith("hip") else SIDES[:1]:
            both = (tau[:, skeleton.coordinates.index(f"{name}_{s[0]}")] for s in (right, left))
            found[f"moment {role} {name.replace('_angle', '')}"] = np.where(on_right, *both)
    return found


def _rms(values: FloatArray) -> float:
    return float(np.sqrt((values**2).mean()))


def measured(athletes: int) -> pd.DataFrame:
    """Errors of so many athletes of each case."""
    rows = []
    for case, name in SHOWN.items():
        for seed in range(athletes):
            body = virtual_body(case, seed)
            found = calibrated(body, FULL)
            for apart in APART:
                key = {"case": f"{name}, {1e3 * apart:.0f} mm", "seed": seed}
                rows += [key | row for row in judged(body, found, apart, seed)]
    return pd.DataFrame(rows)


HEAD = """\
# Bodies of one's own under forces

Written by `python -m benchmarks.body_forces --athletes {athletes} --write` on {date}, aqbio
{version}. [What it means](../../docs/consistency.md#where-the-mass-sits).

Virtual athletes with bodies of their own, calibrated from all data, {athletes} of each kind: usual
skin, and skin locked to the stride; true centres of mass where the person's sizes put the tables'
(0 mm), or by 10 mm elsewhere (SD along each axis, each side for itself). Errors over the stances of
the fastest run, RMS, means over athletes; H_y in kg m²/s, its rate and joint moments in N m; the
ground's true wrench. *plain*: inverse kinematics, 20 Hz; then fits of motion and forces in which
nothing, what the body's posterior leaves open, what tables differ by, or both are open about where
the mass sits; at last both, with errors of markers that last (the product).

"""


def page(rows: pd.DataFrame, athletes: int) -> str:
    """Give the page of results."""
    date, version = time.strftime("%Y-%m-%d"), aqbio.__version__
    lines = [HEAD.format(athletes=athletes, date=date, version=version)]
    keys = ["case", "quantity"]
    table = rows.pivot_table("error", keys, "way", aggfunc="mean", sort=False)
    ways = [PLAIN, NOTHING, BODY, TABLES, BOTH, LEARNT]
    lines.append("| bodies | error | " + " | ".join(ways) + " |\n|" + " --- |" * (2 + len(ways)))
    for (case, quantity), values in table[ways].iterrows():
        cells = ("" if np.isnan(x) else f"{x:.3g}" for x in values)
        lines.append(f"\n| {case} | {quantity} | " + " | ".join(cells) + " |")
    return "".join(lines) + "\n"


def main() -> None:
    """Measure, print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--athletes", type=int, default=10, help="of each case")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results")
    asked = parser.parse_args()
    text = page(measured(asked.athletes), asked.athletes)
    print(text)
    if asked.write:
        write_text(RESULT, text)


if __name__ == "__main__":
    main()
