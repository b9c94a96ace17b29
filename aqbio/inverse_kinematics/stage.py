"""Stage inverse_kinematics: markers to coordinates, coordinates and forces to joint moments."""

from __future__ import annotations

import numpy as np
import xarray as xr

from aqbio.body.records import ParticipantModel
from aqbio.config import ModelMap, Trial
from aqbio.errors import AqbioError, Finding
from aqbio.filters import low_pass
from aqbio.inverse_kinematics.findings import (
    MIN_MARKERS,
    choose_frames,
    contact_spans,
    force_findings,
    left_out_findings,
    motion_findings,
    undetermined_findings,
)
from aqbio.inverse_kinematics.solution import (
    Solution,
    solution_findings,
    solution_numbers,
    solved_dataset,
)
from aqbio.inverse_kinematics.trial_pose import SolvedCoordinates, trial_pose
from aqbio.io.netcdf import write_dataset
from aqbio.io.provenance import study_provenance
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.multibody.dynamics import newton_euler
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.motion import TrackedMarkers, spline_motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.observed.mask import Observed
from aqbio.observed.parts import ObservedParts, lost_findings, lost_parts, of_the_model
from aqbio.prepare.prepared import foot_loads, loads_with_toes, recorded_trial
from aqbio.study.manifest import Report, TrialOutcome, participant_stage, run_trials, write_manifest
from aqbio.vectors import FloatArray

STAGE = "inverse_kinematics"


@participant_stage(STAGE)
def inverse_kinematics_participant(study: Study, participant_id: str, report: Report) -> None:
    """Solve inverse kinematics and inverse dynamics of all trials of a participant.

    Writes ``solved/<trial>.nc``, and ``inverse_kinematics.json`` last.
    """
    model = ParticipantModel.of(study, participant_id)
    trials = run_trials(
        study, participant_id, STAGE, lambda trial: solve_trial(study, model, trial), report
    )
    write_manifest(study, participant_id, STAGE, trials)


def solve_trial(study: Study, model: ParticipantModel, trial: Trial) -> TrialOutcome:
    """Solve one trial."""
    source = study.folder(model.participant_id, "prepare") / f"{trial.trial_id}.nc"
    prepared, skeleton, markers, left_out = trial_to_solve(study, model, trial)
    rate, prepare = float(prepared.attrs["marker_rate"]), study.settings.prepare
    pose, recorded_parts, markers, lost_limbs = trial_pose(study, trial, skeleton, markers, rate)
    recorded_parts = recorded_parts.widened(round(0.5 * rate / prepare.cutoff_hz))
    observed = of_the_model(recorded_parts, study.model_map.groups)
    window = prepared.sel(time=markers.time)
    solution = moving_solution(
        study.model_map, skeleton, markers, pose, observed, window,
        cutoff_hz=prepare.cutoff_hz, from_markers=not trial.coordinates_file,
    )  # fmt: skip
    inputs = (source, model.osim)
    attributes = study_provenance(study, STAGE, inputs)
    solved_by = "file of joint angles" if trial.coordinates_file else "weighted least squares"
    attributes["inverse_kinematics"] = solved_by
    free_moment_findings, attributes["free_moment"] = force_findings(
        solution, foot_loads(study.model_map, window), trial.trial_id
    )
    attributes["from_coordinates"] = "coordinates_file" if trial.coordinates_file else ""
    parts = ObservedParts(observed, skeleton, study.model_map)
    along_coordinates = parts.along("coordinate", skeleton.coordinates)
    stem = study.folder(model.participant_id, STAGE) / trial.trial_id
    dataset = solved_dataset(solution, along_coordinates)
    write_dataset(dataset, stem.with_name(f"{stem.name}.nc"), attributes)
    findings = [
        *left_out,
        *solution_findings(solution, trial.trial_id, study.marker_set, study.settings.solve),
        *undetermined_findings(solution, study.model_map, trial.trial_id),
        *lost_limbs,
        *motion_findings(solution, study.model_map, prepare.cutoff_hz, trial.trial_id),
        *free_moment_findings,
    ]
    groups, used = study.model_map.groups, solution.contact_window
    findings += lost_findings(observed, groups, used, trial.trial_id)
    numbers = {
        **solution_numbers(solution, study.marker_set),
        "inverse_kinematics": solved_by,
        "unseen_groups": list(lost_parts(observed, groups, used)),
    }
    return TrialOutcome(numbers, tuple(findings), inputs)


