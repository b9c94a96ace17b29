"""Muscle files whose values no muscle has are refused with their column and time."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.mot import read_storage
from aqbio.look.muscles import muscle_columns, refuse_impossible_muscles
from tests.refusal import refused

ROWS = [[0.00, 10.0, 20.0], [0.01, 11.0, 21.0], [0.02, 12.0, 22.0]]


def read(path, rows, names=("soleus_r", "vasti_r")):
    lines = ["forces", f"nRows={len(rows)}", f"nColumns={len(names) + 1}", "endheader"]
    lines += ["\t".join(("time", *names)), *("\t".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    storage = read_storage(path)
    columns, _ = muscle_columns(storage, ("soleus_r", "vasti_r"), path.name)
    refuse_impossible_muscles(storage, columns, path.name)
    return columns


@pytest.mark.parametrize("value", [np.nan, -500.0, 1e300])
def test_a_value_that_no_muscle_has_is_refused(tmp_path, value):
    rows = [list(row) for row in ROWS]
    assert set(read(tmp_path / "sound.sto", rows)) == {"soleus_r", "vasti_r"}
    rows[1][2] = value
    with refused("muscle-values", "vasti_r is"):
        read(tmp_path / "wrong.sto", rows)


def test_a_muscle_with_two_columns_is_refused(tmp_path):
    with refused("muscle-values", "soleus_r has two columns"):
        read(tmp_path / "twice.sto", ROWS, ("soleus_r", "soleus_r/tendon_force"))


def test_time_that_goes_back_is_refused(tmp_path):
    with refused("muscle-values", "the time 0.01 s follows 0.02 s"):
        read(tmp_path / "back.sto", [ROWS[0], ROWS[2], ROWS[1]])
