"""JA1's levels as they are told: ``python -m benchmarks.ja1_levels --write``.

Runs the studies of `tests/real` on Rajagopal's model, on ours, and on ours with Rajagopal's named.
Needs ``AQBIO_REALDATA``.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from aqbio.io.atomic import write_text
from aqbio.io.columnar import read_columns
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table
from aqbio.pipeline import run_participant
from aqbio.pipeline import run_study as run_study_stages
from aqbio.report.how_sure import SOURCES, how_sure

RESULT = Path(__file__).parent / "results" / "ja1_levels.md"
STUDIES = Path(__file__).parents[1] / "tests" / "real"
STAGES = ("tables",)
MODELS = {"Rajagopal's": "ja1", "ours": "ja1_sprint"}
OTHER = """
other_models:
  models:
    rajagopal:
      file: ${AQBIO_REALDATA}/ja1_dorn2012/models/rajagopal_generic_ja1markers.osim
      map: rajagopal2016
      markers: rajagopal.yaml
"""
PUSH_SIDE, FORWARD = ("push_side", "y", "moment_mean"), ("ground", "x", "force_mean")
ALONE = {"ankle alone, over all contact models": "ankle_push", "toes alone": "mtp_push"}
TOGETHER = {
    "**ankle and toes**": ("ankle_toes_push", *PUSH_SIDE),
    "hip of the push leg": ("hip_push", *PUSH_SIDE),
    "lumbar joint": ("lumbar", *PUSH_SIDE),
    "force forward, ankle and toes": ("ankle_toes_push", *FORWARD),
}
"""Rows and what of level C they are: source, target, axis and statistic."""
SURE = ("**ankle and toes**, Rajagopal's", "**ankle and toes**, ours")
"""Rows with intervals."""


def ran(name: str, folder: Path, more: str = "") -> Study:
    """One of the studies of JA1, every participant's stages and tables, in a folder."""
    text = (STUDIES / name / "study.yaml").read_text(encoding="utf-8")
    for file in (STUDIES / name).iterdir():
        write_text(folder / file.name, file.read_text(encoding="utf-8"))
    markers = (STUDIES / "ja1" / "markers.yaml").read_text(encoding="utf-8")
    write_text(folder / "rajagopal.yaml", markers)
    write_text(folder / "study.yaml", f"{text}{more}results: {folder / 'results'}\n")
    study = load_study(folder / "study.yaml")
    run_participant(study, "JA1", print)
    run_study_stages(study, STAGES, print)
    return study


def _steps(study: Study) -> pd.DataFrame:
    """Contributions of the sprint's stances, step by step."""
    rows = read_columns(study.folder("JA1", "steps") / "contributions.nc")
    rows = rows[rows["trial_id"].eq("sprint") & rows["phase"].eq("stance")]
    names = ["level", "source", "target", "axis", "statistic"]
    return rows.astype(dict.fromkeys(names, str)).sort_values("step").set_index(names)


def _number(value: float, digits: int = 0) -> str:
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def _list(values: Sequence[float]) -> str:
    return ", ".join(_number(one) for one in values)


def _between(rows: pd.DataFrame) -> list[str]:
    return [f"{_number(row.low)} to {_number(row.high)}" for row in rows.itertuples()]


def foot_rows(studies: dict[str, Study]) -> Iterator[str]:
    """Rows of the table of foot and toes."""
    levels = {model: _steps(study) for model, study in studies.items()}
    for name, source in ALONE.items():
        rows = levels["Rajagopal's"].loc[("C", source, *PUSH_SIDE)]
        yield f"| {name}, Rajagopal's | | {', '.join(_between(rows))} |"
    for name, place in TOGETHER.items():
        for model, rows in levels.items():
            before, now = (rows.loc[(f"C ({one})", *place)] for one in ("C4", "C2"))
            told = [_number(one) for one in now["value"]]
            if f"{name}, {model}" in SURE:
                pairs = zip(told, _between(now), strict=True)
                told = [f"{one} ({ends})" for one, ends in pairs]
            yield f"| {name}, {model} | {_list(before['value'])} | {', '.join(told)} |"
    for model, study in studies.items():
        yield f"| peak moment at the toes, N m, {model} | | {_list(_peaks(study))} |"
    for model, rows in levels.items():
        work = rows.loc[("B", "mtp_push", "whole_body", "all", "work_negative")]["value"]
        yield f"| work absorbed there, J, {model} | | {_list(-work)} |"


