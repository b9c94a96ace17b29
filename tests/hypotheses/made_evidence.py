"""A study on disk whose evidence was drawn: what stage evidence leaves, in any world."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.contributions import step_rows as step_columns
from aqbio.contributions.other_models import COLUMNS
from aqbio.gait.roles import with_pelvis
from aqbio.gait.step_files import MODELS, step_file
from aqbio.hypotheses.preregistration import record_registry
from aqbio.intervals.step_uncertainty import KEYS, NAMES
from aqbio.io.netcdf import write_dataset
from aqbio.io.study import Study, load_study
from aqbio.io.tables import write_columns
from aqbio.multiverse.files import CURVES, STEPS, evidence_file
from aqbio.multiverse.specifications import PELVIS, all_specifications, pelvis_members
from aqbio.names import AXES, ROLE_GROUPS, SIDES
from aqbio.stats.step_numbers import evidence_columns, lag, momentum_numbers
from tests.waves import WaveAthletes, WaveStudy, wave_athletes, wave_study

UPWARD = AXES.index("y")
LEVELS, ROW, SPRINTS = 4, 10, 3
BOTH_ARMS = ROLE_GROUPS.index("arms")
ARM_SHARES = np.array([0.7, 0.3])
"""Shares of the push-side arm and of the swing-side arm in the momentum of both."""
TURNING = (
    "yaw_range_hips", "yaw_range_shoulders", "yaw_range_wrists", "free_moment_peak",
    "momentum_peak_total",
)  # fmt: skip
"""Columns that do not follow from waves of momentum."""
SAME_DIRECTION_SAMPLES = 20
"""Samples of 101 in which the lines of wrists and ankles turn the same way."""
FEWEST = 6
"""Athletes that are drawn at least: their speeds are standardised over all of them."""

SETTINGS = """\
name: drawn
results: {results}
multiverse: {{enabled: {multiverse}}}
"""


def drawn_study(
    folder: Path,
    world: str = "W0",
    *,
    athletes: int = 12,
    seed: int = 1,
    capacities: bool = False,
    multiverse: bool = True,
) -> Study:
    """Write a study whose evidence was drawn in a world, and give it."""
    random = np.random.default_rng(seed)
    sprinters = wave_athletes(world, max(athletes, FEWEST), random, sprints=SPRINTS)
    steps = wave_study(world, random, athletes=sprinters, levels=LEVELS, steps=ROW)
    names = [f"A{number + 1:02d}" for number in range(athletes)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    settings = SETTINGS.format(
        results=(folder / "results").as_posix(), multiverse=str(multiverse).lower()
    )
    (folder / "study.yaml").write_text(settings, encoding="utf-8")
    _write_sheets(folder, names)
    if capacities:
        _write_capacities(folder, names, sprinters)
    study = load_study(folder / "study.yaml")
    record_registry(study)
    for index, name in enumerate(names):
        _write_participant(study, name, index, steps, sprinters)
    columns = step_columns.CONTRIBUTIONS
    for index, name in enumerate(names):
        path = step_file(study, name, "contributions")
        rows = _causes(name, steps, np.flatnonzero(steps.participant == index))
        write_columns(rows.reindex(columns=list(columns)), path, columns, {})
        _write_draws(study, name, steps, np.flatnonzero(steps.participant == index))
    study.table("trials.tsv").parent.mkdir(parents=True, exist_ok=True)
    became = [f"{trial.participant_id}\t{trial.trial_id}\tok" for trial in study.trials]
    lines = "\n".join(("participant_id\ttrial_id\tstatus", *became))
    study.table("trials.tsv").write_text(lines + "\n", encoding="utf-8")
    study.table("quality.tsv").write_text("\n".join(_quality_lines(names)) + "\n", encoding="utf-8")
    return study


POSTERIOR = {"push_leg_offset": 0.01, "step_yaw_impulse": 0.001}
"""How sure a trial is of its numbers; the impulse in kg m²/s."""

LAG_STATES = {"motion": [0.001, -0.001], "clock": [0.0, 0.0], "frames": [0.0]}
"""Deviations of a trial's lag in every state."""

DEVIATION = {"push_leg_offset": 0.02, "lag": 0.0005}
"""How far one other model is from the study's own; a second one knows the first alone."""

