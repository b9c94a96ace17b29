"""Bodies of a table nobody looked at: ``python -m benchmarks.segment_truth --athletes 12 --write``.

Virtual athletes (`validation.bodies`) whose limbs have masses, centres and radii of one source, and
of a person besides; the belief in the fit of motion and forces is made without that source.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
    middle_sideways,
    people_spread,
)
from aqbio.mechanics.consistency.centres import centre_estimates
from aqbio.mechanics.consistency.fit import TrialFit, fit_trial
from aqbio.mechanics.consistency.runner import Runner
from aqbio.mechanics.gait.groups import membership
from aqbio.mechanics.intervals.inertia_draws import InertiaSpread, twins
from aqbio.mechanics.intervals.worth import believed, momentum_slopes
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
from benchmarks.body_forces import ground_wrench, observed
from benchmarks.body_intervals import spreads
from benchmarks.body_outcomes import EDGE, Found
from validation.bodies import CASES, FULL, MAP, RATE, VirtualBody, virtual_body

RESULT = Path(__file__).parent / "results" / "segment_truth.md"
TODAY, MODEL, SOURCES = "12 % everywhere", "by axis, about the model", "by axis, about the sources"
MEASURED, LINE, BELIEVED = "dumas_wojtusch_2018", "de_leva_1996", "the product's belief"
BODIES = {"thigh": "femur", "shank": "tibia", "upper_arm": "humerus", "forearm": "radius"}
BEYOND = {"femur": "tibia", "tibia": "foot", "humerus": "radius", "radius": "hand"}
PLACE = "place of "
MASS_SD, SIDES_ALIKE, FRAMES, NORMAL_95 = 0.034, 0.8, 5, 1.959964
ROLES = {
    "push leg": ("push",), "swing leg": ("swing",), "arms": ("arms",), "torso": ("torso",),
    "push side": ("push", "arms", "torso", "pelvis"),
    "total": ("push", "swing", "arms", "torso", "pelvis"),
}  # fmt: skip


def limb_length(skeleton: Skeleton, place: int) -> float:
    """From joint centre to joint centre, m."""
    beyond = BEYOND[skeleton.bodies[place][:-2]] + skeleton.bodies[place][-2:]
    return float(np.linalg.norm(skeleton.parent_position[skeleton.bodies.index(beyond)]))


def limbs(skeleton: Skeleton) -> Iterator[tuple[int, str, float]]:
    """Place, name in the sources, and side (right: 1) of every limb segment."""
    for name, body in BODIES.items():
        for side, sign in (("r", 1.0), ("l", -1.0)):
            yield skeleton.bodies.index(f"{body}_{side}"), name, sign


def body_of(skeleton: Skeleton, key: str, sex: str, random: np.random.Generator) -> Skeleton:
    """A body with limbs of a source, and what people differ by; or one that the product expects."""
    if key == BELIEVED:
        values, directions = np.linalg.eigh(way_of(skeleton, None).covariance)
        moved = directions @ (
            np.sqrt(np.maximum(values, 0.0)) * random.standard_normal(len(values))
        )
        return replace(skeleton, com=skeleton.com + moved.reshape(-1, 3))
    table = segment_sources()[key].segments[sex]
    mass, com = skeleton.mass.copy(), skeleton.com.copy()
    inertia, limb = skeleton.inertia.copy(), np.zeros(len(mass), dtype=bool)
    whole = mass.sum()
    for place, name, sign in limbs(skeleton):
        length, own = limb_length(skeleton, place), table[name]
        limb[place] = True
        mass[place] = own.mass * whole / 100.0
        com[place] = np.nan_to_num(own.centre) * [1.0, 1.0, sign] * length / 100.0
        inertia[place] = mass[place] * np.diag((own.radii * length / 100.0) ** 2)
    rest = (whole - mass[limb].sum()) / mass[~limb].sum()
    mass[~limb] *= rest
    inertia[~limb] *= rest
    twin = twins(skeleton.bodies, MAP.groups)
    factor = np.exp(MASS_SD * _alike(random, twin)[:, 0])
    factor *= whole / (mass * factor).sum()
    reach = np.sqrt(np.linalg.eigvalsh(inertia)[:, -1] / mass)
    people = np.full((len(mass), 3), people_spread(segment_sources()))
    people[~limb, :2] = InertiaSpread().centre
    com = com + people * reach[:, None] * _alike(random, twin)
    return replace(skeleton, mass=mass * factor, com=com, inertia=inertia * factor[:, None, None])


def _alike(random: np.random.Generator, twin: IntArray) -> FloatArray:
    """(B, 3) normals that both sides share, mirrored."""
    own, shared = random.standard_normal((2, len(twin), 3))
    second = np.minimum(twin, np.arange(len(twin))) < np.arange(len(twin))
    shared = np.where(second[:, None], shared[twin] * [1.0, 1.0, -1.0], shared)
    return np.sqrt(SIDES_ALIKE) * shared + np.sqrt(1 - SIDES_ALIKE) * own


@dataclass(frozen=True, eq=False)
class Way:
    """A belief about centres: how far they are moved before the fit, and how sure that is."""

    mean: FloatArray
    """(B, 3) array, m."""
    covariance: FloatArray
    """(3 B, 3 B) array, m²."""


def way_of(skeleton: Skeleton, belief: Belief | None) -> Way:
    """The belief on a skeleton; without one, today's."""
    bodies = len(skeleton.bodies)
    mean, sd = np.zeros((bodies, 3)), np.full((bodies, 3), InertiaSpread().centre)
    if belief is not None:
        groups = membership(MAP.groups, skeleton.bodies)
        middle = groups[[list(MAP.groups).index(one) for one in ("pelvis", "torso")]].any(axis=0)
        sd[middle, 2] = middle_sideways(segment_sources())
        for place, name, sign in limbs(skeleton):
            centre, spread = belief[name]
            mean[place] = centre * [1.0, 1.0, sign] * limb_length(skeleton, place) / 100.0
            sd[place] = spread
    reach = np.sqrt(np.linalg.eigvalsh(skeleton.inertia)[:, -1] / skeleton.mass)
    twin, sd = twins(skeleton.bodies, MAP.groups), sd * reach[:, None]
    covariance = np.zeros((bodies, 3, bodies, 3))
    number = np.arange(bodies)
    alike = np.where(twin == number, 0.0, SIDES_ALIKE)
    for axis, mirrored in enumerate((1.0, 1.0, -1.0)):
        one = sd[:, axis]
        covariance[number, axis, twin, axis] = mirrored * alike * one * one[twin]
        covariance[number, axis, number, axis] = one**2
    return Way(mean, covariance.reshape(3 * bodies, -1))


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
    seen = observed(own, body, clock, ground_wrench(true, motion))
    left_open = spreads(found, own)["posterior"]
    runner = Runner(own, MAP.groups, left_open.open_centres(seen.start, np.ones(len(own.markers))))
    assert runner.open_centres is not None
    before = way.covariance + runner.open_centres
    vars(runner)["centre_covariance"] = before
    fit = fit_trial(runner, seen)
    after = centre_estimates(runner, fit.estimates, fit.covariance).covariance
    theirs, first = (_with_inertia_of(true, one) for one in (fit.skeleton, own))
    yield from _places(true, own, fit, (before, after))
    for right, frames in _contacts(foot):
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


