"""Public validators accept a finished study: its data package, and its BIDS export.

The extra `test` installs both, and both work without a network. The validator of RO-Crate does not:
it fetches the vocabulary.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aqbio.cli import app
from aqbio.study.deposit import PACKAGE

pytestmark = [pytest.mark.opensim, pytest.mark.validator, pytest.mark.xdist_group("finished")]

PROGRAMS = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def _accepts(program: str, *arguments: str) -> None:
    path = shutil.which(program, path=PROGRAMS)
    if path is None:
        pytest.skip(f"{program} is not installed (make test installs it)")
    process = subprocess.run(
        [path, *arguments], env=os.environ | {"PATH": PROGRAMS}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr


def test_tables_are_a_data_package(finished):
    _accepts("frictionless", "validate", str(finished.root / "tables" / PACKAGE))


def test_an_export_is_a_dataset_of_bids(finished, tmp_path):
    export = CliRunner().invoke(app, ["export", str(finished.file), "--bids", str(tmp_path)])
    assert export.exit_code == 0, export.output
    _accepts("bids-validator-deno", str(tmp_path))
