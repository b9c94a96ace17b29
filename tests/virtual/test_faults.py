"""Faults of input: named before anything runs, and through the pipeline, plain and fitted.

A closure cannot notice them, the residual absorbs them. The plain way names them before
consistency, which has names of its own for what it cannot fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from aqbio.config import MarkerSet, ModelMap, read_yaml
from aqbio.intake.check import study_problems, written_problems
from aqbio.io.recording import Recording
from aqbio.io.study import MODELS, load_study
from aqbio.io.tables import read_table
from aqbio.prepare.label_faults import with_masked_labels
from aqbio.prepare.notes import Notes
from aqbio.tables.stage import tables_study
from aqbio.virtual.demo import DISTURBANCES
from aqbio.virtual.recording import (
    Laboratory,
    RunPlan,
    VirtualRecording,
    recorded_run,
    recorded_static,
)
from tests.golden import differences
from tests.side_alterations import as_proposed, differing
from tests.small_study import replace as replace_in
from tests.virtual.made_study import SPEEDS, run_stages, write_made_study
from tests.virtual.runners import RUNNER

pytestmark = pytest.mark.opensim

SOUND = {"slow": 7.0, "fast": 9.5}
PLAIN = "consistency: off\ncontributions: {draws: 0}\nmultiverse: {enabled: false}\n"
FITTED = "consistency: {drag_area_m2: 0, samples: 0}"
"""These runners run without air."""
STAGES = ("prepare", "scale", "inverse_kinematics", "inverse_dynamics")
FEET = [(f"R{name}", f"L{name}") for name in ("HEE", "MT5", "MT1", "TOE")]


def plate_force_sign(recording: VirtualRecording) -> dict[str, Any]:
    """The force on the plates instead of that on the runner."""
    return {"force": -recording.force, "moment": -recording.moment}


def free_moment_sign(recording: VirtualRecording) -> dict[str, Any]:
    """Turn the free moment round; forces and centres of pressure stay."""
    force, moment = recording.force, recording.moment.copy()
    loaded = force[..., 1] > 1.0
    safe = np.where(loaded, force[..., 1], 1.0)
    along, across = moment[..., 2] / safe, -moment[..., 0] / safe
    of_force = across * force[..., 0] - along * force[..., 2]
    moment[..., 1] -= np.where(loaded, 2.0 * (moment[..., 1] - of_force), 0.0)
    return {"moment": moment}


def sideways_force_sign(recording: VirtualRecording) -> dict[str, Any]:
    """Turn the sideways force round, as a channel of the other sign does: moments stay."""
    return {"force": recording.force * [1.0, 1.0, -1.0]}


def swapped(*pairs: tuple[str, str]) -> Callable[[VirtualRecording], dict[str, Any]]:
    """Exchange labels."""

    def change(recording: VirtualRecording) -> dict[str, Any]:
        markers = recording.markers.copy()
        for names in pairs:
            pair = [recording.labels.index(name) for name in names]
            markers[:, pair] = markers[:, pair[::-1]]
        return {"markers": markers}

    return change


def clock_30_ms(recording: VirtualRecording) -> dict[str, Any]:
    """Let the forces be 30 ms late; the missing start is unloaded."""
    late = round(0.030 * recording.force_rate)
    signals = {"force": recording.force, "moment": recording.moment}
    return {
        name: np.concatenate((np.zeros_like(values[:late]), values[:-late]))
        for name, values in signals.items()
    }


FAULTS = {
    "plate_force_sign": (plate_force_sign, "plates-action", "plates-action"),
    "free_moment_sign": (free_moment_sign, "free-moment-sign", "free-moment-sign"),
    "swapped_feet": (swapped(*FEET), "labels-exchanged", "labels-exchanged"),
    "swapped_markers": (swapped(("RTH1", "RKNL")), "labels-exchanged", "labels-exchanged"),
    "sideways_force_sign": (sideways_force_sign, "force-z-sign", "force-z-sign"),
    "clock_30_ms": (clock_30_ms, "force-clock", "force-clock"),
}
"""What is done to a recording; the rule that names it, plain, and fitted, or a suspected cause."""


@pytest.fixture(scope="module")
def plain_and_fitted(gait_of, tmp_path_factory) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Two runs as the demo study disturbs them, and the faster one with every fault: tables of the
    plain way, and findings of the fitted way."""
    laboratory = Laboratory()
    runs = {
        name: recorded_run(gait_of(RUNNER, speed).gait, RunPlan(number), laboratory)
        for number, (name, speed) in enumerate(SOUND.items())
    }
    fast = runs["fast"]
    for name, (change, *_) in FAULTS.items():
        faulty = fast.recording.changed(**change(fast.recording))
        runs[name] = replace(fast, recording=faulty)
    folder = tmp_path_factory.mktemp("faults")
    # most trials are faulty here: a body calibrated from all of them would bear the faults as well
    study = write_made_study(folder, RUNNER, runs, laboratory, DISTURBANCES, PLAIN, body_known=True)
    run_stages(study, (*STAGES, "contributions", "multiverse"), (RUNNER.name,))
    tables_study(study, lambda _: None)
    names = ("findings", "steps", "trials")
    tables = {name: read_table(study.table(f"{name}.tsv")) for name in names}
    replace_in(folder / "study.yaml", "consistency: off", FITTED)
    study = load_study(folder / "study.yaml")
    run_stages(study, STAGES[-1:], (RUNNER.name,))
    fitted = [
        finding | {"stage": stage, "trial_id": trial["trial_id"]}
        for stage in STAGES
        for trial in study.read_manifest(RUNNER.name, stage)["trials"]
        for finding in trial.get("findings", [])
    ]
    return tables, pd.DataFrame(fitted)


