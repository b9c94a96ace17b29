"""The files of the demo study: sheets, recordings and what is known about each of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.io.atomic import write_text
from aqbio.virtual.athlete import Athlete
from aqbio.virtual.demo import (
    DISTURBANCES,
    GAITS,
    SEED,
    SPRINTERS,
    gait_speed,
)
from aqbio.virtual.disturbances import Disturbances, DisturbanceTruth, disturbed
from aqbio.virtual.files import write_c3d
from aqbio.virtual.gait import Gait
from aqbio.virtual.laboratory import Laboratory
from aqbio.virtual.library import DATA, GaitName, load_library
from aqbio.virtual.recording import (
    RecordedRun,
    RunPlan,
    contacts_on_row,
    recorded_run,
    recorded_static,
)
from aqbio.virtual.truth import contacts

LIBRARY = "gait_library.npz"
RECORDINGS = "recordings"
"""Folder of the recordings inside the study's folder; not in the repository."""
THRESHOLD = 20.0
"""Vertical force at which events are known, N."""
ENOUGH_STEPS = 10
"""Steps, from touchdown to the next one on the plates, of every athlete at every speed."""

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PlannedTrial:
    """One recording of the study.

    Attributes
    ----------
    participant, trial : str
    gait : GaitName or None
        None for the static trial.
    first_contact : int
        Number of the contact that comes first on the plates.
    """

    participant: str
    trial: str
    gait: GaitName | None
    first_contact: int = 0

    @property
    def file(self) -> str:
        """File of the recording, relative to the recordings' folder."""
        return f"{self.participant}/{self.participant}_{self.trial}.c3d"

    @property
    def truth_file(self) -> str:
        """File of what is known, relative to the recordings' folder."""
        return f"{self.participant}/{self.participant}_{self.trial}_truth.json"


def planned_trials(gaits: Mapping[GaitName, Gait]) -> tuple[PlannedTrial, ...]:
    """Give all trials of the demo study, in the order of its sheet.

    Each trial goes on with the step that the one before could not finish on the plates.
    """
    row, plan = Laboratory().plates, RunPlan(0)
    found = []
    for one in SPRINTERS:
        name = one.athlete.name
        found.append(PlannedTrial(name, "static", None))
        for gait in (gait for gait in GAITS if gait.participant == name):
            label = "restricted" if gait.condition != "normal" else f"speed{gait.level + 1}"
            first = number = 0
            while first < ENOUGH_STEPS:
                number += 1
                found.append(PlannedTrial(name, f"{label}-{number:02d}", gait, first))
                first = contacts_on_row(gaits[gait], first, plan.first_place, row)[-1]
    return tuple(found)


def sheets(trials: Sequence[PlannedTrial]) -> dict[str, str]:
    """Text of the two sheets."""
    people = ["participant_id\tsex\tmass_kg\theight_m\tstatic_trial\tfastest_mps"]
    for one in SPRINTERS:
        who = one.athlete
        people.append(
            f"{who.name}\t{who.sex}\t{who.mass:g}\t{who.stature:.2f}\tstatic\t{one.fastest:g}"
        )
    rows = ["participant_id\ttrial_id\ttask\tcondition\tfile\tnominal_mps"]
    for trial in trials:
        speed = "n/a" if trial.gait is None else f"{gait_speed(trial.gait):g}"
        condition = "n/a" if trial.gait is None else trial.gait.condition
        task = "static" if trial.gait is None else "run"
        rows.append("\t".join((trial.participant, trial.trial, task, condition, trial.file, speed)))
    return {"participants.tsv": "\n".join(people) + "\n", "trials.tsv": "\n".join(rows) + "\n"}


def write_study(
    folder: Path,
    *,
    participants: Sequence[str] = (),
    disturbances: Disturbances = DISTURBANCES,
    seed: int = SEED,
    report: Report | None = None,
) -> list[Path]:
    """Write the recordings of the demo study; nothing is solved, the library has it all.

    Parameters
    ----------
    folder : Path
        The study's folder; recordings go to ``recordings/`` in it.
    participants : sequence of str
        Only these; empty writes all of them.
    disturbances : Disturbances
    seed : int
        Of the disturbances.
    report : callable, optional
        Gets a line per participant.

    Returns
    -------
    list of Path
        The recordings.
    """
    athletes = {one.athlete.name: one.athlete for one in SPRINTERS}
    gaits = load_library(DATA / LIBRARY, athletes)
    laboratory = Laboratory()
    trials, written = planned_trials(gaits), []
    for name in participants or athletes:
        for number, trial in enumerate(one for one in trials if one.participant == name):
            random = np.random.default_rng([seed, sorted(athletes).index(name), number])
            path = folder / RECORDINGS / trial.file
            if trial.gait is None:
                truth = _write_static(path, athletes[name], laboratory, disturbances, random)
            else:
                plan = _plan(trial, disturbances, random)
                truth = _write_run(path, gaits[trial.gait], plan, laboratory, disturbances, random)
            truth = {"trial": asdict(trial), "seed": seed, **truth}
            write_text(folder / RECORDINGS / trial.truth_file, json.dumps(truth, indent=1) + "\n")
            written.append(path)
        if report is not None:
            report(f"{name}: wrote its recordings")
    return written


