"""`aqbio check`: every problem of a study at once, before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from aqbio.config import MarkerSet, closest
from aqbio.errors import AqbioError, Finding
from aqbio.intake.contents import (
    NEEDED_LABEL,
    label_problems,
    laboratory_problems,
    missing_files,
    recording_problems,
    repeated_files,
    repeated_frames,
)
from aqbio.intake.run_problems import run_problems
from aqbio.io.opensim_xml import model_markers, model_names
from aqbio.io.sheets import read_capacities
from aqbio.io.study import CheckedStudy, Study, checked_study, on_other_models
from aqbio.names import NORMAL
from aqbio.stats.registry import Hypothesis, asked_registry, study_registry
from aqbio.study.internal import as_findings, contained


def study_problems(file: Path) -> list[Finding]:
    """Problems of settings, sheets, maps, models and recordings, and what stages would refuse.

    Without an ``error`` among them no trial fails before its motion is solved. Participants and
    trials with an error of their own are not examined further.
    """
    problems, checked = written_problems(file)
    if checked is None:
        return problems
    reported = {_key(one) for one in problems}
    return problems + [one for one in _foreseen(checked, problems) if _key(one) not in reported]


def _without_runs(study: Study) -> Iterator[Finding]:
    """Participants of whom no moving trial is included: nothing would be computed of them."""
    for one in study.participants:
        if study.trials and not study.moving_of(one.participant_id):
            yield Finding(
                rule="runs-none",
                severity="error",
                what="no moving trial is included, so that there is nothing to compute.",
                participant=one.participant_id,
                file=str(study.sheet("trials")),
                fix="add a trial with task run, or set include = yes; otherwise take the "
                "participant out of participants.tsv.",
            )


def _key(finding: Finding) -> tuple[str, ...]:
    return finding.rule, finding.participant, finding.trial, finding.what


def written_problems(file: Path) -> tuple[list[Finding], CheckedStudy | None]:
    """Problems that settings, sheets and files show by themselves, and what can be read of them."""
    try:
        checked = checked_study(file)
    except AqbioError as error:
        return as_findings(error), None
    problems, study = list(checked.findings), checked.study
    if checked.located:
        checks: Iterable[Callable[[], Iterable[Finding]]] = (
            *(
                partial(check, one)
                for one in (study, *on_other_models(study).values())
                for check in (_map_problems, _model_problems)
            ),
            lambda: _compared_trials(study),
            lambda: _file_problems(checked),
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


def _foreseen(checked: CheckedStudy, problems: Sequence[Finding]) -> list[Finding]:
    """What the stages say of those who have no error yet."""
    errors = [one for one in problems if one.severity == "error"]
    if not checked.located or any(not one.participant for one in errors):
        return []
    checked = _recorded(checked)
    study = checked.study
    left_out = {(one.participant, one.trial) for one in errors}
    sound = [
        one.participant_id
        for one in study.participants
        if not {(one.participant_id, ""), (one.participant_id, one.static_trial)} & left_out
    ]
    if not sound:
        return []
    # the stages take seconds to load: only where they are needed
    from aqbio.intake.foreseen import foreseen_problems, placed

    rest = [one for one in study.trials if (one.participant_id, one.trial_id) not in left_out]
    found = foreseen_problems(replace(study, trials=tuple(rest)), sound)
    found = [one for one in found if not (one.rule == NO_RUN and study.moving_of(one.participant))]
    return [placed(one, checked) for one in found]


NO_RUN = "no-moving-trial"
"""Said of a participant whose moving trials all have errors of their own, it is a consequence."""


def _recorded(checked: CheckedStudy) -> CheckedStudy:
    """A study without virtual sprinters of whom the workflow has to make a recording first."""
    study = checked.study
    if not study.is_virtual:
        return checked
    later = {one.participant_id for one in study.trials if not study.recording(one).is_file()}
    rows = zip(study.trials, checked.trial_lines, strict=True)
    kept = [row for row in rows if row[0].participant_id not in later]
    people = [one for one in study.participants if one.participant_id not in later]
    return replace(
        checked,
        study=replace(study, participants=tuple(people), trials=tuple(trial for trial, _ in kept)),
        trial_lines=tuple(line for _, line in kept),
    )


def _hypothesis_problems(study: Study) -> Iterator[Finding]:
    """Problems of the registry, and of the sheet of capacities."""
    try:
        study_registry(study)
    except AqbioError as error:
        yield from as_findings(error)
    try:
        if study.capacities_file is not None:
            people = [one.participant_id for one in study.participants]
            read_capacities(study.capacities_file, people)
    except AqbioError as error:
        yield from as_findings(error)


def _compared_trials(study: Study) -> Iterator[Finding]:
    """Trials to be compared between models that are in no sheet."""
    known = {one.trial_id for one in study.trials}
    for name in sorted({*study.settings.other_models.trials} - known):
        what = f"trial {name} is to be compared between models, but is in no sheet."
        place = (study.file, "other_models.trials")
        yield _unknown("compared-trial", what, place, (name, known), "name trials of trials.tsv.")


def _unknown(
    rule: str,
    what: str,
    place: tuple[Path, str],
    named: tuple[str, Collection[str]],
    otherwise: str,
) -> Finding:
    """Say of a name that nothing has it, with the nearest one, or what to do otherwise."""
    near = closest(*named)
    fix = f"did you mean {near}?" if near else otherwise
    return Finding(rule, "error", what, file=str(place[0]), where=place[1], fix=fix)


def _map_problems(study: Study) -> list[Finding]:
    """Problems of the model map and of the marker set, and bodies on which they disagree."""
    try:
        model_map = study.model_map
    except AqbioError as error:
        own = bool(study.settings.model.markers)
        return [*as_findings(error), *(_marker_problems(study) if own else ())]
    if not _has_markers(study):
        return []  # joint angles: the markers are those of the participants' models
    if findings := _marker_problems(study):
        return findings
    known = {body for members in model_map.groups.values() for body in members}
    named = {marker.body for marker in study.marker_set.markers.values()}
    what = "the marker set speaks of body {}, which no group of the model map has."
    return [
        _unknown("body-unknown", what.format(body), (study.marker_file, f"body {body}"),
                 (body, known), f"known: {', '.join(sorted(known))}.")
        for body in sorted(named - known)
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
    """Names of the map that the model lacks, or that the model cannot be read."""
    try:
        names = model_names(path)
    except AqbioError as error:
        yield from as_findings(error)
        return
    try:
        model_map = study.model_map
    except AqbioError:
        return  # reported elsewhere
    what = f"the model map speaks of {{}}, which the model {path.name} does not have."
    for name in sorted(model_map.names() - names):
        place, named = (study.map_file, name), (name, names)
        yield _unknown("map-names", what.format(name), place, named, "is it of another model?")


def _markers_elsewhere(study: Study, path: Path) -> Iterator[Finding]:
    """Markers that the marker set puts on another limb than the model's own marker of that name."""
    try:
        own, marker_set, groups = model_markers(path), study.marker_set, study.model_map.groups
    except AqbioError:
        return  # reported elsewhere
    group = {body: name for name, members in groups.items() for body in members}
    for label, marker in marker_set.markers.items():
        body = own.get(marker_set.model_name(label))
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


