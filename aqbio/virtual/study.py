"""The demo study: sheets, recordings as C3D files, and what is known about each of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import ezc3d
import numpy as np

from aqbio.io.atomic import atomic_path, write_text
from aqbio.vectors import FloatArray, cross
from aqbio.virtual.athlete import Athlete
from aqbio.virtual.demo import DISTURBANCES, GAITS, SEED, SPRINTERS
from aqbio.virtual.disturbances import Disturbances, DisturbanceTruth, disturbed
from aqbio.virtual.gait import Gait
from aqbio.virtual.laboratory import PLATE_AXES, Laboratory
from aqbio.virtual.library import DATA, GaitName, load_library
from aqbio.virtual.recording import (
    RecordedRun,
    RunPlan,
    VirtualRecording,
    contacts_on_row,
    recorded_run,
    recorded_static,
)
from aqbio.virtual.truth import contacts

CHANNELS = ("Fx", "Fy", "Fz", "Mx", "My", "Mz")


def write_c3d(path: Path, recording: VirtualRecording, laboratory: Laboratory) -> None:
    """Write a recording as a C3D file with type 2 plates, in the laboratory's axes and units."""
    scale = 1000.0 if laboratory.marker_unit == "mm" else 1.0
    turn = laboratory.matrix.T
    file = ezc3d.c3d()
    points = np.ones((4, len(recording.labels), len(recording.markers)))
    points[:3] = (recording.markers @ turn * scale).transpose(2, 1, 0)
    parameters = file["parameters"]
    parameters["POINT"]["RATE"]["value"] = [recording.marker_rate]
    parameters["POINT"]["LABELS"]["value"] = list(recording.labels)
    parameters["POINT"]["UNITS"]["value"] = [laboratory.marker_unit]
    file["data"]["points"] = points
    channels, labels, units = _channels(recording, laboratory, scale)
    analog = parameters["ANALOG"]
    analog["RATE"]["value"] = [recording.force_rate]
    analog["LABELS"]["value"] = labels
    analog["UNITS"]["value"] = units
    analog["SCALE"]["value"] = [1.0] * len(labels)
    analog["OFFSET"]["value"] = [0] * len(labels)
    analog["GEN_SCALE"]["value"] = [1.0]
    file["data"]["analogs"] = channels[None]
    _add_plates(file, recording.corners @ turn * scale, laboratory.plates.depth * scale)
    with atomic_path(path) as temporary:
        file.write(str(temporary))


def _channels(
    recording: VirtualRecording, laboratory: Laboratory, scale: float
) -> tuple[FloatArray, list[str], list[str]]:
    """Reaction on the runner in plate axes, moments about the plates' origins."""
    below = np.array([0.0, -laboratory.plates.depth, 0.0])
    origin = cross(np.broadcast_to(below, recording.force.shape), recording.force)
    force = recording.force @ PLATE_AXES
    moment = (recording.moment - origin) @ PLATE_AXES * scale
    table = np.concatenate((force, moment), axis=2)
    samples, plates = table.shape[:2]
    labels = [f"{name}{plate + 1}" for plate in range(plates) for name in CHANNELS]
    units = (["N"] * 3 + ["Nmm" if scale > 1.0 else "Nm"] * 3) * plates
    return table.reshape(samples, -1).T, labels, units


def _add_plates(file: ezc3d.c3d, corners: FloatArray, depth: float) -> None:
    count = len(corners)
    numbers = np.arange(1.0, 6.0 * count + 1.0).reshape(count, 6).T
    origin = np.tile([[0.0], [0.0], [-depth]], (1, count))
    for name, value in (
        ("USED", [count]),
        ("TYPE", [2] * count),
        ("ZERO", [1, 0]),
        ("CORNERS", corners.transpose(2, 1, 0)),
        ("ORIGIN", origin),
        ("CHANNEL", numbers),
    ):
        file.add_parameter("FORCE_PLATFORM", name, value)


LIBRARY = "gait_library.npz"
RECORDINGS = "recordings"
"""Folder of the recordings inside the study's folder; not in the repository."""
ENOUGH_STEPS = 10
"""Steps, from touchdown to the next one on the plates, of every athlete at every speed."""


Report = Callable[[str], None]
Fault = Callable[[VirtualRecording], VirtualRecording]


@dataclass(frozen=True, slots=True)
class PlannedTrial:
    """One recording of the study."""

    participant: str
    trial: str
    gait: GaitName | None
    """None for the static trial."""
    first_contact: int = 0
    """Number of the contact that comes first on the plates."""
    number: int = 0
    """Of the participant's trials; the static one is 0."""

    @property
    def file(self) -> str:
        """File of the recording, relative to the recordings' folder."""
        return f"{self.participant}/{self.participant}_{self.trial}.c3d"

    @property
    def truth_file(self) -> str:
        """File of what is known, relative to the recordings' folder."""
        return f"{self.participant}/{self.participant}_{self.trial}_truth.json"


