"""`aqbio fetch`: recordings that others published, by address and checksum.

Beside study.yaml stand ``recordings.tsv`` (file, source, path, bytes, sha256) and ``sources.tsv``
(source, address, commit, licence, citation). A file is taken from a folder that holds its content
under any name, also in an archive, and otherwise from its address.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import lzma
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from aqbio.config import InvalidStudyError
from aqbio.errors import AqbioError, Finding
from aqbio.faults import writing
from aqbio.io.atomic import atomic_path
from aqbio.io.published import RECORDINGS, PublishedFile, read_manifest
from aqbio.io.study import Study
from aqbio.operating_system import replace_file

PART = ".part"
"""Behind the name of a file that is not complete yet; the next call goes on from its end."""

CONNECTION_TIMEOUT_S = 30.0
MAX_ATTEMPTS = 3
"""Connections that may break off before a file is given up."""

CHUNK_BYTES = 2**16

RANGE_IGNORED = (200, 203)
"""Answers of a server that sends the whole file."""

RANGE_REFUSED = 416

TAR_ENDS = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")


def changed_files(study: Study) -> list[Finding]:
    """Recordings in the data folder whose content is not the published one."""
    manifest = read_manifest(study.file.parent)
    files = () if manifest is None else manifest.files
    return [
        _changed(study.data / file.file)
        for file in files
        if (study.data / file.file).is_file() and not _is_published(study.data / file.file, file)
    ]


def _changed(path: Path) -> Finding:
    return Finding(
        rule="fetch-changed",
        severity="error",
        what=f"{path.name} is not the recording that was published: its checksum differs from the "
        f"one in {RECORDINGS}.",
        file=str(path),
        fix="delete it and run `aqbio fetch` again; if the change is meant, copy it to another "
        "name and write that in trials.tsv.",
    )


def _is_published(path: Path, file: PublishedFile) -> bool:
    if path.stat().st_size != file.bytes:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256


def fetch_recordings(study: Study, mirror: Path | None, report: Callable[[str], None]) -> None:
    """Complete the data folder of a study; raises all problems at once, after all other files.

    Raises
    ------
    InvalidStudyError
        A file has other content than was published, here, in the mirror or at its address, or
        could not be fetched. What was fetched stays, and the next call goes on from there.
    """
    manifest = read_manifest(study.file.parent)
    if manifest is None:
        raise AqbioError(
            f"this study has no {RECORDINGS}: its recordings were not published by others.",
            file=str(study.file),
            fix="copy the recordings into the data folder.",
            rule="fetch-manifest",
        )
    problems = changed_files(study)
    absent = [file for file in manifest.files if not (study.data / file.file).exists()]
    present = len(manifest.files) - len(absent) - len(problems)
    report(f"{present} of {len(manifest.files)} recordings are here, as they were published")
    if mirror is not None and absent:
        absent, altered = _copy_from_mirror(absent, mirror, study.data)
        problems += altered
        report(f"{len(absent)} are not in {mirror}")
    for file in absent:
        try:
            report(f"{manifest.address(file)} ({file.bytes / 1e6:.1f} MB)")
            download(manifest.address(file), study.data / file.file, file)
        except AqbioError as error:
            problems.append(error.finding())
    if problems:
        raise InvalidStudyError(problems)
    report(f"{study.data}: all {len(manifest.files)} recordings are as they were published")


# from a folder --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MirrorFile:
    """A file of a folder, or a member of an archive in it."""

    path: PurePosixPath
    size: int
    """Bytes."""
    read: Callable[[], bytes]


def mirror_files(folder: Path) -> Iterator[MirrorFile]:
    """All files of a folder, and those in its archives; of a damaged archive what can be read."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        inside = PurePosixPath(path.relative_to(folder).as_posix())
        archive = (
            _tar_members if path.name.endswith(TAR_ENDS)
            else _zip_members if path.suffix == ".zip"
            else None
        )  # fmt: skip
        if archive is None:
            yield MirrorFile(inside, path.stat().st_size, path.read_bytes)
            continue
        with contextlib.suppress(tarfile.TarError, zipfile.BadZipFile, EOFError, lzma.LZMAError):
            yield from archive(path, inside)


def _tar_members(path: Path, inside: PurePosixPath) -> Iterator[MirrorFile]:
    with tarfile.open(path) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None:
                yield MirrorFile(inside / member.name, member.size, stream.read)


def _zip_members(path: Path, inside: PurePosixPath) -> Iterator[MirrorFile]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                read = partial(archive.read, member)
                yield MirrorFile(inside / member.filename, member.file_size, read)


def _copy_from_mirror(
    absent: Sequence[PublishedFile], mirror: Path, data: Path
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
    for candidate in mirror_files(mirror):
        content = candidate.read() if candidate.size in sizes else b""
        file = by_content.pop(hashlib.sha256(content).hexdigest(), None)
        if file is not None:
            with atomic_path(data / file.file) as temporary:
                temporary.write_bytes(content)
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


def download(address: str, target: Path, file: PublishedFile) -> None:
    """Download a file, from where an interrupted download ended; its content is checked.

    Raises
    ------
    AqbioError
        Nothing at the address, a connection that breaks off, or other content.
    """
    part = target.with_name(target.name + PART)
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    reason = ""
    for _ in range(MAX_ATTEMPTS):
        try:
            _append(address, part, file.bytes)
        except urllib.error.HTTPError as error:
            error.close()
            raise _not_there(address, target, f"the server answers {error.code}") from error
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
        if _size(part) >= file.bytes:
            break
    if (size := _size(part)) < file.bytes:
        reason = f": {reason}" if reason else ""
        raise _not_there(
            address, target, f"the connection ended after {size} of {file.bytes} bytes{reason}"
        )
    if not _is_published(part, file):
        part.unlink()
        raise AqbioError(
            f"{target.name} at {address} is not what was published when the study was made: its "
            f"checksum differs from the one in {RECORDINGS}. It was not kept.",
            file=str(target),
            fix="take it from a copy with --from FOLDER; or look what changed there.",
            rule="fetch-changed",
        )
    replace_file(part, target)


def _append(address: str, part: Path, expected_bytes: int) -> None:
    """Continue a file from its end; from its beginning where the server cannot."""
    start = _size(part)
    if start == expected_bytes:
        return
    if start > expected_bytes:
        part.unlink()
        start = 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        response = urllib.request.urlopen(request, timeout=CONNECTION_TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code != RANGE_REFUSED:
            raise
        error.close()
        part.unlink()
        return
    if response.status in RANGE_IGNORED:
        part.unlink(missing_ok=True)
    with response, writing(part), part.open("ab") as out:
        remaining = expected_bytes + 1 - out.tell()  # one byte too many tells another content
        while remaining > 0 and (chunk := response.read(min(CHUNK_BYTES, remaining))):
            out.write(chunk)
            remaining -= len(chunk)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _not_there(address: str, target: Path, reason: str) -> AqbioError:
    return AqbioError(
        f"{target.name} could not be fetched from {address}: {reason}.",
        file=str(target),
        fix="run the command again, which goes on from there; or take a copy with --from FOLDER.",
        rule="fetch-failed",
    )