def _file_problems(checked: CheckedStudy) -> Iterator[Finding]:
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
            fix="correct files.data in study.yaml.",
        )
        return
    yield from missing_files(checked)
    repeated = list(repeated_files(checked))
    yield from repeated
    marker_set = _marker_set(study)
    findings, contents = recording_problems(checked, marker_set)
    if contents.read and marker_set is not None and _has_markers(study):
        labels = label_problems(marker_set, study.marker_file, contents.labels)
        yield from labels
        if any(one.rule == NEEDED_LABEL for one in labels):  # axes are unknown because of that
            findings = [one for one in findings if one.rule != "axes-unknown"]
    yield from findings
    if contents.read:
        yield from laboratory_problems(checked, contents)
        reported = {one.where for one in repeated}
        yield from repeated_frames(study.sheet("trials"), contents.gaits, reported)


def _marker_set(study: Study) -> MarkerSet | None:
    """The marker set, if nothing is wrong with it."""
    try:
        return study.marker_set
    except AqbioError:
        return None


def comparison_problems(study: Study) -> Iterator[Finding]:
    """Warnings of cells that are empty, while they can still be filled from memory."""
    tested = asked_registry(study).hypotheses
    yield from _conditions(study, [one for one in tested if one.contrast is not None])
    yield from _athletes(study, [one for one in tested if one.statistic in BETWEEN])


