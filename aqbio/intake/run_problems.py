"""Everything that a run would stumble over on this machine: paths, folders, room on the disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from aqbio.errors import AqbioError, Finding
from aqbio.faults import DISK
from aqbio.io.study import Study
from aqbio.study.internal import as_findings
from aqbio.study.jobs import refuse_special_paths

MIN_FREE_BYTES = 2**28
"""Room that results need beyond what is there: those of ten runners with four trials each have
240 MB."""


def run_problems(study: Study) -> Iterator[Finding]:
    """Problems of this machine with a run of the study from the working folder."""
    try:
        refuse_special_paths(study)
    except AqbioError as error:
        yield from as_findings(error)
    for what, folder in (("results", study.root), ("working folder", Path.cwd())):
        yield from _unwritable(what, folder)


def _unwritable(what: str, folder: Path) -> Iterator[Finding]:
    """A folder in which nothing can be written, or that lies on a full disk."""
    place = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not is_writable(place):
        yield Finding(
            "machine",
            "error",
            f"the folder of the {what} cannot be written to.".replace("folder of the working ", ""),
            file=str(folder),
            fix="ask for the right, or run aqbio in another folder; `results` in study.yaml says "
            "where results go.",
        )
    elif (free := shutil.disk_usage(place).free) < MIN_FREE_BYTES:
        yield Finding(
            "disk-room",
            "warning",
            f"the disk has {free / 2**20:.0f} MB left, which may be too few for the {what}.",
            number=free / 2**20,
            limit=MIN_FREE_BYTES / 2**20,
            unit="MB",
            file=str(folder),
            fix=DISK,
        )


def is_writable(folder: Path) -> bool:
    """Whether a file can be made in a folder."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return not os.access(folder, os.F_OK)