def _plan(trial: PlannedTrial, disturbances: Disturbances, random: np.random.Generator) -> RunPlan:
    return RunPlan(
        first_contact=trial.first_contact,
        first_place=0.25 + 0.03 * float(random.uniform(-1.0, 1.0)),
        across=0.03 * float(random.uniform(-1.0, 1.0)),
        before=0.20 + 0.02 * float(random.uniform(-1.0, 1.0)),
        after=0.20,
        clock_offset_s=disturbances.clock_offset_s * float(random.uniform(-1.0, 1.0)),
        cop_bias_m=disturbances.cop_bias_m,
    )


def _write_static(
    path: Path,
    athlete: Athlete,
    laboratory: Laboratory,
    disturbances: Disturbances,
    random: np.random.Generator,
) -> dict[str, Any]:
    still = Disturbances(
        marker_noise_m=disturbances.marker_noise_m,
        force_noise_n=disturbances.force_noise_n,
        moment_noise_nm=disturbances.moment_noise_nm,
        plate_offset_n=disturbances.plate_offset_n,
    )
    recording, done = disturbed(recorded_static(athlete, laboratory), still, random)
    write_c3d(path, recording, laboratory)
    return {
        "athlete": asdict(athlete),
        "disturbances": asdict(still),
        "plate_offset_n": done.plate_offset.tolist(),
    }


def _write_run(
    path: Path,
    gait: Gait,
    plan: RunPlan,
    laboratory: Laboratory,
    disturbances: Disturbances,
    random: np.random.Generator,
) -> dict[str, Any]:
    run = recorded_run(gait, plan, laboratory)
    recording, done = disturbed(run.recording, disturbances, random)
    write_c3d(path, recording, laboratory)
    return {
        "athlete": asdict(gait.athlete),
        "plan": asdict(plan),
        "disturbances": asdict(disturbances),
        **trial_truth(run, laboratory),
        **_done(done),
    }


def trial_truth(run: RecordedRun, laboratory: Laboratory) -> dict[str, Any]:
    """What is known about a run, as plain data for JSON; times from the first frame."""
    gait, truth = run.truth.gait, run.truth
    frames = len(truth.gait_time)
    end = run.start + frames / laboratory.marker_rate
    seen = contacts(gait, run.start, end, THRESHOLD)
    bodies = gait.skeleton.bodies
    events = [
        {
            "foot": one.foot,
            "touchdown_s": one.rises - run.start,
            "toe_off_s": one.falls - run.start,
            "first_force_s": one.touchdown - run.start,
            "last_force_s": one.toe_off - run.start,
            "place_m": one.place + float(run.shift[0]),
            "peak_n": one.peak,
        }
        for one in seen
    ]
    return {
        "speed_mps": gait.timeline.speed,
        "drag_n": gait.drag,
        "shift_m": run.shift.tolist(),
        "threshold_n": THRESHOLD,
        "contacts": events,
        "contacts_on_plates": list(run.contacts_on_plates),
        "stance_mean_momentum_kgm2ps": [
            {
                body: truth.momentum[inside, index].mean(axis=0).tolist()
                for index, body in enumerate(bodies)
            }
            for one in seen
            if (inside := (truth.gait_time >= one.rises) & (truth.gait_time <= one.falls)).any()
        ],
    }


def _done(done: DisturbanceTruth) -> dict[str, Any]:
    moved = np.sqrt((done.soft_tissue**2).sum(axis=2).mean(axis=0))
    return {
        "soft_tissue_rms_m": moved.tolist(),
        "plate_offset_n": done.plate_offset.tolist(),
        "gaps": [list(gap) for gap in done.gaps],
        "swaps": [list(pair) for pair in done.swaps],
    }
