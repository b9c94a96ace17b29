"""`aqbio fetch`: recordings that others published, by address and checksum.

Beside study.yaml stand ``recordings.tsv`` (file, source, path, bytes, sha256) and ``sources.tsv``
(source, address, commit, licence, citation). A file is taken from a folder that holds its content
under any name, also in an archive, and otherwise from its address.
"""

from __future__ import annotations

import hashlib
import logging
import lzma
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import pooch

from aqbio.boundary import PARSERS_RAISE
from aqbio.config import InvalidStudyError
from aqbio.errors import AqbioError, Finding
from aqbio.faults import machine_fault, writing, writing_fault
from aqbio.io.atomic import atomic_path
from aqbio.io.published import RECORDINGS, Manifest, PublishedFile, changed_files, read_manifest
from aqbio.io.study import Study

RETRIES = 1
"""Downloads that are tried again for every file."""

TAR_ENDS = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")


def fetch_recordings(study: Study, mirror: Path | None, report: Callable[[str], None]) -> None:
    """Complete the data folder of a study; raises all problems at once, after all other files.

    Raises
    ------
    InvalidStudyError
        A file has other content than was published, here, in the mirror or at its address, or
        could not be fetched. What was fetched stays, and the next call fetches the others.
    """
    manifest = read_manifest(study.file.parent)
    if manifest is None:
        raise AqbioError(
            f"this study has no {RECORDINGS}: its recordings were not published by others.",
            file=str(study.file),
            fix="copy the recordings into the data folder.",
            rule="fetch-manifest",
        )
    problems = changed_files(manifest, study.data)
    absent = [file for file in manifest.files if not (study.data / file.file).exists()]
    present = len(manifest.files) - len(absent) - len(problems)
    report(f"{present} of {len(manifest.files)} recordings are here, as they were published")
    if mirror is not None and absent:
        absent, altered = _copy_from_mirror(absent, mirror, study.data, report)
        problems += altered
        report(f"{len(absent)} are not in {mirror}")
    problems += _download(absent, manifest, study.data, report)
    if problems:
        raise InvalidStudyError(problems)
    report(f"{study.data}: all {len(manifest.files)} recordings are as they were published")


# from a folder --------------------------------------------------------------------------------


ARCHIVES_RAISE = (*PARSERS_RAISE, tarfile.TarError, lzma.LZMAError, OSError)
"""Errors of damaged or encrypted archives, and of files that may not be read."""


@dataclass(frozen=True, slots=True)
class MirrorFile:
    """A file of a folder, or a member of an archive in it."""

    path: PurePosixPath
    content: bytes
    """Nothing where the size is that of no file that is wanted."""