CAUSES = {"C1": 0.8, "C2": 1.0, "C3": 1.2}
"""Factors of the contact models on the share of the world."""


def _causes(name: str, steps: WaveStudy, chosen: np.ndarray) -> pd.DataFrame:
    """Force of one joint of the swing leg and of one of the push leg, 1000 N together."""
    rows = [
        {
            "participant_id": name,
            "trial_id": f"speed{steps.level[row] + 1}",
            "step": int(steps.step[row]) + 1,
            "level": f"C ({model})",
            "source": source,
            "target": "ground",
            "axis": "y",
            "phase": "stance",
            "statistic": "force_mean",
            "value": value,
            "unit": "N",
            "low": value - 2.0,
            "high": value + 2.0,
        }
        for row in chosen
        for model, factor in CAUSES.items()
        for share in (factor * steps.hub_share[row],)
        for source, value in (("hip_swing", 1000.0 * share), ("hip_push", 1000.0 * (1.0 - share)))
    ]
    moments = [
        rows[3 * 2 * number] | {
            "level": "joint", "source": "hip_push", "target": "distal_segment", "axis": "z",
            "statistic": "moment_max", "value": moment, "unit": "N m",
        }
        for number, moment in enumerate(_hip_moments(chosen))
    ]  # fmt: skip
    return pd.DataFrame([*rows, *moments])


def _hip_moments(chosen: np.ndarray) -> np.ndarray:
    """Hip moment of the push leg in some steps, N m: it differs from step to step."""
    return 150.0 + 20.0 * np.sin(2.0 + 1.7 * chosen) + 0.1 * (chosen % 7)


MOMENT_SLOPE = 0.02
"""Speed of the swing leg's thigh for each N m of that moment, rad/s, at equal speed."""


def _write_draws(study: Study, name: str, wave: WaveStudy, chosen: np.ndarray) -> None:
    """One error of an athlete's body, as large in all of its trials, and other models."""
    steps = pd.DataFrame(
        {
            "participant_id": name,
            "trial_id": [f"speed{level + 1}" for level in wave.level[chosen]],
            "condition": "normal",
            "step": wave.step[chosen] + 1,
            "side": "right",
            "status": "ok",
            "speed_mps": wave.speed[chosen],
            "touchdown_fitted_s": 0.0,
            "thigh_speed_swing_radps": 2.0 * wave.speed[chosen]
            + MOMENT_SLOPE * _hip_moments(chosen)
            + 0.05 * np.cos(5.3 * chosen),
        }
    )
    write_columns(
        steps.reindex(columns=list(step_columns.STEPS)), step_file(study, name, "steps"),
        step_columns.STEPS, {},
    )  # fmt: skip
    models = [
        {
            "participant_id": name, "trial_id": trial, "model": model, "level": key[0],
            "source": key[1], "target": key[2], "statistic": key[3], "unit": key[4], "axis": "y",
            "difference": sign * DEVIATION[statistic], "side": side,
        }
        for trial, side in product(steps["trial_id"].unique(), SIDES)
        for statistic, key in KEYS.items()
        for model, sign in (("one", 1.0), ("two", -1.0))
        if model == "one" or statistic == "push_leg_offset"
    ]  # fmt: skip
    table = pd.DataFrame(models).reindex(columns=list(COLUMNS))
    write_columns(table, step_file(study, name, MODELS), COLUMNS, {})
    forces = [
        (f"C ({model})", source, "ground", "force_mean", "N")
        for model in CAUSES
        for source in ("hip_swing", "hip_push")
    ]
    outcomes = [*KEYS.values(), *forces]
    values = np.zeros((1, 2, len(outcomes), 3))
    values[..., : len(KEYS), UPWARD] = [POSTERIOR[statistic] for statistic in KEYS]
    values[..., len(KEYS) :, UPWARD] = np.tile([1.0, -1.0], len(CAUSES))
    data = xr.Dataset(
        {"state_deviation": (("state", "stance_foot", "outcome", "axis"), values)},
        coords={
            "state_source": ("state", ["skin"]),
            "stance_foot": ["left", "right"],
            "axis": list(AXES),
            **{
                f"outcome_{part}": ("outcome", [key[number] for key in outcomes])
                for number, part in enumerate(NAMES)
            },
        },
    )
    for trial in steps["trial_id"].unique():
        path = study.folder(name, "contributions") / f"{trial}.nc"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_dataset(data, path, {})


