"""Whether intervals hold what a third model says: ``python -m benchmarks.other_models --write``.

A recorded sprinter on our sprint model. Another model makes the part of the intervals that the
choice of the model has: the one with anatomical joints that comes with aqbio, or Rajagopal's.
Models that are in no interval judge them. Needs ``AQBIO_REALDATA``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

import aqbio
from aqbio.intake.new import new_study_from
from aqbio.io.atomic import write_text
from aqbio.io.other_models import on_other_models
from aqbio.io.study import Study, load_study
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.intervals.sources import CONTACT as FOOT
from aqbio.pipeline import run_participant
from aqbio.records.contributions import trial_contributions
from aqbio.stages.steps.models import both_models
from aqbio.steps.other_models import model_sds, outcome_differences, with_model
from aqbio.steps.uncertainty import NAMES, half_widths, stance_sds

RESULT = Path(__file__).parent / "results" / "other_models.md"
STUDIES = Path(__file__).parents[1] / "tests" / "real"
GENERIC = {
    "lai_uhlrich": "RajagopalLaiUhlrich2023.osim",
    "hamner": "FullBodyModel_Hamner2010_v2_0.osim",
}
JUDGES = {
    "anatomical": ("rajagopal", *GENERIC),
    "rajagopal": tuple(GENERIC),
}
"""The model that makes a part of the intervals, and those that are in none."""
NAMES_OF = {
    "anatomical": "our model with anatomical joints",
    "rajagopal": "Rajagopal's (2016)",
    "lai_uhlrich": "Lai-Uhlrich's (2023)",
    "hamner": "Hamner's (2010)",
}
KEY = list(NAMES[:4])

_PAGE = """\
# Intervals and a third model

Written by `python -m benchmarks.other_models --write` on {date}, aqbio {version}. JA1 (Dorn et al. 2012), jog
and sprint, nine contacts, on our sprint model; another model is named in `other_models`. How often 95 %
intervals of stance means hold what a model says that is in none of them, each scaled and calibrated by
aqbio from the same recordings. All five models: {seconds:.0f} CPU s."""  # noqa: E501

_FEET = """

## A foot that must not turn (C3)

Stance means of the forward force that sources make, N, mean over the nine contacts. *Stiff*: how
far our own body is moved when foot and toes are one, the source `contact` of the intervals.
Lai-Uhlrich's and Hamner's feet are stiff as they come, Rajagopal's bends.

| source | ours | stiff | {names} |
| --- | --- | --- | {rules} |"""
FEET_OF = ("gravity", "knee_push", "contact", "velocity")

_TABLE = """

## With {inside} named

Without it, with it:

