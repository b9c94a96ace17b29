"""A made-up study in the files that the stages before figures and pages leave: smooth and known.

Momenta about the vertical have the sizes and signs of simulated sprinting (push leg -2.6, swing leg
-1.4, arms +3.5, torso +1.0, pelvis +0.2 kg m²/s at 9.5 m/s); moments follow from their rate.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from itertools import permutations, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from numpy.typing import NDArray

from aqbio.contributions.step_rows import STEPS
from aqbio.contributions.step_rows import UNCERTAINTY as UNCERTAINTY_COLUMNS
from aqbio.errors import Finding
from aqbio.figures import stage as figures_stage
from aqbio.figures.runs import fastest_runs
from aqbio.gait.roles import RoleScheme
from aqbio.gait.step_files import CURVES, step_file
from aqbio.hypotheses.preregistration import record_registry, verdict_basis
from aqbio.intervals.worlds import WORLDS, weights
from aqbio.inverse_dynamics.fitted import changes_path
from aqbio.io.dictionary import columns
from aqbio.io.netcdf import write_dataset
from aqbio.io.provenance import provenance
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_columns, write_columns, write_table
from aqbio.names import DOUBTFUL, NO_STEPS, PARTLY, TRIAL_FAILED, USABLE
from aqbio.pages.athlete import write_athlete_page
from aqbio.pages.differences import differences_path, drawn_session, session_differences
from aqbio.pages.step_means import step_means, step_means_path
from aqbio.pages.words import STATISTICS
from aqbio.stage_table import PARTICIPANT_STAGES
from aqbio.stats.registry import Hypothesis, read_registry, short_hash, study_registry
from aqbio.stats.step_numbers import partition_names
from aqbio.stats.step_numbers import step_columns as hypotheses_columns
from aqbio.stats.verdict import CLASSES, ResultCode
from aqbio.study import manifest
from aqbio.study.findings import participant_findings

STRENGTH = Path(__file__).with_name("made_strength.tsv")
"""Two sessions of one person: both legs, both together, and a leg that hurt."""

REFERENCE = Path(__file__).with_name("made_reference.tsv")
"""Eleven people of one day: what pages say does not change with the table that is shipped."""

AXES = ("x", "y", "z")
PARTS = ("push_leg", "swing_leg", "torso", "pelvis")
GROUPS = (*PARTS, "arms", "push_side", "swing_side", "total")
SIDES = ("push_side", "swing_side")
JOINTS = (
    *(f"{joint}_{side}" for joint in ("hip", "knee", "ankle") for side in ("push", "swing")),
    "lumbar",
    *(f"{joint}_{side}" for joint in ("shoulder", "elbow") for side in ("push", "swing")),
)
CHAINS = ("leg_push", "leg_swing", "upper_body", "residual")
MASS_KG = 75.95
FAILED = ("S02", "sprint", "prepare: marker RASI is missing in 41 of 180 frames (23 %).")
NAN = float("nan")

Array = NDArray[np.float64]
Rows = list[dict[str, Any]]

CONTENT: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))
ARMS, PARAMETERS, REGISTRY = CONTENT["arms"], CONTENT["parameters"], read_registry()
for parameter in PARAMETERS:
    parameter |= {
        "fitted": parameter["sd"] > 0,
        "low": parameter["estimate"] - 1.6 * parameter["sd"],
        "high": parameter["estimate"] + 1.6 * parameter["sd"],
    }
TIMES: dict[ResultCode, float] = CONTENT["times"]
HARMONICS = np.array(CONTENT["harmonics"])
TOTAL, CHANGE = np.array([0.2, 0.3, -3.0]), np.array([0.9, -0.7, 4.0])
"""Momentum of the whole body before contact, and its largest change there, kg m²/s."""
RESIDUAL = np.array([60.0, 28.0, 130.0])
"""N m at 9.5 m/s."""


class MadeStep(NamedTuple):
    """One made-up step; seconds and metres per second."""

    participant: str
    trial: str
    number: int
    side: str
    speed: float
    contact: float
    flight: float

    @property
    def key(self) -> dict[str, Any]:
        return {"participant_id": self.participant, "trial_id": self.trial, "step": self.number}


def made_steps(participants: int = 1) -> list[MadeStep]:
    """A jog and a sprint of every participant; from two on two more runs."""
    return [
        MadeStep(f"S{person:02d}", trial, number, {"l": "left", "r": "right"}[foot],
                 speed + rise * number, contact, flight)
        for person in range(1, participants + 1)
        for trial, (feet, speed, rise, contact, flight) in CONTENT["runs"].items()
        if participants > 1 or trial in ("jog", "sprint")
        for number, foot in enumerate(feet, 1)
    ]  # fmt: skip


def made_step_curves(participants: int = 1) -> xr.Dataset:
    """Step curves in the layout of steps/curves.nc."""
    return _curves(made_steps(participants))


def _curves(steps: Sequence[MadeStep]) -> xr.Dataset:
    random = np.random.default_rng(1)
    parts = [_step(step, random) for step in steps]
    step_fields = {
        "participant_id": "participant", "trial_id": "trial", "number": "number", "side": "side",
        "speed": "speed", "contact_s": "contact", "flight_s": "flight",
    }  # fmt: skip
    curves = xr.Dataset(
        {
            name: (("step", *parts[0][name].dims), np.stack([part[name].values for part in parts]))
            for name in parts[0].data_vars
        },
        coords={
            "phase": ["stance", "flight"], "percent": np.arange(101), "group": list(GROUPS),
            "axis": list(AXES), "joint": list(JOINTS), "chain": list(CHAINS),
        }
        | {name: ("step", [getattr(step, of) for step in steps])
           for name, of in step_fields.items()},
        attrs={"roles": RoleScheme().words()},
    )  # fmt: skip
    curves["joint_flexion_moment"].attrs["positive"] = "extension, plantarflexion at the ankle"
    return curves


def _step(step: MadeStep, random: np.random.Generator) -> xr.Dataset:
    """Curves of one step. Ground contact changes the total, in flight it drifts a little."""
    scale, duration = (step.speed / 9.5) ** 1.1, step.contact + step.flight
    time = np.stack([np.linspace(0, step.contact, 101), np.linspace(step.contact, duration, 101)])
    share = (time / duration)[..., None]
    angle, bump = (
        2 * np.pi * share,
        np.sin(np.pi * np.linspace(0, 1, 101))[:, None] * [[[1]], [[0]]],
    )
    waves = np.concatenate(
        [np.ones_like(angle), np.cos(angle), np.sin(angle), np.cos(2 * angle)], -1
    )
    harmonics = HARMONICS * (1 + 0.06 * random.standard_normal(HARMONICS.shape))
    parts = scale * np.einsum("ptw,agw->ptga", waves, harmonics)
    along = np.minimum(time / step.contact, 1.0)[..., None]
    total = scale * (
        TOTAL + CHANGE * np.sin(np.pi * along) + 0.05 * (share - step.contact / duration)
    )
    momenta = {name: parts[:, :, index] for index, name in enumerate(PARTS)}
    momenta |= {"arms": total - parts.sum(2), "swing_side": momenta["swing_leg"], "total": total}
    momenta["push_side"] = total - momenta["swing_leg"]
    momentum = np.stack([momenta[name] for name in GROUPS], axis=2)
    rate = np.stack([np.gradient(momentum[p], time[p], axis=0) for p in range(2)])
    residual = scale**2 * RESIDUAL * np.sin(4.4 * np.pi * share + 1.3 * np.arange(3))
    total_rate = rate[:, :, GROUPS.index("total")]
    residual[1] = total_rate[1]
    free = 9.0 * scale * bump * np.cos(3 * share) * [0.0, 1.0, 0.0]
    hub = scale * np.concatenate(
        [40 * np.cos(angle), 25 * np.sin(angle), -40 * np.cos(angle) - 25 * np.sin(angle)
         - 4 * np.sin(3 * angle), 4 * np.sin(3 * angle)], -1
    )[..., None] * [1.5, 1.0, 3.0]  # fmt: skip
    weight = (1.9 + 0.14 * step.speed) * MASS_KG * 9.80665 * (1 + 0.03 * random.standard_normal())
    force = weight * bump * np.concatenate(
        [-0.12 * np.cos(np.pi * along), np.ones_like(along), -0.04 * np.cos(2 * along)], -1
    )  # fmt: skip
    size = 190.0 - 15.0 * np.arange(len(JOINTS))
    joints = scale * size * np.sin(angle + 0.6 * np.arange(len(JOINTS)) + 0.15 * random.normal())
    joints = joints[..., None] * [0.2, 0.18, 1.0]
    of_kinds = {
        "angular_momentum": ("group", momentum), "angular_momentum_rate": ("group", rate),
        "joint_moment": ("joint", joints), "hub_moment": ("chain", hub),
        "hub_joint_moment": ("chain", 0.7 * hub), "external_moment": ("", total_rate - residual),
        "free_moment": ("", free), "residual_moment": ("", residual),
        "moment_of_force": ("", total_rate - residual - free), "ground_force": ("", force),
    }  # fmt: skip
    variables = {
        name: (("phase", "percent", *([kind] if kind else []), "axis"), data)
        for name, (kind, data) in of_kinds.items()
    }
    flexion = ("phase", "percent", "joint"), joints[..., 2]
    return xr.Dataset(variables | {"joint_flexion_moment": flexion})


def write_made_results(
    folder: Path,
    *,
    participants: int = 2,
    steps: bool = True,
    figures: dict[str, Any] | None = None,
    registry: str = "",
    lacking: tuple[str, ...] = ("forces",),
    strength: bool = False,
) -> Study:
    """Write sheets, manifests, prepared trials, tables and step curves; give the study.

    ``lacking``: "forces" of plates in the table of steps, "arms" of markers, "static" trials.
    ``strength``: all are sessions of one person, with strengths by leg.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if registry:
        (folder / "hypotheses.yaml").write_text(registry, encoding="utf-8")
    study = _study(folder, participants, figures or {}, strength=strength)
    steps_made = [
        step for step in made_steps(participants) if (step.participant, step.trial) != FAILED[:2]
    ]
    curves = _curves(steps_made).isel(step=slice(0, None if steps else 0))
    table = _complete(_steps_table(curves, steps_made if steps else []), STEPS)
    if "forces" not in lacking and steps:
        table["peak_vertical_force_bw"] = 2.0 + 0.1 * table["speed_mps"]
    if "arms" in lacking:
        unseen = ["arms", "push_side", "total"]
        curves["angular_momentum"].loc[{"group": unseen}] = np.nan
        table[[f"H_{group}_{axis}_stance_mean_kgm2ps" for group in unseen for axis in AXES]] = (
            np.nan
        )
    trials = _trials_table(study, table, lacking)
    people = [participant.participant_id for participant in study.participants]
    rows_of_table = {
        "contributions": _contributions(curves), "steps": table, "quality": _quality_table(trials),
        "fit_changes": _changes(),
    }  # fmt: skip
    of_study = rows_of_table | {
        "findings": _findings(), "trials": trials,
        "uncertainty": [
            ARMS | {name: 0.0 for name in columns("uncertainty") if name.startswith("share_")}
            | {"share_inertia": 0.5, "share_model": 0.5, "participant_id": person, "steps": 4,
               "sd": 0.5}
            for person in people
        ],
        "model_differences": [
            ARMS | CONTENT["model_difference"] | {"participant_id": person} for person in people
        ],
        "faults": [
            row | {"participant_id": person}
            for person in people if "forces" not in lacking
            for row in CONTENT["faults"]
        ],
    }  # fmt: skip
    del of_study["contributions"]
    source = provenance("contributions", [], study.stage_settings("contributions"))
    for name, rows in (of_study | _verdict_tables(study, people, steps=steps)).items():
        table_columns = _described(name)
        write_table(
            _complete(rows, table_columns), study.table(f"{name}.tsv"), table_columns, source
        )
    record_registry(study)
    for person in people:
        _write_manifests(study, person, static="static" not in lacking)
        person_curves = curves.isel(step=np.flatnonzero(curves["participant_id"] == person))
        write_dataset(person_curves, step_file(study, person, CURVES), source)
        for name, rows in rows_of_table.items():
            complete = _complete(rows, _described(name))
            path = (
                changes_path(study, person)
                if name == "fit_changes"
                else step_file(study, person, name)
            )
            write_columns(
                complete[complete["participant_id"] == person], path, _described(name), source
            )
        empty = pd.DataFrame(columns=list(UNCERTAINTY_COLUMNS))
        path = step_file(study, person, "uncertainty")
        write_columns(empty, path, UNCERTAINTY_COLUMNS, source)
        write_made_page(study, person)
    for person, trial in fastest_runs(table) if steps else ():
        last = table[(table["participant_id"] == person) & (table["trial_id"] == trial)]
        time = np.arange(0.0, float(last["toe_off_s"].max()) + 0.3, 0.005)
        for stage, data in zip(
            ("contributions", "inverse_dynamics"), _run(study, time), strict=True
        ):
            write_dataset(data, study.folder(person, stage) / f"{trial}.nc", {})
    return study


