"""The demo study: recordings of virtual sprinters as C3D files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import ezc3d
import numpy as np

from aqbio.io.atomic import atomic_path
from aqbio.vectors import FloatArray, cross
from aqbio.virtual.athlete import Athlete
from aqbio.virtual.demo import DATA, DISTURBANCES, GAITS, SEED, SPRINTERS, GaitName, load_library
from aqbio.virtual.disturbances import Disturbances, disturbed
from aqbio.virtual.gait import Gait
from aqbio.virtual.recording import (
    PLATE_AXES,
    Laboratory,
    RunPlan,
    VirtualRecording,
    contacts_on_row,
    recorded_run,
    recorded_static,
)

CHANNELS = ("Fx", "Fy", "Fz", "Mx", "My", "Mz")
"""Channels of a type 2 plate."""


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
"""File of the solved gaits."""

RECORDINGS = "recordings"
"""Folder of the recordings inside the study's folder; not in the repository."""
MIN_STEPS = 10
"""Minimum number of complete steps on the plates of every athlete at every speed."""


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
    """Number of the first contact on the plates."""
    number: int = 0
    """Number among the participant's trials; the static one is 0."""

    @property
    def file(self) -> str:
        """File of the recording, relative to the recordings' folder."""
        return f"{self.participant}/{self.participant}_{self.trial}.c3d"


def planned_trials(gaits: Mapping[GaitName, Gait]) -> tuple[PlannedTrial, ...]:
    """All trials of the demo study, in the order of its sheet."""
    row, plan = Laboratory().plates, RunPlan(0)
    planned = []
    for sprinter in SPRINTERS:
        name = sprinter.athlete.name
        planned.append(PlannedTrial(name, "static", None))
        count = 0
        for gait in (gait for gait in GAITS if gait.participant == name):
            label = "restricted" if gait.condition != "normal" else f"speed{gait.level + 1}"
            first = number = 0
            while first < MIN_STEPS:
                number += 1
                count += 1
                planned.append(PlannedTrial(name, f"{label}-{number:02d}", gait, first, count))
                first = contacts_on_row(gaits[gait], first, plan.first_contact_x, row)[-1]
    return tuple(planned)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Disturbances, faults and seed of the demo study's recordings."""

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
    """Write recordings of the demo study (of all participants by default).

    A participant such as V01_after is another session of V01: the same body and gaits with
    disturbances of its own.
    """
    used_recipe = recipe or Recipe()
    athletes = {sprinter.athlete.name: sprinter.athlete for sprinter in SPRINTERS}
    solved = load_library(DATA / LIBRARY, athletes) if gaits is None else gaits
    trials, written = planned_trials(solved), []
    for name in participants or athletes:
        sprinter_name, _, session = name.partition("_")
        athlete = next(
            gait.athlete
            for gait_name, gait in solved.items()
            if gait_name.participant == sprinter_name
        )
        seed = [used_recipe.seed, sorted(athletes).index(sprinter_name)]
        for number, planned in enumerate(
            planned for planned in trials if planned.participant == sprinter_name
        ):
            trial = replace(planned, participant=name)
            random = np.random.default_rng([*seed, number, *session.encode()])
            gait = None if trial.gait is None else solved[trial.gait]
            _write_trial(folder / RECORDINGS, trial, athlete, gait, used_recipe, random)
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
    """Write one recording."""
    laboratory, disturbances = Laboratory(), recipe.disturbances
    if gait is None:
        plain = recorded_static(athlete, laboratory)
        disturbances = replace(disturbances, soft_tissue_m=0.0, clock_offset_s=0.0, gaps=0, swaps=0)
    else:
        plain = recorded_run(gait, _plan(trial, disturbances, random), laboratory).recording
        if recipe.faults:
            plain = recipe.faults[trial.number % len(recipe.faults)](plain)
    write_c3d(folder / trial.file, disturbed(plain, disturbances, random), laboratory)


def _plan(trial: PlannedTrial, disturbances: Disturbances, random: np.random.Generator) -> RunPlan:
    return RunPlan(
        first_contact=trial.first_contact,
        first_contact_x=0.25 + 0.03 * float(random.uniform(-1.0, 1.0)),
        across=0.03 * float(random.uniform(-1.0, 1.0)),
        before=0.20 + 0.02 * float(random.uniform(-1.0, 1.0)),
        after=0.20,
        clock_offset_s=disturbances.clock_offset_s * float(random.uniform(-1.0, 1.0)),
        cop_bias_m=disturbances.cop_bias_m,
    )