def _quality_lines(names: list[str]) -> list[str]:
    """Residuals of every trial far inside their gates."""
    measures = (("residual_moment_y_stance_rms", 0.1), ("effect_to_residual_y", 100.0))
    return [
        "participant_id\ttrial_id\tmeasure\tvalue\tverdict\tinvalidates",
        *(
            f"{name}\t{trial}\t{measure}\t{value}\tok\tn/a"
            for name in names
            for trial, _, _ in _plan()
            for measure, value in measures
        ),
    ]


def _write_sheets(folder: Path, names: list[str]) -> None:
    people = ["participant_id\tsex\tmass_kg\theight_m\tstatic_trial"]
    trials = ["participant_id\ttrial_id\ttask\tcondition\teffort\torder\tfile"]
    for number, name in enumerate(names):
        people.append(f"{name}\tfemale\t60\t1.7\tn/a")
        for trial, condition, effort in _plan():
            order = _order(trial, number)
            row = (name, trial, "run", condition, effort, order, f"{name}_{trial}.c3d")
            trials.append("\t".join(row))
    (folder / "participants.tsv").write_text("\n".join(people) + "\n", encoding="utf-8")
    (folder / "trials.tsv").write_text("\n".join(trials) + "\n", encoding="utf-8")


def _write_capacities(folder: Path, names: list[str], sprinters: WaveAthletes) -> None:
    """Strengths around plausible means: only how far athletes are from each other is read."""
    rows = ["participant_id\tside\tmovement\tcontraction\tvalue\tunit\tattempt"]
    for index, name in enumerate(names):
        for movement, value in (
            ("knee_extension", 3.0 + 0.4 * sprinters.push_capacity[index]),
            ("hip_flexion", 2.0 + 0.3 * sprinters.swing_capacity[index]),
        ):
            rows += [  # tested twice
                f"{name}\tbilateral\t{movement}\tisometric\t{share * value}\tN m/kg\t{attempt}"
                for attempt, share in enumerate((0.99, 1.01), 1)
            ]
    (folder / "strength.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def _order(trial: str, number: int) -> str:
    """Place in the session: every second athlete holds the arms still first."""
    if trial.startswith("speed"):
        return trial[-1]
    late = trial.startswith("still") != bool(number % 2)
    return str(LEVELS + SPRINTS * late + int(trial[-1]))


def _plan() -> list[tuple[str, str, str]]:
    """Trials of an athlete: one per speed, and sprints in both conditions."""
    rows = [(f"speed{level + 1}", "normal", "submaximal") for level in range(LEVELS)]
    rows += [(f"sprint{number + 1}", "normal", "maximal") for number in range(SPRINTS)]
    rows += [(f"still{number + 1}", "restricted_arms", "maximal") for number in range(SPRINTS)]
    return rows


def _write_participant(
    study: Study, name: str, index: int, wave: WaveStudy, sprinters: WaveAthletes
) -> None:
    chosen = np.flatnonzero(wave.participant == index)
    numbers = _numbers(wave, chosen)
    sprints = [
        numbers.iloc[[-1]].assign(
            trial_id=f"{stem}{number + 1}",
            condition=condition,
            step=1,
            speed_mps=float(speed),
            lateral_ratio=0.08 + 0.01 * float(np.sin(7.0 * index + 3.0 * number + float(speed))),
        )
        for condition, stem, speeds in (
            ("normal", "sprint", sprinters.normal[index]),
            ("restricted_arms", "still", sprinters.restricted[index]),
        )
        for number, speed in enumerate(speeds)
    ]
    default = pd.concat([numbers, *sprints], ignore_index=True)
    specifications = all_specifications(study.settings, consistent=False)[1:]
    rows = [
        default,
        *(numbers.assign(specification=x.name, factor=x.factor) for x in specifications),
    ]
    stance = wave.momentum[np.append(chosen, [chosen[-1]] * len(sprints))][:, 0, :, :, UPWARD]
    for member in pelvis_members(study.settings):
        moved = momentum_numbers(with_pelvis(stance, member, axis=-1))
        labels = {"specification": f"pelvis={member}", "factor": PELVIS}
        rows.append(default.assign(**labels, **moved))
    write_evidence(study, name, pd.concat(rows, ignore_index=True))
    curves = _curves(wave, np.append(chosen, [chosen[-1]] * len(sprints)), default)
    write_dataset(curves, evidence_file(study, name, CURVES), {"stage": "multiverse"})
    _write_manifests(study, name)


def write_evidence(study: Study, name: str, rows: pd.DataFrame) -> None:
    """Write the numbers of a participant's steps, as stage evidence does."""
    columns = evidence_columns()
    write_columns(rows[list(columns)], evidence_file(study, name, STEPS), columns, {})


def _numbers(wave: WaveStudy, chosen: np.ndarray) -> pd.DataFrame:
    """Numbers of some steps under the study's own settings."""
    number = wave.step[chosen] + 1
    push, swing = wave.push_index[chosen], wave.swing_index[chosen]
    columns = {
        "trial_id": [f"speed{level + 1}" for level in wave.level[chosen]],
        "condition": "normal",
        "specification": "default",
        "factor": "",
        "side": np.where(number % 2, "right", "left"),
        "step": number,
        "contact_s": wave.contact[chosen],
        "flight_s": wave.flight[chosen],
        "speed_mps": wave.speed[chosen],
        "shows_arms": 1.0,
        "shows_legs": 1.0,
        "lag": lag(wave.swing_peak[chosen], wave.force_peak[chosen]),
        "hub_share": wave.hub_share[chosen],
        "yaw_impulse": wave.yaw_impulse[chosen],
        "lateral_ratio": wave.lateral_ratio[chosen],
        "push_index": push,
        "swing_index": swing,
        "log_ratio_moments": np.log(push / swing),
        **dict.fromkeys(TURNING, 1.0),
        "speed_change_mps": 0.0,
        "forward_ratio": 0.0,
        "force_mean_n": 1500.0,
        **momentum_numbers(wave.momentum[chosen, 0, :, :, UPWARD]),
    }
    return pd.DataFrame(columns)


def _curves(wave: WaveStudy, chosen: np.ndarray, rows: pd.DataFrame) -> xr.Dataset:
    """Curves of some steps, in the layout of stage evidence: arms one by one too."""
    first = ("step", "phase", "percent")
    rate = wave.momentum_rate[chosen]
    stance = rate[:, 0, :, :, UPWARD]
    chains = np.stack([stance[..., 0], stance[..., 1], -stance[..., :2].sum(axis=-1)], axis=-1)
    return xr.Dataset(
        {
            "angular_momentum": ((*first, "group", "axis"), _with_arms(wave.momentum[chosen])),
            "angular_momentum_rate": ((*first, "group", "axis"), _with_arms(rate)),
            "hub_moment": (("step", "percent", "chain"), chains),
        },
        coords={
            "number": ("step", rows["step"].to_numpy()),
            "trial_id": ("step", rows["trial_id"].to_numpy(dtype=str)),
            "phase": ["stance", "flight"],
            "group": [*ROLE_GROUPS, "arm_push", "arm_swing"],
            "axis": list(AXES),
            "chain": ["leg_push", "leg_swing", "upper_body"],
        },
    )


def _with_arms(values: np.ndarray) -> np.ndarray:
    arms = values[..., [BOTH_ARMS], :] * ARM_SHARES[:, None]
    return np.concatenate([values, arms], axis=-2)


def _write_manifests(study: Study, name: str) -> None:
    trials = [
        {
            "trial_id": trial,
            "status": "ok",
            "recorded": ROW if trial.startswith("speed") else 1,
            "marker_rate": 250.0,
            "mass_kg": 60.0,
            "consistent": True,
            "error_sd": POSTERIOR,
            "lag_states": LAG_STATES,
            "model_deviations": [DEVIATION, {"push_leg_offset": -DEVIATION["push_leg_offset"]}],
        }
        for trial, _, _ in _plan()
    ]
    checked = [
        {"trial_id": trial, "status": "ok", "closure": {"holds": True}} for trial, _, _ in _plan()
    ]
    fitted = [{"trial_id": trial, "status": "ok"} for trial, _, _ in _plan()]
    for stage, content in (
        ("multiverse", trials),
        ("contributions", checked),
        ("inverse_dynamics", fitted),
    ):
        path = study.manifest(name, stage)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"status": "ok", "trials": content}), encoding="utf-8")