def planned_trials(gaits: Mapping[GaitName, Gait]) -> tuple[PlannedTrial, ...]:
    """All trials of the demo study, in the order of its sheet."""
    row, plan = Laboratory().plates, RunPlan(0)
    found = []
    for one in SPRINTERS:
        name = one.athlete.name
        found.append(PlannedTrial(name, "static", None))
        count = 0
        for gait in (gait for gait in GAITS if gait.participant == name):
            label = "restricted" if gait.condition != "normal" else f"speed{gait.level + 1}"
            first = number = 0
            while first < ENOUGH_STEPS:
                number += 1
                count += 1
                found.append(PlannedTrial(name, f"{label}-{number:02d}", gait, first, count))
                first = contacts_on_row(gaits[gait], first, plan.first_place, row)[-1]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the recordings of the demo study are made."""

    disturbances: Disturbances = DISTURBANCES
    faults: tuple[Fault, ...] = ()
    """Faults of input, one per run in turn."""
    seed: int = SEED


def write_study(
    folder: Path,
    *,
    participants: Sequence[str] = (),
    recipe: Recipe | None = None,
    gaits: Mapping[GaitName, Gait] | None = None,
    report: Report | None = None,
) -> list[Path]:
    """Write recordings of the demo study (of all participants if none is named)."""
    made = recipe or Recipe()
    athletes = {one.athlete.name: one.athlete for one in SPRINTERS}
    solved = load_library(DATA / LIBRARY, athletes) if gaits is None else gaits
    trials, written = planned_trials(solved), []
    for name in participants or athletes:
        who = next(gait.athlete for one, gait in solved.items() if one.participant == name)
        for number, trial in enumerate(one for one in trials if one.participant == name):
            random = np.random.default_rng([made.seed, sorted(athletes).index(name), number])
            gait = None if trial.gait is None else solved[trial.gait]
            _write_trial(folder / RECORDINGS, trial, who, gait, made, random)
            written.append(folder / RECORDINGS / trial.file)
        if report is not None:
            report(f"{name}: wrote its recordings")
    return written


def _write_trial(
    folder: Path,
    trial: PlannedTrial,
    athlete: Athlete,
    gait: Gait | None,
    recipe: Recipe,
    random: np.random.Generator,
) -> None:
    """Write one recording and what is known about it."""
    laboratory, disturbances = Laboratory(), recipe.disturbances
    known: dict[str, Any] = {
        "trial": asdict(trial),
        "seed": recipe.seed,
        "athlete": asdict(athlete),
    }
    if gait is None:
        plain, disturbances = recorded_static(athlete, laboratory), _still(disturbances)
    else:
        plan = _plan(trial, disturbances, random)
        run = recorded_run(gait, plan, laboratory)
        plain = run.recording
        known |= {"plan": asdict(plan)} | trial_truth(run, laboratory)
        if recipe.faults:
            fault = recipe.faults[trial.number % len(recipe.faults)]
            plain = fault(plain)
            known["fault"] = fault.__name__
    recording, done = disturbed(plain, disturbances, random)
    write_c3d(folder / trial.file, recording, laboratory)
    known |= {"disturbances": asdict(disturbances)} | disturbance_truth(done)
    write_text(folder / trial.truth_file, json.dumps(known, indent=1) + "\n")


def _still(disturbances: Disturbances) -> Disturbances:
    """What a static trial suffers from: noise and offsets only."""
    return replace(disturbances, soft_tissue_m=0.0, clock_offset_s=0.0, gaps=0, swaps=0)


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


THRESHOLD = 20.0
"""Vertical force at which events are known, N."""


def trial_truth(run: RecordedRun, laboratory: Laboratory) -> dict[str, Any]:
    """What is known about a run: events, loads, mean momenta; times from the first frame, s."""
    gait, truth = run.truth.gait, run.truth
    end = run.start + len(truth.gait_time) / laboratory.marker_rate
    loaded = contacts(gait, run.start, end, THRESHOLD)
    events = []
    for one in loaded:
        inside = (truth.gait_time >= one.rises) & (truth.gait_time <= one.falls)
        mean = truth.momentum[inside].mean(axis=0) if inside.any() else None
        events.append(
            {
                "foot": one.foot,
                "touchdown_s": one.rises - run.start,
                "toe_off_s": one.falls - run.start,
                "first_force_s": one.touchdown - run.start,
                "last_force_s": one.toe_off - run.start,
                "place_m": one.place + float(run.shift[0]),
                "peak_n": one.peak,
                "mean_momentum_kgm2ps": None
                if mean is None
                else dict(zip(gait.skeleton.bodies, mean.tolist(), strict=True)),
            }
        )
    return {
        "speed_mps": gait.timeline.speed,
        "drag_n": gait.drag,
        "shift_m": run.shift.tolist(),
        "threshold_n": THRESHOLD,
        "contacts": events,
        "contacts_on_plates": list(run.contacts_on_plates),
    }


def disturbance_truth(done: DisturbanceTruth) -> dict[str, Any]:
    """What was done to a recording."""
    moved = np.sqrt((done.soft_tissue**2).sum(axis=2).mean(axis=0))
    return {
        "soft_tissue_rms_m": moved.tolist(),
        "plate_offset_n": done.plate_offset.tolist(),
        "gaps": [list(gap) for gap in done.gaps],
        "swaps": [list(pair) for pair in done.swaps],
    }