@pytest.mark.parametrize("trial", [*SOUND, *FAULTS])
def test_a_fault_is_named_and_a_sound_run_is_not_accused(plain_and_fitted, trial):
    """By no other name."""
    (tables, fitted), (_, plain, cause) = plain_and_fitted, FAULTS.get(trial, ("", "", ""))
    rules = set(tables["findings"].query("trial_id == @trial")["rule"])
    rules &= {rule for _, rule, _ in FAULTS.values()}
    assert rules == {plain} - {""}
    fitted_findings = fitted.query("trial_id == @trial")
    causes = {cause_of for _, _, cause_of in FAULTS.values()}
    assert {*fitted_findings["rule"], *fitted_findings["where"]} & causes == {cause} - {""}


def test_golden_findings_of_faulty_trials(plain_and_fitted):
    tables, fitted = plain_and_fitted
    lines = [
        f"{way} {row.trial_id} {row.stage} {row.severity} {row.rule}: {row.what}"
        for way, table in (("plain", tables["findings"]), ("fitted", fitted))
        for row in table.itertuples()
    ]
    trials = tables["trials"]
    lines += [f"{trial.trial_id}: {trial.status}" for trial in trials.itertuples()]
    assert differences("faults", lines) == []


def test_labels_that_are_masked_leave_no_trace(plain_and_fitted):
    """Results are those of the sound run."""
    steps = plain_and_fitted[0]["steps"].set_index(["trial_id", "step"])
    columns = [name for name in steps.columns if name.startswith("H_") and "_y_" in name]
    ours, sound = (steps.loc[name, columns] for name in ("swapped_markers", "fast"))
    assert ours.notna().equals(sound.notna())
    assert (ours - sound).abs().max().max() < 0.1 * sound.abs().max().max()


MASS = f"\t{RUNNER.mass}\t"
PLATES = "laboratory: {ignore_plates: [1, 2, 3, 4, 5, 6, 7, 8]}\n"
WRONG = {
    "trial-window markers-seen": (  # one run without a whole contact, one with too few frames
        [("trials.tsv", "task\tfile\n", "task\tfile\tstart_s\tend_s\n"),
         ("trials.tsv", "run1.c3d", "run1.c3d\t0\t0.15"),
         ("trials.tsv", "run2.c3d", "run2.c3d\t0.5\t0.52")], "",
    ),
    "mass-unknown": ([("participants.tsv", MASS, "\tn/a\t")], PLATES),
    "cutoff-too-high": ([], "prepare: {cutoff_hz: 90}\n"),
}  # fmt: skip
"""Rules of what a stage refuses and no file shows by itself: changes of sheets, and settings."""


@pytest.fixture
def folder(gait_of, tmp_path) -> Path:
    """A study of one static trial and two runs, with which nothing is wrong."""
    runs = {
        name: recorded_run(gait_of(RUNNER, speed).gait, RunPlan(0), Laboratory())
        for name, speed in SPEEDS.items()
    }
    write_made_study(tmp_path, RUNNER, runs, Laboratory())
    return tmp_path


