"""What of a trial the fit may use, and where a standing body presses."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from aqbio.consistency import session_inputs as static
from aqbio.consistency.files import plain_dataset
from aqbio.consistency.session_inputs import (
    fitted_session,
    observations,
    total_wrench,
    trial_speed,
)
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.study import load_study
from aqbio.observed.mask import NOT_IN_FILE, NOT_SEEN, SOME_FRAMES, Observed
from aqbio.observed.parts import read_observed, with_observed
from aqbio.study.manifest import OK
from tests.small_study import write_small_study

# observed ----------------------------------------------------------------------------------------

RATE, FRAMES = 250.0, 300
TIME = np.arange(FRAMES) / RATE
FORCE_TIME = np.arange(FRAMES * 4) / 1000.0
EDGE = 0.015
GROUPS = {"leg_right": ("thigh", "shank"), "arm_left": ("arm",), "torso": ("trunk",)}
SEGMENTS = tuple(body for bodies in GROUPS.values() for body in bodies)
CONTACTS = (("right", 0.30, 0.42, True), ("left", 0.54, 0.66, True))


class OneSkeleton:
    """What the observations need of a skeleton: its markers and coordinates."""

    markers = tuple(f"M{n}" for n in range(12))
    coordinates = tuple(f"q{n}" for n in range(5))


def made(contacts=CONTACTS, *, surface: str = "overground") -> SolvedTrial:
    """A run at 5 m/s whose force is a half sine in every contact; one spare plate is silent."""
    force = np.zeros((FRAMES, 2, 3))
    plate = np.zeros((len(FORCE_TIME), 2, 3))
    for foot, touchdown, toe_off, _ in contacts:
        side = ("left", "right").index(foot)
        for clock, values in ((TIME, force[:, side]), (FORCE_TIME, plate[:, side])):
            along = np.clip((clock - touchdown) / (toe_off - touchdown), 0.0, 1.0)
            values[:, 1] += 1500.0 * np.sin(np.pi * along)
    feet, touchdowns, toe_offs, complete = zip(*contacts, strict=True) if contacts else ((),) * 4
    prepared = xr.Dataset(
        {
            "foot_force": (("time", "foot", "axis"), force),
            "foot_moment": (("time", "foot", "axis"), 0.1 * force),
            "plate_force_raw": (("force_time", "plate", "axis"), plate),
            "plate_moment_raw": (("force_time", "plate", "axis"), 0.0 * plate),
            "plate_point": (("plate", "axis"), np.zeros((2, 3))),
            "contact_foot": ("contact", np.array(feet, dtype="U8")),
            "contact_touchdown": ("contact", np.array(touchdowns, dtype=float)),
            "contact_toe_off": ("contact", np.array(toe_offs, dtype=float)),
            "contact_complete": ("contact", np.array(complete, dtype=bool)),
            "contact_edge_distance": ("contact", np.full(len(feet), 0.2)),
        },
        coords={
            "time": TIME,
            "force_time": FORCE_TIME,
            "foot": ["left", "right"],
            "axis": list("xyz"),
        },
        attrs={
            "surface": surface, "surface_height": 0.0, "belt_speed": 0.0, "heading": 0.0,
            "events": "plates", "free_moment": "measured", "marker_rate": RATE, "cutoff": 60.0,
            "force_rate": 1000.0,
        },
    )  # fmt: skip
    markers = np.zeros((FRAMES, 12, 3))
    markers[..., 0] = 5.0 * TIME[:, None]
    q = np.zeros((FRAMES, 5))
    solved = xr.Dataset(
        {
            **dict.fromkeys(("q", "u", "udot", "q_unfiltered"), (("time", "coordinate"), q)),
            "generalised_force": (("time", "coordinate"), q),
            "marker_error": (("time", "marker"), markers[..., 1]),
            "marker_position": (("time", "marker", "axis"), markers),
            "marker_followed": (("time", "marker"), np.ones((FRAMES, 12), dtype=bool)),
        },
        coords={
            "time": TIME,
            "marker": list(OneSkeleton.markers),
            "coordinate": list(OneSkeleton.coordinates),
            "axis": list("xyz"),
        },
        attrs={"from_coordinates": ""},
    )
    told = np.tile([name != "q3" for name in OneSkeleton.coordinates], (FRAMES, 1))
    mask = Observed.everything(SEGMENTS, FRAMES).determine(OneSkeleton.coordinates, told, 0)
    solved = with_observed(solved, mask)
    files = (Path("prepared.nc"), Path("solved.nc"))
    return SolvedTrial("run", prepared, solved, files, prepared)


IN_FLIGHT = (TIME > 0.45) & (TIME < 0.5)


def lose(trial: SolvedTrial, segments, reason, frames=None) -> None:
    """Lose segments of a trial."""
    mask = read_observed(trial.solved).without(segments, reason, frames)
    trial.solved["observed"].values[:] = mask.mask
    trial.solved["unobserved_reason"] = ("segment", np.array(mask.reason))


@pytest.mark.parametrize(("frames", "fitted"), [(TIME < 0.299, True), (TIME < 0.301, False)])
def test_what_is_lost_before_the_first_touchdown_does_not_matter(frames, fitted):
    trial = made()
    lose(trial, ["arm"], SOME_FRAMES, frames)
    assert isinstance(observations(OneSkeleton(), trial, GROUPS, EDGE), str) != fitted


def test_contacts_and_the_flights_beside_them_are_measured():
    seen = observations(OneSkeleton(), made(), GROUPS, EDGE)
    known = seen.time[seen.measured]
    assert 0.2 < known[0] < 0.30
    assert 0.66 < known[-1] < 0.76
    assert np.ptp(np.diff(known)) < 1e-9
    assert seen.unobservable == (3,)
    assert seen.drag
    np.testing.assert_array_equal(seen.marker_index, np.arange(12))


def test_a_cut_contact_is_left_out():
    contacts = (*CONTACTS, ("right", 0.78, 0.90, False))
    seen = observations(OneSkeleton(), made(contacts), GROUPS, EDGE)
    assert not seen.measured[(TIME > 0.76) & (TIME < 0.92)].any()
    assert seen.measured[(TIME > 0.31) & (TIME < 0.65)].all()


def test_a_contact_at_the_edge_of_its_plate_is_left_out():
    """A part of its force may be lost: fitted, it would bend the motion and the neighbours."""
    trial = made()
    trial.prepared["contact_edge_distance"].values[1] = 0.014
    seen = observations(OneSkeleton(), trial, GROUPS, EDGE)
    assert not seen.measured[(TIME > 0.52) & (TIME < 0.68)].any()
    assert seen.measured[(TIME > 0.31) & (TIME < 0.41)].all()


def test_a_load_that_belongs_to_neither_foot_takes_its_frames_away():
    trial = made()
    trial.prepared["plate_force_raw"].loc[{"axis": "y"}][:, 0] += np.where(
        (FORCE_TIME > 0.45) & (FORCE_TIME < 0.5), 200.0, 0.0
    )
    seen = observations(OneSkeleton(), trial, GROUPS, EDGE)
    assert not seen.measured[(TIME > 0.455) & (TIME < 0.495)].any()
    assert seen.measured[(TIME > 0.31) & (TIME < 0.41)].all()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda t: t.prepared["foot_force"].values.fill(np.nan), "no ground reaction force"),
        (lambda t: t.prepared["foot_force"].values[8:].fill(np.nan), "fewer than 10 frames"),
        (lambda t: lose(t, ["arm", "trunk"], NOT_SEEN), "do not show arm_left, torso"),
        (lambda t: lose(t, ["shank"], NOT_IN_FILE), "does not hold leg_right (shank)"),
        (lambda t: lose(t, ["arm"], SOME_FRAMES, IN_FLIGHT), "for some frames: arm_left"),
        (lambda t: t.solved.attrs.update(from_coordinates="angles.mot"), "no markers"),
        (lambda t: t.prepared.attrs.update(free_moment="not recorded"), "no free moment"),
    ],
)
def test_trials_that_cannot_be_fitted(spoil, why):
    trial = made()
    spoil(trial)
    found = observations(OneSkeleton(), trial, GROUPS, EDGE)
    assert isinstance(found, str)
    assert why in found


def test_without_a_contact_there_is_nothing_to_fit():
    assert observations(OneSkeleton(), made(()), GROUPS, EDGE) == "no foot met a force plate"
    cut = tuple((*one[:3], False) for one in CONTACTS)
    assert (
        observations(OneSkeleton(), made(cut), GROUPS, EDGE) == "no contact was measured completely"
    )


def test_forces_of_a_part_of_the_recording():
    """Forces that end early: the wrench ends with them, and frames beyond are not measured."""
    trial = made()
    trial.prepared["foot_force"].values[TIME > 0.5] = np.nan
    wrench = total_wrench(trial)
    assert wrench.time[-1] == pytest.approx(0.5)
    seen = observations(OneSkeleton(), trial, GROUPS, EDGE)
    assert not seen.measured[TIME > 0.5].any()
    assert seen.measured[TIME == 0.5].all()


def test_contact_in_a_gap_of_the_forces_is_not_measured():
    """The first contact, 0.30 to 0.42 s; the second one, with its flight, stays."""
    trial = made()
    trial.prepared["foot_force"].values[(TIME > 0.28) & (TIME < 0.44)] = np.nan
    seen = observations(OneSkeleton(), trial, GROUPS, EDGE)
    assert not seen.measured[TIME < 0.44].any()
    assert seen.measured[(TIME > 0.54) & (TIME < 0.66)].all()
    assert np.isfinite(seen.wrench.force).all()


def test_speed_is_that_of_the_markers_over_the_belt():
    trial = made()
    assert trial_speed(trial) == pytest.approx(5.0)
    trial.prepared.attrs["belt_speed"] = 3.0
    assert trial_speed(trial) == pytest.approx(8.0)
    trial.solved["marker_position"].values[50:90, 3] = np.nan
    assert trial_speed(trial) == pytest.approx(8.0)


def test_a_plain_trial_is_what_it_was():
    trial = made()
    data = plain_dataset(trial, "because")
    assert (data.attrs["motion"], data.attrs["motion_reason"]) == ("plain", "because")
    for name in ("q", "u", "udot", "generalised_force", "marker_error"):
        np.testing.assert_array_equal(data[name], trial.solved[name])
    for name in ("foot_force", "foot_moment", "contact_touchdown", "contact_foot"):
        np.testing.assert_array_equal(data[name], trial.prepared[name])
    assert not data["drag_force"].values.any()
    assert data.attrs["events"] == "plates"


def test_plates_whose_edges_are_unknown_measure_contacts():
    """Files of forces do not say where the plates are: all contacts of treadmills are like that."""
    trial = made()
    trial.prepared["contact_edge_distance"][:] = np.nan
    seen = observations(OneSkeleton(), trial, GROUPS, EDGE)
    np.testing.assert_array_equal(
        seen.measured, observations(OneSkeleton(), made(), GROUPS, EDGE).measured
    )


def test_a_model_without_arms_is_not_fitted(tmp_path):
    """Their mass in the trunk: the fit bent the trunk to five times its momentum, unsuspected."""
    study = load_study(write_small_study(tmp_path))
    for arm in ("arm_left", "arm_right"):
        del study.model_map.groups[arm]
    session = fitted_session(study, OneSkeleton(), [made()])
    assert session.plain == {"run": "the model has no arm_left and no arm_right of its own"}
    assert not session.fits


# static ------------------------------------------------------------------------------------------


def test_the_pressure_is_that_of_the_whole_quiet_window(monkeypatch):
    """The runner leans forward by 20 cm within the window: the plates' mean is what counts."""
    clock = np.arange(0.0, 1.0, 0.001)
    lean = np.interp(clock, [0.2, 0.6], [0.0, 0.2])
    force = np.tile([[[0.0, 700.0, 0.0]]], (len(clock), 1, 1))
    moment = np.cross(np.stack((lean, 0 * lean, 0 * lean), axis=1)[:, None], force)
    frames = np.arange(0.0, 1.0, 0.01)
    markers = np.zeros((len(frames), 4, 3)) + np.eye(4, 3)
    prepared = xr.Dataset(
        {
            "marker_raw": (("time", "marker", "axis"), markers),
            "plate_point": (("plate", "axis"), np.zeros((1, 3))),
            "plate_corner": (("plate", "corner", "axis"), np.zeros((1, 4, 3))),
        },
        coords={"time": frames, "marker": list("ABCD"), "force_time": clock},
        attrs={"marker_rate": 100.0},
    )
    wrench = SimpleNamespace(force=force, moment=moment)
    monkeypatch.setattr(static, "recorded_trial", lambda *_: prepared)
    monkeypatch.setattr(static, "plate_wrench", lambda _: wrench)
    monkeypatch.setattr(static, "quiet_window", lambda *_: slice(20, 61))
    monkeypatch.setattr(static, "inverse_kinematics", lambda *_: np.zeros((1, 1)))
    done = {"trials": [{"trial_id": "stand", "status": OK}]}
    study = SimpleNamespace(
        read_manifest=lambda *_: done,
        marker_set=SimpleNamespace(markers=dict.fromkeys("ABCD"), model_name=str),
    )
    skeleton = SimpleNamespace(mass=np.array([70.0]), markers=tuple("ABCD"))
    found = static.static_stance(study, "P1", skeleton, SimpleNamespace(trial_id="stand"))
    np.testing.assert_allclose(found.cop[[0, 2]], [0.1, 0.0], atol=1e-3)
