"""Body mass and stature in parameters of C3D files."""

from __future__ import annotations

import ezc3d
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.intake.described import in_files_words
from aqbio.io.c3d import read_c3d
from aqbio.io.stated_body import stated_body
from tests.io.made_c3d import write_c3d

MASSES = st.sampled_from(["Bodymass", "BodyMass", "BODY_MASS", "Mass", "Weight"])
HEIGHTS = st.sampled_from(["Height", "HEIGHT", "Body Height", "Stature"])
GROUP = st.sampled_from(["PROCESSING", "SUBJECTS", "SUBJECT", "ANALYSIS"])


@given(
    kilograms=st.floats(30.0, 150.0), metres=st.floats(1.2, 2.2), mass=MASSES, height=HEIGHTS,
    group=GROUP, units=st.tuples(st.sampled_from([1.0, 1e3]), st.sampled_from([1.0, 1e2, 1e3])),
)  # fmt: skip
def test_a_persons_values_are_known_in_every_unit(kilograms, metres, mass, height, group, units):
    parameters = {mass: [kilograms * units[0]], height: [metres * units[1]], "LKneeWidth": [102.0]}
    cells = stated_body({group: parameters})
    assert cells == pytest.approx({"mass_kg": kilograms, "height_m": metres})


@given(newtons=st.floats(300.0, 1500.0))
def test_a_weight_may_be_a_force(newtons):
    assert stated_body({"SUBJECT": {"WEIGHT": newtons}})["mass_kg"] == pytest.approx(
        newtons / 9.80665, rel=1e-3
    )


@pytest.mark.parametrize(
    "parameters",
    [
        {"BodyMass": [0.0], "Height": [1.0e-3]},
        {"BodyMass": [1.0], "Height": [3.0]},
        {"BodyMass": [70.0, 71.0]},
        {"BodyMass": [70.0], "Weight": [80.0]},
        {"NAMES": ["Jane Doe"], "BodyMass": ["seventy"]},
    ],
)
def test_defaults_lists_and_contradictions_state_nothing(parameters):
    assert stated_body({"PROCESSING": parameters}) == {}


def test_a_file_states_numbers_and_no_name(tmp_path):
    file = write_c3d(tmp_path / "a.c3d", ["A", "B"], np.random.default_rng(1).random((9, 2, 3)))
    content = ezc3d.c3d(str(file))
    content.add_parameter("PROCESSING", "Bodymass", [77.5])
    content.add_parameter("PROCESSING", "Height", [1702.0])
    content.write(str(file))
    recording = read_c3d(file)
    assert recording.body == pytest.approx({"mass_kg": 77.5, "height_m": 1.702})
    assert "Jane" not in repr(recording)


def test_a_mass_that_plates_contradict_is_reported_with_both_numbers():
    (agreeing,) = in_files_words({"mass_kg": 70.0}, [71.0])
    (contradicted,) = in_files_words({"mass_kg": 55.0}, [69.0])
    assert "contradict" not in agreeing
    assert "55.0 kg, which the plates contradict (69.0 kg)" in contradicted
    assert all("not used" in words for words in (agreeing, contradicted))
