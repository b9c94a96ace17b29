"""Bodies of a table nobody looked at: ``python -m benchmarks.segment_truth --athletes 12 --write``.

Virtual athletes (`validation.bodies`) whose limbs have masses, centres and radii of one source, and
of a person besides; the belief in the fit of motion and forces is made without that sample.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

import aqbio
from aqbio.io.atomic import write_text
from aqbio.io.segment_sources import segment_sources
from aqbio.mechanics.anthropometry.segment_sources import (
    Belief,
    about_model,
    about_sources,
)
from aqbio.mechanics.consistency.adjusted import adjusted_loads
from aqbio.mechanics.consistency.centres import centre_estimates
from aqbio.mechanics.consistency.fit import fit_trial
from aqbio.mechanics.consistency.runner import Runner
from aqbio.mechanics.consistency.trial_fit import TrialFit
from aqbio.mechanics.gait.groups import membership
from aqbio.mechanics.intervals.inertia_draws import InertiaSpread, twins
from aqbio.mechanics.multibody.kinematics import (
    SegmentKinematics,
    segment_kinematics,
    segment_motion,
)
from aqbio.mechanics.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.mechanics.multibody.motion import Motion, spline_motion
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray, IntArray
from benchmarks.body_calibration import calibrated
from benchmarks.body_forces import foot_loads, ground_wrench, observed, outcomes
from benchmarks.body_intervals import spreads
from benchmarks.body_outcomes import EDGE, Found
from benchmarks.postures import believed, momentum_slopes
from benchmarks.segment_bodies import BELIEVED, BEYOND, body_of, way_of
from validation.bodies import CASES, FULL, MAP, RATE, VirtualBody, virtual_body

RESULT = Path(__file__).parent / "results" / "segment_truth.md"
TODAY, MODEL, SOURCES = "12 % everywhere", "by axis, about the model", "by axis, about the sources"
MEASURED, LINE = "dumas_wojtusch_2018", "de_leva_1996"
PLACE, LOADS = "place of ", ("dH_y/dt", "moment")
FRAMES, NORMAL_95 = 5, 1.959964
ROLES = {
    "push leg": ("push",), "swing leg": ("swing",), "arms": ("arms",), "torso": ("torso",),
    "push side": ("push", "arms", "torso", "pelvis"),
    "total": ("push", "swing", "arms", "torso", "pelvis"),
}  # fmt: skip


def judged(body: VirtualBody, seed: int) -> Iterator[dict[str, object]]:
    """Errors and half widths of stance means of the last run, by truth and belief."""
    found, sex = calibrated(body, FULL), body.athlete.sex
    sources = segment_sources()
    for key in (MEASURED, LINE, BELIEVED):
        left_out = (key, sex)
        true = body_of(body.skeleton, key, sex, np.random.default_rng([seed, 77]))
        beliefs = {TODAY: None, MODEL: about_model, SOURCES: about_sources}
        for words, make in beliefs.items():
            belief = None if make is None else make(sources, left_out)
            yield from (
                {"truth": key, "sex": sex, "seed": seed, "way": words} | row
                for row in _rows(found, body, true, belief)
            )


def _rows(
    found: Found, body: VirtualBody, true: Skeleton, belief: Belief | None
) -> Iterator[dict[str, object]]:
    foot, clock = body.stance[-1], np.arange(len(body.stance[-1])) / RATE
    motion = spline_motion(true, clock, body.q[-1])
    way = way_of(found.skeleton, belief)
    own = replace(found.skeleton, com=found.skeleton.com + way.mean)
    ground = ground_wrench(true, motion)
    seen = observed(own, body, clock, ground)
    left_open = spreads(found, own)["posterior"]
    runner = Runner(own, MAP.groups, left_open.open_centres(seen.start, np.ones(len(own.markers))))
    assert runner.open_centres is not None
    before = way.covariance + runner.open_centres
    vars(runner)["centre_covariance"] = before
    fit = fit_trial(runner, seen)
    after = centre_estimates(runner, fit.estimates, fit.covariance).covariance
    theirs, first = (with_inertia_of(true, one) for one in (fit.skeleton, own))
    yield from _places(true, own, fit, (before, after))
    loads = foot_loads(foot, *ground)
    right_loads = outcomes(true, motion, foot, loads)
    fitted_loads = outcomes(
        fit.skeleton, fit.motion, foot, adjusted_loads(loads, clock, fit.values)
    )
    for name, values in right_loads.items():
        if name.startswith(LOADS):
            yield {"quantity": name, "error": rms(fitted_loads[name] - values)}
    for right, frames in contacts(foot):
        matrix = roles(true, right=right)
        truth = matrix @ mean_momentum(true, motion, frames)
        fitted = matrix @ mean_momentum(fit.skeleton, fit.motion, frames)
        placed = matrix @ mean_momentum(theirs, motion, frames)
        expected = matrix @ mean_momentum(first, motion, frames)
        slopes = matrix @ momentum_slopes(theirs, moves_of(theirs, motion, frames)).mean(axis=0)
        for number, quantity in enumerate(ROLES):
            yield {
                "quantity": quantity,
                "error": fitted[number] - truth[number],
                "error_inertia": placed[number] - truth[number],
                "error_before": expected[number] - truth[number],
                "before": half_widths(slopes, before, own)[number],
                "after": half_widths(slopes, after, own)[number],
            }


def with_inertia_of(true: Skeleton, other: Skeleton) -> Skeleton:
    """The true geometry with another body's masses, centres and tensors."""
    order = [other.bodies.index(name) for name in true.bodies]
    inertia = {name: getattr(other, name)[order] for name in ("mass", "com", "inertia")}
    return replace(true, **inertia)