def _peaks(study: Study) -> list[float]:
    """Largest moments at the toes in the sprint's contacts, N m."""
    data = read_dataset(study.folder("JA1", "contributions") / "sprint.nc")
    steps = read_table(study.table("steps.tsv"))
    steps = steps[steps["trial_id"].eq("sprint") & steps["status"].ne("rejected")]
    peaks = []
    for row in steps.sort_values("step").to_dict("records"):
        own = data["joint_moment_coordinate"].sel(coordinate=f"mtp_angle_{row['side'][0]}")
        inside = data["time"].values >= row["touchdown_fitted_s"]
        inside &= data["time"].values <= row["toe_off_fitted_s"]
        peaks.append(float(np.abs(own.values[inside]).max()))
    return peaks


def _slip(study: Study, trial: str) -> str:
    rows = read_table(study.table("quality.tsv"))
    own = rows[rows["trial_id"].eq(trial) & rows["measure"].eq("foot_slip")]
    return f"{1000.0 * float(own['value'].item()):.1f} mm in the {trial}"


PAGE = """\
# JA1 by levels: what causes turning, how sure it is, and what hangs on the model

Dorn, Schache and Pandy 2012: one athlete's jog and sprint, on Rajagopal's model and on ours.
Written by `python -m benchmarks.ja1_levels --write`, held to the studies by
`tests/real/test_docs_tables.py` and `tests/real/test_other_models.py`. What it means:
[levels](../../docs/levels.md).

## Foot and toes
The sprint's stance means of what joints do to the push side about the vertical, N m, and of the \
force forward, N (95 % intervals); right, left, right, left. What ankle and toes do alone is an \
interval over all contact models.

| | the foot bears all (C4) | foot and toes bear it (C2) |
| --- | --- | --- |
{foot}

`foot_slip` on our model is {jog} and
{sprint}.

## Where intervals come from
Jog and sprint on our model with Rajagopal's named: half of the 95 % interval, and shares of its \
variance in per cent.

| about the vertical, stance means of nine steps | ± | {sources} |
| --- | --- |{dashes}
{budget}

## Directions that hang on the model
Sure on our model alone, not when Rajagopal's is asked too: {hang} of {directions} about the \
vertical.

| direction of | ours alone | Rajagopal's | ±, both |
| --- | --- | --- | --- |
{sentences}
"""


def page(studies: dict[str, Study], both: Study) -> str:
    """The page."""
    told = how_sure(*(read_table(both.table(f"{name}.tsv")) for name in TABLES))
    (model,) = told.models
    budget = [
        f"| {one.quantity}: {one.part} | {one.half} | {' | '.join(one.shares)} |"
        for one in told.budget
    ]
    sentences = [
        f"| {one.words} | {one.own} ± {one.alone} | {one.other} | ± {one.half} |"
        for one in model.sentences
    ]
    return PAGE.format(
        foot="\n".join(foot_rows(studies)),
        jog=_slip(studies["ours"], "jog"),
        sprint=_slip(studies["ours"], "sprint"),
        sources=" | ".join(SOURCES),
        dashes=" --- |" * len(SOURCES),
        budget="\n".join(budget),
        hang=len(model.sentences),
        directions=model.directions,
        sentences="\n".join(sentences),
    )


TABLES = ("uncertainty", "model_differences")


def main() -> None:
    """Run the studies, print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write benchmarks/results")
    write = parser.parse_args().write
    with tempfile.TemporaryDirectory() as name:
        studies = {model: ran(own, Path(name) / own) for model, own in MODELS.items()}
        both = ran("ja1_sprint", Path(name) / "both", OTHER)
        text = page(studies, both)
    print(text)
    if write:
        write_text(RESULT, text)


if __name__ == "__main__":
    main()