def _described(name: str) -> Mapping[str, Mapping[str, str]]:
    special = {"steps": lambda: STEPS, "hypotheses_steps": hypotheses_columns}
    return special[name]() if name in special else columns(name)


def _complete(rows: Rows | pd.DataFrame, described: Mapping[str, Any]) -> pd.DataFrame:
    """Give every described column, in order; those that are not made up are missing values."""
    return pd.DataFrame(rows).reindex(columns=list(described))


def _study(
    folder: Path, participants: int, figures: dict[str, Any], *, strength: bool = False
) -> Study:
    names = [f"S{number:02d}" for number in range(1, participants + 1)]
    shutil.copyfile(REFERENCE, folder / REFERENCE.name)
    settings = {
        "name": "made_up", "results": str(folder / "results"),
        "figures": {"reference": REFERENCE.name, **figures},
        "report": {"title": "Made-up sprinters", "authors": "A. Tester"},
    }  # fmt: skip
    trials = ["jog", "sprint"] + (["stride", "fast"] if participants > 1 else [])
    runs = [f"{name}\t{trial}\trun\t{trial}.c3d" for name in names for trial in trials]
    statures = ["n/a", *["1.80"] * len(names)]
    people = [f"{name}\tfemale\t{stature}" for name, stature in zip(names, statures, strict=False)]
    head = "participant_id\tsex\theight_m"
    if strength:
        head += "\tperson\tsession"
        people = [f"{row}\tP1\tmonth.{number}" for number, row in enumerate(people, 1)]
        shutil.copyfile(STRENGTH, folder / "strength.tsv")
    for file, lines in (
        ("study.yaml", [json.dumps(settings)]),
        ("participants.tsv", [head, *people]),
        ("trials.tsv", ["participant_id\ttrial_id\ttask\tfile", *runs]),
    ):
        (folder / file).write_text("\n".join([*lines, ""]), encoding="utf-8")
    return load_study(folder / "study.yaml")