def _settings(folder: Path, text: str) -> None:
    with (folder / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(text)


def _errors(folder: Path) -> list:
    return [
        finding for finding in study_problems(folder / "study.yaml") if finding.severity == "error"
    ]


@pytest.mark.parametrize("rules", WRONG)
def test_check_reports_every_reason_of_a_failure(folder, rules):
    """And nothing is left of having looked."""
    changes, settings = WRONG[rules]
    for sheet, before, after in changes:
        replace_in(folder / sheet, before, after)
    _settings(folder, settings)
    written, _ = written_problems(folder / "study.yaml")
    assert not any(finding.severity == "error" for finding in written)  # no file shows it by itself
    errors = _errors(folder)
    assert not (folder / "results").exists()
    assert {error.rule for error in errors} >= set(rules.split())
    assert [error.rule for error in errors].count("mass-unknown") == (rules == "mass-unknown")
    study, reasons = load_study(folder / "study.yaml"), set()
    for stage in ("prepare", "scale", "inverse_kinematics"):
        run_stages(study, (stage,), (RUNNER.name,))
        manifest = study.read_manifest(RUNNER.name, stage)
        reasons |= {manifest["reason"], *(x["reason"] for x in manifest["trials"])} - {""}
    assert reasons
    for reason in reasons:
        assert any(reason.endswith(error.what) for error in errors), (reason, errors)


def test_internal_error_in_check_is_a_finding_with_a_log(folder, monkeypatch):
    """A trial with an error does not keep others from being checked."""
    (folder / "data" / "run1.c3d").unlink()

    def broken(*_, **__):
        raise ArithmeticError("broken on purpose")

    monkeypatch.setattr("aqbio.prepare.stage.prepare_trial", broken)
    missing, *broken_checks = _errors(folder)
    assert missing.rule == "recording-missing"
    internal = [error for error in broken_checks if error.rule == "internal-error"]
    assert internal
    for error in internal:
        log = error.what.split("see ")[1].split(";")[0]
        path = load_study(folder / "study.yaml").root / log
        assert "broken on purpose" in path.read_text(encoding="utf-8")


MARKERS = read_yaml(MODELS / "sprint" / "markers.yaml", MarkerSet)
GROUPS = read_yaml(MODELS / "sprint" / "map.yaml", ModelMap).groups
LIMBS = {limb: (GROUPS[f"{limb}_left"], GROUPS[f"{limb}_right"]) for limb in ("leg", "arm")}
ENDS = {
    "leg": ("femur", "tibia", "foot", "toes"), "shank": ("tibia", "foot", "toes"),
    "foot": ("foot", "toes"), "arm": ("humerus", "radius", "hand"), "forearm": ("radius", "hand"),
}  # fmt: skip
HIDDEN = {
    "nothing": (), "one arm": ("humerus_l", "radius_l", "hand_l"),
    "thighs": ("femur_l", "femur_r"), "trunk": ("torso", "head"),
}  # fmt: skip


WORDS = {
    "leg": "left and right leg", "shank": "left and right end of the leg",
    "foot": "left and right end of the leg", "arm": "left and right arm",
    "forearm": "left and right end of the arm",
}  # fmt: skip


@pytest.mark.parametrize(("hidden", "end"), [*product(HIDDEN, ENDS)])
@pytest.mark.parametrize("kind", ["run", "static"])
def test_ends_of_limbs_whose_labels_changed_sides_are_masked_and_proposed(
    gait_of, kind, hidden, end
):
    """In all frames, with any other markers worn; what is labelled rightly stays as it is."""
    laboratory, notes = Laboratory(), Notes("fast", "P1", "a.trc", "")
    take = recorded_static(RUNNER, laboratory)
    if kind == "run":
        take = recorded_run(gait_of(RUNNER, 9.5).gait, RunPlan(0), laboratory).recording
    bodies = [
        MARKERS.markers[label].body if label in MARKERS.markers else "" for label in take.labels
    ]
    shown = [n for n, body in enumerate(bodies) if body not in HIDDEN[hidden]]
    labels = tuple(take.labels[n] for n in shown)
    worn = Recording(labels, take.markers[:, shown], laboratory.marker_rate)
    assert with_masked_labels(worn, MARKERS, LIMBS, {}, notes) is worn
    end_labels = [take.labels[n] for n in shown if bodies[n].rpartition("_")[0] in ENDS[end]]
    partner = {label: {"L": "R", "R": "L"}[label[0]] + label[1:] for label in end_labels}
    if {*partner.values()} != {*end_labels}:
        return  # one side alone has no partner
    order = [labels.index(partner.get(label, label)) for label in labels]
    wrong = replace(worn, positions=worn.positions[:, order])
    checked = with_masked_labels(wrong, MARKERS, LIMBS, {}, notes)
    assert not differing(checked, worn).any()
    np.testing.assert_array_equal(as_proposed(wrong, notes).positions, worn.positions)
    [finding] = notes.findings
    words = "left and right leg" if hidden == "thighs" and end == "shank" else WORDS[end]
    assert finding.what.startswith(f"{words} are exchanged in all frames (")
    assert {*end_labels} == {*finding.label.split(", ")}


@pytest.mark.parametrize("kind", ["run", "static"])
def test_where_nothing_was_measured_across_no_side_is_wrong(gait_of, kind):
    """One camera sees a runner from the side."""
    laboratory, notes = Laboratory(), Notes("fast", "P1", "a.trc", "")
    take = recorded_static(RUNNER, laboratory)
    if kind == "run":
        take = recorded_run(gait_of(RUNNER, 9.5).gait, RunPlan(0), laboratory).recording
    flat = take.markers.copy()
    flat[..., 2] = np.random.default_rng(5).normal(0.0, 0.01, flat.shape[:2])
    recording = Recording(tuple(take.labels), flat, laboratory.marker_rate)
    assert with_masked_labels(recording, MARKERS, LIMBS, {}, notes) is recording
