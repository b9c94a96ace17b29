"""Which markers and frames are solved, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr

from aqbio.config import MarkerSet, Trial
from aqbio.errors import AqbioError
from aqbio.stages.solve import MINIMUM_FRAMES, refuse_without_contact, tracked_markers

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
            "measurements": [],
            "feet": {"left": foot, "right": foot},
            "pelvis": {"front": ["M0"], "back": ["M1"]},
        }
    )


def _prepared(labels=LABELS) -> xr.Dataset:
    positions = np.random.default_rng(0).normal(size=(FRAMES, len(labels), 3))
    return xr.Dataset(
        {"marker_raw": (("time", "marker", "axis"), positions)},
        coords={"time": np.arange(FRAMES) / 250.0, "marker": list(labels)},
    )


TRIAL = Trial(participant_id="P1", trial_id="fast", task="run", file="fast.c3d")


def _tracked(prepared, *, trial=TRIAL, markers=None, on_model=LABELS):
    study = OneSet(markers or _marker_set())
    return tracked_markers(study, prepared, ModelMarkers(tuple(on_model)), trial)


def test_all_markers_and_frames():
    prepared = _prepared()
    found = _tracked(prepared)
    assert found.names == tuple(LABELS)
    np.testing.assert_array_equal(found.positions, prepared["marker_raw"].values)
    np.testing.assert_array_equal(found.weights, 1.0)


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


def test_window_of_the_trial():
    trial = TRIAL.model_copy(update={"start_s": 0.04, "end_s": 0.2})
    found = _tracked(_prepared(), trial=trial)
    np.testing.assert_allclose(found.time[[0, -1]], [0.04, 0.2])


def test_too_few_markers_on_the_model():
    with pytest.raises(AqbioError, match="only 9 markers of the recording are on the model"):
        _tracked(_prepared(), on_model=LABELS[:9])


def test_frames_without_markers_at_both_ends_are_left_out():
    prepared = _prepared()
    prepared["marker_raw"][:7, :5] = np.nan
    prepared["marker_raw"][-4:] = np.nan
    found = _tracked(prepared)
    np.testing.assert_allclose(found.time[[0, -1]], [7 / 250, (FRAMES - 5) / 250])
    assert len(found.time) == len(found.positions) == FRAMES - 11


def test_some_missing_markers_are_no_reason_to_stop():
    prepared = _prepared()
    prepared["marker_raw"][20:30, :2] = np.nan
    assert len(_tracked(prepared).time) == FRAMES


def test_a_hole_in_the_middle_is_refused_with_its_place():
    """Nothing would hold the model there: its pose would be a guess."""
    prepared = _prepared()
    prepared["marker_raw"][20:30, :5] = np.nan
    with pytest.raises(AqbioError, match="10 frames have fewer than the 10 markers") as raised:
        _tracked(prepared)
    assert "(as few as 7)" in raised.value.what
    assert raised.value.where == "from 0.080 s to 0.116 s"
    assert "start_s" in raised.value.fix
    before = TRIAL.model_copy(update={"start_s": 0.12})
    assert len(_tracked(prepared, trial=before).time) == FRAMES - 30


def test_almost_no_frames_are_refused():
    prepared = _prepared()
    prepared["marker_raw"][MINIMUM_FRAMES - 1 :] = np.nan
    with pytest.raises(AqbioError, match=f"{MINIMUM_FRAMES - 1} of {FRAMES} frames"):
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