def _run(study: Study, time: Array) -> tuple[xr.Dataset, xr.Dataset]:
    """Constant powers, moments and angles of a run; the left leg is flexed twice as far."""
    legs = [f"{joint}_{side}" for joint in ANGLES for side in ("left", "right")]
    powers = np.tile([POWERS[name.split("_")[0]] for name in legs], (len(time), 1))
    force = (("time", "foot", "axis"), np.zeros((len(time), 2, 3)))
    at = {"time": time, "joint": legs, "foot": ["left", "right"], "axis": list(AXES)}
    contributions = xr.Dataset(
        {"joint_power": (("time", "joint"), powers), "ground_force": force}, at
    )
    mapped = study.model_map
    angles = {
        getattr(mapped.sagittal[joint], side): factor * value * mapped.flexion[joint]
        for joint, value in ANGLES.items()
        for side, factor in (("right", 1.0), ("left", 2.0))
    }
    moments = {
        getattr(mapped.sagittal[joint], side): value * mapped.flexion[joint]
        for joint, value in MOMENTS.items()
        for side in ("right", "left")
    }
    q, forces = (np.tile(list(values.values()), (len(time), 1)) for values in (angles, moments))
    at = {"time": time, "coordinate": list(angles)}
    contributions = contributions.assign(joint_moment_coordinate=(("time", "coordinate"), forces))
    return contributions.assign_coords(at), xr.Dataset({"q": (("time", "coordinate"), q)}, at)


