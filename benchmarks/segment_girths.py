"""Limbs as solids of girths: ``python -m benchmarks.segment_girths FOLDER --write``.

FOLDER holds the public tables of ANSUR II (`scripts/body_sizes.py`). Masses and centres along the
limbs of 6,067 people from their lengths and girths, held against what sources measured, against
the weight of each person, and as a belief on virtual athletes with limbs of a source.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import aqbio
from aqbio.io.atomic import write_text
from aqbio.io.segment_sources import segment_sources
from aqbio.mechanics.multibody.motion import spline_motion
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray
from aqbio.virtual.athlete import athlete_skeleton
from benchmarks.segment_bodies import body_of, limb_length, limbs
from benchmarks.segment_minutes_page import ratio
from benchmarks.segment_truth import (
    LINE,
    MEASURED,
    ROLES,
    SHOWN,
    contacts,
    mean_momentum,
    rms,
    roles,
    with_inertia_of,
)
from validation.bodies import CASES, RATE, virtual_body

RESULT = Path(__file__).parent / "results" / "segment_girths.md"
DENSITY = {
    "thigh": 1050.0, "shank": 1090.0, "upper_arm": 1070.0, "forearm": 1130.0,
    "hand": 1160.0, "foot": 1100.0, "head": 1110.0, "hips": 1010.0, "chest": 920.0,
}  # fmt: skip
"""Dempster (1955), as Yeadon (1990, J Biomech 23:67-74) takes them, kg/m³."""
LIMBS = ("thigh", "shank", "upper_arm", "forearm")
TABLE, WAYS = "table", {"solids": LIMBS, "legs as solids": ("thigh", "shank")}
FARTHEST, MAD_TO_SD = 5.0, 1.4826
"""People with a part farther from the median, in robust standard deviations, are mistakes."""

Solid = tuple[FloatArray, FloatArray, FloatArray]
"""Areas at both ends, m², and height, m, one per person: the nearer end first."""


def circle(girth: FloatArray) -> FloatArray:
    """Area of a round section from its girth."""
    return girth**2 / (4.0 * np.pi)


def stadium(breadth: FloatArray, depth: FloatArray) -> FloatArray:
    """Area of a rectangle between half circles (Yeadon 1990).

    Examples
    --------
    >>> stadium(np.array(2.0), np.array(2.0)).round(4)
    np.float64(3.1416)
    """
    return np.asarray(np.pi * depth**2 / 4.0 + (breadth - depth) * depth)


def volume(solids: Sequence[Solid]) -> FloatArray:
    """Of solids on top of each other whose section changes as a cone's.

    Examples
    --------
    A cone has a third of its cylinder:

    >>> volume([(np.array(3.0), np.array(0.0), np.array(1.0))])
    np.float64(1.0)
    """
    return np.asarray(sum(h / 3.0 * (a + b + np.sqrt(a * b)) for a, b, h in solids))


def centre(solids: Sequence[Solid]) -> FloatArray:
    """How far from the first end their centre is, m.

    Examples
    --------
    A cone's is a quarter from its base:

    >>> centre([(np.array(3.0), np.array(0.0), np.array(1.0))])
    np.float64(0.25)
    """
    moment, above = 0.0, 0.0
    for a, b, h in solids:
        own = h / 4.0 * (a + 2.0 * np.sqrt(a * b) + 3.0 * b) / (a + np.sqrt(a * b) + b)
        moment = moment + volume([(a, b, h)]) * (above + own)
        above = above + h
    return np.asarray(moment / volume(solids))


def solids_of(people: pd.DataFrame) -> dict[str, list[Solid]]:
    """The limbs of people, from joint to joint as far as landmarks tell, and their trunks."""

    def m(name: str) -> FloatArray:
        return people[name].to_numpy() / 1000.0

    knee, ankle = m("lateralfemoralepicondyleheight"), m("lateralmalleolusheight")
    thigh, above_knee, calf = (
        circle(m(f"{name}circumference")) for name in ("thigh", "lowerthigh", "calf")
    )
    arm, forearm = (circle(m(f"{name}circumferenceflexed")) for name in ("biceps", "forearm"))
    elbow = circle((m("bicepscircumferenceflexed") + m("forearmcircumferenceflexed")) / 2.0)
    upper, lower, shank = m("acromionradialelength"), m("radialestylionlength"), knee - ankle
    crotch, hip, navel = m("crotchheight"), m("trochanterionheight"), m("waistheightomphalion")
    waist = stadium(m("waistbreadth"), m("waistdepth"))
    chest = stadium(m("chestbreadth"), m("chestdepth"))
    shoulders = stadium(m("biacromialbreadth"), 0.6 * m("chestdepth"))
    hips = stadium(m("hipbreadth"), m("buttockdepth"))
    return {
        "thigh": [(thigh, thigh, hip - crotch), (thigh, above_knee, crotch - knee)],
        "shank": [
            (circle((m("lowerthighcircumference") + m("calfcircumference")) / 2.0), calf,
             0.3 * shank),
            (calf, circle(m("anklecircumference")), 0.7 * shank),
        ],
        "upper_arm": [(arm, elbow, upper)],
        "forearm": [(elbow, forearm, 0.2 * lower),
                    (forearm, circle(m("wristcircumference")), 0.8 * lower)],
        "hips": [(hips, waist, navel - hip)],
        "chest": [(waist, chest, m("chestheight") - navel),
                  (chest, shoulders, m("acromialheight") - m("chestheight"))],
        "hand": [(m("handbreadth") * 0.02, m("handbreadth") * 0.02, m("handlength"))],
        "foot": [(m("footbreadthhorizontal") * m("footlength") * 0.6,) * 2 + (0.065 + 0.0 * hip,)],
        "head": [(2.0 / 3.0 * np.pi / 4.0 * m("headbreadth") * m("headlength"),) * 2
                 + (m("stature") - m("cervicaleheight"),)],
    }  # fmt: skip


def limbs_of(people: pd.DataFrame) -> pd.DataFrame:
    """Masses of all parts in kg, and centres along the limbs in % of their length.

    People of whom a part is a mistake are left out.
    """
    solids = solids_of(people)
    found = pd.DataFrame({name: DENSITY[name] * volume(own) for name, own in solids.items()})
    logs = np.log(found)
    apart = (logs - logs.median()).abs()
    sound = (apart <= FARTHEST * MAD_TO_SD * apart.median()).all(axis=1)
    for name in LIMBS:
        length = sum(own[2] for own in solids[name])
        found[f"{name} along"] = 100.0 * centre(solids[name]) / length
    found["weight"] = people["weightkg"] / 10.0
    found["stature"] = people["stature"] / 1000.0
    return found[sound]


def law(found: pd.DataFrame) -> tuple[float, float, dict[str, tuple[float, float]]]:
    """What weights say of the parts: their sum over the weight, its SD, and slopes of the parts.

    A part whose volume is right in its differences between people has the slope 1 (over its mean
    error): a kilogram more of it is a kilogram more on the scales.
    """
    twice = 2.0 * found[[*LIMBS, "hand", "foot"]]
    columns = {
        "thighs": twice["thigh"], "shanks": twice["shank"],
        "arms": twice["upper_arm"] + twice["forearm"], "trunk": found["hips"] + found["chest"],
        "rest": twice["hand"] + twice["foot"] + found["head"],
    }  # fmt: skip
    parts, weight = np.stack([*columns.values()], axis=1), found["weight"].to_numpy()
    slopes = np.linalg.lstsq(parts, weight, rcond=None)[0]
    left = weight - parts @ slopes
    spread = np.sqrt(np.diag(np.linalg.inv(parts.T @ parts)) * (left**2).mean())
    ratio = parts.sum(axis=1) / weight
    told = dict(zip(columns, zip(slopes.tolist(), spread.tolist(), strict=True), strict=True))
    return float(ratio.mean()), float(np.log(ratio).std()), told


def between(found: pd.DataFrame, part: str) -> float:
    """Standard deviation of a part's logarithm between people of one weight and stature."""
    columns = [np.ones(len(found)), np.log(found["weight"]), np.log(found["stature"])]
    given, values = np.stack(columns, axis=1), np.log(found[part].to_numpy())
    return float((values - given @ np.linalg.lstsq(given, values, rcond=None)[0]).std())


