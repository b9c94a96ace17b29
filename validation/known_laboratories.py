"""``python -m validation.known_laboratories FOLDER``: intervals of the product against a truth.

Virtual sprinters with individual steps, in laboratories that the fit does not assume: the cameras
are rotated, displaced and scaled against the plates, clocks differ, three quarters of the
soft-tissue artefact are locked to the stride, and the model has other masses and centres of mass.
FOLDER gets a study for each; its stages run as for any study, and stance means are compared with
those of the true motion, forces and body, along the axes of the cameras.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.body.records import ParticipantModel, final_model
from aqbio.contributions.dataset import contributions_dataset
from aqbio.contributions.other_models import steps_in_motion
from aqbio.contributions.step_rows import joined_rows, level_curves, rows_of_level_a, rows_of_levels
from aqbio.contributions.trial import trial_contributions
from aqbio.force_plates.alignment import ALIGNMENT, PIVOT, Alignment
from aqbio.gait.curves import role_scheme, step_dataset
from aqbio.gait.step_files import trial_contacts, trial_steps
from aqbio.gait.steps import rotation_about_vertical
from aqbio.inverse_dynamics.parameters import PARAMETERS
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study, load_study
from aqbio.multibody.motion import Motion
from aqbio.opensim.models import write_adjusted_model
from aqbio.stage_table import STAGES, stage_module
from aqbio.vectors import FloatArray
from aqbio.virtual.demo import DATA, DISTURBANCES, SPRINTERS, GaitName, Sprinter, load_library
from aqbio.virtual.disturbances import STRIDE_LOCKED_SKIN, disturbed, skin_motion
from aqbio.virtual.gait import Gait
from aqbio.virtual.recording import (
    Laboratory,
    RecordedRun,
    RunPlan,
    moved_loads,
    recorded_run,
    recorded_static,
)
from aqbio.virtual.study import LIBRARY, write_c3d
from aqbio.virtual.truth import run_truth
from validation.recordings.known_run import drawn_errors, model_of, with_centres_apart
from validation.third_model import coverage, print_held, stance_means

ERRORS = replace(DISTURBANCES, soft_tissue_m=0.0, clock_offset_s=0.0, gaps=0)
CENTRE_M = 0.010
"""Of the model's centres of mass along each axis, standard deviation, m."""
LEVELS = (3, 0)
"""Speeds of an athlete's two runs: the fastest and the slowest."""
TSV = "participant_id\tsex\tmass_kg\theight_m\tstatic_trial\n{0}\t{1}\t{2}\t{3}\tstatic\n"
LATE_S = 0.008
"""Standard deviation of how late forces come, s."""

YAML = "name: {0}\nresults: {1}/results\nconsistency: {{drag_area_m2: 0}}  # they run without air\n"


def write_study(
    folder: Path, sprinter: Sprinter, gaits: dict[GaitName, Gait]
) -> dict[str, RecordedRun]:
    """Write a study of an athlete in a laboratory of his own; runs as they were."""
    random = np.random.default_rng([SPRINTERS.index(sprinter), 47])
    athlete, laboratory, name = sprinter.athlete, Laboratory(), sprinter.athlete.name
    (folder / "data").mkdir(parents=True)
    spread = {parameter.name: parameter.prior_sd for parameter in PARAMETERS}
    errors = {parameter: spread[parameter] * random.standard_normal() for parameter in ALIGNMENT}
    middle = laboratory.plates.centres().mean(axis=0).tolist()
    alignment = Alignment.of(errors | dict(zip(PIVOT, middle, strict=True)))
    late = LATE_S * float(random.standard_normal())
    runs, rows = {}, ["static\tstatic"]
    for level in LEVELS:
        gait = gaits[GaitName(name, "normal", level)]
        runs[f"speed{level}"] = recorded_run(gait, RunPlan(0, clock_offset_s=late), laboratory)
        rows.append(f"speed{level}\trun")
    recordings = {"static": recorded_static(athlete, laboratory)}
    for trial, run in runs.items():
        skin = skin_motion(run.recording, STRIDE_LOCKED_SKIN, random)
        recordings[trial] = run.recording.changed(markers=run.recording.markers + skin)
    for trial, recording in recordings.items():
        misaligned = recording.changed(markers=alignment.placed(recording.markers))
        disturbed_recording = disturbed(misaligned, ERRORS, random)
        write_c3d(folder / "data" / f"{trial}.c3d", disturbed_recording, laboratory)
    (folder / "study.yaml").write_text(YAML.format(name, folder.as_posix()), encoding="utf-8")
    person = TSV.format(name, athlete.sex, athlete.mass, athlete.stature)
    (folder / "participants.tsv").write_text(person, encoding="utf-8")
    sheet = "participant_id\ttrial_id\ttask\tfile\n" + "".join(
        f"{name}\t{row}\t{row.partition(chr(9))[0]}.c3d\n" for row in rows
    )
    (folder / "trials.tsv").write_text(sheet, encoding="utf-8")
    return runs


