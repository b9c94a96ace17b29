"""Whether intervals hold the truth of other joints: ``python -m benchmarks.joint_forms --write``.

Virtual sprinters whose joints are neither those of our sprint model nor those of the one with
anatomical joints: each is drawn from what studies of cadavers and of living people found. They are
recorded with skin, noise and clocks, and analysed with our model, which knows nothing of this, once
alone and once with anatomical joints named in ``other_models``. The truth is the same run without
any error, on the runner's own body.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import aqbio
from aqbio.io.atomic import write_text
from aqbio.io.other_models import on_other_models
from aqbio.io.study import Study
from aqbio.mechanics.anthropometry.joint_form import PLAIN, JointForm, unit
from aqbio.pipeline import run_participant
from aqbio.records.contributions import trial_contributions
from aqbio.stages.steps.models import both_models
from aqbio.steps.other_models import model_sds, outcome_differences, with_model
from aqbio.steps.uncertainty import NAMES
from aqbio.virtual.demo import DISTURBANCES, SPRINTERS
from aqbio.virtual.gaits.library import GaitName
from aqbio.virtual.recordings.laboratory import Laboratory
from aqbio.virtual.recordings.recording import RecordedRun, RunPlan, recorded_run
from benchmarks.other_models import half_intervals, kind_of
from tests.virtual.made_study import write_made_study
from validation.gaits.individual import individual_gait

RESULT = Path(__file__).parent / "results" / "joint_forms.md"
ATHLETES = 8
LEVELS = {"slower": 1, "fastest": 3}
OTHER = "anatomical"
PERFECT = "consistency: off\nprepare: {cutoff_hz: 60}\n"
WITH_OTHER = (
    "contributions: {draws: 60}\n"
    f"other_models: {{models: {{{OTHER}: {{file: sprint_anatomical, map: sprint_anatomical}}}}}}\n"
)

_PAGE = """\
# Intervals and joints of other kinds

Written by `python -m benchmarks.joint_forms --write` on {date}, aqbio {version}. {athletes} virtual sprinters at
two speeds, {steps} steps, with joints drawn from published spreads, recorded with the demo's errors and analysed with our
sprint model. How often 95 % intervals of stance means hold the truth, without and with the model of anatomical joints
named in `other_models`; the error is the root mean square. {seconds:.0f} CPU s.

| outcome | coverage without | with | error | half width without | with | width with / without, median |
| --- | --- | --- | --- | --- | --- | --- |"""  # noqa: E501


def drawn_form(random: np.random.Generator) -> JointForm:
    """Joints of one person.

    Notes
    -----
    Ankle: 82.7 (3.7) degrees to the leg seen from ahead, turned out by 6 (7); subtalar: inclined
    by 41 (9), 23 (11) inwards; toes: 62 (6) degrees to the foot (Isman and Inman 1969, Bull
    Prosthet Res 10-11:97-129). Elbow: 8 (6) degrees (carrying angle). Hips: 2.5 mm in 83 (1.70 m).
    Knees from a hinge to 1.6 times Walker's (1988); lumbar joint between L5-S1 and L3-L4.
    """

    def degrees(mean: float, sd: float) -> float:
        return float(np.radians(random.normal(mean, sd)))

    ankle, out = degrees(7.3, 3.7), degrees(6.0, 7.0)
    rise, inwards = degrees(41.0, 9.0), degrees(23.0, 11.0)
    toes, elbow = degrees(28.0, 6.0), degrees(8.0, 6.0)
    ahead = np.cos(rise)
    return JointForm(
        half_hip=PLAIN.half_hip + float(random.normal(0.0, 0.0025 / 1.70)),
        lumbar_behind=PLAIN.lumbar_behind + float(random.normal(0.0, 0.010 / 1.70)),
        lumbar_above=float(random.uniform(0.060, 0.105)),
        knee=float(random.uniform(0.0, 1.6)),
        ankle=unit(-np.sin(out), -np.sin(ankle), np.cos(out)),
        subtalar=unit(ahead * np.cos(inwards), np.sin(rise), -ahead * np.sin(inwards)),
        ball=unit(-np.sin(toes), 0.0, np.cos(toes)),
        elbow=unit(np.sin(elbow), 0.0, np.cos(elbow)),
    )


def runs_of(name: str, form: JointForm) -> dict[str, RecordedRun]:
    """What one person runs, without errors."""
    found = {}
    for label, level in LEVELS.items():
        gait = individual_gait(GaitName(name, "normal", level), form=form).gait
        found[label] = recorded_run(gait, RunPlan(0), Laboratory())
    return found


def outcomes(folder: Path, number: int) -> Iterator[pd.DataFrame]:
    """Stance means of a person's steps: found, true and half their intervals."""
    random = np.random.default_rng([number, 20261122])
    name = SPRINTERS[number % len(SPRINTERS)].athlete.name
    form = drawn_form(random)
    runs = runs_of(name, form)
    who = next(iter(runs.values())).truth.gait.athlete
    late = DISTURBANCES.clock_offset_s * float(random.uniform(-1.0, 1.0))
    errors = replace(DISTURBANCES, clock_offset_s=late)
    found = write_made_study(folder / "found", who, runs, Laboratory(), errors, WITH_OTHER)
    true = write_made_study(
        folder / "true", who, runs, Laboratory(), None, PERFECT, body_known=True
    )
    for study in (found, true):
        run_participant(study, name, print)
    yield from _compared(found, true, name)


