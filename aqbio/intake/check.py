"""`aqbio check`: every problem of a study at once, before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from aqbio.config import MarkerSet, closest
from aqbio.errors import AqbioError, Finding, causes
from aqbio.intake.contents import (
    LABEL_NEEDED,
    RECORDING_MISSING,
    Contents,
    label_problems,
    laboratory_problems,
    missing_files,
    recording_problems,
    repeated_files,
    repeated_frames,
)
from aqbio.intake.dry_run import dry_run_problems, with_location
from aqbio.intake.run_problems import run_problems
from aqbio.io.opensim_xml import model_markers, model_names
from aqbio.io.published import changed_files, read_manifest
from aqbio.io.strength import checked_strength, refuse_old_sheet, unread_strength
from aqbio.io.study import CheckedStudy, Study, checked_study, on_other_models
from aqbio.names import NORMAL
from aqbio.prepare.stated_faults import LABORATORY_FIX, stated_faults
from aqbio.stats.athlete_statistics import NEEDED
from aqbio.stats.registry import Hypothesis, asked_registry, study_registry
from aqbio.study.internal import as_findings, contained
from aqbio.study.jobs import absent_files, every_job, records_to_make, refuse_loss


def study_problems(file: Path) -> list[Finding]:
    """Problems of settings, sheets, maps, models and recordings, and what stages would refuse.

    Without an ``error`` among them no trial fails before its motion is solved. Participants and
    trials with an error of their own are not examined further.
    """
    problems, checked = written_problems(file)
    if checked is None:
        return problems
    reported = {_key(problem) for problem in problems}
    return problems + [
        problem for problem in _stage_problems(checked, problems) if _key(problem) not in reported
    ]


def refuse_errors(study: Study) -> None:
    """Stop a run, before it changes anything, for errors of settings, sheets and files.

    An error of one trial stops nobody, unless all runs of a person are missing: stages record it.
    Recordings are opened only if stage prepare has to run, and it must not run for a person of
    whom a file is away that finished results were computed from.
    """
    to_make = set(records_to_make(study))
    to_prepare = [
        (on, participant_id)
        for on, participant_id, stage in every_job(study)
        if stage == "prepare" and on.manifest(participant_id, stage) in to_make
    ]
    problems, _ = written_problems(study.file, with_recordings=bool(to_prepare))
    missing = {(x.participant, x.trial) for x in problems if x.rule == RECORDING_MISSING}
    stopping = causes(
        problem
        for problem in problems
        if problem.severity == "error"
        and (
            problem.trial not in {trial.trial_id for trial in study.trials}
            or (problem.rule == RECORDING_MISSING and _has_no_run(study, problem, missing))
        )
    )
    if stopping:
        raise AqbioError("\n".join(map(str, stopping)), rule="check")
    refuse_loss(finding for person in to_prepare for finding in absent_files(*person))


def _has_no_run(study: Study, problem: Finding, missing: Collection[tuple[str, str]]) -> bool:
    """Tell whether all runs of the participant of a problem are among trials that are missing."""
    runs = study.moving_of(problem.participant)
    return all((problem.participant, run.trial_id) in missing for run in runs)


def _without_runs(study: Study) -> Iterator[Finding]:
    """Participants without an included moving trial, for whom nothing would be computed."""
    for participant in study.participants:
        if study.trials and not study.moving_of(participant.participant_id):
            yield Finding(
                rule="runs-none",
                severity="error",
                what="no moving trial is included, so that there is nothing to compute.",
                participant=participant.participant_id,
                file=str(study.sheet("trials")),
                fix="add a trial with task run, or set include = yes; otherwise take the "
                "participant out of participants.tsv.",
            )


def _key(finding: Finding) -> tuple[str, ...]:
    return finding.rule, finding.participant, finding.trial, finding.what


def written_problems(
    file: Path, *, with_recordings: bool = True
) -> tuple[list[Finding], CheckedStudy | None]:
    """Problems of settings, sheets and files, and the checked study where it can be read."""
    try:
        checked = checked_study(file)
    except AqbioError as error:
        return as_findings(error), None
    problems, study = list(checked.findings), checked.study
    if checked.located:
        checks: Iterable[Callable[[], Iterable[Finding]]] = (
            *(
                partial(check, variant)
                for part in _by_marker_set(checked)
                for variant in (part.study, *on_other_models(part.study).values())
                for check in (_map_problems, _model_problems)
            ),
            lambda: _compared_trials(study),
            lambda: _fix_problems(checked),
            lambda: _file_problems(checked, with_recordings=with_recordings),
            lambda: _hypothesis_problems(study),
            lambda: comparison_problems(study),
            lambda: _without_runs(study),
            lambda: run_problems(study),
        )
        for check in checks:
            try:
                with contained(study, "check"):
                    problems += check()
            except AqbioError as error:
                problems += as_findings(error)
    return list(dict.fromkeys(problems)), checked


def _stage_problems(checked: CheckedStudy, problems: Sequence[Finding]) -> list[Finding]:
    """Findings of a dry run of the stages, for participants and trials without an error."""
    errors = [problem for problem in problems if problem.severity == "error"]
    if not checked.located or any(not error.participant for error in errors):
        return []
    checked = _recorded(checked)
    study = checked.study
    left_out = {(error.participant, error.trial) for error in errors}
    rest = [
        trial for trial in study.trials if (trial.participant_id, trial.trial_id) not in left_out
    ]
    sound = [
        participant.participant_id
        for participant in study.participants
        if any(trial.participant_id == participant.participant_id for trial in rest)
        and not {
            (participant.participant_id, ""),
            (participant.participant_id, participant.static_trial),
        }
        & left_out
    ]
    if not sound:
        return []

    findings = dry_run_problems(replace(study, trials=tuple(rest)), sound)
    findings = [
        finding
        for finding in findings
        if not (finding.rule == NO_MOVING_TRIAL and study.moving_of(finding.participant))
    ]
    return [with_location(finding, checked) for finding in findings]


NO_MOVING_TRIAL = "no-moving-trial"
"""Rule that follows from other errors where all moving trials of a participant have one."""


def _recorded(checked: CheckedStudy) -> CheckedStudy:
    """Drop virtual sprinters whose recordings the workflow has yet to make."""
    study = checked.study
    if not study.is_virtual:
        return checked
    later = {trial.participant_id for trial in study.trials if not study.recording(trial).is_file()}
    rows = zip(study.trials, checked.trial_lines, strict=True)
    recorded_rows = [row for row in rows if row[0].participant_id not in later]
    people = [
        participant for participant in study.participants if participant.participant_id not in later
    ]
    return replace(
        checked,
        study=replace(
            study, participants=tuple(people), trials=tuple(trial for trial, _ in recorded_rows)
        ),
        trial_lines=tuple(line for _, line in recorded_rows),
    )


def _hypothesis_problems(study: Study) -> Iterator[Finding]:
    """Problems of the registry, and of the sheet of strengths."""
    try:
        study_registry(study)
    except AqbioError as error:
        yield from as_findings(error)
    try:
        refuse_old_sheet(study.file.parent)
        if study.strength_file is not None:
            yield from checked_strength(study.strength_file, study.participants)[1]
        named_sheet = study.path_of(study.settings.hypotheses.strength)
        yield from unread_strength(study.strength_file or named_sheet)
    except AqbioError as error:
        yield from as_findings(error)


def _fix_problems(checked: CheckedStudy) -> Iterator[Finding]:
    """Statements of laboratory.fix and column fix that are not known or exclude each other."""
    study = checked.study
    for trial in study.trials:
        try:
            stated_faults(trial, study.settings.files.trials, study.settings.laboratory.fix)
        except AqbioError as error:
            if error.where == LABORATORY_FIX.where:
                yield replace(error.finding(), file=str(study.file))
                return
            problem = error.finding(trial=trial.trial_id, participant=trial.participant_id)
            yield with_location(problem, checked)


def _compared_trials(study: Study) -> Iterator[Finding]:
    """Trials to be compared between models that are in no sheet."""
    trial_ids = {trial.trial_id for trial in study.trials}
    for name in sorted({*study.settings.other_models.trials} - trial_ids):
        message = f"trial {name} is to be compared between models, but is in no sheet."
        yield _unknown(
            "compared-trial",
            message,
            study.file,
            "other_models.trials",
            name,
            trial_ids,
            "name trials of trials.tsv.",
        )


def _unknown(
    rule: str,
    message: str,
    file: Path,
    where: str,
    name: str,
    known_names: Collection[str],
    otherwise: str,
) -> Finding:
    """Report an unknown name, with the nearest known one or the other fix."""
    near = closest(name, known_names)
    fix = f"did you mean {near}?" if near else otherwise
    return Finding(rule, "error", message, file=str(file), where=where, fix=fix)


def _by_marker_set(checked: CheckedStudy) -> list[CheckedStudy]:
    """The study once for each of its marker sets, with the people who were recorded with it."""
    study = checked.study
    marker_sets = dict.fromkeys(row.marker_set for row in study.participants)
    if not set(marker_sets) - {None}:
        return [checked]
    parts = []
    for marker_set in marker_sets:
        people = [row for row in study.participants if row.marker_set == marker_set]
        names = {row.participant_id for row in people}
        rows = zip(study.trials, checked.trial_lines, strict=True)
        part_rows = [row for row in rows if row[0].participant_id in names]
        part_study = replace(
            study,
            participants=tuple(people),
            trials=tuple(trial for trial, _ in part_rows),
            worn_markers=marker_set or "",
        )
        lines = tuple(line for _, line in part_rows)
        parts.append(replace(checked, study=part_study, trial_lines=lines))
    return parts


def _map_problems(study: Study) -> list[Finding]:
    """Problems of the model map and the marker set, and bodies that only the marker set has."""
    try:
        model_map = study.model_map
    except AqbioError as error:
        has_marker_file = bool(study.worn_markers or study.settings.model.markers)
        return [*as_findings(error), *(_marker_problems(study) if has_marker_file else ())]
    if not _has_markers(study):
        return []  # joint angles: the markers are those of the participants' models
    if findings := _marker_problems(study):
        return findings
    map_bodies = {body for members in model_map.groups.values() for body in members}
    marker_bodies = {marker.body for marker in study.marker_set.markers.values()}
    message = "the marker set speaks of body {}, which no group of the model map has."
    return [
        _unknown("body-unknown", message.format(body), study.marker_file, f"body {body}",
                 body, map_bodies, f"known: {', '.join(sorted(map_bodies))}.")
        for body in sorted(marker_bodies - map_bodies)
    ]  # fmt: skip


def _has_markers(study: Study) -> bool:
    return not study.trials or any(trial.file for trial in study.trials)


def _marker_problems(study: Study) -> list[Finding]:
    try:
        _ = study.marker_set
    except AqbioError as error:
        return as_findings(error)
    return []


def _model_problems(study: Study) -> Iterator[Finding]:
    checked: set[Path] = set()
    for participant in study.participants:
        try:
            path = study.model_file(participant.participant_id)
        except AqbioError as error:
            yield from as_findings(error)
            continue
        if not path.is_file():
            yield Finding(
                rule="model-missing",
                severity="error",
                what="the generic model does not exist.",
                participant=participant.participant_id,
                file=str(path),
                fix="correct model.file in study.yaml.",
            )
        elif path not in checked:
            checked.add(path)
            yield from _names_not_in_model(study, path)
            yield from _markers_elsewhere(study, path)


def _names_not_in_model(study: Study, path: Path) -> Iterator[Finding]:
    """Names of the map that the model lacks; or the error that keeps the model from being read."""
    try:
        names = model_names(path)
    except AqbioError as error:
        yield from as_findings(error)
        return
    try:
        model_map = study.model_map
    except AqbioError:
        return  # reported elsewhere
    message = f"the model map speaks of {{}}, which the model {path.name} does not have."
    for name in sorted(model_map.names() - names):
        yield _unknown(
            "map-names",
            message.format(name),
            study.map_file,
            name,
            name,
            names,
            "is it of another model?",
        )


def _markers_elsewhere(study: Study, path: Path) -> Iterator[Finding]:
    """Markers that the marker set attaches to another limb than the model does."""
    try:
        model_marker_bodies, marker_set, groups = (
            model_markers(path),
            study.marker_set,
            study.model_map.groups,
        )
    except AqbioError:
        return  # reported elsewhere
    group = {body: name for name, members in groups.items() for body in members}
    for label, marker in marker_set.markers.items():
        body = model_marker_bodies.get(marker_set.model_name(label))
        if None in (group.get(body or ""), group.get(marker.body)):
            continue
        if group[str(body)] != group[marker.body]:
            yield Finding(
                rule="marker-body",
                severity="warning",
                what=f"the marker set puts {label} on {marker.body} ({group[marker.body]}), but "
                f"the model {path.name} has its marker {marker_set.model_name(label)} on {body} "
                f"({group[str(body)]}).",
                file=str(study.marker_file),
                where=label,
                fix="correct its body; or give it another name in the column model, if it is not "
                "that marker.",
            )


def _file_problems(checked: CheckedStudy, *, with_recordings: bool) -> Iterator[Finding]:
    try:
        checked = _recorded(checked)
        study, data = checked.study, checked.study.data
    except AqbioError as error:
        yield from as_findings(error)
        return
    if not study.trials and study.is_virtual:
        return
    if not data.is_dir():
        yield Finding(
            rule="data-folder",
            severity="error",
            what="the folder of the recordings does not exist.",
            file=str(data),
            where=f"{study.file.name}, files.data",
            fix=f"`aqbio fetch {study.file.parent}` fetches the recordings."
            if read_manifest(study.file.parent)
            else "connect its drive, or correct files.data in study.yaml.",
        )
        return
    yield from missing_files(checked)
    if not with_recordings:
        return
    if manifest := read_manifest(study.file.parent):
        yield from changed_files(manifest, data)
    repeated = list(repeated_files(checked))
    yield from repeated
    checked = _without_repeated(checked, repeated)
    contents = Contents(frozenset(), frozenset(), 0)
    for part in _by_marker_set(checked):
        findings, part_contents = _labelled_recording_problems(part)
        yield from findings
        contents = contents.joined_with(part_contents)
    if contents.read:
        yield from laboratory_problems(checked, contents)
        reported = {finding.where for finding in repeated}
        yield from repeated_frames(study.sheet("trials"), contents.gaits, reported)


def _without_repeated(checked: CheckedStudy, repeated: Sequence[Finding]) -> CheckedStudy:
    """Leave out trials whose files another trial has, whose recording is opened once."""
    opened = {(finding.participant, finding.trial) for finding in repeated}
    pairs = zip(checked.study.trials, checked.trial_lines, strict=True)
    rows = [row for row in pairs if (row[0].participant_id, row[0].trial_id) not in opened]
    study = replace(checked.study, trials=tuple(trial for trial, _ in rows))
    return replace(checked, study=study, trial_lines=tuple(line for _, line in rows))


def _labelled_recording_problems(checked: CheckedStudy) -> tuple[list[Finding], Contents]:
    """Problems of recordings of one marker set and of its labels, and what they contain."""
    study = checked.study
    marker_set = _marker_set(study)
    findings, contents = recording_problems(checked, marker_set)
    if not contents.read or marker_set is None or not _has_markers(study):
        return findings, contents
    labels = label_problems(marker_set, study.marker_file, contents.labels)
    if any(finding.rule == LABEL_NEEDED for finding in labels):  # axes are unknown because of that
        findings = [finding for finding in findings if finding.rule != "axes-unknown"]
    return [*labels, *findings], contents


def _marker_set(study: Study) -> MarkerSet | None:
    """Marker set of a study; None if it has errors."""
    try:
        return study.marker_set
    except AqbioError:
        return None


def comparison_problems(study: Study) -> Iterator[Finding]:
    """Warnings about empty cells that comparisons need, while they can be filled from memory."""
    tested = asked_registry(study).hypotheses
    yield from _conditions(
        study, [hypothesis for hypothesis in tested if hypothesis.contrast is not None]
    )
    yield from _athletes(study, [hypothesis for hypothesis in tested if hypothesis.is_adjusted])


def _conditions(study: Study, hypotheses: list[Hypothesis]) -> Iterator[Finding]:
    """Warn of cells without which conditions are not compared, and of conditions never compared."""
    pairs: dict[tuple[str, str, str], list[Hypothesis]] = {}
    for hypothesis in hypotheses:
        contrast = hypothesis.contrast
        if contrast is not None and contrast.by == "condition":
            pairs.setdefault((contrast.condition, contrast.reference, contrast.effort), []).append(
                hypothesis
            )
    for (condition, reference, effort), pair_hypotheses in pairs.items():
        rows = [trial for trial in study.trials if trial.condition in (condition, reference)]
        if condition not in {trial.condition for trial in rows}:
            continue
        sprints = [trial for trial in rows if trial.effort == effort]
        if {trial.condition for trial in sprints} != {condition, reference}:
            yield _warning(
                "effort-untold",
                f"sprints of {reference} and {condition} are compared "
                f"({_names(pair_hypotheses)}) by those that are {effort} in column effort, "
                "and there are none of one kind.",
                study.sheet("trials"),
                f"column effort: write {effort}, maximal for sprints as fast as possible.",
            )
        elif empty := [trial for trial in sprints if trial.order is None]:
            yield _warning(
                "order-untold",
                f"{len(empty)} of {len(sprints)} sprints have no place in the order of their "
                f"session: what {condition} does ({_names(pair_hypotheses)}) cannot be "
                "separated from fatigue.",
                study.sheet("trials"),
                "column order: 1 for the first trial of the participant's session, and so on.",
            )
    known_conditions = {NORMAL, *(label for pair in pairs for label in pair[:2])}
    compared = (x for x in study.trials if x.include == "yes" and not x.is_block_start)
    unasked = {trial.condition for trial in compared} - known_conditions
    if unasked:
        yield _warning(
            "condition-unasked",
            f"no contrast of the registry names {', '.join(sorted(unasked))}: steps of such trials "
            "are in steps.tsv and in no verdict.",
            study.sheet("trials"),
            "column condition: write normal, or a condition that a contrast of hypotheses.yaml "
            "names; docs/hypotheses.md says how to write one.",
        )


def _athletes(study: Study, hypotheses: list[Hypothesis]) -> Iterator[Finding]:
    people = study.participants
    if not hypotheses or len(people) < min(
        hypothesis.minimum.athletes for hypothesis in hypotheses
    ):
        return

    for name in sorted(NEEDED):
        empty = [
            participant.participant_id
            for participant in people
            if getattr(participant, name) is None
        ]
        if empty:
            yield _warning(
                f"{name}-untold",
                f"{name} is not given for {len(empty)} of {len(people)} participants: no slope "
                f"between athletes ({_names(hypotheses)}) can be supported.",
                study.sheet("participants"),
                f"column {name}: fill it, also where it is the same for everybody.",
            )


def _names(hypotheses: list[Hypothesis]) -> str:
    return ", ".join(hypothesis.id for hypothesis in hypotheses)


def _warning(rule: str, message: str, sheet: Path, fix: str) -> Finding:
    return Finding(rule=rule, severity="warning", what=message, file=str(sheet), fix=fix)
