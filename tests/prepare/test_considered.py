"""What was considered of the forces: from the recording to the study's table of faults."""

from __future__ import annotations

from pathlib import Path

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
    """Rows of every trial with forces, of one that was refused too."""
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
    session = table["trial_id"].isna()
    assert table.loc[session & (table["rank"] == 1), "explanation"].tolist() == ["sound"]
    table = table[~session]
    first = table[table["rank"] == 1].set_index("trial_id")
    # a table of forces in kilonewtons has no centres of pressure: its loads stay under no foot
    verdicts = {"sound": "accepted", "small": "near", "fast": "accepted"}
    assert first["verdict"].to_dict() == verdicts
    assert first["fault"].dropna().to_dict() == {"small": "all-kilonewtons", "fast": "force-rate"}
    assert first.loc["sound", ["explanation", "log_odds"]].tolist() == ["sound", 0.0]
    assert first.loc["fast", "size"] == pytest.approx(0.05, abs=2e-3)
    assert prepared.entry("fast")["status"] == "failed"
    assert set(table["trial_id"]) == set(first.index)
