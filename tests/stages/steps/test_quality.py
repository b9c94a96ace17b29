"""Quality, findings and trials: numbers that a hand can check, verdicts that can be bad."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.config.settings import Quality
from aqbio.errors import Finding
from aqbio.figures.words import digits
from aqbio.gait.roles import RoleScheme
from aqbio.gait.steps import Contact, solved_steps, steps_from_contacts
from aqbio.io.study import load_study
from aqbio.io.tables import write_table
from aqbio.names import GRAVITY
from aqbio.observed.mask import NOT_SEEN, Observed
from aqbio.observed.parts import with_observed
from aqbio.pages.quality import quality_cell
from aqbio.pages.words import MEASURES
from aqbio.steps import rows as step_columns
from aqbio.steps.quality import measure, quality_rows, unobserved_parts
from aqbio.steps.rows import TrialSteps
from aqbio.steps.stage_tables import DECISIVE, DECISIVE_PLAIN, trial_rows
from aqbio.study.findings import CAUSES, cause_rows, finding_rows, study_causes
from aqbio.study.manifest import FAILED, OK, entry, write_manifest
from tests.small_study import write_small_study
from tests.stages.made_contributions import CONTACTS, MAP, MASS, TIME, fitted_trial, made_trial
from tests.steps.cut import ROLES, cut_steps

CLOSURE = {"value": 3e-12, "tolerance": 1e-6, "holds": True}
REFERENCE = {"frames": 7, "momentum": 1e-15, "position_m": 1e-15, "forces": 2e-8, "defect": 0.004}
SOLVED = {
    "marker_rms_m": 0.0162,
    "marker_rms_worst_frame_m": 0.0201,
    "marker_max_m": 0.0453,
    "marker_max_label": "RTILAT",
}

MADE = {"closure": CLOSURE, "reference": REFERENCE}

PLAIN = {"motion": "plain", "motion_reason": "consistency is off", "suspicions": []}


@pytest.fixture
def study(tmp_path):
    study = load_study(write_small_study(tmp_path))
    for person in ("P1", "P2"):
        for stage, numbers in (
            ("prepare", {"surface": "overground"}),
            ("scale", {}),
            ("inverse_kinematics", SOLVED),
            ("inverse_dynamics", PLAIN),
            ("contributions", MADE),
            ("multiverse", {}),
        ):
            trials = [entry(name, OK, "", **numbers) for name in ("fast", "slow")]
            write_manifest(study, person, stage, trials if stage != "scale" else [])
    return study


def _trial(study, data: xr.Dataset, scheme: RoleScheme | None = None) -> TrialSteps:
    contacts = [
        Contact(str(foot), touchdown, toe_off, True, 0.2)
        for foot, touchdown, toe_off in zip(*CONTACTS.values(), strict=True)
    ]
    steps = steps_from_contacts(contacts, maximum_flight=0.3, edge_distance=0.015)
    steps = solved_steps(steps, float(TIME[0]), float(TIME[-1]))
    curves = cut_steps(data, steps, scheme)
    trial = study.moving_of("P1")[0]
    errors = xr.DataArray(np.zeros((len(TIME), 1)), dims=("time", "marker"))
    return TrialSteps(
        "P1", trial, data, errors, tuple(steps), curves, (), {}, Path("fast.nc"), MADE
    )


@pytest.fixture
def rows(study):
    def found(data):
        table = pd.DataFrame(list(quality_rows(study, [_trial(study, data)])))
        assert set(table.columns) == set(step_columns.QUALITY)
        assert not table["measure"].duplicated().any()
        return table.set_index("measure")

    return found


@pytest.mark.parametrize(
    ("value", "limit", "at_least", "verdict"),
    [
        (0.9, 1.0, False, "ok"),
        (1.0, 1.0, False, "ok"),
        (1.1, 1.0, False, "fail"),
        (3.0, 3.0, True, "ok"),
        (2.9, 3.0, True, "fail"),
        (np.nan, 1.0, False, "fail"),
        (np.nan, 1.0, True, "fail"),
        (5.0, None, False, None),
    ],
)
def test_verdicts(value, limit, at_least, verdict):
    row = measure({"trial_id": "T"}, "m", value, "N", limit=limit, at_least=at_least)
    assert row["verdict"] == verdict
    assert np.isnan(row["limit"]) == (limit is None)
    assert row["trial_id"] == "T"


def _drift(study, data, step: int) -> float:
    """Range of the total over the largest part in the flight of a step."""
    momentum = _trial(study, data).curves["angular_momentum"].values[step][1, :, :, 1]
    total = momentum[:, ROLES.index("total")]
    parts = ("push_leg", "swing_leg", "arms", "torso", "pelvis")
    largest = np.abs(momentum[:, [ROLES.index(one) for one in parts]]).max()
    return (total.max() - total.min()) / largest


@pytest.mark.parametrize(("speed", "verdict"), [(0.99, "ok"), (1.01, "fail")])
def test_slip_is_the_way_while_more_than_half_of_the_peak_is_borne(rows, speed, verdict):
    """Sideways at a steady speed, of one foot, just inside and just outside the limit."""
    data = made_trial()
    side, start, stop = (CONTACTS[name][0] for name in ("foot", "touchdown", "toe_off"))
    foot = list(data["foot"].values).index(side)
    during = (start <= TIME) & (stop >= TIME)
    force = np.sin(np.pi * (TIME - start) / (stop - start))
    data["ground_force"][:, foot, 1] = 1000.0 * force
    planted = TIME[during & (force > 0.5 * force[during].max())]
    way = 0.015 * speed
    data["contact_velocity"][:, foot, 2] = way / (planted[-1] - planted[0])
    data["contact_velocity"][~during, foot] = np.nan
    found = rows(data).loc["foot_slip"]
    assert found["value"] == pytest.approx(way)
    assert found["verdict"] == verdict


def test_flight_before_a_contact_that_was_not_measured_is_not_judged(study, rows):
    """Nobody knows there when the flight ended; other flights are judged as before."""
    data = made_trial()
    start, end = float(data["contact_toe_off"][1]), float(data["contact_touchdown"][2])
    late = (0.5 * (start + end) < TIME) & (end > TIME)
    data["residual_force"][:] = 0.0
    data["residual_force"][late] = 50.0 * MASS
    assert rows(data).loc["flight_acceleration", "verdict"] == "fail"
    known = data.assign(forces_fitted=("time", ~late))
    table = rows(known)
    assert table.loc["flight_acceleration", "value"] == 0.0
    first = _drift(study, made_trial(), 0)
    assert table.loc["flight_drift_y", "value"] == pytest.approx(first)


def test_unmeasured_forces_do_not_pass(rows):
    """Missing numbers are no proof of quality."""
    data = made_trial()
    data["ground_force"].loc[{"foot": "left"}] = np.nan
    data["residual_force"][:] = np.nan
    table = rows(data)
    assert table.loc["residual_force_y_rms", "verdict"] == "fail"
    assert np.isnan(table.loc["residual_moment_y_rms", "limit"])
    assert table.loc["residual_moment_y_rms", "verdict"] != "ok"


def test_findings_of_all_stages_with_their_place(study, tmp_path):
    whole = Finding("mass", "warning", "masses differ.", file=str(tmp_path / "a" / "people.tsv"))
    gap = Finding("gap", "info", "a gap.", trial="slow", where="marker RASI", fix="fill it.")
    broken = Finding("cut", "error", "cut.", trial="fast")
    trials = [entry("fast", FAILED, "cut.", findings=[broken]), entry("slow", OK, "")]
    write_manifest(study, "P1", "prepare", trials, findings=[whole])
    write_manifest(study, "P2", "inverse_kinematics", [entry("slow", OK, "", findings=[gap])])
    rows = [row for who in ("P1", "P2") for row in finding_rows(study, who)]
    assert all(set(row) == set(step_columns.FINDINGS) for row in rows)
    table = pd.DataFrame(rows)
    write_table(table, study.table("findings.tsv"), step_columns.FINDINGS, {})
    grave_first = list(cause_rows(study_causes(study)))
    assert all(set(row) == set(CAUSES) for row in grave_first)
    assert [row["rule"] for row in grave_first] == ["cut", "mass", "gap"]
    assert [row["cause"] for row in rows] == [grave_first[at]["cause"] for at in (1, 0, 2)]
    assert [(r["participant_id"], r["stage"], r["trial_id"], r["rule"]) for r in rows] == [
        ("P1", "prepare", None, "mass"),
        ("P1", "prepare", "fast", "cut"),
        ("P2", "inverse_kinematics", "slow", "gap"),
    ]
    assert rows[0]["file"] == "people.tsv"
    assert (rows[2]["where"], rows[2]["fix"], rows[2]["file"]) == ("marker RASI", "fill it.", None)


def test_what_became_of_every_trial(study):
    trials = [entry("fast", FAILED, "inverse_kinematics: no markers."), entry("slow", OK, "")]
    write_manifest(study, "P2", "multiverse", trials)
    steps = pd.DataFrame(
        {
            "participant_id": ["P1", "P1", "P1", "P2"],
            "trial_id": ["fast", "fast", "fast", "slow"],
            "status": ["ok", "rejected", "incomplete", "ok"],
            "speed_mps": [8.0, 99.0, 9.0, 4.0],
        }
    )
    quality = pd.DataFrame(
        [
            ("P1", "fast", "plain_effect_to_residual_y", "fail"),
            ("P1", "fast", "residual_force_x_rms", "ok"),
            ("P1", "fast", "marker_max", "warning"),
            ("P2", "slow", "residual_force_x_rms", "fail"),
        ],
        columns=["participant_id", "trial_id", "measure", "verdict"],
    )
    unseen = unobserved_parts(study, _with_arms(seen=False))
    cut = [entry("fast", OK, "", unobserved=unseen), entry("slow", OK, "")]
    write_manifest(study, "P1", "contributions", cut)
    found = []
    for who in ("P1", "P2"):
        own = [table[table["participant_id"] == who] for table in (steps, quality)]
        found += trial_rows(study, who, *own)
    rows = {(r["participant_id"], r["trial_id"]): r for r in found}
    assert len(rows) == 4
    assert all(set(row) == set(step_columns.TRIALS) for row in rows.values())
    fast = rows["P1", "fast"]
    assert (fast["contacts"], fast["steps_ok"], fast["steps_rejected"]) == (3, 1, 1)
    assert fast["speed_mps"] == pytest.approx(8.5)
    assert fast["surface"] == "overground"
    assert (fast["motion"], fast["motion_reason"]) == ("plain", "consistency is off")
    failed = rows["P2", "fast"]
    assert (failed["status"], failed["reason"]) == ("failed", "inverse_kinematics: no markers.")
    assert failed["contacts"] == 0
    assert np.isnan(failed["speed_mps"])
    assert rows["P1", "slow"]["reason"] is None
    assert fast["state"] == "usable without parts"
    assert "arm" in fast["unobserved"]
    slow = rows["P2", "slow"]
    assert (slow["state"], slow["unobserved"]) == ("usable", None)
    assert rows["P1", "slow"]["state"] == "without steps"
    assert failed["state"] == "failed"


@pytest.mark.parametrize("motion", ["plain", "fitted"])
def test_a_trial_is_doubtful_for_what_decides_on_its_motion(study, motion):
    """Residuals before the fit decide on a trial that was not fitted alone."""
    write_manifest(study, "P1", "inverse_dynamics", [entry("fast", OK, "", motion=motion)])
    steps = pd.DataFrame({"trial_id": ["fast"], "status": ["ok"], "speed_mps": [8.0]})
    for names, decides in ((DECISIVE, True), (DECISIVE_PLAIN, motion == "plain")):
        for name in names:
            rows = pd.DataFrame({"trial_id": ["fast"], "measure": [name], "verdict": ["fail"]})
            row = next(iter(trial_rows(study, "P1", steps, rows)))
            assert row["state"] == ("doubtful" if decides else "usable"), name
            assert row["outside"] == (name if decides else None)


def _with_arms(*, seen: bool) -> xr.Dataset:
    """The made trial with the mask of a body whose arms are seen or not."""
    bodies = [body for members in MAP.groups.values() for body in members]
    arms = [*MAP.groups["arm_left"], *MAP.groups["arm_right"]]
    observed = Observed.everything(bodies, len(TIME))
    return with_observed(made_trial(), observed if seen else observed.without(arms, NOT_SEEN))


@pytest.mark.parametrize("unseen", [("arm_left",), ("all",)])
def test_groups_that_are_not_seen_are_not_testable(rows, unseen):
    """No group at all (markers on pelvis and feet only): no number, and nothing stops."""
    data = made_trial()
    lost = np.isin(data["group"].values, unseen) | (unseen == ("all",))
    for name in ("group_angular_momentum", "group_angular_momentum_rate"):
        data[name].values[:, lost] = np.nan
    data["residual_moment"].values[:] = np.nan
    table = rows(data)
    for name in ("effect_to_residual_y", "flight_drift_y", "residual_moment_y_stance_rms"):
        assert np.isnan(table.loc[name, "value"]), name
        assert table.loc[name, "verdict"] == "fail"  # stage steps says not_testable instead


def test_a_delay_of_the_forces_is_seen(rows):
    """Forces that follow from the motion, 12 ms late: three frames, more than the one allowed."""
    data = made_trial()
    lift = 2.0 * GRAVITY * np.sin(2 * np.pi * 4.3 * TIME) ** 2
    late = 2.0 * GRAVITY * np.sin(2 * np.pi * 4.3 * (TIME - 0.012)) ** 2
    data["com_acceleration"].values[:, 1] = lift - GRAVITY
    data["ground_force"].values[:] = 0.0
    data["ground_force"].values[:, 0, 1] = MASS * late
    found = rows(data).loc["force_delay"]
    assert found["value"] == pytest.approx(0.012, abs=0.0005)
    assert found["verdict"] == "warning"
    assert "late" in found["note"]


FITTED = {
    "motion": "fitted", "motion_reason": "", "suspicions": [],
    "marker_rms_before_m": 0.016, "marker_rms_alone_m": 0.0165, "marker_rms_after_m": 0.017,
    "markers_displaced_m": 0.003,
    "joint_change_median_deg": 1.1, "joint_change_max_deg": 2.2,
    "joint_change_forces_median_deg": 0.6, "joint_change_forces_max_deg": 1.7,
}  # fmt: skip

ELSEWHERE = ("usable_share", "beyond_band", "vertical_impulse")
"""Limits that other rows are held against: test_gates, test_bands."""

LIMITS = [
    *(("quality", name) for name in Quality.model_fields if name not in ELSEWHERE),
    *(("solve", name) for name in ("marker_rms_m", "marker_max_m")),
]


@pytest.mark.parametrize(("section", "name"), LIMITS)
def test_every_limit_of_the_settings_arrives_in_table_and_page(study, section, name):
    """Changed by a third, it changes limits by a third, and nothing else keeps the old one."""
    for person in ("P1", "P2"):
        trials = [entry(one, OK, "", **FITTED) for one in ("fast", "slow")]
        write_manifest(study, person, "inverse_dynamics", trials)
    trial = _trial(study, fitted_trial(made_trial()))
    old = getattr(study.settings, section)
    limits = old.model_copy(update={name: 4.0 / 3.0 * getattr(old, name)})
    settings = study.settings.model_copy(update={section: limits})
    before, after = (
        pd.DataFrame(list(quality_rows(one, [trial]))).set_index("measure")
        for one in (study, replace(study, settings=settings))
    )
    changed = before["limit"].ne(after["limit"]) & before["limit"].notna()
    assert changed.any()
    np.testing.assert_allclose(after["limit"][changed], 4.0 / 3.0 * before["limit"][changed])
    for measure_name, row in after[changed].iterrows():
        cell = quality_cell(measure_name, row["value"], row["limit"], row["verdict"], row["unit"])
        factor = MEASURES[measure_name].factor if measure_name in MEASURES else 1.0
        assert digits(factor * row["limit"]) in cell.against


@pytest.mark.parametrize("height", [0.85, 1.1])
def test_the_limit_of_the_moment_grows_with_the_height_of_the_centre_of_mass(rows, height):
    """1 % of the height times the peak force (Hicks 2015), above plates that lie 0.2 m deep."""
    data = made_trial().assign_attrs(surface_height=-0.2)
    data["com"] = data["com"] + np.array([0.0, height - 0.2 - 1.0, 0.0])
    peak = np.linalg.norm(data["ground_force"].values.sum(axis=1), axis=1).max()
    limit = rows(data).loc["residual_moment_y_rms", "limit"]
    assert limit == pytest.approx(0.01 * height * peak)
