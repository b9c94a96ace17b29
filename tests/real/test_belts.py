"""Belts that speed up, brake, give way and ring: contact by contact, as the feet show them."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aqbio.intake.new import new_study_from
from aqbio.io.mot import read_storage, write_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from tests.real.staged import PLAIN, fill, run_stages

pytestmark = [pytest.mark.real, pytest.mark.opensim]

PERSON = "S01"
SPEEDING_UP = [6.17, 6.51, 6.71, 7.01, 7.23, 7.51, 7.68, 7.89, 8.15]
BRAKING = [7.77, 7.40, 6.96]
"""Of forefoot markers in mid-contact, m/s, as the recording's README has them."""

WITHIN = 0.012
"""Share within which two readings of such a speed agree: medians and lines, one marker or two."""


def _study(folder: Path, data: Path, belts: dict[str, str] | None = None) -> Path:
    new_study_from(folder, data, None, lambda line: None)
    with (folder / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(f"{PLAIN}results: {(folder / 'results').as_posix()}\n")
    fill(folder / "participants.tsv", sex="male")
    for trial, speed in (belts or {}).items():
        fill(folder / "trials.tsv", (trial,), belt_speed_mps=speed)
    return folder / "study.yaml"


def _unpacked(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def recordings(tmp_path_factory, realdata) -> Path:
    """Four runs of a man on a treadmill, 4.5 to 8.55 m/s."""
    archive = realdata / "treadmill_sprinter" / "recordings.tar.xz"
    return _unpacked(archive, tmp_path_factory.mktemp("treadmill_sprinter"))


@pytest.fixture(scope="module")
def sprinter(tmp_path_factory, recordings) -> Study:
    """Their study, with two belt speeds as they are called."""
    stated = {"sprint_0450": "4.5", "sprint_0855": "8.55"}
    file = _study(tmp_path_factory.mktemp("belts") / "study", recordings, stated)
    return run_stages(file, until="prepare")


def _contacts(study: Study, trial: str, person: str = PERSON) -> pd.DataFrame:
    prepared = read_dataset(study.folder(person, "prepare") / f"{trial}.nc")
    names = [name for name in prepared.variables if str(name).startswith("contact_")]
    table = pd.DataFrame({str(name)[8:]: prepared[name].values for name in names})
    return table[table["complete"]]


def _said(study: Study, trial: str, person: str = PERSON) -> set[str]:
    entries = study.read_manifest(person, "prepare")["trials"]
    [entry] = [entry for entry in entries if entry["trial_id"] == trial]
    return {finding["rule"] for finding in entry["findings"]}


def test_a_belt_that_speeds_up_and_one_that_brakes(sprinter):
    """Stated are 8.55 m/s for the first, which moves none of its contacts, and is no question."""
    speeding = _contacts(sprinter, "sprint_0855")["belt_speed"].values
    np.testing.assert_allclose(speeding, SPEEDING_UP, rtol=WITHIN)
    braking = _contacts(sprinter, "sprint_0810")["belt_speed"].values
    np.testing.assert_allclose(braking[-3:], BRAKING, rtol=WITHIN)
    assert ((braking[1:-3] > 7.93) & (braking[1:-3] < 8.13)).all()
    for trial in ("sprint_0810", "sprint_0855"):
        assert "belt-changes" in _said(sprinter, trial)
        assert "belt-speed" not in _said(sprinter, trial)


@pytest.mark.parametrize(("trial", "speed"), [("sprint_0450", 4.50), ("sprint_0630", 6.29)])
def test_belts_that_keep_their_speed(sprinter, trial, speed):
    """But for the first contact of the second, in which it is still getting there."""
    contacts = _contacts(sprinter, trial).iloc[1:]
    np.testing.assert_allclose(contacts["belt_speed"], speed, rtol=WITHIN)
    assert (np.abs(contacts["belt_speed"] - speed) < 2.0 * contacts["belt_speed_sd"]).all()
    assert not {"belt-changes", "belt-speed"} & _said(sprinter, trial)


@pytest.mark.parametrize("trial", ["sprint_0450", "sprint_0630", "sprint_0810", "sprint_0855"])
def test_belts_that_ring_are_no_fault(sprinter, trial):
    """Free moments to 355 N m, above 20 Hz; pressure lies under the foot on the markers' clock."""
    assert not {"free-moment-large", "pressure-outside"} & _said(sprinter, trial)
    prepared = read_dataset(sprinter.folder(PERSON, "prepare") / f"{trial}.nc")
    assert float(np.abs(prepared["foot_free_moment"]).max()) > 150.0


def test_a_free_moment_that_no_shoe_makes_is_found_on_belts_that_ring(tmp_path, recordings):
    """40 mm times the force beside what rings: by channels of another gain."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(recordings / "sprint_0630.trc", data)
    storage = read_storage(recordings / "sprint_0630_forces.mot")
    columns, values = list(storage.columns), storage.values.copy()
    for side in "RL":
        vertical = values[:, columns.index(f"{side}_ground_force_vy")]
        values[:, columns.index(f"{side}_ground_torque_y")] += 0.04 * vertical
    path = data / "sprint_0630_forces.mot"
    write_storage(path, columns, storage.time, values, in_degrees=False)
    study = run_stages(_study(tmp_path / "study", data), until="prepare")
    assert "free-moment-large" in _said(study, "sprint_0630")


@pytest.fixture(scope="module")
def hamner(tmp_path_factory, realdata) -> Study:
    """Two of ten men at 2, 3, 4 and 5 m/s, all stated."""
    archive = realdata / "hamner10" / "hamner10.tar.xz"
    folder = _unpacked(archive, tmp_path_factory.mktemp("hamner10"))
    data = tmp_path_factory.mktemp("two_of_ten")
    for person in ("subject01", "subject20"):
        [found] = folder.rglob(person + "/Run_2.trc")
        found.parent.rename(data / person)
    stated = {f"Run_{speed}": f"{speed}.0" for speed in range(2, 6)}
    file = _study(data.parent / "study_of_two", data, stated)
    return run_stages(file, until="prepare")


@pytest.mark.parametrize("person", ["subject01", "subject20"])
@pytest.mark.parametrize("speed", [2.0, 3.0, 4.0, 5.0])
def test_a_stated_speed_is_that_over_strides(hamner, person, speed):
    """Belts that keep it have it in every contact; one gives way at 4 and 5 m/s, and recovers."""
    contacts = _contacts(hamner, f"Run_{speed:.0f}", person)
    gives_way = person == "subject01" and speed > 3.5
    assert "belt-speed" not in _said(hamner, f"Run_{speed:.0f}", person)
    assert ("belt-changes" in _said(hamner, f"Run_{speed:.0f}", person)) == gives_way
    assert contacts["belt_speed"].mean() == pytest.approx(speed, rel=0.01)
    spread = contacts["belt_speed"].std() / speed
    assert 0.03 < spread < 0.07 if gives_way else spread < 0.005