def _places(
    true: Skeleton, own: Skeleton, fit: TrialFit, covariances: tuple[FloatArray, FloatArray]
) -> Iterator[dict[str, object]]:
    """How far centres were to move and did, m, with deviations before and after the forces."""
    before, after = (np.sqrt(np.diag(one)).reshape(-1, 3) for one in covariances)
    for place, name in enumerate(own.bodies):
        if name[:-2] in BEYOND or name == "torso":
            needed = true.com[true.bodies.index(name)] - own.com[place]
            moved = fit.skeleton.com[place] - own.com[place]
            for axis, letter in enumerate("xyz"):
                yield {
                    "quantity": f"{PLACE}{name.removesuffix('_r').removesuffix('_l')} {letter}",
                    "error": moved[axis],
                    "error_inertia": needed[axis],
                    "before": before[place, axis],
                    "after": after[place, axis],
                }


def half_widths(slopes: FloatArray, centres: FloatArray, skeleton: Skeleton) -> FloatArray:
    """(Q,) array: of 95 % intervals, as far as the body's inertia makes them."""
    whole = whole_covariance(centres, skeleton)
    return np.asarray(NORMAL_95 * np.sqrt(np.einsum("qi,ij,qj->q", slopes, whole, slopes)))


def whole_covariance(centres: FloatArray, skeleton: Skeleton) -> FloatArray:
    """(P, P) array: of all that is not known of a body's inertia, with that of its centres."""
    return believed(InertiaSpread(), twins(skeleton.bodies, MAP.groups), centres)


def contacts(foot: FloatArray) -> Iterator[tuple[bool, IntArray]]:
    """Whole contacts away from the ends: whether the right foot, and some frames."""
    edges = np.flatnonzero(np.diff(foot)) + 1
    for first, last in pairwise(edges):
        if foot[first] and first >= EDGE and last < len(foot) - EDGE:
            yield bool(foot[first] > 0), np.linspace(first, last - 1, FRAMES).round().astype(int)


def roles(skeleton: Skeleton, *, right: bool) -> FloatArray:
    """(Q, B) array: which segments each quantity has."""
    groups = dict(zip(MAP.groups, membership(MAP.groups, skeleton.bodies), strict=True))
    sides = ("right", "left") if right else ("left", "right")
    part = {
        "push": groups[f"leg_{sides[0]}"], "swing": groups[f"leg_{sides[1]}"],
        "arms": groups["arm_left"] + groups["arm_right"],
        "torso": groups["torso"], "pelvis": groups["pelvis"],
    }  # fmt: skip
    return np.stack([np.sum([part[one] for one in names], axis=0) for names in ROLES.values()])


def moves_of(skeleton: Skeleton, motion: Motion, frames: IntArray) -> SegmentKinematics:
    """Kinematics of some frames."""
    return segment_kinematics(skeleton, motion.q[frames], motion.u[frames], motion.udot[frames])


def mean_momentum(skeleton: Skeleton, motion: Motion, frames: IntArray) -> FloatArray:
    """(B,) array: about the vertical, mean over the frames."""
    segments = segment_motion(skeleton, moves_of(skeleton, motion, frames))
    com, velocity, _ = centre_of_mass(segments)
    return angular_momentum(segments, com, velocity)[..., 1].mean(axis=0)


def measured(athletes: range) -> pd.DataFrame:
    """All rows of so many athletes with the usual skin."""
    return pd.DataFrame(
        row for seed in athletes for row in judged(virtual_body(CASES[0], seed), seed)
    )


