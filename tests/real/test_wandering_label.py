"""A sprint of which one label of a leg wanders for some frames: the others say where the leg is."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from aqbio.config import MarkerSet, read_yaml
from aqbio.io.netcdf import read_dataset
from aqbio.io.trc import read_trc, write_trc
from aqbio.names import NORMAL_95
from tests.real.conftest import ROOT
from tests.real.staged import run_stages, write_study

pytestmark = [pytest.mark.real, pytest.mark.opensim]

DRAWN = {f"drawn_{seed}": seed for seed in range(1)}
SOUND = "sound"

SMALL = 1.0
"""Degrees, root mean square: up to 0.5, because the body is calibrated from these frames too."""

REACH = 5
"""Frames beside the wandering ones that the low-pass mixes with them."""


@pytest.fixture(scope="module")
def study(tmp_path_factory, realdata):
    folder = tmp_path_factory.mktemp("wanders")
    source, data = realdata / "ja1_dorn2012" / "trc_mot", folder / "data"
    data.mkdir()
    for name in ("static.trc", "sprint_grf.mot"):
        shutil.copy(source / name, data)
    recorded = read_trc(source / "sprint.trc")
    people, rows, planted = [], [], {}
    for name in (SOUND, *DRAWN):
        positions = recorded.positions.copy()
        if name in DRAWN:
            planted[name] = _wandering(recorded.labels, positions, DRAWN[name])
        write_trc(data / f"{name}.trc", recorded.labels, positions, recorded.rate)
        people.append(f"{name}\tmale\t75.95\tn/a\tstatic")
        rows.append(f"{name}\tstatic\tstatic\tstatic.trc\tn/a")
        rows.append(f"{name}\tsprint\trun\t{name}.trc\tsprint_grf.mot")
    file = write_study(folder, people, rows, data=data.as_posix())
    return run_stages(file, until="inverse_kinematics"), planted


def _wandering(labels, positions, seed):
    """Move a label of a leg by 15 to 40 cm for 12 to 30 frames; its name and these frames."""
    random = np.random.default_rng((10, seed))
    worn = read_yaml(ROOT / "tests" / "real" / "ja1_sprint" / "markers.yaml", MarkerSet).markers
    legs = ("femur", "tibia", "foot", "toes")
    own = [x for x in labels if x in worn and worn[x].body.startswith(legs)]
    label = str(random.choice([one for one in own if not worn[one].static_only]))
    count = int(random.integers(12, 31))
    first = int(random.integers(20, len(positions) - 20 - count))
    way = random.standard_normal(3)
    way *= random.uniform(0.15, 0.40) / np.linalg.norm(way)
    positions[first : first + count, labels.index(label)] += way
    return label, first, first + count


@pytest.mark.parametrize("name", DRAWN)
def test_the_label_is_named_and_the_leg_is_kept(study, name):
    done, planted = study
    label, first, stop = planted[name]
    sound, found = (
        read_dataset(done.folder(one, "inverse_kinematics") / "sprint.nc") for one in (SOUND, name)
    )
    said = done.read_manifest(name, "inverse_kinematics")["trials"][0]["findings"]
    assert {one["label"] for one in said if one["rule"] == "label-wanders"} == {label}
    assert "pose-impossible" not in {one["rule"] for one in said}
    time = sound["time"].values
    frames = np.round(time * 250.0).astype(int)
    outside = (frames < first - REACH) | (frames >= stop + REACH)
    assert (~outside).any()
    angles = [
        str(one)
        for one in sound["coordinate"].values
        if str(one).startswith(("hip_", "knee_", "ankle_"))
    ]
    before, after = (one.sel(coordinate=angles) for one in (sound, found))
    off = (after["q"].values - before["q"].values)[outside]
    limit = NORMAL_95 * np.hypot(before["q_sd"].values, after["q_sd"].values)[outside]
    assert (np.abs(off) <= limit).all()
    assert np.degrees(np.sqrt((off**2).mean(axis=0))).max() < SMALL