ANGLES = {"hip": 0.5, "knee": 1.0, "ankle": -0.2}
"""Flexion of the joints of the right leg, rad."""
MOMENTS = {"hip": -80.0, "knee": 60.0, "ankle": -150.0}
"""N m of flexion, of both legs."""
POWERS = {"hip": 300.0, "knee": -100.0, "ankle": 500.0}
"""W, of both legs."""


def _steps_table(curves: xr.Dataset, steps: list[MadeStep]) -> Rows:
    """Steps with their outcomes, and after each trial a contact that was not kept."""
    rows: Rows = []
    start = 0.0
    for number, step in enumerate(steps):
        start = {"jog": 0.520, "sprint": 0.353}.get(step.trial, 0.4) if step.number == 1 else start
        times = {"touchdown": start, "toe_off": start + step.contact}
        times["next_touchdown"] = times["toe_off"] + step.flight
        stance = curves.isel(step=number).sel(phase="stance")
        mean, square = stance["angular_momentum"].mean("percent"), stance["residual_moment"] ** 2
        rms = np.sqrt(square.mean("percent"))
        rows.append(
            step.key
            | {f"{name}{fitted}_s": at for name, at in times.items() for fitted in ("", "_fitted")}
            | {"condition": "normal", "side": step.side, "contact_error_s": 0.0, "status": "ok",
               "speed_mps": step.speed, "contact_s": step.contact, "flight_s": step.flight,
               "mass_kg": MASS_KG}
            | {f"H_{group}_{axis}_stance_mean_kgm2ps": float(mean.sel(group=group, axis=axis))
               for group in GROUPS for axis in AXES}
            | {f"M_residual_{axis}_stance_rms_Nm": float(rms.sel(axis=axis)) for axis in AXES}
        )  # fmt: skip
        start = times["next_touchdown"]
        if number + 1 == len(steps) or steps[number + 1].number == 1:
            rows.append(
                step._replace(number=step.number + 1).key
                | {"condition": "normal", "side": "left", "touchdown_s": start,
                   "toe_off_s": start + step.contact, "contact_s": step.contact,
                   "status": "rejected", "reason": "the recording cuts the contact"}
            )  # fmt: skip
    return rows


