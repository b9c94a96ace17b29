"""A study on disk whose evidence was drawn: what stage evidence leaves, in any world."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from aqbio.io.columnar import write_columns
from aqbio.io.netcdf import write_dataset
from aqbio.io.study import Study, load_study
from aqbio.names import AXES, ROLE_GROUPS
from aqbio.records.evidence_files import ARMS, OWN
from aqbio.records.specifications import recomputed_arms
from aqbio.records.step_files import step_file
from aqbio.stages.evidence.stage import arms_dataset, own_dataset
from aqbio.stages.steps import columns as step_columns
from aqbio.stats.registration import record_registry
from validation.waves.studies import WaveAthletes, WaveStudy, wave_athletes, wave_study
from validation.worlds import worlds

UPWARD = AXES.index("y")
LEVELS, STEPS, SPRINTS = 4, 10, 3
BOTH_ARMS = ROLE_GROUPS.index("arms")
ARM_SHARES = np.array([0.7, 0.3])
"""What the arm on the push leg's side and the other one have of both arms' momentum."""
TOGETHER = 20
"""Samples of 101 in which the lines of wrists and ankles turn the same way."""
FEWEST = 6
"""Athletes that are drawn at least: their speeds are standardised over all of them."""

SETTINGS = """\
name: drawn
results: {results}
hypotheses: {{surrogates: 20}}
"""


def drawn_study(
    folder: Path,
    world: str = "W0",
    *,
    athletes: int = 12,
    seed: int = 1,
    capacities: bool = False,
) -> Study:
    """Write a study whose evidence was drawn in a world, and give it.

    Parameters
    ----------
    capacities : bool
        Whether both sides' strengths were measured too.
    """
    random = np.random.default_rng(seed)
    who = wave_athletes(worlds()[world], max(athletes, FEWEST), random, sprints=SPRINTS)
    drawn = wave_study(worlds()[world], random, athletes=who, levels=LEVELS, steps=STEPS)
    names = [f"A{number + 1:02d}" for number in range(athletes)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    settings = SETTINGS.format(results=(folder / "results").as_posix())
    (folder / "study.yaml").write_text(settings, encoding="utf-8")
    _write_sheets(folder, names)
    if capacities:
        _write_capacities(folder, names, who)
    study = load_study(folder / "study.yaml")
    record_registry(study)
    for place, name in enumerate(names):
        _write_participant(study, name, place, drawn, who)
    columns = step_columns.CONTRIBUTIONS
    for name in names:
        path = step_file(study, name, "contributions")
        write_columns(pd.DataFrame(columns=list(columns)), path, columns, {})
    study.table("trials.tsv").parent.mkdir(parents=True, exist_ok=True)
    became = [f"{one.participant_id}\t{one.trial_id}\tok" for one in study.trials]
    lines = "\n".join(("participant_id\ttrial_id\tstatus", *became))
    study.table("trials.tsv").write_text(lines + "\n", encoding="utf-8")
    study.table("quality.tsv").write_text("\n".join(_quality_lines(names)) + "\n", encoding="utf-8")
    return study


def _quality_lines(names: list[str]) -> list[str]:
    """Residuals of every trial far inside their gates."""
    measures = (("residual_moment_y_stance_rms", 0.1), ("effect_to_residual_y", 100.0))
    return [
        "participant_id\ttrial_id\tmeasure\tvalue",
        *(
            f"{name}\t{trial}\t{measure}\t{value}"
            for name in names
            for trial, _, _ in _plan()
            for measure, value in measures
        ),
    ]


def _write_sheets(folder: Path, names: list[str]) -> None:
    people = ["participant_id\tsex\tmass_kg\theight_m\tstatic_trial"]
    trials = ["participant_id\ttrial_id\ttask\tcondition\teffort\tfile"]
    for name in names:
        people.append(f"{name}\tfemale\t60\t1.7\tn/a")
        for trial, condition, effort in _plan():
            trials.append(f"{name}\t{trial}\trun\t{condition}\t{effort}\t{name}_{trial}.c3d")
    (folder / "participants.tsv").write_text("\n".join(people) + "\n", encoding="utf-8")
    (folder / "trials.tsv").write_text("\n".join(trials) + "\n", encoding="utf-8")


def _write_capacities(folder: Path, names: list[str], who: WaveAthletes) -> None:
    """Strengths around plausible means: only how far athletes are from each other is read."""
    rows = ["participant_id\tmeasure\tside\tvalue\tunit"]
    for place, name in enumerate(names):
        for measure, side, value in (
            ("knee_extension", "push", 3.0 + 0.4 * who.push_capacity[place]),
            ("hip_flexion", "swing", 2.0 + 0.3 * who.swing_capacity[place]),
        ):
            rows.append(f"{name}\t{measure}\t{side}\t{value}\tN m/kg")
    (folder / "capacities.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def _plan() -> list[tuple[str, str, str]]:
    """Trials of an athlete: one per speed, and sprints in both conditions."""
    rows = [(f"speed{level + 1}", "normal", "submaximal") for level in range(LEVELS)]
    rows += [(f"sprint{number + 1}", "normal", "maximal") for number in range(SPRINTS)]
    rows += [(f"still{number + 1}", "restricted_arms", "maximal") for number in range(SPRINTS)]
    return rows


def _write_participant(
    study: Study, name: str, place: int, drawn: WaveStudy, who: WaveAthletes
) -> None:
    own, arms = [], []
    for step in np.flatnonzero(drawn.participant == place):
        row = _row(drawn, step)
        own.append(row)
        for arm in recomputed_arms(study.settings, consistent=False)[1:]:
            momentum = row["momentum"][0, :, :, UPWARD]
            arms.append(row | {"arm": arm.name, "factor": arm.factor, "momentum_y": momentum})
    for condition, stem, speeds in (
        ("normal", "sprint", who.normal[place]),
        ("restricted_arms", "still", who.restricted[place]),
    ):
        top = _row(drawn, np.flatnonzero(drawn.participant == place)[-1])
        for number, speed in enumerate(speeds):
            trial = {"trial_id": f"{stem}{number + 1}", "condition": condition, "number": 1}
            own.append(top | trial | {"speed": float(speed)})
    folder = study.folder(name, "evidence")
    write_dataset(own_dataset(own), folder / OWN, {})
    write_dataset(arms_dataset(arms), folder / ARMS, {})
    _write_manifests(study, name)


def _row(drawn: WaveStudy, step: int) -> dict:
    level, number = int(drawn.level[step]), int(drawn.step[step]) + 1
    rate = drawn.momentum_rate[step]
    return {
        "trial_id": f"speed{level + 1}",
        "condition": "normal",
        "arm": "default",
        "factor": "",
        "side": "right" if number % 2 else "left",
        "number": number,
        "touchdown": 0.25 * number,
        "contact": drawn.contact[step],
        "flight": drawn.flight[step],
        "speed": drawn.speed[step],
        "speed_change": 0.0,
        "steady": True,
        "force_peak": drawn.force_peak[step],
        "swing_peak": drawn.swing_peak[step],
        "hub_share": drawn.hub_share[step],
        "yaw_impulse": drawn.yaw_impulse[step],
        "lateral_ratio": drawn.lateral_ratio[step],
        "push_index": drawn.push_index[step],
        "swing_index": drawn.swing_index[step],
        "lateral_position": 0.0,
        "momentum": drawn.momentum[step],
        "rate": rate,
        "external_moment": drawn.external_moment[step],
        "residual_moment": np.full(101, 0.1),
        "hub_torque": np.stack([rate[0, :, 0, 1], rate[0, :, 1, 1], -rate[0, :, :2, 1].sum(1)], 1),
        "foot_velocity": np.tile([-1.0, 1.0], (101, 1)),
        "line_rate": _line_rates(number),
        "arm_momentum_y": drawn.momentum[step][..., BOTH_ARMS, UPWARD, None] * ARM_SHARES,
    }


def _line_rates(number: int) -> np.ndarray:
    """Lines of wrists and ankles, (101, 2): opposed in contact, for a fifth of it together."""
    ankles = np.linspace(1.0, 2.0, 101)
    wrists = np.where(np.arange(101) < TOGETHER, 0.5, -1.5 - 0.1 * (number % 3)) * ankles
    return np.stack([wrists, ankles], axis=1)


def _write_manifests(study: Study, name: str) -> None:
    trials = [
        {
            "trial_id": trial,
            "status": "ok",
            "recorded": STEPS if trial.startswith("speed") else 1,
            "marker_rate": 250.0,
            "mass_kg": 60.0,
            "consistent": False,
            "posterior_sd": {},
        }
        for trial, _, _ in _plan()
    ]
    checked = [
        {"trial_id": trial, "status": "ok", "closures": [{"name": "A1", "holds": True}]}
        for trial, _, _ in _plan()
    ]
    fitted = [{"trial_id": trial, "status": "ok", "suspect": False} for trial, _, _ in _plan()]
    for stage, content in (
        ("evidence", trials),
        ("contributions", checked),
        ("consistency", fitted),
    ):
        path = study.manifest(name, stage)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"status": "ok", "trials": content}), encoding="utf-8")
