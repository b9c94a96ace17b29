"""The same run along another axis, at an angle, mirrored, on a raised floor: the same tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aqbio.gait.step_files import participant_rows
from aqbio.gait.steps import rotation_about_vertical
from aqbio.io.mot import write_storage
from aqbio.io.study import load_study
from aqbio.io.trc import write_trc
from aqbio.steps.stage_tables import tables_study
from aqbio.virtual.disturbances import Disturbances, disturbed
from aqbio.virtual.recording import (
    GROUND_AXES,
    QUALISYS_AXES,
    Laboratory,
    RunPlan,
    VirtualRecording,
    recorded_run,
)
from tests.mirror import mirrored_axial, mirrored_polar
from tests.small_study import replace
from tests.virtual.conftest import GaitOf
from tests.virtual.made_study import run_stages, write_made_study
from tests.virtual.runners import RUNNER

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("directions")]

ONE_ARM = "multiverse: {enabled: false}\n"
SOLVED = ("prepare", "scale", "inverse_kinematics")
"""Stages that are the same, plain or fitted."""
STAGES = ("inverse_dynamics", "contributions", "multiverse")
VERSIONS = {
    "plain": "consistency: off\ncontributions: {draws: 0}\n",
    "fitted": "consistency: {drag_area_m2: 0, samples: 0}\ncontributions: {draws: 0}\n",
}
PLAIN_ONLY = "mirrored_at_an_angle"
KEYS = ["step", "level", "source", "target", "axis", "phase", "statistic", "unit"]
WAYS = {
    "ahead": (0.0, False, 0.0, GROUND_AXES),
    "mirrored_along_minus_x_on_a_raised_floor": (0.0, True, 0.35, QUALISYS_AXES),
    "mirrored_at_an_angle": (25.0, True, 0.0, QUALISYS_AXES),
}
"""Degrees to the left, mirror image, height of the plates (m), laboratory's axes."""


def _other_side(label: str) -> str:
    return {"R": "L", "L": "R"}[label[0]] + label[1:] if label[0] in "RL" else label


def _moved(
    recording: VirtualRecording, degrees: float, height: float, *, mirror: bool
) -> VirtualRecording:
    """The recording of the runner's mirror image, turned about the vertical and lifted."""
    lift = np.array([0.0, height, 0.0])
    turn = rotation_about_vertical(np.radians(degrees)).T
    labels, markers = recording.labels, recording.markers
    vectors = [recording.force, recording.moment, recording.corners]
    if mirror:
        names = [_other_side(label) for label in labels]
        markers = mirrored_polar(markers[:, [names.index(label) for label in labels]])
        kinds = (mirrored_polar, mirrored_axial, mirrored_polar)
        vectors = [kind(values) for kind, values in zip(kinds, vectors, strict=True)]
    force, moment, corners = (values @ turn for values in vectors)
    lifted = {"markers": markers @ turn + lift, "corners": corners + lift}
    return recording.changed(force=force, moment=moment, **lifted)


def _write(data: Path, recording: VirtualRecording, laboratory: Laboratory) -> None:
    """Write run.trc and run.mot, in laboratory axes and metres.

    Forces are given at the centres of the plates, with the full moment about them.
    """
    turn = laboratory.matrix.T
    write_trc(data / "run.trc", recording.labels, recording.markers @ turn, recording.marker_rate)
    centres = recording.corners.mean(axis=1) @ turn
    columns, values = [], []
    for plate, centre in enumerate(centres):
        force, moment = recording.force[:, plate] @ turn, recording.moment[:, plate] @ turn
        point = np.broadcast_to(centre, force.shape)
        for name, part in (("force_v", force), ("force_p", point), ("torque_", moment)):
            columns += [f"{plate + 1}_ground_{name}{axis}" for axis in "xyz"]
            values.append(part)
    time = np.arange(len(recording.force)) / recording.force_rate
    write_storage(data / "run.mot", columns, time, np.hstack(values), in_degrees=False)


def _tables(folder: Path, recording: VirtualRecording, axes) -> Iterator[pd.DataFrame]:
    """Contributions of the steps of one run, given as TRC and MOT, plain and fitted."""
    laboratory = Laboratory(axes=axes)
    write_made_study(folder, RUNNER, {}, laboratory, settings=VERSIONS["plain"] + ONE_ARM)
    _write(folder / "data", recording, laboratory)
    (folder / "trials.tsv").write_text(
        "participant_id\ttrial_id\ttask\tfile\tforce_file\n"
        f"{RUNNER.name}\tstatic\tstatic\tstatic.c3d\tn/a\n"
        f"{RUNNER.name}\trun\trun\trun.trc\trun.mot\n",
        encoding="utf-8",
    )
    for version, settings in VERSIONS.items():
        if (folder.name[:-1], version) == (PLAIN_ONLY, "fitted"):
            return
        stages = STAGES if version == "fitted" else SOLVED + STAGES
        replace(folder / "study.yaml", VERSIONS["plain"], settings)
        study = load_study(folder / "study.yaml")
        with pytest.MonkeyPatch.context() as patch:
            # standing is not moved with the run
            patch.setattr("aqbio.consistency.stage.static_stances", lambda *_: {})
            run_stages(study, stages, (RUNNER.name,))
        tables_study(study, lambda _: None)
        sides = pd.read_csv(study.table("steps.tsv"), sep="\t")["side"]
        assert sides[0] == ("left" if "mirrored" in folder.name else "right")
        yield participant_rows(study, RUNNER.name, "contributions")


@pytest.fixture(scope="module")
def tables(gait_of: GaitOf, tmp_path_factory):
    """Give the rows of every way, plain or fitted."""
    run = recorded_run(gait_of(RUNNER, 9.5).gait, RunPlan(0), Laboratory())
    soft = Disturbances(soft_tissue_m=0.010)
    recording = disturbed(run.recording, soft, np.random.default_rng(0))

    found = {}
    for way, (degrees, mirror, height, axes) in WAYS.items():
        moved = _moved(recording, degrees, height, mirror=mirror)
        both = _tables(tmp_path_factory.mktemp(way), moved, axes)
        found |= {(way, name): rows for name, rows in zip(VERSIONS, both, strict=False)}
    return found


@pytest.mark.parametrize(
    ("way", "version"), [(one, "plain") for one in list(WAYS)[1:]] + [(list(WAYS)[1], "fitted")]
)
def test_the_same_rows_whatever_the_direction(tables, way: str, version: str):
    """Every row of every step and level, against the largest of its kind."""
    ahead, other = tables["ahead", version], tables[way, version]
    both = ahead.merge(other, on=KEYS, how="outer", indicator=True, validate="one_to_one")
    assert (both["_merge"] == "both").all()
    assert len(both) > 5000
    size = both[["value_x", "low_x", "high_x"]].abs().max(axis=1)
    scale = size.groupby([both[name] for name in ("level", "statistic", "unit")]).transform("max")
    limit = 5e-3 if WAYS[way][0] else 1e-4
    untold = both["value_x"].isna()  # ankle or toes alone: an interval over contact models
    assert both.loc[untold, ["low_x", "high_x"]].notna().all(axis=None)
    for name, told in (("value", ~untold), ("low", untold), ("high", untold)):
        assert (both[f"{name}_x"].isna() == both[f"{name}_y"].isna()).all()
        apart = (both[f"{name}_x"] - both[f"{name}_y"]).abs() / scale
        assert (apart[told] < limit).all(), both.loc[apart.nlargest(5).index]
