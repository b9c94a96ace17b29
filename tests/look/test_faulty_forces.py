"""Forces of a jog that are not what they say, beside the model and its motion."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aqbio.io.mot import Storage, read_storage, write_storage
from aqbio.look.inputs import ModelInMotion, read_model_in_motion

pytestmark = [pytest.mark.opensim, pytest.mark.real]

WEIGHT_N = 744.6
"""Of the model."""

Look = Callable[..., ModelInMotion]


@pytest.fixture
def look_at(realdata, tmp_path) -> Look:
    """The jog with other times and values of its forces."""
    data = realdata / "ja1_dorn2012"

    def look(
        changed: Callable[[Storage], tuple[np.ndarray, np.ndarray]], fix: str = ""
    ) -> ModelInMotion:
        forces, file = read_storage(data / "trc_mot" / "jog_grf.mot"), tmp_path / "forces.mot"
        time, values = changed(forces)
        write_storage(file, columns=forces.columns, time=time, values=values, in_degrees=False)
        motion = Path("reference", "jog_ik.mot")
        model = data / "models" / "JA1_SCALED_Osim40.osim"
        return read_model_in_motion(model, data / motion, file, fix=fix)

    return look


@pytest.mark.parametrize(
    ("unit", "words"), [(WEIGHT_N, "in body weights"), (WEIGHT_N / 9.80665, "divided by the body")]
)
def test_forces_over_body_weight_are_undone_with_the_mass_of_the_model(look_at, unit, words):
    """Its file holds a contact of which the plates have a part; 1.34 times too large before."""
    sound = look_at(lambda forces: (forces.time, forces.values))

    def divided(forces: Storage) -> tuple[np.ndarray, np.ndarray]:
        are_places = [bool(re.search("_p[xyz]$", name)) for name in forces.columns]
        return forces.time, forces.values / np.where(are_places, 1.0, unit)

    moving = look_at(divided)
    [finding] = [x for x in moving.findings if x.rule == "forces-normalised"]
    assert words in finding.what
    assert np.isnan(moving.prepared["foot_force"].values).all()
    assert "into option --fix" in finding.fix
    force = look_at(divided, finding.proposal).prepared["foot_force"].values
    np.testing.assert_allclose(force, sound.prepared["foot_force"].values, atol=5.0)


@pytest.mark.parametrize("start", [0.95, 1.0])
def test_two_stances_do_not_tell_that_the_free_moment_is_flipped(look_at, start):
    """Of a jog whose forces are right: -3.8 ± 1.9 before, with a part of the error left out."""

    def trimmed(forces: Storage) -> tuple[np.ndarray, np.ndarray]:
        kept = (forces.time > start) & (forces.time < 1.6)
        return forces.time[kept], forces.values[kept]

    moving = look_at(trimmed)
    assert "free-moment-sign" not in {x.rule for x in moving.findings}
    assert moving.data.attrs["free_moment"] == "measured"


def test_forces_of_another_time_are_not_used(look_at):
    """Forces of 1.2 s before: no sign is named that puts a load under a foot by chance."""
    moving = look_at(lambda forces: (forces.time - 1.2, forces.values))
    rules = {x.rule for x in moving.findings}
    assert "pressure-x-sign" not in rules
    assert rules & {"forces-foreign", "force-clock"}
    assert np.isnan(moving.prepared["foot_force"].values).all()
