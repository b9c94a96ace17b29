"""Steps of trials of every kind, from contributions to tables and drawings: words and laws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.body.records import ParticipantModel
from aqbio.contributions import stage
from aqbio.contributions.dataset import contributions_dataset
from aqbio.contributions.intervals import intervals_dataset
from aqbio.contributions.trial import trial_contributions
from aqbio.errors import Finding
from aqbio.gait.roles import RoleScheme
from aqbio.gait.step_files import CURVES, step_file
from aqbio.intervals.step_uncertainty import KEYS, NAMES
from aqbio.intervals.trial_draws import Sampling, TrialDraws
from aqbio.intervals.uncertainty import Spread
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import save_skeleton
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_columns, read_table
from aqbio.multibody.motion import Motion
from aqbio.names import GRAVITY, ROLE_SIDES, SIDES
from aqbio.observed.mask import NOT_SEEN, Observed
from aqbio.observed.parts import with_observed
from aqbio.pages.own_curves import participant_curves
from aqbio.study.manifest import FAILED, OK, entry, write_manifest
from aqbio.tables.stage import tables_study
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.golden import differences, first_of_each_kind, told_rows, without_known
from tests.levels_case import smooth_run
from tests.made_contributions import (
    CONTACTS,
    MAP,
    MASS,
    RIGHT,
    TIME,
    fitted_trial,
    grounded,
    levels_trial,
    made_trial,
    mirrored_trial,
    prepared_of,
)
from tests.small_study import write_small_study

BODIES = [body for members in MAP.groups.values() for body in members]
CONTRIBUTIONS_ENTRY = {
    "speed_mps": 9.0, "misfits": {"force": 0.02, "drift": 0.1},
    "closure": {"value": 3e-12, "tolerance": 1e-6, "holds": True},
    "reference": {
        "frames": 7, "momentum": 1e-15, "position_m": 1e-15, "forces": 2e-8, "defect": 0.004,
    },
}  # fmt: skip
FITTED = {
    "motion": "fitted", "motion_reason": "",
    "marker_rms_before_m": 0.016, "marker_rms_alone_m": 0.0184, "marker_rms_after_m": 0.0190,
    "markers_displaced_m": 0.0061,
    "joint_change_median_deg": 1.1, "joint_change_max_deg": 6.4,
    "joint_change_forces_median_deg": 0.7, "joint_change_forces_max_deg": 2.1,
}  # fmt: skip
PLAIN = {"motion": "plain", "motion_reason": "consistency is off"}
SOLVED = {
    "marker_rms_m": 0.0162, "marker_rms_worst_frame_m": 0.0201, "marker_max_m": 0.0453,
    "marker_max_label": "RTILAT",
}  # fmt: skip


def steady(seed: int = 0, late: float = 0.0, **attributes) -> xr.Dataset:
    """A run of one person: forces that bear the weight and follow from the motion."""
    data = made_trial(seed).assign_attrs(**attributes)
    lift = np.zeros((2, len(TIME)))
    for foot, touchdown, toe_off in zip(*CONTACTS.values(), strict=True):
        phase = np.clip((TIME - late - touchdown) / (toe_off - touchdown), 0.0, 1.0)
        lift[SIDES.index(foot)] += MASS * GRAVITY * 0.23 / 0.12 * np.pi / 2 * np.sin(np.pi * phase)
    data["ground_force"].values[:] = lift.T[..., None] * [0.05, 1.0, -0.02]
    data["com_acceleration"].values[:, 1] = np.interp(
        TIME, TIME - late, lift.sum(0) / MASS - GRAVITY
    )
    data["com_velocity"].values[:] = [8.0, 0.0, 0.0]
    data["residual_force"].values[:] *= 0.01
    data["residual_moment"].values[:] *= 0.01
    return data


def turning(degrees_per_second: float) -> xr.Dataset:
    data, angle = steady(1), np.radians(degrees_per_second) * TIME
    data["com_velocity"].values[:, 0], data["com_velocity"].values[:, 2] = (
        8.0 * np.cos(angle), 8.0 * np.sin(angle),
    )  # fmt: skip
    return data


def unlike(data: xr.Dataset, **changes: Callable[[np.ndarray], np.ndarray]) -> xr.Dataset:
    changed = data.copy(deep=True)
    for name, change in changes.items():
        changed[name] = changed[name].copy(data=change(changed[name].values.copy()))
    return changed


def slipping() -> xr.Dataset:
    """The right foot goes 18 mm sideways in the middle of its contacts."""
    data = steady(2)
    duration = (data["contact_toe_off"] - data["contact_touchdown"]).values
    across = np.where(data["contact_foot"] == "right", 0.018 / (0.4 * duration), 0.0)
    return data.assign(contact_forefoot_across=("contact", across))


def unseen(*groups: str) -> xr.Dataset:
    data, hidden_bodies = steady(3), [body for group in groups for body in MAP.groups[group]]
    inside = np.isin(data["group"].values, groups)
    for name in ("group_angular_momentum", "group_angular_momentum_rate"):
        data[name].values[:, inside] = np.nan
    return with_observed(
        data, Observed.complete(BODIES, len(TIME)).without(hidden_bodies, NOT_SEEN)
    )


def with_drawn_sds(data: xr.Dataset) -> xr.Dataset:
    """With a state of every source, of the verdicts' statistics and of level A."""
    keys = [*KEYS.values(), *(("A", source, "whole_body", "momentum_mean", "kg m2/s")
            for source in RoleScheme().items)]  # fmt: skip
    sources = ["inertia", "plates", "motion"]
    sds = 0.01 * (1.0 + np.arange(len(sources) * 2 * len(keys) * 3) % 7)
    names = {f"outcome_{name}": [key[n] for key in keys] for n, name in enumerate(NAMES)}
    dimensions = ("uncertainty_source", "stance_foot", "outcome", "axis")
    values = sds.reshape(len(sources), 2, len(keys), 3)
    states = ("state", *dimensions[1:])
    drawn_data = data.assign(interval_sd=(dimensions, values), state_deviation=(states, values))
    return drawn_data.assign_coords(
        uncertainty_source=sources, state_source=("state", sources), stance_foot=list(SIDES),
        **{name: ("outcome", labels) for name, labels in names.items()},
    )  # fmt: skip


