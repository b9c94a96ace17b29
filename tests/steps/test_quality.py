"""Measures of quality against closed forms, and limits that are those of the settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.config.settings import Quality
from aqbio.figures.words import digits
from aqbio.gait.steps import Contact, solved_steps, steps_from_contacts
from aqbio.io.study import load_study
from aqbio.names import GRAVITY
from aqbio.pages.quality import quality_cell
from aqbio.pages.words import MEASURES
from aqbio.steps.quality import quality_rows
from aqbio.steps.rows import TrialSteps
from aqbio.study.manifest import OK, entry, write_manifest
from tests.small_study import write_small_study
from tests.stages.made_contributions import CONTACTS, MASS, TIME, fitted_trial, made_trial
from tests.steps.cut import ROLES, cut_steps
from tests.steps.test_golden import FITTED, MADE, PLAIN, SOLVED


@pytest.fixture
def study(tmp_path):
    study = load_study(write_small_study(tmp_path))
    for stage, numbers in (("inverse_kinematics", SOLVED), ("inverse_dynamics", PLAIN)):
        write_manifest(study, "P1", stage, [entry("fast", OK, "", **numbers)])
    return study


def _trial(study, data: xr.Dataset) -> TrialSteps:
    contacts = [
        Contact(str(foot), touchdown, toe_off, True, 0.2)
        for foot, touchdown, toe_off in zip(*CONTACTS.values(), strict=True)
    ]
    steps = steps_from_contacts(contacts, maximum_flight=0.3, edge_distance=0.015)
    steps = solved_steps(steps, float(TIME[0]), float(TIME[-1]))
    errors = xr.DataArray(np.zeros((len(TIME), 1)), dims=("time", "marker"))
    curves, own = cut_steps(data, steps), study.moving_of("P1")[0]
    return TrialSteps("P1", own, data, errors, tuple(steps), curves, (), {}, Path("fast.nc"), MADE)


@pytest.fixture
def rows(study):
    def found(data):
        return pd.DataFrame(list(quality_rows(study, [_trial(study, data)]))).set_index("measure")

    return found


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
    assert (found["value"], found["verdict"]) == (pytest.approx(way), verdict)


def test_flight_before_a_contact_that_was_not_measured_is_not_judged(study, rows):
    """Nobody knows there when the flight ended; other flights are judged as before."""
    data = made_trial()
    start, end = float(data["contact_toe_off"][1]), float(data["contact_touchdown"][2])
    late = (0.5 * (start + end) < TIME) & (end > TIME)
    data["residual_force"][:] = 0.0
    data["residual_force"][late] = 50.0 * MASS
    assert rows(data).loc["flight_acceleration", "verdict"] == "fail"
    table = rows(data.assign(forces_fitted=("time", ~late)))
    assert table.loc["flight_acceleration", "value"] == 0.0
    momentum = _trial(study, made_trial()).curves["angular_momentum"].values[0][1, :, :, 1]
    parts = np.abs(momentum[:, [ROLES.index(one) for one in PARTS]]).max()
    drift = np.ptp(momentum[:, ROLES.index("total")]) / parts
    assert table.loc["flight_drift_y", "value"] == pytest.approx(drift)


PARTS = ("push_leg", "swing_leg", "arms", "torso", "pelvis")


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
    assert (found["verdict"], "late" in found["note"]) == ("warning", True)


@pytest.mark.parametrize("height", [0.85, 1.1])
def test_the_limit_of_the_moment_grows_with_the_height_of_the_centre_of_mass(rows, height):
    """1 % of the height times the peak force (Hicks 2015), above plates that lie 0.2 m deep."""
    data = made_trial().assign_attrs(surface_height=-0.2)
    data["com"] = data["com"] + np.array([0.0, height - 0.2 - 1.0, 0.0])
    peak = np.linalg.norm(data["ground_force"].values.sum(axis=1), axis=1).max()
    limit = rows(data).loc["residual_moment_y_rms", "limit"]
    assert limit == pytest.approx(0.01 * height * peak)


ELSEWHERE = ("usable_share", "beyond_band", "vertical_impulse")
"""Limits that other rows are held against: test_gates, test_steps."""

LIMITS = [
    *(("quality", name) for name in Quality.model_fields if name not in ELSEWHERE),
    *(("solve", name) for name in ("marker_rms_m", "marker_max_m")),
]


def test_every_limit_of_the_settings_arrives_in_table_and_page(study):
    """Changed by a third, it changes limits by a third, and nothing else keeps the old one."""
    write_manifest(study, "P1", "inverse_dynamics", [entry("fast", OK, "", **FITTED)])
    trial = _trial(study, fitted_trial(made_trial()))
    before = pd.DataFrame(list(quality_rows(study, [trial]))).set_index("measure")
    for section, name in LIMITS:
        old = getattr(study.settings, section)
        limits = old.model_copy(update={name: 4.0 / 3.0 * getattr(old, name)})
        settings = study.settings.model_copy(update={section: limits})
        changed = replace(study, settings=settings)
        after = pd.DataFrame(list(quality_rows(changed, [trial]))).set_index("measure")
        chosen = before["limit"].ne(after["limit"]) & before["limit"].notna()
        assert chosen.any(), name
        np.testing.assert_allclose(after["limit"][chosen], 4.0 / 3.0 * before["limit"][chosen])
        for measure, row in after[chosen].iterrows():
            cell = quality_cell(measure, row["value"], row["limit"], row["verdict"], row["unit"])
            factor = MEASURES[measure].factor if measure in MEASURES else 1.0
            assert digits(factor * row["limit"]) in cell.against