def _contributions(curves: xr.Dataset) -> Rows:
    """Joint moments; level C of known sizes, with intervals under C2; shares of forces."""
    rows: Rows = []
    sources = (*JOINTS, "mtp_push", "mtp_swing", *SIDES, "gravity", "residual")
    targets = (("ground", "force", "N", "xy"), *((s, "moment", "N m", "y") for s in SIDES))
    groups = ("push_leg", "swing_leg", "arms", "torso")
    for number in range(curves.sizes["step"]):
        step = curves.isel(step=number)
        key = {"participant_id": step["participant_id"].item(), "trial_id": step["trial_id"].item()}
        key |= {"step": step["number"].item()}

        def add(level: str, source: str, target: str, axis: str, *rest: Any, key=key) -> None:
            names = ("level", "source", "target", "axis", "statistic", "unit", "value", "phase",
                     "low", "high")  # fmt: skip
            values = (level, source, target, axis, *rest, *("stance", NAN, NAN)[len(rest) - 3 :])
            rows.append(key | dict(zip(names, values, strict=True)))

        moment = step["joint_moment"].sel(phase="stance")
        for (joint, axis), of in product(product(JOINTS, AXES), ("mean", "min", "max")):
            value = float(getattr(moment.sel(joint=joint, axis=axis), of)("percent"))
            add("joint", joint, "distal_segment", axis, f"moment_{of}", "N m", value)
        for (model, factor), (index, source), (target, quantity, unit, axes) in product(
            {"C2": 1.0, "C1": 1.4, "C3": -0.5}.items(), enumerate(sources), targets
        ):
            value = factor * (20.0 - 2.5 * index) * (0.9 + 0.01 * number)
            ends = (value - 6.0, value + 6.0) if model == "C2" else (NAN, NAN)
            for axis in axes:
                add(f"C ({model})", source, target, axis, f"{quantity}_mean", unit, value, "stance",
                    *ends)  # fmt: skip
        for (target, quantity, _, axes), (index, source) in product(targets, enumerate(SIDES)):
            for axis, (phase, sign) in product(axes, (("braking", -0.5), ("propulsion", 1.0))):
                value = sign * (3.0 + index)
                add("C (C2)", source, target, axis, f"{quantity}_impulse", "N s", value, phase)
        for (index, source), axis in product(enumerate(groups), AXES):  # impulses cancel
            for phase, last in (("stance", "contact_s"), ("flight", "flight_s")):
                value = (10.0 - 3.0 * index) / step[last].item() * (1 if phase == "stance" else -1)
                add("force", source, "ground", axis, "relative_force_mean", "N", value, phase)
    return rows


def _quality_table(trials: pd.DataFrame) -> Rows:
    rows = []
    good_trials = trials[trials["status"] == "ok"].to_dict("records")
    for trial, (measure, slow, fast, unit, limit, note) in product(good_trials, CONTENT["quality"]):
        value = fast if trial["trial_id"] == "sprint" else slow
        good = value >= limit if measure.startswith("effect") else value <= limit
        bad = "warning" if measure.startswith("marker") else "fail"
        rows.append(
            {"participant_id": trial["participant_id"], "trial_id": trial["trial_id"],
             "measure": measure, "value": value, "unit": unit, "limit": limit,
             "verdict": None if np.isnan(limit) else "ok" if good else bad, "note": note or None}
        )  # fmt: skip
    return rows


