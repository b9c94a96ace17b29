"""Everything that a run would stumble over on this machine: paths, folders, room on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from aqbio.errors import AqbioError, Finding
from aqbio.faults import DISK, has_temporary_folder, home_cache, is_writable
from aqbio.io.study import Study
from aqbio.study.internal import as_findings
from aqbio.study.jobs import refuse_special_paths, working_folder

MIN_FREE_BYTES = 2**28
"""Room that results need beyond what is there: those of ten runners with four trials each have
240 MB."""


def run_problems(study: Study) -> Iterator[Finding]:
    """Problems of this machine with a run of the study from the working folder."""
    elsewhere = working_folder(study)
    try:
        refuse_special_paths(study, elsewhere)
    except AqbioError as error:
        yield from as_findings(error)
    yield from _unwritable("folder of the results", study.root)
    if elsewhere is None:
        yield from _unwritable("working folder", Path.cwd())
    usable = {
        f"the cache of this user ({home_cache()})": is_writable(home_cache()),
        "no folder for temporary files": has_temporary_folder(),
    }
    for what in (name for name, there in usable.items() if not there):
        said = f"{what} can{'not' * (not what.startswith('no '))} be written to"
        yield Finding("machine", "info", f"{said}: a run uses a folder in the results instead.")


def _unwritable(what: str, folder: Path) -> Iterator[Finding]:
    """A folder in which nothing can be written, or that lies on a full disk."""
    place = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not is_writable(place):
        yield Finding(
            "machine",
            "error",
            f"the {what} cannot be written to.",
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