def moving_solution(
    model_map: ModelMap,
    skeleton: Skeleton,
    markers: TrackedMarkers,
    pose: SolvedCoordinates,
    observed: Observed,
    prepared: xr.Dataset,
    *,
    cutoff_hz: float,
    from_markers: bool,
) -> Solution:
    """Motion of the low-passed coordinates, and its generalised forces, in the frames solved."""
    rate = float(prepared.attrs["marker_rate"])
    motion = spline_motion(skeleton, markers.time, low_pass(pose.q, rate, cutoff_hz))
    loads = foot_loads(model_map, prepared)
    height = float(prepared.attrs["surface_height"])
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    borne = loads_with_toes(model_map, skeleton, kinematics, loads, height)
    forces = newton_euler(skeleton, kinematics, borne)
    deviations = (pose.sd, pose.offset_sd)
    return Solution(
        skeleton, markers, pose.q, motion, forces, prepared, observed, deviations, from_markers
    )


def trial_to_solve(
    study: Study, model: ParticipantModel, trial: Trial
) -> tuple[xr.Dataset, Skeleton, TrackedMarkers, list[Finding]]:
    """A prepared trial, the model, the markers and frames to solve, and what is left out."""
    prepared = recorded_trial(study, model.participant_id, trial)
    skeleton = load_skeleton(model.table)
    markers, left_out = tracked_markers(study, prepared, skeleton, trial)
    refuse_without_contact(prepared, markers.time, trial)
    return prepared, skeleton, markers, left_out


def refuse_without_contact(prepared: xr.Dataset, time: FloatArray, trial: Trial) -> None:
    """Refuse frames that none of the trial's contacts reaches."""
    spans = contact_spans(prepared)
    if not len(spans) or np.any((spans[:, 0] <= time[-1]) & (spans[:, 1] >= time[0])):
        return
    raise AqbioError(
        f"none of the {len(spans)} contacts, from {spans.min():.2f} to {spans.max():.2f} s, lies "
        f"in the frames that are used, {time[0]:.2f} to "
        f"{time[-1]:.2f} s.",
        trial=trial.trial_id,
        fix="correct start_s and end_s in trials.tsv, which count from the trial's first frame, or "
        "fill the gaps of the markers during the contacts.",
        rule="trial-window",
    )


def tracked_markers(
    study: Study, prepared: xr.Dataset, skeleton: Skeleton, trial: Trial
) -> tuple[TrackedMarkers, list[Finding]]:
    """Markers of a prepared trial that the model has, with their weights; what was left out.

    Unfiltered positions: the coordinates are low-passed instead, together with the forces, so that
    a marker that comes or goes leaves no step in the accelerations.
    """
    if trial.coordinates_file:
        return _model_markers(prepared, trial), []
    marker_set = study.marker_set
    used = [
        label
        for label in map(str, prepared["marker"].values)
        if label in marker_set.markers
        and marker_set.markers[label].tracked
        and marker_set.model_name(label) in skeleton.markers
    ]
    if len(used) < MIN_MARKERS:
        raise AqbioError(
            f"only {len(used)} markers of the recording are on the model, "
            f"at least {MIN_MARKERS} are needed.",
            trial=trial.trial_id,
            file=str(study.marker_file),
            fix="compare the labels of the recording with those of the marker set.",
            rule="markers-on-model",
        )
    time = prepared["time"].values
    positions = prepared["marker_raw"].sel(marker=used).values
    in_window = (time >= (trial.start_s or 0.0)) & (time <= (trial.end_s or np.inf))
    time, positions, spans = time[in_window], positions[in_window], contact_spans(prepared)
    enough_markers = np.isfinite(positions).all(axis=2).sum(axis=1) >= MIN_MARKERS
    used_frames = choose_frames(enough_markers, time, spans, trial)
    markers = TrackedMarkers(
        time=time[used_frames],
        names=tuple(marker_set.model_name(label) for label in used),
        positions=positions[used_frames],
        weights=np.array([marker_set.markers[label].weight for label in used]),
    )
    return markers, left_out_findings(enough_markers, time, spans, used_frames, trial)


def _model_markers(prepared: xr.Dataset, trial: Trial) -> TrackedMarkers:
    """Markers of the participant's model, where the joint angles put them."""
    time = prepared["time"].values
    in_window = (time >= (trial.start_s or 0.0)) & (time <= (trial.end_s or np.inf))
    names = tuple(map(str, prepared["marker"].values))
    positions = prepared["marker_raw"].values[in_window]
    return TrackedMarkers(time[in_window], names, positions, np.ones(len(names)))