def solid_body(skeleton: Skeleton, found: pd.DataFrame, names: Sequence[str]) -> Skeleton:
    """A body with limbs of the mean person as solids; the rest keeps its proportions."""
    mass, com, inertia = skeleton.mass.copy(), skeleton.com.copy(), skeleton.inertia.copy()
    limb = np.zeros(len(mass), dtype=bool)
    for place, name, _ in limbs(skeleton):
        if name not in names:
            continue
        limb[place] = True
        mass[place] = (found[name] / found["weight"]).mean() * skeleton.mass.sum()
        down = found[f"{name} along"].mean() * limb_length(skeleton, place) / 100.0
        com[place] = [0.0, -down, 0.0]
    mass[~limb] *= (skeleton.mass.sum() - mass[limb].sum()) / mass[~limb].sum()
    inertia *= (mass / np.where(skeleton.mass > 0, skeleton.mass, 1.0))[:, None, None]
    return replace(skeleton, mass=mass, com=com, inertia=inertia)


def errors(found: Mapping[str, pd.DataFrame], athletes: int) -> pd.DataFrame:
    """Errors of stance means of H_y with the model's table and with solids, true motion."""
    rows = []
    for seed in range(athletes):
        body = virtual_body(CASES[0], seed)
        sex, foot = body.athlete.sex, body.stance[-1]
        table = athlete_skeleton(body.athlete).mass
        grown = body.skeleton.inertia * (table / body.skeleton.mass)[:, None, None]
        own = replace(body.skeleton, mass=table, inertia=grown)
        ways = {TABLE: own, **{way: solid_body(own, found[sex], of) for way, of in WAYS.items()}}
        for key in (MEASURED, LINE):
            true = body_of(body.skeleton, key, sex, np.random.default_rng([seed, 77]))
            motion = spline_motion(true, np.arange(len(foot)) / RATE, body.q[-1])
            for right, frames in contacts(foot):
                matrix = roles(true, right=right)
                truth = matrix @ mean_momentum(true, motion, frames)
                for way, one in ways.items():
                    off = matrix @ mean_momentum(with_inertia_of(true, one), motion, frames) - truth
                    rows += [
                        {"truth": key, "seed": seed, "way": way, "quantity": name, "error": error}
                        for name, error in zip(ROLES, off, strict=True)
                    ]
    return pd.DataFrame(rows)


