"""Errors of bodies scaled from the static trial: ``python -m benchmarks.body_static_trial 40``.

Freezes what OpenSim's scaling does to the people of `benchmarks.body_calibration` in
``results/body_static_trial.tsv``, person by person, for comparison once that way is gone.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from aqbio.config import MarkerSet, read_yaml
from aqbio.config.settings import Model
from aqbio.osim.scaling import ScaleTask, scale_model
from aqbio.osim.session import quiet
from aqbio.osim.skeleton import read_skeleton
from aqbio.osim.static_trial import StaticTrial
from aqbio.virtual.bodies import CASES, MAP, MODEL, RATE, THIRD, VirtualBody, virtual_body
from benchmarks.body_calibration import STATIC, solved
from benchmarks.body_outcomes import Found, judged
from benchmarks.body_page import STATIC as WAY


def scaled(body: VirtualBody) -> Found:
    """Scale the generic model from the static trial; third markers of clusters are not in it."""
    start = time.process_time()
    names = tuple(name for name in body.skeleton.markers if name not in THIRD)
    kept = [body.skeleton.markers.index(name) for name in names]
    trial = StaticTrial(names, body.still.position[:, kept], RATE)
    markers = read_yaml(MODEL / "markers.yaml", MarkerSet)
    model = MODEL / f"sprint_{body.athlete.sex}.osim"
    task = ScaleTask(model, MAP, markers, trial, body.athlete.mass, Model())
    with tempfile.TemporaryDirectory() as folder, quiet(Path(folder) / "log"):
        scale_model(task, Path(folder) / "scaled.osim", Path(folder) / "scratch")
        skeleton = read_skeleton(Path(folder) / "scaled.osim")
    seconds = time.process_time() - start
    return Found(WAY, skeleton, solved(skeleton, body, names), seconds)


def main() -> None:
    """Write the errors of so many people of every case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("athletes", type=int)
    rows = []
    for seed in range(parser.parse_args().athletes * len(CASES)):
        case = CASES[seed % len(CASES)]
        body = virtual_body(case, seed)
        rows += [{"case": case.name, "seed": seed, **row} for row in judged(scaled(body), body)]
    wide(pd.DataFrame(rows)).to_csv(STATIC, sep="\t", float_format="%.4g")


def wide(rows: pd.DataFrame) -> pd.DataFrame:
    """One line a person: root mean square over both sides of each quantity."""
    rows = rows.assign(name=rows["group"] + ": " + rows["quantity"], square=rows["error"] ** 2)
    return np.sqrt(rows.pivot_table(index=["seed", "case"], columns="name", values="square"))


if __name__ == "__main__":
    main()