@cache
def _levels() -> xr.Dataset:
    """Levels B and C of a body that moves."""
    case, time = smooth_run(60)
    in_stance = np.stack([time < 0, (time >= RIGHT.touchdown) & (time <= RIGHT.toe_off)], axis=1)
    return levels_trial(grounded(case, in_stance), time, [RIGHT])[1]


def with_levels(data: xr.Dataset) -> xr.Dataset:
    """Levels B and C as cubics in time, of the groups and joints that a trial has."""
    rng, variables = np.random.default_rng(3), {}
    levels = _levels().sel(group=data["group"].values)
    for name, values in levels.drop_vars(set(data.data_vars) & set(levels)).data_vars.items():
        powers = rng.normal(0.0, 5.0, (4, *values.shape[1:]))
        variables[name] = (values.dims, np.tensordot(TIME[:, None] ** np.arange(4), powers, 1))
    names = {
        coordinate: levels[coordinate].values
        for coordinate in ("source", "contact_model", "torso_chain", "part")
    }
    return data.assign(variables).assign_coords(names)


def all_levels(study: Study) -> xr.Dataset:
    """Of a body that moves: levels A, B and C of one contact, and how sure they are."""
    case, time = smooth_run(60)
    in_stance = np.stack([time < 0, (time >= RIGHT.touchdown) & (time <= RIGHT.toe_off)], axis=1)
    case = grounded(case, in_stance)
    prepared = prepared_of(case, time, np.ones(60, dtype=bool))
    contributions = trial_contributions(
        study.model_map, case.skeleton, prepared, Motion(*case.motion)
    )
    data = contributions_dataset(contributions, prepared, 0.2)
    draws = TrialDraws(
        contributions.levels,
        case.anatomy,
        time,
        0.2,
        contributions.touching,
        Spread(),
        Sampling(6, 1, 8),
    )
    data = data.merge(intervals_dataset(draws, contributions.contacts, 0.3))
    data = with_observed(data, Observed.complete(case.skeleton.bodies, 60))
    return data.assign_attrs(motion="plain", body="scaled")