def _with_inertia_of(true: Skeleton, other: Skeleton) -> Skeleton:
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
    """(Q,) array: of 95 % intervals, as far as the body's inertia makes them (`aqbio plan`)."""
    whole = believed(InertiaSpread(), twins(skeleton.bodies, MAP.groups), centres)
    return np.asarray(NORMAL_95 * np.sqrt(np.einsum("qi,ij,qj->q", slopes, whole, slopes)))


def _contacts(foot: FloatArray) -> Iterator[tuple[bool, IntArray]]:
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
wrench are fitted together with three beliefs, made without the source. H_y, means over whole
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
    keys = ["truth", "quantity", "way"]
    lines = [HEAD.format(athletes=athletes, date=date, version=version), _head(head)]
    for (truth, quantity, way), one in rows[~place].groupby(keys, sort=False):
        cells = [SHOWN[truth], quantity, way]
        for error, half in (("error_before", "before"), ("error_inertia", "after")):
            inside = (one[error].abs() <= one[half]).groupby(one["seed"]).mean().to_numpy()
            cells += [f"{_rms(one[error]):.3f}", f"{one[half].mean():.3f}", _resampled(inside)]
        cells.append(f"{_rms(one['error']):.3f}")
        lines.append(f"\n| {' | '.join(cells)} |")
    lines += [PLACES, _head(("place", "SD before, mm", "SD after", "RMS needed", "slope"))]
    own = rows[place & (rows["truth"] == BELIEVED) & (rows["way"] == TODAY)]
    for name, one in own.groupby("quantity", sort=False):
        slope = (one["error"] * one["error_inertia"]).sum() / (one["error_inertia"] ** 2).sum()
        sizes = (one["before"].mean(), one["after"].mean(), _rms(one["error_inertia"]))
        cells = [name.removeprefix(PLACE), *(f"{1e3 * one:.1f}" for one in sizes), f"{slope:.2f}"]
        lines.append(f"\n| {' | '.join(cells)} |")
    return "".join(lines) + "\n"


PLACES = """

What forces tell of single places, truth as the product believes, 12 % everywhere: slope of how far
a centre was moved on how far it had to be (1: told, 0: the belief is kept).

"""


def _head(names: tuple[str, ...]) -> str:
    return f"| {' | '.join(names)} |\n|" + " --- |" * len(names)


def _rms(values: pd.Series) -> float:
    return float(np.sqrt((values**2).mean()))


def _resampled(values: FloatArray) -> str:
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