def _compared(study: Study, true: Study, name: str) -> Iterator[pd.DataFrame]:
    other, trials = on_other_models(study)[OTHER], study.moving_of(name)
    differences = []
    for trial in trials:
        (own, _), (theirs, _), _ = both_models(study, other, trial)
        differences.append(outcome_differences(own, theirs))
    sds = model_sds(pd.concat(differences))
    for trial in trials:
        data, _ = trial_contributions(study, name, trial.trial_id)
        (own, _), (truth, _), steps = both_models(study, true, trial)
        rows = own.merge(truth, on=["step", *NAMES, "axis"], suffixes=("", "_other"))
        for column, known in (("half", data), ("half_model", with_model(data, sds))):
            rows[column] = half_intervals(rows, known, steps)
        yield rows.assign(who=name, trial=trial.trial_id)


def page(rows: pd.DataFrame, seconds: float) -> str:
    """Coverage, errors and widths by kind of outcome."""
    known = rows[np.isfinite(rows["half"]) & ~rows["level"].str.startswith("C alone")]
    error = (known["value_other"] - known["value"]).abs()
    known = known.assign(
        kind=kind_of(known),
        before=error <= known["half"],
        after=error <= known["half_model"],
        square=error**2,
        wider=known["half_model"] / known["half"],
    )
    steps = len(rows[["who", "trial", "step"]].drop_duplicates())
    lines = [
        _PAGE.format(
            date=time.strftime("%Y-%m-%d"), version=aqbio.__version__, seconds=seconds,
            athletes=rows["who"].nunique(), steps=steps,
        )
    ]  # fmt: skip
    for kind, own in known.groupby("kind", sort=True):
        unit_of = "/".join(sorted(set(own["unit"])))
        root = float(np.sqrt(own["square"].mean()))
        halves = [float(own[name].median()) for name in ("half", "half_model")]
        lines.append(
            f"| {kind}, {unit_of} | {own['before'].mean():.2f} | {own['after'].mean():.2f} "
            f"| {root:.2g} | {halves[0]:.2g} | {halves[1]:.2g} | {own['wider'].median():.2f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Record and analyse everybody, print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--athletes", type=int, default=ATHLETES)
    parser.add_argument("--write", action="store_true", help="write benchmarks/results")
    asked = parser.parse_args()
    start, tables = time.process_time(), []
    for number in range(asked.athletes):
        with tempfile.TemporaryDirectory() as place:
            tables += outcomes(Path(place), number)
    text = page(pd.concat(tables, ignore_index=True), time.process_time() - start)
    print(text)
    if asked.write:
        write_text(RESULT, text)


if __name__ == "__main__":
    main()