TRIALS: dict[str, Callable[[], xr.Dataset]] = {
    "steady": steady,
    "random": made_trial,
    "mirrored": lambda: mirrored_trial(made_trial()),
    "belt": lambda: made_trial(5, belt=8.0).assign_attrs(surface="treadmill"),
    "slow": lambda: unlike(steady(6), com_velocity=lambda values: 0.45 * values),
    "turns": lambda: turning(20.0),
    "speeds up": lambda: unlike(
        steady(7), com_velocity=lambda values: values * (1.0 + 0.4 * TIME[:, None])
    ),
    "leans": lambda: unlike(
        steady(8), ground_force=lambda values: values + np.array([0.0, 0.0, 60.0])
    ),
    "late forces": lambda: steady(9, late=0.012),
    "slips": slipping,
    "deep plates": lambda: steady(10, surface_height=-0.2),
    "falls oddly": lambda: unlike(steady(11), residual_force=lambda values: values + 200.0),
    "rests": lambda: unlike(
        steady(12), residual_moment=lambda values: values + np.array([0.0, 15.0, 0.0])
    ),
    "armless": lambda: unseen("arm_left", "arm_right"),
    "legless": lambda: unseen("leg_left", "leg_right", "arm_left"),
    "one plate": lambda: unlike(
        steady(13), ground_force=lambda values: np.where(np.arange(2)[:, None] > 0, values, np.nan)
    ),
    "no plates": lambda: unlike(
        steady(14),
        ground_force=lambda values: values * np.nan,
        residual_moment=lambda values: values * np.nan,
    ).assign_attrs(events="kinematic"),
    "fitted": lambda: with_drawn_sds(fitted_trial(steady(15))),
    "fitted adjusted": lambda: fitted_trial(made_trial(16)).assign(
        forces_fitted=("time", (TIME > 0.2) & (TIME < 0.5))
    ),
    "drawn": lambda: with_drawn_sds(steady(17)).assign_attrs(body="adjusted"),
    "cut": lambda: unlike(steady(18), contact_complete=lambda values: values * [0, 1, 1]),
    "edge": lambda: unlike(steady(19), contact_edge_distance=lambda values: values - [0, 0.197, 0]),
    "markers": lambda: steady(20),
}
"""Contributions of the trials of one person."""

SHORT_STUDY = ("steady", "mirrored", "turns", "slips", "armless", "fitted", "markers")
"""Those that other settings change."""

SETTINGS = {
    "default": "",
    "other roles": "roles: {pelvis: legs, arms: split, flight: R2}\n",
    "rejected": "steps: {reject_turns: true}\nsolve: {reject_on_marker_error: true}\n"
    "roles: {flight: R3, pelvis: out}\nquality: {foot_slip_m: 0.05}\n",
}


def written_study(folder: Path, settings: str) -> Study:
    file = write_small_study(folder)
    file.write_text(file.read_text("utf-8") + settings, "utf-8")
    sheet = folder / "trials.tsv"
    rows = ["P1\tstanding\tstatic\tnormal\tP1_standing.c3d\tn/a",
            "P2\tstanding\tstatic\tnormal\tP2_standing.c3d\tn/a"]  # fmt: skip
    trials = [*map(_trial, TRIALS), "levels"] if not settings else map(_trial, SHORT_STUDY)
    names = [*trials, "lost"]
    for number, name in enumerate(names):
        (folder / "data" / f"{name}.c3d").touch()
        condition = "restricted_arms" if number % 3 == 1 else "normal"
        rows.append(
            f"{'P2' if name in TRIALS_OF_P2 else 'P1'}\t{name}\trun\t{condition}\t{name}.c3d\tn/a"
        )
    sheet.write_text("\n".join((sheet.read_text("utf-8").splitlines()[0], *rows)) + "\n", "utf-8")
    return load_study(file)


TRIALS_OF_P2 = ("levels", "lost")
"""Trials of the second person."""


def _trial(name: str) -> str:
    return name.replace(" ", "_")


