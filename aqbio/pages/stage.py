"""Stage pages: a page of the participant, and a replay of every trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path

import pandas as pd
import xarray as xr

from aqbio.body.records import ADJUSTED, ParticipantModel
from aqbio.config import Trial
from aqbio.contributions.files import CAUSES, momentum_samples, stored_contributions
from aqbio.errors import SEVERITIES, AqbioError, Finding
from aqbio.figures.words import digits
from aqbio.force_plates.alignment import Alignment
from aqbio.gait.curves import role_scheme
from aqbio.gait.step_files import kept_steps, participant_rows, step_file
from aqbio.inverse_dynamics.fitted import fit_values
from aqbio.inverse_kinematics.solution import FITTED, SolvedTrial
from aqbio.io.atomic import write_text
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.io.tables import read_columns
from aqbio.multibody.poses import segment_poses
from aqbio.names import ROLE_SIDES
from aqbio.pages.address import KEPT, marked, where, with_addresses
from aqbio.pages.athlete import (
    FORCES,
    clock_words,
    estimated_forces,
    fit_changes,
    write_athlete_page,
    write_missing_page,
)
from aqbio.pages.bones import write_bones
from aqbio.pages.differences import session_steps, write_differences
from aqbio.pages.filters import (
    CONTENT_SECURITY,
    PENDING_LINKS,
    counted,
    rows,
    template,
    write_assets,
)
from aqbio.pages.fit import trial_changes
from aqbio.pages.packed import Channel
from aqbio.pages.quality import quality_tables, residuals
from aqbio.pages.replay import (
    MOMENTUM,
    TrialReplay,
    contact_rows,
    level_curves,
    model_markers,
    observed_segments,
    poses_along,
    replay_script,
    rotate_to_run,
    script,
    shown_frames,
    spread,
)
from aqbio.pages.stance import UNIT
from aqbio.pages.step_means import write_step_means
from aqbio.pages.summary import trial_state
from aqbio.stage_table import PARTICIPANT_STAGES
from aqbio.study.findings import participant_findings
from aqbio.study.internal import as_findings, contained
from aqbio.study.manifest import Report, TrialOutcome, participant_stage, run_trials, write_manifest
from aqbio.tables.stage import trial_rows

STAGE = "pages"

EARLIER_STAGES = PARTICIPANT_STAGES[: PARTICIPANT_STAGES.index(STAGE)]


@participant_stage(STAGE, cleared=write_missing_page)
def pages_participant(study: Study, participant_id: str, report: Report) -> None:
    """Write the pages of all trials of a participant, and of the participant.

    Writes into ``pages`` what stage report gathers in ``report``: ``trials/<participant>`` with
    ``<trial>.html`` and ``.js``, ``model/bones.js`` there if the model comes with surfaces,
    ``athletes/<participant>.html`` and ``assets``, so that they can be opened before the report
    exists (links to the study's pages are pending until then); and ``pages.json`` last. Content on
    other participants comes from a script of the study (`aqbio.report.group`), so that a page does
    not change with the trials of others.
    """
    tables = {
        name: read_columns(step_file(study, participant_id, name)) for name in ("steps", "quality")
    }
    tables["changes"] = fit_changes(study, participant_id)
    tables["contributions"] = participant_rows(study, participant_id, "contributions")
    folder = study.folder(participant_id, STAGE)
    write_assets(folder / "assets")
    bones, findings = write_bones(study, participant_id, trials_folder(study, participant_id))
    trials = run_trials(
        study,
        participant_id,
        STAGE,
        lambda trial: replay_trial(study, participant_id, trial, tables, bones),
        report,
    )
    try:
        with contained(study, STAGE, participant_id):
            read_session = cache(partial(session_steps, study))
            differences = write_differences(study, participant_id, read_session)
            means = write_step_means(study, participant_id, read_session)
            earlier_findings = participant_findings(study, participant_id, EARLIER_STAGES)
            write_athlete_page(study, participant_id, trials, earlier_findings, differences, means)
    except AqbioError as error:
        write_missing_page(study, participant_id)
        findings += as_findings(error, participant=participant_id)
    write_manifest(study, participant_id, STAGE, trials, findings=findings)


def trials_folder(study: Study, participant_id: str) -> Path:
    """Folder of the pages of a participant's trials."""
    return study.folder(participant_id, STAGE) / "trials" / participant_id


def replay_trial(
    study: Study,
    participant_id: str,
    trial: Trial,
    tables: Mapping[str, pd.DataFrame],
    bones: str = "",
) -> TrialOutcome:
    """Write one trial's page."""
    name = trial.trial_id
    replayed, inputs = trial_replay(study, participant_id, name)
    folder = trials_folder(study, participant_id)
    text = script(replay_script(replayed))
    write_text(folder / f"{name}.js", text)
    write_text(folder / f"{name}.html", _trial_page(study, trial, replayed, tables, bones))
    return TrialOutcome({"bytes": len(text)}, inputs=tuple(inputs))


def trial_replay(
    study: Study, participant_id: str, trial_id: str
) -> tuple[TrialReplay, list[Path]]:
    """Collect the replay of a trial, on axes along the run, and the files on which it rests."""
    contributions, consistent = stored_contributions(
        study, participant_id, trial_id, without=CAUSES
    )
    solved = SolvedTrial.read(study, participant_id, trial_id)
    adjusted = contributions.attrs["body"] == ADJUSTED
    model = (ParticipantModel.adjusted if adjusted else ParticipantModel.of)(study, participant_id)
    skeleton = load_skeleton(model.table)
    chosen = shown_frames(contributions["time"].values, contributions["contact_touchdown"].values)
    contributions, consistent = contributions.isel(time=chosen), consistent.isel(time=chosen)
    motion = solved.solved.sel(time=contributions["time"])
    heading = float(contributions.attrs["heading"])
    laboratory = Alignment.of(fit_values(consistent))
    poses = poses_along(segment_poses(skeleton, consistent["q"].values), heading)
    plain = None
    if consistent.attrs["motion"] == FITTED:
        before = load_skeleton(ParticipantModel.of(study, participant_id).table)
        origin = segment_poses(before, motion["q"].values).origin
        plain = rotate_to_run(laboratory.levelled(origin), heading)
    markers = model_markers(skeleton)
    followed = [str(marker) for marker in motion["marker"].values if str(marker) in markers]
    positions = motion["marker_position"].sel(marker=followed).values
    replayed = TrialReplay(
        participant_id=participant_id,
        trial_id=trial_id,
        time=contributions["time"].values,
        skeleton=skeleton,
        poses=poses,
        plain=plain,
        groups=study.model_map.groups,
        observed=observed_segments(contributions),
        roles=role_scheme(study),
        markers={name: markers[name] for name in followed},
        measured=rotate_to_run(laboratory.levelled(positions), heading),
        curves=_curves(study, contributions, consistent),
        plates=rotate_to_run(laboratory.spread(solved.prepared["plate_corner"].values), heading),
        contacts=tuple(contact_rows(contributions)),
        ground=float(contributions.attrs["surface_height"]),
    )
    files = [
        study.folder(participant_id, stage) / f"{trial_id}.nc"
        for stage in ("inverse_dynamics", "contributions")
    ]
    return replayed, [*files, *solved.files, model.table]


def _curves(
    study: Study, levels: xr.Dataset, consistent: xr.Dataset
) -> dict[str, tuple[tuple[str, ...], Channel]]:
    """Quantities over time, with the spread of momentum where the motion was fitted."""
    curves = level_curves(study.model_map, levels, consistent["q"])
    if "group_momentum_sample" in consistent:
        samples = momentum_samples(levels, consistent)
        groups = tuple(str(name) for name in levels["group"].values)
        curves["spread"] = (groups, Channel(spread(samples), MOMENTUM))
    return curves


def _findings(study: Study, participant_id: str, trial_id: str) -> Iterator[Finding]:
    for stage in EARLIER_STAGES:
        entries = study.read_manifest(participant_id, stage)["trials"]
        for entry in (entry for entry in entries if entry["trial_id"] == trial_id):
            yield from (Finding(**finding) for finding in entry["findings"])


def _kept_key(steps: pd.DataFrame) -> str:
    """Key of the steps of a trial that its page shows."""
    names = {name: steps[name].iloc[0] for name in ("participant_id", "trial_id")}
    return where(**names, **KEPT)


def _of_steps(steps: pd.DataFrame, column: str, unit: str) -> str:
    """Write the mean of a column over the steps that the page of a trial shows."""
    text = digits(steps[column].mean(skipna=False), unit)
    return marked(text, "steps", _kept_key(steps), column, by="mean")


def _sides_words(steps: pd.DataFrame) -> str:
    """State the angular momentum of both sides about the vertical in the trial's whole steps."""
    if steps.empty:
        return "No whole step was kept."
    noun = "whole step" if (steps["status"] == "ok").all() else "single contact"
    columns = [f"H_{side}_y_stance_mean_kgm2ps" for side in ROLE_SIDES]
    push, swing = (_of_steps(steps, column, UNIT) for column in columns)
    if steps[columns].isna().any(axis=None):
        return "What both sides carry is not known: parts of the body were not observed."
    return (
        f"Over {counted(len(steps), noun, 'steps', _kept_key(steps))} the push side carried {push} "
        f"and the swing side {swing} {UNIT} about the vertical, mean over the contact."
    )


def _trial_page(
    study: Study,
    trial: Trial,
    replayed: TrialReplay,
    tables: Mapping[str, pd.DataFrame],
    bones: str,
) -> str:
    """The page of a trial as HTML: its replay, steps, quality and findings."""
    name, participant_id = replayed.trial_id, replayed.participant_id
    moving_trials = [moving.trial_id for moving in study.moving_of(participant_id)]
    index = moving_trials.index(name)
    steps, quality = (
        tables[kind][tables[kind]["trial_id"] == name] for kind in ("steps", "quality")
    )
    shown_steps = kept_steps(steps)
    trial_table = list(trial_rows(study, participant_id, tables["steps"], tables["quality"]))
    row = next((entry for entry in trial_table if entry["trial_id"] == name), None)
    findings = _findings(study, participant_id, name)
    page = template("trial.html.j2").render(
        security=CONTENT_SECURITY["folder"],
        root="../../",
        **PENDING_LINKS,
        participant=participant_id,
        trial=name,
        condition=trial.condition.replace("_", " "),
        before=moving_trials[index - 1] if index else "",
        after=moving_trials[index + 1] if index + 1 < len(moving_trials) else "",
        speed=_of_steps(shown_steps, "speed_mps", "m/s") if len(shown_steps) else "",
        state="" if row is None else trial_state(row),
        against="Not to be relied on." if row is not None and row["against"] else "",
        carried=_sides_words(shown_steps),
        roles=replayed.roles.words(),
        steps=rows(steps),
        clock=clock_words(steps),
        forces=estimated_forces(tables["contributions"], shown_steps),
        force_titles=list(FORCES.values()),
        residuals=residuals(quality),
        quality=quality_tables(quality),
        changes=trial_changes(tables["changes"], name),
        findings=sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)),
        bones=bones,
        compare=True,
        causes=False,
        recorded=True,
    )
    return with_addresses(page)
