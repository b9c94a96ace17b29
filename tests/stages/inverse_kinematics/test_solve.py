"""Which markers and frames are solved, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr

from aqbio.config import MarkerSet, Trial
from aqbio.errors import AqbioError
from aqbio.inverse_kinematics.findings import MINIMUM_FRAMES, MINIMUM_S
from aqbio.inverse_kinematics.stage import refuse_without_contact, tracked_markers
from tests.refusal import refused

LABELS = [f"M{i}" for i in range(12)]
FRAMES = 60


@dataclass(frozen=True)
class OneSet:
    """What stage solve needs of a study to choose markers."""

    marker_set: MarkerSet
    marker_file: str = "markers.yaml"


@dataclass(frozen=True)
class ModelMarkers:
    """What stage solve needs of a skeleton to choose markers."""

    markers: tuple[str, ...]


def _marker_set(**changes) -> MarkerSet:
    markers = {label: {"body": "pelvis"} for label in LABELS} | changes
    foot = {"heel": "M0", "toe": ["M1"]}
    return MarkerSet.model_validate(
        {
            "name": "made",
            "source": "none",
            "markers": markers,
            "feet": {"left": foot, "right": foot},
            "pelvis": {"front": ["M0"], "back": ["M1"]},
        }
    )


def _prepared(labels=LABELS, rate=250.0, contacts=()) -> xr.Dataset:
    touchdown, toe_off = np.reshape(contacts, (-1, 2)).T
    positions = np.random.default_rng(0).normal(size=(FRAMES, len(labels), 3))
    return xr.Dataset(
        {
            "marker_raw": (("time", "marker", "axis"), positions),
            "contact_touchdown": ("contact", touchdown),
            "contact_toe_off": ("contact", toe_off),
        },
        coords={"time": np.arange(FRAMES) / rate, "marker": list(labels)},
    )


TRIAL = Trial(participant_id="P1", trial_id="fast", task="run", file="fast.c3d")


def _tracked(prepared, *, trial=TRIAL, markers=None, on_model=LABELS):
    study = OneSet(markers or _marker_set())
    return tracked_markers(study, prepared, ModelMarkers(tuple(on_model)), trial)[0]


def _left_out(prepared, *, trial=TRIAL):
    study = OneSet(_marker_set())
    return tracked_markers(study, prepared, ModelMarkers(tuple(LABELS)), trial)[1]


def test_markers_that_are_not_followed():
    """Static only, without weight, not in the set, not on the model."""
    markers = _marker_set(
        M2={"body": "pelvis", "static_only": True},
        M3={"body": "pelvis", "weight": 0},
        M4={"body": "pelvis", "weight": 2.5},
        X={"body": "pelvis"},
        Y={"body": "pelvis", "model": "Z"},
    )
    prepared = _prepared([*LABELS, "X", "Y", "*52"])
    found = _tracked(prepared, markers=markers, on_model=[*LABELS, "Z"])
    assert set(found.names) == {*LABELS, "Z"} - {"M2", "M3"}
    assert found.weights[found.names.index("M4")] == 2.5
    theirs = prepared["marker_raw"].sel(marker="Y").values
    np.testing.assert_array_equal(found.positions[:, found.names.index("Z")], theirs)


def test_too_few_markers_on_the_model():
    with refused("markers-on-model", "only 9 markers of the recording are on the model"):
        _tracked(_prepared(), on_model=LABELS[:9])


def test_frames_without_markers_at_both_ends_are_left_out():
    prepared = _prepared()
    prepared["marker_raw"][:7, :5] = np.nan
    prepared["marker_raw"][-4:] = np.nan
    found = _tracked(prepared)
    np.testing.assert_allclose(found.time[[0, -1]], [7 / 250, (FRAMES - 5) / 250])
    assert len(found.time) == len(found.positions) == FRAMES - 11


def test_stray_frame_after_the_capture_volume_costs_nothing():
    """One frame in which markers come back, long after the runner has left."""
    prepared = _prepared(contacts=[(0.02, 0.1)])
    prepared["marker_raw"][40:] = np.nan
    prepared["marker_raw"][55] = 0.1
    assert len(_tracked(prepared).time) == 40
    [said] = _left_out(prepared)
    assert (said.rule, said.severity, said.number) == ("frames-left-out", "info", 1)
    assert (
        "0.000 to 0.156 s is used, with 1 of 1 contacts, and not the 1 frame elsewhere" in said.what
    )
    assert said.where == "0.220 to 0.220 s"


@pytest.mark.parametrize(
    ("contacts", "kept"),
    [([(0.01, 0.07)], slice(0, 25)), ([(0.15, 0.22)], slice(30, FRAMES)), ([], slice(30, FRAMES))],
)
def test_of_two_parts_the_one_with_the_contacts_is_used(contacts, kept):
    """Nothing would hold the model in the hole: its pose would be a guess."""
    prepared = _prepared(contacts=contacts)
    prepared["marker_raw"][25:30, :5] = np.nan
    np.testing.assert_array_equal(_tracked(prepared).time, prepared["time"].values[kept])
    assert [one.severity for one in _left_out(prepared)] == ["info"]


@pytest.mark.parametrize("rate", [60.0, 250.0])
def test_almost_no_frames_are_refused(rate):
    """A tenth of a second, however many frames that is; and six for the spline."""
    least = max(round(MINIMUM_S * rate), MINIMUM_FRAMES)
    prepared = _prepared(rate=rate)
    prepared["marker_raw"][least:] = np.nan
    assert len(_tracked(prepared).time) == least
    prepared["marker_raw"][least - 1 :] = np.nan
    with pytest.raises(AqbioError, match=f"{least - 1} frames in a row, of {FRAMES}"):
        _tracked(prepared)
    prepared["marker_raw"][:] = np.nan
    with pytest.raises(AqbioError, match="at most 0 frames"):
        _tracked(prepared)


@pytest.mark.parametrize(
    ("time", "refused"),
    [((0.0, 0.29), True), ((0.6, 1.0), True), ((0.0, 0.31), False), ((0.41, 0.45), False)],
)
def test_frames_that_no_contact_reaches_are_refused(time, refused):
    """Contacts from 0.30 to 0.42 and 0.44 to 0.55 s: what is used must meet one of them."""
    contacts = {"contact_touchdown": ("contact", [0.30, 0.44])}
    prepared = xr.Dataset(contacts | {"contact_toe_off": ("contact", [0.42, 0.55])})
    used = np.linspace(*time, 50)
    if refused:
        with pytest.raises(AqbioError, match=r"none of the 2 contacts, from 0\.30 to 0\.55 s"):
            refuse_without_contact(prepared, used, TRIAL)
    else:
        refuse_without_contact(prepared, used, TRIAL)
    refuse_without_contact(_prepared(), used, TRIAL)
