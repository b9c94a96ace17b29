"""Checks of this machine before a run: paths, writable folders, free disk space."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from aqbio.errors import AqbioError, Finding
from aqbio.faults import DISK_FIX, has_temporary_folder, home_cache, is_writable
from aqbio.io.study import Study
from aqbio.study.internal import as_findings
from aqbio.study.jobs import refuse_special_paths, working_folder

MIN_FREE_BYTES = 2**28
"""Free space that results need, bytes: those of ten runners with four trials each take 240 MB."""


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
    for resource in (name for name, is_usable in usable.items() if not is_usable):
        problem = f"{resource} can{'not' * (not resource.startswith('no '))} be written to"
        yield Finding("machine", "info", f"{problem}: a run uses a folder in the results instead.")


def _unwritable(folder_role: str, folder: Path) -> Iterator[Finding]:
    """Report a folder that cannot be written to or lies on a full disk."""
    existing_folder = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not is_writable(existing_folder):
        yield Finding(
            "machine",
            "error",
            f"the {folder_role} cannot be written to.",
            file=str(folder),
            fix="ask for the right, or run aqbio in another folder; `results` in study.yaml says "
            "where results go.",
        )
    elif (free := shutil.disk_usage(existing_folder).free) < MIN_FREE_BYTES:
        yield Finding(
            "disk-room",
            "warning",
            f"the disk has {free / 2**20:.0f} MB left, which may be too few for the {folder_role}.",
            number=free / 2**20,
            limit=MIN_FREE_BYTES / 2**20,
            unit="MB",
            file=str(folder),
            fix=DISK_FIX,
        )
