"""What was considered of the forces: from the recording to the study's table of faults."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from aqbio.io.dictionary import columns
from aqbio.io.mot import read_storage, write_storage
from aqbio.io.study import load_study
from aqbio.io.tables import read_table, write_table
from aqbio.tables.stage import parts_of
from tests import made_run

TRIAL = "{name}\trun\t{name}.trc\t{forces}\tn/a"


def recorded(data: Path, name: str, gain: float = 1.0, faster: float = 1.0) -> str:
    """Write a run whose forces are in another unit or on another clock; its row of the sheet."""
    _, path = made_run.write_trc_run(data, name)
    forces = read_storage(path)
    values, time = gain * forces.values, faster * forces.time
    write_storage(path, forces.columns, time, values, in_degrees=False)
    return TRIAL.format(name=name, forces=path.name)


def test_what_was_considered_is_a_table_of_the_study(prepared_study, tmp_path):
    """Rows of every trial with forces."""
    data = prepared_study.data
    made_run.write_trc_run(data, "unmeasured")
    trials = [
        recorded(data, "sound"),
        recorded(data, "small", gain=1e-3),
        recorded(data, "fast", faster=1.05),
        TRIAL.format(name="unmeasured", forces="n/a"),
    ]
    prepared = prepared_study(trials)
    part, digits = parts_of(load_study(tmp_path / "study" / "study.yaml"))["faults"]
    write_table(part("P1"), tmp_path / "faults.tsv", columns("faults"), {}, digits=digits)
    table = read_table(tmp_path / "faults.tsv")
    first = table[table["rank"] == 1].set_index("trial_id")
    assert first["verdict"].to_dict() == dict.fromkeys(("sound", "small", "fast"), "identified")
    assert first["fault"].dropna().to_dict() == {"small": "all-kilonewtons", "fast": "force-rate"}
    assert first.loc["sound", ["explanation", "log_odds"]].tolist() == ["sound", 0.0]
    assert first.loc["fast", "size"] == pytest.approx(0.05, abs=2e-3)
    assert prepared.entry("fast")["events"] == "kinematic"
    assert set(table["trial_id"]) == set(first.index)


WITHOUT_POINTS = {
    "kilonewtons": (1e-3, True, ["force-units"]),
    "kilonewtons without points": (1e-3, False, ["force-units"]),
    "newtons without points": (1.0, False, ["forces-foreign"]),
}
"""Unit of forces and moments in N, whether their points are in the file, and what is said."""


@pytest.mark.parametrize("case", WITHOUT_POINTS)
def test_a_unit_is_named_although_loads_lie_under_no_foot(case, prepared_study):
    """The weight shows it, and the centres of pressure, which are missing, do not contradict."""
    unit, has_points, expected = WITHOUT_POINTS[case]
    _, path = made_run.write_trc_run(prepared_study.data, "t")
    forces = read_storage(path)
    is_point = np.array([re.search("_p[xyz]$", name) is not None for name in forces.columns])
    written = has_points | ~is_point
    values = np.where(is_point, 1.0, unit) * forces.values
    names = [name for name, is_written in zip(forces.columns, written, strict=True) if is_written]
    write_storage(path, names, forces.time, values[:, written], in_degrees=False)
    prepared = prepared_study([TRIAL.format(name="t", forces=path.name)])
    findings = {finding["rule"]: finding for finding in prepared.entry("t")["findings"]}
    assert [x for x in findings if x in ("force-units", "forces-foreign", "forces-undecided")] == (
        expected
    )
    assert ("force-point-origin" in findings) is not has_points
    if "force-units" in expected:
        assert "a factor of 1000; with that undone, 1" in findings["force-units"]["what"]
        assert findings["force-units"]["proposal"] == "all-kilonewtons"