BETWEEN = ("imbalance_cost", "lateral_slope", "vertical_slope", "attack_slope")
"""Statistics that compare athletes with each other."""


def _conditions(study: Study, asking: list[Hypothesis]) -> Iterator[Finding]:
    """Cells without which conditions are not compared, and conditions that nothing compares."""
    pairs: dict[tuple[str, str, str], list[Hypothesis]] = {}
    for one in asking:
        own = one.contrast
        if own is not None and own.by == "condition":
            pairs.setdefault((own.condition, own.reference, own.effort), []).append(one)
    for (condition, reference, asked), every in pairs.items():
        rows = [one for one in study.trials if one.condition in (condition, reference)]
        if condition not in {one.condition for one in rows}:
            continue
        sprints = [one for one in rows if one.effort == asked]
        if {one.condition for one in sprints} != {condition, reference}:
            yield _warning(
                "effort-untold",
                f"sprints of {reference} and {condition} are compared ({_names(every)}) by those "
                f"that are {asked} in column effort, and there are none of one kind.",
                study.sheet("trials"),
                f"column effort: write {asked}, maximal for sprints as fast as possible.",
            )
        elif empty := [one for one in sprints if one.order is None]:
            yield _warning(
                "order-untold",
                f"{len(empty)} of {len(sprints)} sprints have no place in the order of their "
                f"session: what {condition} does ({_names(every)}) cannot be separated from "
                "fatigue.",
                study.sheet("trials"),
                "column order: 1 for the first trial of the participant's session, and so on.",
            )
    known = {NORMAL, *(label for pair in pairs for label in pair[:2])}
    unasked = {one.condition for one in study.trials if one.include == "yes"} - known
    if unasked:
        yield _warning(
            "condition-unasked",
            f"no contrast of the registry names {', '.join(sorted(unasked))}: steps of such trials "
            "are in steps.tsv and in no verdict.",
            study.sheet("trials"),
            "column condition: write normal, or a condition that a contrast of hypotheses.yaml "
            "names; docs/hypotheses.md says how to write one.",
        )


def _athletes(study: Study, asking: list[Hypothesis]) -> Iterator[Finding]:
    people = study.participants
    if not asking or len(people) < min(one.minimum.athletes for one in asking):
        return
    from aqbio.stats.athlete_statistics import NEEDED  # SciPy's statistics with it

    for name in sorted(NEEDED):
        empty = [one.participant_id for one in people if getattr(one, name) is None]
        if empty:
            yield _warning(
                f"{name}-untold",
                f"{name} is not given for {len(empty)} of {len(people)} participants: no slope "
                f"between athletes ({_names(asking)}) can be supported.",
                study.sheet("participants"),
                f"column {name}: fill it, also where it is the same for everybody.",
            )


def _names(asking: list[Hypothesis]) -> str:
    return ", ".join(one.id for one in asking)


def _warning(rule: str, what: str, sheet: Path, fix: str) -> Finding:
    return Finding(rule=rule, severity="warning", what=what, file=str(sheet), fix=fix)