def _trials_table(study: Study, steps: pd.DataFrame, lacking: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    unseen = "the markers do not show arm_left, arm_right" if "arms" in lacking else None
    state = NO_STEPS if steps.empty else PARTLY if unseen else USABLE
    for trial in study.trials:
        participant, failed = (
            trial.participant_id,
            (trial.participant_id, trial.trial_id) == FAILED[:2],
        )
        slips = trial.trial_id == "fast" and not failed
        of_trial = steps[
            (steps["participant_id"] == participant) & (steps["trial_id"] == trial.trial_id)
        ]
        status = list(of_trial["status"])
        rows.append(
            {"participant_id": participant, "trial_id": trial.trial_id,
             "condition": "normal", "status": "failed" if failed else "ok", "surface": "overground",
             "reason": FAILED[2] if failed else None,
             "speed_mps": of_trial["speed_mps"].mean(),
             "state": TRIAL_FAILED if failed else DOUBTFUL if slips else state,
             "outside": "hidden_rates" if slips else None,
             "unobserved": None if failed else unseen, "contacts": len(of_trial),
             "steps_ok": status.count("ok"), "steps_rejected": status.count("rejected")}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _changes() -> pd.DataFrame:
    """Changes by the fit in two trials of S01: of each part twice as far in the second."""
    names = ("quantity", "part", "axis", "statistic", "before", "after", "unit")
    table = pd.DataFrame(CONTENT["changes"], columns=names)
    parts = [
        table.assign(trial_id="jog"),
        table.assign(trial_id="sprint", after=2 * table["after"]),
    ]
    return pd.concat(parts, ignore_index=True).assign(participant_id="S01")


def _findings() -> pd.DataFrame:
    names = ("participant_id", "trial_id", "stage", "severity", "rule", "what")
    details = {"where": "frame 12", "file": "jog.c3d", "fix": "look at the marker & its label."}
    return pd.DataFrame(CONTENT["findings"], columns=names).assign(**details)


def write_made_page(study: Study, participant_id: str) -> None:
    """Write a participant's page from the files of the study."""
    replayed = study.read_manifest(participant_id, "pages")["trials"]
    findings = list(participant_findings(study, participant_id, PARTICIPANT_STAGES[:-1]))
    for participant, trial, _, severity, rule, message in CONTENT["findings"]:
        if participant == participant_id:
            fix = "look at the marker & its label."
            findings.append(
                Finding(
                    rule, severity, message, participant=participant, trial=trial or "", fix=fix
                )
            )
    steps = read_columns(step_file(study, participant_id, "steps"))
    sessions = study.sessions_of(participant_id)
    earlier = {
        name: read_columns(step_file(study, name, "steps"))
        for name in sessions[: sessions.index(participant_id)]
    }
    differences = session_differences(
        drawn_session(study, participant_id, steps, made_draws(steps)),
        [drawn_session(study, name, of_name, made_draws(of_name))
         for name, of_name in earlier.items()],
    )  # fmt: skip
    path = differences_path(study, participant_id)
    write_columns(differences, path, columns("differences"), provenance("pages", [], {}))
    means = step_means(drawn_session(study, participant_id, steps, made_draws(steps)))
    write_columns(
        means, step_means_path(study, participant_id), columns("step_means"),
        provenance("pages", [], {}),
    )  # fmt: skip
    write_athlete_page(study, participant_id, replayed, findings, differences, means)


ERROR = 0.05
"""Standard deviation of an error of momentum that each foot has, kg m²/s."""


def made_draws(steps: pd.DataFrame) -> xr.Dataset:
    """Draws of the momenta in a table of steps: one error of each foot in all of its steps."""
    parts = ["push_side", "swing_side", "arms", "torso", "total"]
    value = np.full((len(steps), len(parts), len(AXES)), NAN)
    value[:, :, 1] = steps[[f"H_{part}_y_stance_mean_kgm2ps" for part in parts]]
    error = {side: ERROR * weights(1, 1, "made", side)[:, 0] for side in ("left", "right")}
    by_step = np.stack([error[side] for side in steps["side"]], axis=1) if len(steps) else None
    deviation = np.zeros((WORLDS, *value.shape))
    if by_step is not None:
        deviation += by_step[..., None, None]
    names = {"level": "A", "target": "whole_body", "statistic": "momentum_mean", "unit": "kg m2/s"}
    return xr.Dataset(
        {"value": (("step", "outcome", "axis"), value),
         "deviation": (("draw", "step", "outcome", "axis"), deviation)},
        {"trial_id": ("step", steps["trial_id"].astype(str)), "number": ("step", steps["step"]),
         "source": ("outcome", parts), "axis": list(AXES),
         **{name: ("outcome", [words] * len(parts)) for name, words in names.items()}},
    )  # fmt: skip


def draw_made(patched: pytest.MonkeyPatch) -> None:
    """Let stage figures use the draws of made-up steps (`made_draws`)."""
    patched.setattr(figures_stage, "study_draws", _study_draws)


def _study_draws(study: Study, **_: Any) -> xr.Dataset:
    parts = []
    for participant in study.participants:
        steps = read_columns(step_file(study, participant.participant_id, "steps"))
        names = steps["participant_id"].astype(str)
        parts.append(made_draws(steps).assign_coords(participant_id=("step", names)))
    return xr.concat(parts, "step")


def _write_manifests(study: Study, participant_id: str, *, static: bool) -> None:
    for stage in PARTICIPANT_STAGES:
        entries = []
        for trial in study.moving_of(participant_id):
            failed = (participant_id, trial.trial_id) == FAILED[:2]
            status, reason = ("failed", FAILED[2]) if failed else ("ok", "")
            if stage == "pages":  # of a motion that was not made up
                status, reason = "failed", "nothing moves here."
            entries.append(manifest.entry(trial.trial_id, status, reason))
            if stage == "inverse_dynamics" and not failed:
                entries[-1] |= (
                    CONTENT["fitted"]
                    | CONTENT["doubted" if trial.trial_id == "jog" else "believed"]
                )
            entries[-1] |= CONTENT["done"].get(stage, {})
        extra: dict[str, Any] = {}
        if stage == "inverse_dynamics":
            extra = {"parameters": PARAMETERS, "standing": [CONTENT["standing"]] if static else []}
            extra["adjusted_model"] = True
        remark = Finding(rule="made-up", severity="info", what="Nothing is real here.")
        manifest.write_manifest(
            study, participant_id, stage, entries, findings=[remark], mass_kg=MASS_KG, **extra
        )


STEP_HYPOTHESES = ("H1", "H4", "H7")
"""Hypotheses with a number of each athlete's own."""


def made_row(hypothesis: Hypothesis, outcome: ResultCode, **changes: Any) -> dict[str, Any]:
    """A row of verdicts as stage hypotheses writes it, of numbers that are known again."""
    has_estimate = outcome in TIMES
    gates = CONTENT["gates"].get(outcome, "passed") if has_estimate else NAN
    judged = gates == "passed" and outcome != "described"
    of_steps = (
        has_estimate
        and hypothesis.statistic in {*STATISTICS, "formula"}
        and "between" not in hypothesis.estimand
    )
    smallest, delta = hypothesis.sign * hypothesis.delta, hypothesis.delta
    estimate = TIMES[outcome] * smallest if has_estimate else NAN
    noted = outcome == "condition_failed"
    ends = {"lowest": estimate - 0.4 * delta, "highest": estimate + 0.5 * delta}
    parts = [
        (judged, CONTENT["judged"] | ends),
        (of_steps, CONTENT["of_own"] | {"robust": 1.1 * estimate}),
    ]
    parts += [(noted, {"condition": "no", "note": "median rank 8 of 15"})]
    parts += [(has_estimate, {"model": "t over athletes' means"})]
    row = {
        name: value if applies else NAN
        for applies, columns in parts
        for name, value in columns.items()
    }
    return row | CONTENT["verdict"] | {
        "hypothesis": hypothesis.id, "verdict": CLASSES[outcome], "found": outcome, "gates": gates,
        "design": "between" if hypothesis.family == "survey" else "observed",
        "predicted": hypothesis.predicted,
        "statistic": hypothesis.statistic, "estimate": estimate, "unit": hypothesis.unit,
        "ci_low": estimate - 0.25 * delta, "ci_high": estimate + 0.25 * delta,
        "smallest_effect": smallest, "n_athletes": 29 if has_estimate else 0,
        "n_steps": 641 if has_estimate else 0, "overturned_by": NAN, "silent": NAN,
    } | changes  # fmt: skip


def _verdict_tables(study: Study, people: list[str], *, steps: bool) -> dict[str, Rows]:
    """All tables of stage hypotheses; without steps, estimates and rows are missing."""
    basis, random = short_hash(verdict_basis(study)), np.random.default_rng(1)
    verdicts = [
        made_row(
            hypothesis,
            CONTENT["found"].get(hypothesis.id, "not_enough_data") if steps else "not_testable",
            registry_hash=basis,
            **(CONTENT["fragile"] if hypothesis.id == "H1" and steps else {}),
        )
        for hypothesis in study_registry(study).hypotheses
    ]
    groups = ("push_leg", "swing_leg", "arms", "torso", "pelvis")
    names, factor = partition_names(groups), 1.0 if steps else NAN
    partitions = [
        {"arms": "together", "phase": "stance", "partition": name, "opposition": value,
         "ci_low": value - 0.02, "ci_high": value + 0.02, "rank": float(len(names) - index),
         "n_athletes": 2 if steps else 0, "status": "descriptive"}
        for index, name in enumerate(names)
        for value in [factor * (0.03 * index + 0.02)]
    ]  # fmt: skip
    signs = [
        {"level": level, "first": chosen[first], "second": chosen[second], "cosine": value,
         "ci_low": value, "ci_high": value, "n_athletes": 2,
         **({"articles": 1, "classical": -1}
            if {"arms", "push_leg"} == {chosen[first], chosen[second]} else {})}
        for level, chosen in (("momentum", groups), ("hub", ("stance", "swing", "upper")))
        for first, second in permutations(range(len(chosen)), 2)
        for value in [factor * 0.9 * (-1.0) ** (first + second)]
    ]  # fmt: skip
    tables: dict[str, Rows] = {
        "verdicts": verdicts,
        "partitions": partitions,
        "sign_patterns": signs,
    }
    empty = ("multiverse", "single_athletes", "hypotheses_steps", "hypotheses_athletes",
             "sprints", "power", "deviations")  # fmt: skip
    if not steps:
        return tables | {name: [] for name in empty}
    arms = (("default", None), ("cutoff=15", "cutoff_hz"), ("pelvis=out", "pelvis_membership"))
    return tables | {
        "deviations": [],
        "multiverse": [
            CONTENT["multiverse"]
            | {"hypothesis": name, "specification": arm, "factor": factor,
               "estimate": -0.5 + 0.01 * index,
               "gates": "reliability" if arm == "pelvis=out" else "passed"}
            for name in ("H1", "H4") for index, (arm, factor) in enumerate(arms)
        ],
        "single_athletes": [
            CONTENT["single_athletes"] | {"hypothesis": name, "participant_id": participant}
            for name in ("H1", "H4") for participant in people
        ],
        "hypotheses_athletes": [
            {"hypothesis": name, "participant_id": participant, "column": column, "n_steps": 12,
             "value": 0.1 * index - 0.52341}
            for name in STEP_HYPOTHESES for column in ("value", "beside")
            for index, participant in enumerate(people)
        ],
        "sprints": [
            {"participant_id": participant, "trial_id": trial, "condition": condition,
             "effort": "maximal", "athlete": participant, "speed_mps": speed}
            for participant in people
            for trial, condition, speed in (
                ("sprint", "normal", 9.0), ("fast", "restricted_arms", 8.8),
            )
        ],
        "power": [
            CONTENT["power"]
            | {"hypothesis": name, "unit": REGISTRY[name].unit,
               "smallest_effect": REGISTRY[name].delta,
               "athletes_needed": 138.0 if name == "H8a" else NAN,
               "athletes_double": NAN if name == "H5a" else 38.0}
            for name in ("H1", "H5a", "H8a")
        ],
        "hypotheses_steps": [
            dict.fromkeys(hypotheses_columns(), 0.0)
            | {name: size * (1.0 + 0.05 * level + 0.02 * int(participant[1:]) + 0.003 * (step % 3))
               for name, size in (("contact_s", 0.12), ("flight_s", 0.11), ("hub_share", 0.1))}
            | {"participant_id": participant, "trial_id": f"speed{level}", "step": step + 1,
               "side": "right" if step % 2 else "left", "level": level,
               "relative_speed": 0.6 + 0.2 * level, "speed_mps": 5.5 + 2.0 * level,
               "lag": 0.3 + 0.01 * level + 0.004 * random.standard_normal(),
               "log_ratio_momentum": 0.1 + 0.01 * random.standard_normal(),
               "log_ratio_moments": 0.9 - 0.1 * level + 0.01 * random.standard_normal()}
            for participant in people for level in range(3) for step in range(4)
        ],
    }  # fmt: skip
