"""How near the truth bodies are: ``python -m benchmarks.body_calibration --athletes 40 --write``.

Virtual people (`validation.bodies`), calibrated from what several laboratories record. Errors
are kept in a file as they come (``--rows``): a study that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pandas as pd

from aqbio.io.atomic import write_text
from aqbio.io.body_sizes import body_sizes
from aqbio.mechanics.calibration.fit import FlexionStarts, body_fit
from aqbio.mechanics.calibration.frames import chosen_frames, faced
from aqbio.mechanics.calibration.hips import HipObservation
from aqbio.mechanics.calibration.parts import body_parts
from aqbio.mechanics.calibration.people import Person
from aqbio.mechanics.calibration.places import believed_places
from aqbio.mechanics.calibration.priors import posture_prior, priors, size_prior
from aqbio.mechanics.calibration.problem import Problem
from aqbio.mechanics.calibration.shape import Template
from aqbio.mechanics.inverse_kinematics.ik import inverse_kinematics
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray
from aqbio.stages.scale.calibration import moving_shape
from benchmarks.body_outcomes import EVERY, Found, judged
from benchmarks.body_page import STATIC as STATIC_WAY
from benchmarks.body_page import page
from validation.bodies import (
    CASES,
    CLUSTERS_ALONE,
    FULL,
    MAP,
    ONE_LEG,
    Case,
    Laboratory,
    VirtualBody,
    generic,
    virtual_body,
)

RESULTS = Path(__file__).parent / "results"
RESULT, STATIC = RESULTS / "body_calibration.md", RESULTS / "body_static_trial.tsv"
ROWS = Path("body_rows.tsv")
SPINES = (("RASI", "LASI"), ("RPSI", "LPSI"))


def calibrated(body: VirtualBody, laboratory: Laboratory) -> Found:
    """Calibrate a person with the product's kernel at its default settings."""
    start, sex = time.process_time(), body.athlete.sex
    own, labels = generic(body.athlete), laboratory.labels(body)
    parts = body_parts(own, MAP)
    places, sds = believed_places(own, parts, labels)
    template = Template.of(own, MAP, places)
    sizes = size_prior(parts, body_sizes(), Person(sex), Person(sex))
    prior = priors(template, sizes, sds, posture_prior(own, MAP))
    frames = faced(chosen_frames(laboratory.recordings(body), places.body, 0.5), own, places)
    hips = HipObservation.of(template, labels, SPINES, sds)
    fit = body_fit(Problem(template, frames, prior, hips), flexions=FlexionStarts.of(template, MAP))
    skeleton, seconds = template.skeleton_of(moving_shape(fit)), time.process_time() - start
    q = solved(skeleton, body, tuple(labels))
    sides = ("_r",) if laboratory is ONE_LEG else ("_r", "_l")
    return Found(laboratory.name, skeleton, q, seconds, sides, fit)


def solved(own: Skeleton, body: VirtualBody, labels: tuple[str, ...]) -> tuple[FloatArray, ...]:
    """Plain inverse kinematics of the runs, in the order of the truth's coordinates."""
    true = body.skeleton
    names = [name for name in true.markers if name in labels and name in own.markers]
    at = np.array([own.markers.index(name) for name in names])
    seen = [true.markers.index(name) for name in names]
    order = [own.coordinates.index(name) for name in true.coordinates]
    return tuple(
        inverse_kinematics(own, run.position[::EVERY, seen], at, np.ones(len(at))).q[:, order]
        for run in body.runs
    )


def found_ways(case: Case, body: VirtualBody) -> Iterator[Found]:
    """All that is compared for a person."""
    for laboratory in (FULL, CLUSTERS_ALONE):
        yield calibrated(body, laboratory)
    if case is CASES[0]:
        yield calibrated(body, ONE_LEG)


def measured(athletes: int, file: Path, processes: int) -> pd.DataFrame:
    """Errors of so many people of every case, by turns; what the file holds is not done again."""
    done = pd.read_csv(file, sep="\t") if file.is_file() else pd.DataFrame()
    have = set() if done.empty else set(zip(done["case"], done["seed"], strict=True))
    left = [n for n in range(athletes * len(CASES)) if (CASES[n % len(CASES)].name, n) not in have]
    with Pool(processes) as pool:
        for rows in pool.imap(rows_of, left):
            rows.to_csv(file, sep="\t", mode="a", index=False, header=not file.is_file())
    return _of_people(pd.read_csv(file, sep="\t"), athletes)


def _of_people(rows: pd.DataFrame, athletes: int) -> pd.DataFrame:
    return rows[rows["seed"] < athletes * len(CASES)]


def static_rows(file: Path) -> pd.DataFrame:
    """Errors of the same people scaled from the static trial, frozen: both sides together."""
    table = pd.read_csv(file, sep="\t").melt(["seed", "case"], value_name="error")
    names = table["variable"].str.split(": ", n=1, expand=True)
    return table.assign(group=names[0], quantity=names[1], way=STATIC_WAY, sd=np.nan)


def rows_of(seed: int) -> pd.DataFrame:
    """Errors of one person, found in all ways; cases take turns."""
    case = CASES[seed % len(CASES)]
    body = virtual_body(case, seed)
    return pd.DataFrame(
        {"case": case.name, "seed": seed, "way": found.way, **row}
        for found in found_ways(case, body)
        for row in judged(found, body)
    )


def main() -> None:
    """Measure, print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--athletes", type=int, default=40, help="of each case")
    parser.add_argument("--rows", type=Path, default=ROWS, help="where errors are kept")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write benchmarks/results")
    asked = parser.parse_args()
    static = _of_people(static_rows(STATIC), asked.athletes)
    text = page(measured(asked.athletes, asked.rows, asked.processes), static)
    print(text)
    if asked.write:
        write_text(RESULT, text)


if __name__ == "__main__":
    main()
