"""Usual misfits of people's recordings: ``python -m validation.usual_misfits STUDY [STUDY ...]``.

Prints rows of `aqbio/observed/misfits.tsv` from finished studies: root mean squares over people, of
their trials at about a speed. Of trials that were fitted, also those of the motion before the fit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.gait.step_files import trial_contacts
from aqbio.inverse_kinematics.solution import FITTED
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study, load_study
from aqbio.names import GRAVITY
from aqbio.study.manifest import OK

SPEED_ENDS_MPS = (0.0, 2.5, 3.7, 4.6, 5.5, 15.0)
"""Ends of the ranges of speed over which misfits are averaged."""


def misfit_rows(study: Study) -> Iterator[dict[str, object]]:
    """Misfits of every trial: person, speed, redundancy, misfit."""
    for person in study.participants:
        name = person.participant_id
        manifest = study.read_manifest(name, "contributions")
        for entry in manifest["trials"]:
            if entry["status"] != OK:
                continue
            misfits = dict(entry["misfits"])
            file = study.folder(name, "contributions") / f"{entry['trial_id']}.nc"
            misfits |= plain_misfits(read_dataset(file, keep=False))
            for redundancy, misfit in misfits.items():
                yield {
                    "person": name, "speed_mps": entry["speed_mps"],
                    "redundancy": redundancy, "misfit": misfit,
                }  # fmt: skip


def plain_misfits(data: xr.Dataset) -> dict[str, float]:
    """Residuals of a fitted trial's motion before the fit, while feet bear."""
    if data.attrs["motion"] != FITTED:
        return {}
    time = data["time"].values
    spans = [(contact.touchdown, contact.toe_off) for contact in trial_contacts(data)]
    inside = np.any([(time >= first) & (time <= last) for first, last in spans], axis=0)
    weight, misfits = float(data.attrs["mass_plain"]) * GRAVITY, {}
    for name in ("force", "moment"):
        rows = data[f"residual_{name}_plain"].values[inside]
        misfits[f"plain {name}"] = float(np.sqrt(np.nanmean(rows**2))) / weight
    return misfits


def usual_rows(misfits: pd.DataFrame) -> pd.DataFrame:
    """Root mean square over people by redundancy and speed."""
    ranges = pd.cut(misfits["speed_mps"], SPEED_ENDS_MPS)
    squares = misfits.assign(square=misfits["misfit"] ** 2, range=ranges)
    keys = ["redundancy", "range"]
    by_person = squares.groupby([*keys, "person"], observed=True)[["square", "speed_mps"]].mean()
    grouped = by_person.groupby(keys, observed=True)
    table = grouped.agg(speed_mps=("speed_mps", "mean"), people=("square", "size")).round(1)
    return table.assign(scale=np.sqrt(grouped["square"].mean())).reset_index()


def main() -> None:
    """Print the rows of the named studies."""
    studies = [load_study(Path(name)) for name in sys.argv[1:]]
    table = pd.DataFrame([row for study in studies for row in misfit_rows(study)])
    for row in usual_rows(table).itertuples():
        sys.stdout.write(f"{row.redundancy}\t{row.speed_mps}\t{row.scale:.2g}\t{row.people}\n")


if __name__ == "__main__":
    main()