def with_wrong_body(file: Path, seed: int) -> Study:
    """The study with a model of other masses and centres of mass than the runner's, once scaled."""
    study, random = load_study(file), np.random.default_rng([seed, 48])
    person = study.participants[0].participant_id
    run_stages(study, person, "scale")
    scaled = ParticipantModel.of(study, person)
    wrong = model_of(load_skeleton(scaled.table), drawn_errors(1.0, random).body)
    wrong = with_centres_apart(wrong, CENTRE_M, random)
    write_adjusted_model(scaled.osim, wrong, file.parent / "data" / "body.osim")
    head, row = (file.parent / "participants.tsv").read_text(encoding="utf-8").splitlines()
    sheet = f"{head}\tmodel_file\n{row}\tbody.osim\n"
    (file.parent / "participants.tsv").write_text(sheet, encoding="utf-8")
    return load_study(file)


def run_stages(study: Study, person: str, last: str) -> None:
    """Run the stages of a participant up to one."""
    for name in STAGES[: STAGES.index(last) + 1]:
        getattr(stage_module(name), f"{name}_participant")(study, person, print)


def true_rows(study: Study, person: str, trial: str, run: RecordedRun) -> pd.DataFrame:
    """Contributions of a run's true motion, forces and body, over the contacts that were found."""
    data = read_dataset(study.folder(person, "inverse_dynamics") / f"{trial}.nc")
    truth = run_truth(run.truth.gait, run.start + data["time"].values)
    q = truth.motion.q.copy()
    root = [truth.gait.skeleton.coordinates.index(f"pelvis_t{axis}") for axis in "xyz"]
    q[:, root] += run.shift
    loads = moved_loads(truth.loads, run.shift)
    data["foot_force"] = data["foot_force"].copy(data=loads.force)
    data["foot_moment"] = data["foot_moment"].copy(data=loads.moment)
    motion = Motion(q, truth.motion.u, truth.motion.udot)
    free = load_skeleton(final_model(study, person).table).coordinate_locked  # as the model has it
    skeleton = replace(truth.gait.skeleton, coordinate_locked=free)
    contributions = trial_contributions(study.model_map, skeleton, data, motion)
    levels, scheme = contributions_dataset(contributions, data, 0.0), role_scheme(study)
    forward, _, right = levels["com_velocity"].values.mean(axis=0)
    turn = rotation_about_vertical(float(np.arctan2(right, forward)))
    levels = levels.map(lambda variable: along(variable, turn), keep_attrs=True)
    steps = trial_steps(list(trial_contacts(levels)), levels["time"].values)
    covered = steps_in_motion(levels, steps)
    curves = step_dataset(levels, covered, study.model_map, scheme)
    caused = rows_of_levels(level_curves(levels, covered, scheme), covered)
    rows = joined_rows(
        [rows_of_level_a(curves, covered, levels["time"].values), caused], len(covered)
    )
    table = rows.frame([step.number for step in covered])
    return table.assign(participant_id=person, trial_id=trial)


def along(variable: xr.DataArray, turn: FloatArray) -> xr.DataArray:
    """A variable along rotated axes, where it has axes."""
    if "axis" not in variable.dims:
        return variable
    last = variable.transpose(..., "axis")
    return last.copy(data=last.values @ turn.T).transpose(*variable.dims)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the studies, run their stages and print how often intervals hold the truth."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("folder", type=Path, help="a new folder")
    parser.add_argument("--athletes", type=int, default=len(SPRINTERS))
    options = parser.parse_args(arguments)
    gaits = load_library(
        DATA / LIBRARY, {sprinter.athlete.name: sprinter.athlete for sprinter in SPRINTERS}
    )
    computed, true = [], []
    for sprinter in SPRINTERS[: options.athletes]:
        person = sprinter.athlete.name
        runs = write_study(options.folder.resolve() / person, sprinter, gaits)
        file = options.folder / person / "study.yaml"
        study = with_wrong_body(file, SPRINTERS.index(sprinter))
        run_stages(study, person, "contributions")
        computed.append(stance_means(study))
        true += [true_rows(study, person, trial, run) for trial, run in runs.items()]
    print_held(coverage(pd.concat(computed), pd.concat(true)))


if __name__ == "__main__":
    main()
