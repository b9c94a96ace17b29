"""Recordings that others published: files with checksums, and their sources.

Beside study.yaml stand ``recordings.tsv`` (file, source, path, bytes, sha256) and ``sources.tsv``
(source, address, commit, licence, citation).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, Field

from aqbio.config import InvalidStudyError
from aqbio.config.settings import valid_disk_path
from aqbio.config.sheets import Identifier, Row
from aqbio.config.written import spelled
from aqbio.errors import Finding
from aqbio.io.sheets import read_sheet

RECORDINGS = "recordings.tsv"
SOURCES = "sources.tsv"

ADDRESS = spelled(r"^https?://", "an address that begins with https:// or http://")
COMMIT = spelled(r"^[0-9a-f]{7,64}$", "a commit: 7 to 64 digits and small letters a to f")
RELATIVE_PATH = spelled(
    r"^[^/\\:][^\\:]*$", "a path from the data folder on, with / and without colons"
)
SHA256 = spelled("^[0-9a-f]{64}$", "a SHA-256: 64 digits and small letters a to f")


def valid_address(address: str) -> str:
    """Return an address; refuse one without a server."""
    if not urlsplit(address).hostname:  # which raises ValueError for brackets left open
        raise ValueError("the address names no server")
    return address


class Source(Row):
    """A row of sources.tsv: who published recordings, and where they lie."""

    source: Identifier
    address: Annotated[str, Field(pattern=ADDRESS), AfterValidator(valid_address)]
    """Folder of the files; ``{commit}`` in it stands for the commit."""
    commit: Annotated[str, Field(pattern=COMMIT)] | None = None
    licence: Annotated[str, Field(min_length=1)]
    citation: Annotated[str, Field(min_length=1)]


class PublishedFile(Row):
    """A row of recordings.tsv: one file and its content."""

    file: Annotated[str, Field(pattern=RELATIVE_PATH), AfterValidator(valid_disk_path)]
    """Path in the folder of the recordings."""
    source: Identifier
    path: Annotated[str, Field(min_length=1)]
    """Path below the source's address."""
    bytes: Annotated[int, Field(gt=0)]
    sha256: Annotated[str, Field(pattern=SHA256)]

    @property
    def name(self) -> str:
        """Name without folders."""
        return PurePosixPath(self.file).name

    def is_content_of(self, path: Path) -> bool:
        """Tell whether a file has the content that was published."""
        if not path.is_file() or path.stat().st_size != self.bytes:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == self.sha256


@dataclass(frozen=True, slots=True)
class Manifest:
    """The published files of a study and their sources."""

    path: Path
    files: tuple[PublishedFile, ...]
    sources: Mapping[str, Source]

    def address(self, file: PublishedFile) -> str:
        """Address of a file, at the commit that is pinned."""
        source = self.sources[file.source]
        folder = source.address.replace("{commit}", source.commit or "").rstrip("/")
        server = "/".join(folder.split("/", 3)[:3])
        return server + quote(f"{folder.removeprefix(server)}/{file.path}")


def read_manifest(folder: Path) -> Manifest | None:
    """Read the published files of the study in a folder; None where there are none."""
    path = folder / RECORDINGS
    if not path.is_file():
        return None
    files = read_sheet(path, PublishedFile)
    sources = {row.source: row for row in read_sheet(folder / SOURCES, Source)}
    findings = []
    for file in files:
        if ".." in PurePosixPath(file.file).parts:
            findings.append(_error(path, file, "the file would lie outside the data folder."))
        if file.source not in sources:
            findings.append(
                _error(path, file, f"source {file.source} is not in {SOURCES}.", "add its row.")
            )
    for name, count in Counter(file.file.casefold() for file in files).items():
        if count > 1:
            what = f"{name} is listed {count} times."
            findings.append(Finding("fetch-manifest", "error", what, file=str(path)))
    if findings:
        raise InvalidStudyError(findings)
    return Manifest(path, tuple(files), sources)


def changed_files(manifest: Manifest, data: Path) -> list[Finding]:
    """Recordings in the data folder whose content is not the published one."""
    return [
        Finding(
            rule="fetch-changed",
            severity="error",
            what=f"{file.name} is not the recording that was published: its checksum differs from "
            f"the one in {RECORDINGS}.",
            file=str(path),
            fix="delete it and run `aqbio fetch` again; if the change is meant, copy it to another "
            "name and write that in trials.tsv.",
        )
        for file in manifest.files
        if (path := data / file.file).exists() and not file.is_content_of(path)
    ]


def _error(manifest: Path, file: PublishedFile, what: str, fix: str = "") -> Finding:
    return Finding(
        "fetch-manifest", "error", what, file=str(manifest), where=f"file {file.file}", fix=fix
    )