def mirror_files(
    folder: Path, sizes: Collection[int], report: Callable[[str], None]
) -> Iterator[MirrorFile]:
    """All files of a folder, and those in its archives; of a damaged archive what can be read."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        inside = PurePosixPath(path.relative_to(folder).as_posix())
        members = (
            _tar_members if path.name.endswith(TAR_ENDS)
            else _zip_members if path.suffix == ".zip"
            else _file_alone
        )  # fmt: skip
        try:
            for name, size, read in members(path):
                yield MirrorFile(inside / name, read() if size in sizes else b"")
        except ARCHIVES_RAISE as error:
            if fault := machine_fault(error, path):
                raise fault from error
            reason = " ".join(str(error).split()) or type(error).__name__
            report(f"{path} cannot be read to its end ({reason})")


Members = Iterator[tuple[str, int, Callable[[], bytes]]]
"""Name below the file, size in bytes and a function that reads."""


def _file_alone(path: Path) -> Members:
    yield "", path.stat().st_size, path.read_bytes


def _tar_members(path: Path) -> Members:
    with tarfile.open(path) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None:
                yield member.name, member.size, stream.read


def _zip_members(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                yield member.filename, member.file_size, partial(archive.read, member)


def _copy_from_mirror(
    absent: Sequence[PublishedFile], mirror: Path, data: Path, report: Callable[[str], None]
) -> tuple[list[PublishedFile], list[Finding]]:
    """Copy what a folder holds; return what it lacks, and what it holds with other content."""
    if not mirror.is_dir():
        raise AqbioError(
            "there is no such folder to take recordings from.",
            file=str(mirror),
            fix="name a folder with --from (or AQBIO_REALDATA), or leave it out to download.",
            rule="fetch-mirror",
        )
    by_content = {file.sha256: file for file in absent}
    sizes = {file.bytes for file in absent}
    names = Counter(file.name for file in absent)
    altered: dict[str, Finding] = {}
    for candidate in mirror_files(mirror, sizes, report):
        file = by_content.pop(hashlib.sha256(candidate.content).hexdigest(), None)
        if file is not None:
            with atomic_path(data / file.file) as temporary:
                temporary.write_bytes(candidate.content)
            continue
        for file in absent:
            if _is_namesake(candidate.path, file, unique=names[file.name] == 1):
                altered[file.sha256] = _altered(mirror, candidate.path, file)
    problems = [finding for content, finding in altered.items() if content in by_content]
    lacking = [file for content, file in by_content.items() if content not in altered]
    return lacking, problems


def _is_namesake(path: PurePosixPath, file: PublishedFile, *, unique: bool) -> bool:
    """Tell whether a path is that of a file by its name and, where others share it, its folder."""
    return path.name == file.name and (unique or PurePosixPath(file.file).parent.name in path.parts)


def _altered(mirror: Path, path: PurePosixPath, file: PublishedFile) -> Finding:
    return Finding(
        rule="fetch-changed",
        severity="error",
        what=f"{file.file} is there with other content than was published: its checksum differs "
        f"from the one in {RECORDINGS}.",
        file=str(mirror / path),
        fix="take another copy of it; without --from (and AQBIO_REALDATA) it is downloaded.",
    )


# from an address ------------------------------------------------------------------------------


def _download(
    absent: Sequence[PublishedFile], manifest: Manifest, data: Path, report: Callable[[str], None]
) -> list[Finding]:
    """Download files, each kept only with the content that was published; return problems."""
    pooch.get_logger().setLevel(logging.WARNING)
    downloads = pooch.create(
        path=data,
        base_url="",
        registry={file.file: f"sha256:{file.sha256}" for file in absent},
        urls={file.file: manifest.address(file) for file in absent},
        retry_if_failed=RETRIES,
    )
    problems = []
    for file in absent:
        address, target = manifest.address(file), data / file.file
        report(f"{address} ({file.bytes / 1e6:.1f} MB)")
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        try:
            downloads.fetch(file.file)
            target.chmod(0o644)
        except OSError as error:  # some are a ValueError too
            if fault := writing_fault(error, target.parent, target):
                raise fault from error
            problems.append(_not_there(address, target, error))
        except ValueError:  # the hash is another one
            problems.append(_other_content(address, target))
    return problems


def _other_content(address: str, target: Path) -> Finding:
    return Finding(
        rule="fetch-changed",
        severity="error",
        what=f"{target.name} at {address} is not what was published when the study was made: its "
        f"checksum differs from the one in {RECORDINGS}. It was not kept.",
        file=str(target),
        fix="take it from a copy with --from FOLDER; or look what changed there.",
    )


def _not_there(address: str, target: Path, error: OSError) -> Finding:
    """A failed request, by the server's answer or by the exception that is behind the others."""
    response = getattr(error, "response", None)
    cause: BaseException = error
    while behind := cause.__cause__ or cause.__context__:
        cause = behind
    reason = (
        f"the server answers {response.status_code}" if response is not None
        else getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    )  # fmt: skip
    return Finding(
        rule="fetch-failed",
        severity="error",
        what=f"{target.name} could not be fetched from {address}: {reason}.",
        file=str(target),
        fix="run the command again, which fetches what is not here yet; or take a copy with "
        "--from FOLDER.",
    )