| outcome | {judges} | width with / without, median |
| --- | {rules} | --- |"""


def written_study(folder: Path, recordings: Path) -> Path:
    """A study of the sprinter on our model, with the four others beside it."""
    shutil.copytree(STUDIES / "ja1_sprint", folder)
    shutil.copy(STUDIES / "ja1" / "markers.yaml", folder / "rajagopal.yaml")
    sprinter = recordings / "ja1_dorn2012"
    models = {
        "anatomical": {"file": "sprint_anatomical", "map": "sprint_anatomical"},
        "rajagopal": {
            "file": str(sprinter / "models" / "rajagopal_generic_ja1markers.osim"),
            "map": "rajagopal2016",
            "markers": "rajagopal.yaml",
        },
    }
    for name, file in GENERIC.items():
        made = folder / name
        new_study_from(
            made,
            sprinter / "c3d",
            recordings / "rajagopal2016" / "models" / file,
            print,
        )
        own = yaml.safe_load((made / "study.yaml").read_text(encoding="utf-8"))["model"]
        models[name] = own | {"markers": f"{name}/{own['markers']}"}
    content = yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))
    content |= {"results": str(folder / "results"), "other_models": {"models": models}}
    (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder / "study.yaml"


def outcomes(study: Study, participant_id: str, inside: str) -> Iterator[pd.DataFrame]:
    """Every stance mean of every step on our model and on one outside, with its half interval."""
    others = on_other_models(study)
    differences, trials = [], study.moving_of(participant_id)
    for trial in trials:
        (own, _), (theirs, _), _ = both_models(study, others[inside], trial)
        differences.append(outcome_differences(own, theirs))
    sds = model_sds(pd.concat(differences))
    for trial in trials:
        data, _ = trial_contributions(study, participant_id, trial.trial_id)
        for name in JUDGES[inside]:
            (own, _), (theirs, _), steps = both_models(study, others[name], trial)
            rows = own.merge(theirs, on=["step", *NAMES, "axis"], suffixes=("", "_other"))
            for column, known in (("half", data), ("half_model", with_model(data, sds))):
                rows[column] = half_intervals(rows, known, steps)
            yield rows.assign(model=name)


def feet(study: Study, participant_id: str) -> str:
    """What weight and joints make of the forward force under C3: free toes, stiff ones, models."""
    others, every = on_other_models(study), []
    for trial in study.moving_of(participant_id):
        data, _ = trial_contributions(study, participant_id, trial.trial_id)
        moved = {side: stance_sds(data, side) for side in ("left", "right")}
        place = data["uncertainty_source"].values.tolist().index(FOOT)
        for name in ("rajagopal", *GENERIC):
            (own, _), (theirs, _), steps = both_models(study, others[name], trial)
            rows = own.merge(theirs, on=["step", *NAMES, "axis"], suffixes=("", "_other"))
            rows = rows[rows["level"].eq("C (C3)") & rows["target"].eq("ground")]
            rows = rows[rows["axis"].eq("x")]
            rows["stiff"] = [
                moved[steps[row["step"]].side][tuple(row[one] for one in KEY)][place, 0]
                for row in rows.to_dict("records")
            ]
            every.append(rows.assign(model=name))
    rows = pd.concat(every)
    names = [NAMES_OF[name] for name in ("rajagopal", *GENERIC)]
    lines = [_FEET.format(names=" | ".join(names), rules=" | ".join(["---"] * len(names)))]
    for source in FEET_OF:
        own = rows[rows["source"] == source]
        told = own.groupby("model")["value_other"].mean()
        cells = [own["value"].mean(), own["stiff"].mean()]
        cells += [told[name] for name in ("rajagopal", *GENERIC)]
        lines.append(f"| {source} | {' | '.join(f'{one:.0f}' for one in cells)} |")
    return "\n".join(lines)


def half_intervals(rows: pd.DataFrame, data: object, steps: list[Step]) -> list[float]:
    """Half of the interval of every row; NaN where there is none."""
    half = {side: half_widths(stance_sds(data, side)) for side in ("left", "right")}  # type: ignore[arg-type]
    return [
        half[steps[row["step"]].side]
        .get(tuple(row[name] for name in KEY), {})
        .get(row["axis"], np.nan)
        for row in rows.to_dict("records")
    ]


def kind_of(rows: pd.DataFrame) -> pd.Series:
    """What readers call the outcomes."""
    level = rows["level"].str.replace("C (", "C, contact model ").str.rstrip(")")
    names = {"joint": "joint moments", "force": "force shares", "B": "B: turning the pelvis"}
    momentum = rows["statistic"].eq("momentum_mean")
    of_a = np.where(momentum, "A: momentum", "A: its rate, external moments")
    return level.replace(names).where(~level.eq("A"), of_a)


def table(rows: pd.DataFrame, inside: str) -> str:
    """Coverage and widths by kind of outcome."""
    known = rows[np.isfinite(rows["half"])]
    known = known[~known["level"].str.startswith("C alone")].assign(kind=kind_of(known))
    known["before"] = (known["value_other"] - known["value"]).abs() <= known["half"]
    known["after"] = (known["value_other"] - known["value"]).abs() <= known["half_model"]
    known["wider"] = known["half_model"] / known["half"]
    judges = JUDGES[inside]
    head = _TABLE.format(
        inside=NAMES_OF[inside],
        judges=" | ".join(NAMES_OF[name] for name in judges),
        rules=" | ".join(["---"] * len(judges)),
    )
    lines = [head]
    for kind, own in known.groupby("kind", sort=True):
        told = own.groupby("model")[["before", "after"]].mean()
        cells = [", ".join(f"{share:.2f}" for share in told.loc[name]) for name in judges]
        lines.append(f"| {kind} | {' | '.join(cells)} | {own['wider'].median():.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Run all models, print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write benchmarks/results")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        file = written_study(Path(place) / "study", Path(os.environ["AQBIO_REALDATA"]))
        study, start = load_study(file), time.process_time()
        run_participant(study, "JA1", print)
        seconds = time.process_time() - start
        text = _PAGE.format(
            date=time.strftime("%Y-%m-%d"), version=aqbio.__version__, seconds=seconds
        )
        for inside in JUDGES:
            rows = pd.concat(list(outcomes(study, "JA1", inside)), ignore_index=True)
            text += table(rows, inside)
        text += feet(study, "JA1")
        text += "\n"
    print(text)
    if asked.write:
        write_text(RESULT, text)


if __name__ == "__main__":
    main()