def worked(study: Study, patch: pytest.MonkeyPatch) -> None:
    """Stages before are as good as done, steps and tables are made."""
    trial_ids = {
        trial.trial_id for participant in ("P1", "P2") for trial in study.moving_of(participant)
    }
    datasets = {"levels": all_levels(study)} if "levels" in trial_ids else {}
    for name, make in TRIALS.items():
        if _trial(name) in trial_ids:
            datasets[_trial(name)] = with_levels(make())
    skeleton = athlete_skeleton(Athlete("P", "female", 60.5, 1.7))
    coordinates = len(skeleton.coordinates)

    def computed(_study: Study, _participant: str, name: str) -> tuple[xr.Dataset, xr.Dataset]:
        data = datasets[name]
        if "observed" not in data:
            data = with_observed(data, Observed.complete(BODIES, data.sizes["time"]))
        frames = data.sizes["time"]
        wave = 0.2 * np.sin(2 * np.pi * np.linspace(0, 2, frames)[:, None] + np.arange(coordinates))
        error = np.full((frames, 2), 0.05 if name == "markers" else 0.012)
        error[frames // 4] *= 3.0
        final = xr.Dataset(
            dict.fromkeys(("q", "u", "udot"), (("time", "coordinate"), wave))
            | {"marker_error": (("time", "marker"), error)},
            coords={"time": data["time"]},
            attrs={"fit_clock_offset": 0.004} if name.startswith("fitted") else {},
        )
        peaks = 1000.0 + 300.0 * np.arange(data.sizes["contact"])
        data = data.assign(contact_peak=("contact", peaks))
        return data.assign_attrs(
            {"heading": 0.0, "events": "plates", "widening_postures": 1.0} | data.attrs
        ), final

    patch.setattr(stage, "trial_contributions", computed)
    for participant in ("P1", "P2"):
        save_skeleton(skeleton, ParticipantModel.of(study, participant).table)
        names = [trial.trial_id for trial in study.moving_of(participant)]
        for trial in names:
            file = study.folder(participant, "contributions") / f"{trial}.nc"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        gap = Finding("gap", "info", "a gap.", trial=names[0], where="marker RASI", fix="fill it.")
        mass = Finding("mass", "warning", "masses differ.", file="people.tsv")
        write_manifest(study, participant, "prepare", [
            entry(trial, OK, "", surface="overground", findings=[gap]) for trial in names
        ], findings=[mass])  # fmt: skip
        write_manifest(study, participant, "scale", [])
        solved = [
            entry(trial, OK, "", **(SOLVED if trial != "edge" else dict.fromkeys(SOLVED)))
            for trial in names
        ]
        write_manifest(study, participant, "inverse_kinematics", solved)
        fits = [
            entry(trial, OK, "", **(FITTED if trial.startswith("fitted") else PLAIN))
            for trial in names
        ]  # fmt: skip
        write_manifest(study, participant, "inverse_dynamics", fits, adjusted_model=False)
        before = [
            entry(trial, OK, "", **CONTRIBUTIONS_ENTRY) | {"inputs": []} if trial != "lost" else
            entry(trial, FAILED, "inverse_kinematics: no markers.")
            for trial in names
        ]  # fmt: skip
        trials, _ = stage.write_steps(study, participant, before)
        write_manifest(study, participant, "contributions", trials)
        status = [
            (trial_entry["trial_id"], trial_entry["status"], trial_entry["reason"])
            for trial_entry in trials
        ]
        write_manifest(
            study, participant, "multiverse", [entry(*trial_status) for trial_status in status]
        )
    tables_study(study, lambda _: None)


LOWER_LIMITED_MEASURE = "effect_to_residual_y"
"""End of measures of quality that must reach their limit; the others must not exceed it."""


def lines(study: Study) -> Iterator[str]:
    """Lines about trials, steps and their quality."""
    for participant in ("P1", "P2"):
        for trial in study.read_manifest(participant, "contributions")["trials"]:
            words = [trial["status"], trial["reason"], trial.get("unobserved", "")]
            yield f"{trial['trial_id']}: {' · '.join(filter(None, words))}"
    tables = {path.stem: read_table(path) for path in sorted(study.root.glob("tables/*.tsv"))}
    yield from (f"{name}: {len(table)} rows" for name, table in tables.items())
    names = ("trial_id", "step", "side", "status", "motion", "events", "reason", "step_flags")
    yield from told_rows("steps", tables["steps"], *names)
    names = ("trial_id", "state", "motion_reason", "outside")
    yield from told_rows("trials", tables["trials"], *names)
    names = ("trial_id", "measure", "unit", "verdict", "note")
    yield from told_rows("quality", tables["quality"].query("verdict != 'ok'"), *names)
    names = ("trial_id", "stage", "severity", "rule", "what")
    yield from told_rows("findings", tables["findings"], *names)


def _without_trial(line: str) -> str:
    """Line of a table without the name of its trial."""
    table, _, cells = line.partition(": ")
    return table + cells[cells.find(" · ") :]


@pytest.mark.parametrize("name", SETTINGS)
def test_steps_of_every_kind_of_trial(tmp_path, monkeypatch, name):
    study = written_study(tmp_path, SETTINGS[name])
    worked(study, monkeypatch)
    words = first_of_each_kind(lines(study), _without_trial)
    if name != "default":
        words = without_known(words, "steps/default")
    assert differences(f"steps/{name.replace(' ', '_')}", words) == []
    _check_quality(read_table(study.table("quality.tsv")))
    _check_means(study)
    for participant in ("P1", "P2"):
        _check_sums(read_dataset(step_file(study, participant, CURVES)))
    _check_sides(study)


def _check_quality(quality: pd.DataFrame) -> None:
    """A measure within its limit is ok; beyond it, it is not; an unknown one is not tested."""
    unknown = quality[quality[["value", "limit"]].isna().any(axis=1)]
    assert {*unknown["verdict"].dropna()} == {"not tested"}
    judged = quality.dropna(subset=["value", "limit"])
    assert judged["measure"].nunique() > 5
    for row in judged.itertuples():
        within = (
            row.value >= row.limit
            if row.measure.endswith(LOWER_LIMITED_MEASURE)
            else abs(row.value) <= row.limit
        )
        assert (row.verdict == "ok") == within, row


def _check_means(study: Study) -> None:
    """The table of means is made of the rows of good steps, by pandas."""
    keys = ["condition", "side", "level", "source", "target", "axis", "phase", "statistic", "unit"]
    means = read_table(study.table("contribution_means.tsv"))
    for participant in ("P1", "P2"):
        rows = read_columns(step_file(study, participant, "contributions"))
        steps = read_table(study.table("steps.tsv"))
        sides = steps[steps["participant_id"] == participant][
            ["trial_id", "step", "side", "condition"]
        ]
        rows = rows.astype(dict.fromkeys(("trial_id", *keys[2:]), object))
        rows = rows.merge(sides, on=["trial_id", "step"])
        by = rows.groupby(keys)["value"].agg(["mean", "std", "count"])
        of_participant = means[means["participant_id"] == participant].set_index(keys)
        assert len(of_participant) == len(by)
        by = by.loc[of_participant.index]
        np.testing.assert_allclose(of_participant["mean"], by["mean"], rtol=1e-4, atol=1e-9)
        np.testing.assert_allclose(of_participant["sd"], by["std"], rtol=1e-4, atol=1e-9)
        np.testing.assert_array_equal(of_participant["steps"], by["count"])


def _check_sums(curves: xr.Dataset) -> None:
    """In every step both sides, with a pelvis that belongs to none, are the whole body."""
    for name in ("angular_momentum", "angular_momentum_rate") if curves.sizes["step"] else ():
        by = curves[name].transpose("group", ...)
        pelvis = by.sel(group="pelvis").values
        sides = by.sel(group="push_side").values + by.sel(group="swing_side").values
        total = by.sel(group="total").values
        size = np.nanmax(np.abs(total))
        difference = np.minimum(
            np.abs(sides - total), np.abs(sides + np.nan_to_num(pelvis) - total)
        )
        assert np.nanmax(difference) < 1e-3 * size  # files keep few digits of curves


def _check_sides(study: Study) -> None:
    """Curves of a page: a scale multiplies both sides of a step by one factor, and nothing else."""
    steps = read_table(study.table("steps.tsv"))
    plain, scaled = (participant_curves(study, "P1", steps, scale) for scale in (np.nan, 100.0))
    assert (plain.title, plain.unit == scaled.unit) == (scaled.title, False)
    np.testing.assert_array_equal(plain.left, scaled.left)
    plain_sides, scaled_sides = (
        np.array([curves.sides[name] for name in ROLE_SIDES]) for curves in (plain, scaled)
    )
    np.testing.assert_array_equal(np.isnan(plain_sides), np.isnan(scaled_sides))
    plain_sides, scaled_sides = np.nan_to_num(plain_sides), np.nan_to_num(scaled_sides)
    factor = (plain_sides * scaled_sides).sum(axis=(0, 2)) / (plain_sides**2).sum(axis=(0, 2))
    np.testing.assert_allclose(scaled_sides, factor[:, None] * plain_sides, rtol=1e-6, atol=1e-9)
    assert (factor > 0.0).all()
    assert set(plain.sides) == set(ROLE_SIDES)