HEAD = """\
# Bodies of a table nobody looked at

Written by `python -m benchmarks.segment_truth --athletes {athletes} --write` on {date}, aqbio
{version}. [What it means](../../docs/segments.md).

{athletes} virtual athletes with bodies of their own, usual skin, calibrated from all data, one run
of 1 s each. Their limbs have masses, centres and radii of a source; all centres and masses are then
moved as people differ (twins 0.8 alike). The last truth is no source: the product's limbs, centres
moved as the product believes, wider than the narrower beliefs say. Motion and the ground's true
wrench are fitted together with three beliefs, made without the photogrammetric sample (the gamma
scan's table is the model's own, whatever is believed). H_y, means over whole
contacts, kg m²/s, RMS: *before*, with the belief's body on the true motion; *after*, with the
fit's body on the true motion; *with motion*, the fit's own motion and body. Half widths of 95 %
intervals as far as the body's inertia makes them, and the share of contacts inside, with the 95 %
interval of resampled athletes.

"""
SHOWN = {
    MEASURED: "photogrammetric (beside the line)",
    LINE: "gamma scan (on the line)",
    BELIEVED: "as the product believes",
}


def page(rows: pd.DataFrame, athletes: int) -> str:
    """Give the page of results."""
    date, version = time.strftime("%Y-%m-%d"), aqbio.__version__
    place = rows["quantity"].str.startswith(PLACE)
    head = ("truth", "H_y", "belief", "before", "half width", "inside", "after", "half width",
            "inside", "with motion")  # fmt: skip
    loads = rows["quantity"].str.startswith(LOADS)
    keys = ["truth", "quantity", "way"]
    lines = [HEAD.format(athletes=athletes, date=date, version=version), _head(head)]
    for (truth, quantity, way), one in rows[~place & ~loads].groupby(keys, sort=False):
        cells = [SHOWN[truth], quantity, way]
        for error, half in (("error_before", "before"), ("error_inertia", "after")):
            inside = (one[error].abs() <= one[half]).groupby(one["seed"]).mean().to_numpy()
            cells += [f"{rms(one[error]):.3f}", f"{one[half].mean():.3f}", resampled(inside)]
        cells.append(f"{rms(one['error']):.3f}")
        lines.append(f"\n| {' | '.join(cells)} |")
    ways = [TODAY, MODEL, SOURCES]
    lines += [RATES, _head(("truth", "RMS, N m", *ways))]
    wide = rows[loads].pivot_table("error", keys[:2], "way", aggfunc="mean", sort=False)
    for (truth, quantity), values in wide[ways].iterrows():
        cells = [SHOWN[truth], quantity, *(f"{one:.3g}" for one in values)]
        lines.append(f"\n| {' | '.join(cells)} |")
    lines += [PLACES, _head(("place", "SD before, mm", "SD after", "RMS needed", "slope"))]
    own = rows[place & (rows["truth"] == BELIEVED) & (rows["way"] == TODAY)]
    for name, one in own.groupby("quantity", sort=False):
        slope = (one["error"] * one["error_inertia"]).sum() / (one["error_inertia"] ** 2).sum()
        sizes = (one["before"].mean(), one["after"].mean(), rms(one["error_inertia"]))
        cells = [name.removeprefix(PLACE), *(f"{1e3 * one:.1f}" for one in sizes), f"{slope:.2f}"]
        lines.append(f"\n| {' | '.join(cells)} |")
    return "".join(lines) + "\n"


RATES = """

Rates of angular momentum and joint moments with the fit's motion and body, RMS over stances, means
over athletes.

"""
PLACES = """

What forces tell of single places, truth as the product believes, 12 % everywhere: slope of how far
a centre was moved on how far it had to be (1: told, 0: the belief is kept).

"""


def _head(names: tuple[str, ...]) -> str:
    return f"| {' | '.join(names)} |\n|" + " --- |" * len(names)


def rms(values: pd.Series | FloatArray) -> float:
    """Root mean square."""
    return float(np.sqrt((values**2).mean()))


def resampled(values: FloatArray) -> str:
    """Mean and its 95 % interval over athletes."""
    random = np.random.default_rng(0)
    means = random.choice(values, (2000, len(values))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{values.mean():.2f} ({low:.2f} to {high:.2f})"


def main() -> None:
    """Measure, or read rows that were measured; print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--athletes", type=int, default=48)
    parser.add_argument("--rows", type=Path, help="kept here, and read where it is there")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results")
    asked = parser.parse_args()
    kept = asked.rows is not None and asked.rows.is_file()
    rows = pd.read_csv(asked.rows, sep="\t") if kept else measured(range(asked.athletes))
    if asked.rows is not None and not kept:
        rows.to_csv(asked.rows, sep="\t", index=False)
    text = page(rows, rows["seed"].nunique())
    print(text)
    if asked.write:
        write_text(RESULT, text)


if __name__ == "__main__":
    main()