HEAD = """\
# Limbs as solids of girths

Written by `python -m benchmarks.segment_girths FOLDER --write` on {date}, aqbio {version}.
[What it means](../../docs/segments.md#from-girths).

{men} men and {women} women of ANSUR II (Gordon et al. 2014): limbs as cones between girths, trunks
as stadium solids (Yeadon 1990) with the densities of Dempster (1955), in % of the weight and of the
length from joint to joint, beside what sources measured (men, women where they print both).

"""


def page(found: Mapping[str, pd.DataFrame], rows: pd.DataFrame) -> str:
    """Give the page of results."""
    counts = {"men": len(found["male"]), "women": len(found["female"])}
    date, version = time.strftime("%Y-%m-%d"), aqbio.__version__
    lines = [HEAD.format(date=date, version=version, **counts), _head("source", *LIMBS)]
    for sex, one in found.items():
        cells = [
            f"{100 * (one[name] / one['weight']).mean():.2f}; {-one[f'{name} along'].mean():.1f}"
            for name in LIMBS
        ]
        lines.append(_row(f"**solids**, {sex}", *cells))
    for key, source in segment_sources().items():
        for sex, numbers in source.segments.items():
            own = [numbers.get(name) for name in LIMBS]
            cells = ["" if one is None else f"{one.mass:.2f}; {one.centre[1]:.1f}" for one in own]
            lines.append(_row(f"`{key}`, {sex}", *(cell.replace("; nan", "") for cell in cells)))
    lines.append(WEIGHTS)
    told = {sex: law(one) for sex, one in found.items()}
    names = next(iter(told.values()))[2]
    lines.append(_head("people", "sum over weight", "its SD, %", *names))
    for sex, (mean, spread, slopes) in told.items():
        cells = [f"{value:.2f} ± {sd:.2f}" for value, sd in slopes.values()]
        lines.append(_row(sex, f"{mean:.3f}", f"{100 * spread:.1f}", *cells))
    lines += [BETWEEN, _head("people", *LIMBS)]
    for sex, one in found.items():
        lines.append(_row(sex, *(f"{100 * between(one, name):.1f}" for name in LIMBS)))
    lines += [ERRORS, _head("truth", "belief", *ROLES)]
    for (truth, way), one in rows.groupby(["truth", "way"], sort=False):
        now = rows[(rows["truth"] == truth) & (rows["way"] == TABLE)]
        both = [
            (part, now[now["quantity"] == name])
            for name, part in one.groupby("quantity", sort=False)
        ]
        cells = [f"{rms(part['error']):.3f}, {ratio(part, table, 'error')}" for part, table in both]
        lines.append(_row(SHOWN[truth], way, *cells))
    return "".join(lines) + "\n"


WEIGHTS = """

What the scales say: the sum of all parts over the weight, its standard deviation between people,
and by how much the weight grows with every kilogram of a part.

"""
BETWEEN = """

How far limbs of people of one weight and stature differ, by their solids, % (standard deviation).

"""
ERRORS = """

Virtual athletes with limbs of a source, before any force is looked at: error of H_y, stance means
on the true motion, kg m²/s (RMS; over that with the table of the model and 95 % interval of
resampled athletes), with that table, and with the mean person's solids for all limbs or legs alone.

"""


def _head(*names: str) -> str:
    return f"| {' | '.join(names)} |\n|" + " --- |" * len(names)


def _row(*cells: str) -> str:
    return f"\n| {' | '.join(cells)} |"


def main() -> None:
    """Compute, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--athletes", type=int, default=36)
    parser.add_argument("--write", action="store_true", help="write benchmarks/results")
    asked = parser.parse_args()
    found = {
        sex: limbs_of(pd.read_csv(asked.folder / f"ansur2_{sex}.csv.gz").rename(columns=str.lower))
        for sex in ("male", "female")
    }
    text = page(found, errors(found, asked.athletes))
    print(text)
    if asked.write:
        write_text(RESULT, text)


if __name__ == "__main__":
    main()
