"""Functions of one line or two: what they give for what they get."""

from __future__ import annotations

import errno
from typing import Annotated, Any, Literal

import numpy as np
import pytest

from aqbio.boundary import without_quotes
from aqbio.config.model_map import opensim_names
from aqbio.config.sheets import is_block_start, unmodelled_force
from aqbio.config.validation import closest, expected
from aqbio.errors import distinct
from aqbio.faults import machine_fault
from aqbio.io.force_columns import force_column
from aqbio.io.mot import with_decimal_points
from aqbio.io.movement import row_quantile
from aqbio.io.provenance import without_folders
from aqbio.io.study import is_own_model
from aqbio.io.trc import storage_labels
from aqbio.virtual.gait import FourierCurves

MAPPED = "lib.so: failed to map segment from shared object"


def _column(name: str) -> tuple | None:
    column = force_column(name)
    return column and (column.plate, column.quantity, column.axis)


def _fault(error: Exception) -> str | None:
    fault = machine_fault(error)
    return fault and fault.what


@pytest.mark.parametrize(
    ("computed", "expected_value"),
    [
        (without_quotes("could not convert to float: 'Jo'"), "could not convert to float: …"),
        (
            [*opensim_names(["LASI", "L Thigh", "A+B", "A/B", "A_B"])],
            ["LASI", "L_Thigh", "A_B_", "A_B__", "A_B"],
        ),
        (unmodelled_force("ThighLoad_2kg"), "load"),
        (unmodelled_force("unloaded"), ""),
        (closest("cutof_hz", ["cutoff_hz", "accuracy"]), "cutoff_hz"),
        (closest("rasi", ["LASI", "RASI"]), "RASI"),
        (expected(Literal["auto"] | tuple[int, ...]), "`auto` or list of whole number"),
        (expected(dict[Annotated[str, "a name"], float]), "by name, each number"),
        (distinct(0.3004, 0.3, 1), "0.3004"),
        (distinct(0.34, 0.3, 1), "0.34"),
        (distinct(41.2, 40.0), "41"),
        (distinct(20.3, 20.0), "20.3"),
        ([is_own_model("sprint"), is_own_model("rajagopal2016")], [True, False]),
        ([*with_decimal_points(["1\t0,004\t-5971,8"])], ["1\t0.004\t-5971.8"]),
        ([*with_decimal_points(["0.1,2.5"])], ["0.1,2.5"]),
        ([*storage_labels([f"{x}_{k}" for x in ("RASI", "C7") for k in "123"])], ["RASI", "C7"]),
        (
            without_folders("/usr/bin is at 3 m/s on /bodyset/hip"),
            "bin is at 3 m/s on /bodyset/hip",
        ),
        (_column("1_ground_force_vx"), ("1", "force", 0)),
        (_column("ground_torque_r_y"), ("r", "moment", 1)),
        (_column("ground_force_1_mz"), ("1", "moment", 2)),
        (_column("f_r_z"), ("r", "force", 2)),
        (_column("Fz2"), ("2", "force", 2)),
        (_column("m2_1"), ("2", "moment", 0)),
        (_column("ground_force_r_v_3"), ("r", "force", 2)),
        (_column("knee_angle_r"), None),
        (is_block_start("S01_Block_start2"), True),
        (is_block_start("crouch start"), True),
        (is_block_start("blocking"), False),
        (_fault(OSError(errno.ENOSPC, "No space left on device")), "the disk is full."),
        (_fault(ImportError(MAPPED)), "there is not enough memory."),
        (_fault(FileNotFoundError(errno.ENOENT, "No such file")), None),
        (row_quantile(np.array([[3.0, 1, np.nan], [4.0, 0, 8]]), 0.25).tolist(), [1.5, 2.0]),
        (
            np.ravel(FourierCurves(2.0, np.array([[1.0, 0.0, 3.0]])).values(np.array([0.5]))),
            pytest.approx([4.0, 0.0, -3.0 * np.pi**2], abs=1e-12),
        ),
    ],
)
def test_small_functions(computed: Any, expected_value: Any):
    assert computed == expected_value
