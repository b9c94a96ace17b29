"""Start-up of a job: the module of a stage loads no heavy library that its work may not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aqbio.stage_table import STAGES

HEAVY = (
    "ezc3d",
    "matplotlib",
    "netCDF4",
    "opensim",
    "pandas",
    "scipy.linalg",
    "scipy.optimize",
    "xarray",
)
"""Libraries that take up to .3 s of CPU time to load."""

LOADED = {
    "pages": {"pandas", "xarray"},
    "figures": {"matplotlib", "pandas", "xarray"},
    "report": {"pandas", "xarray"},
}
"""What the modules of these stages load at once: pages and figures are tables from end to end."""


@pytest.mark.parametrize("stage", STAGES)
def test_the_module_of_a_stage_loads_only_what_the_table_says(stage):
    code = (
        "import sys, aqbio.cli, aqbio.io.study, aqbio.hypotheses.preregistration\n"
        "from aqbio.stage_table import stage_module\n"
        f"stage_module({stage!r})\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert set(loaded.split()) == LOADED.get(stage, set())
