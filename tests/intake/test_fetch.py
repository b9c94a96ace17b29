"""Published recordings are fetched whole, from an address or a folder, or refused by name."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import random
import tarfile
import threading
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

from aqbio.config import InvalidStudyError
from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.intake.fetch import RETRIES, fetch_recordings
from aqbio.io.published import read_manifest
from aqbio.io.study import load_study

CONTENT = {
    "one/run.trc": bytes(range(256)) * 900,
    "two/run.trc": b"another run\n" * 20_000,
    "two/static.c3d": b"\x05P" + bytes(3000),
}
SHA = hashlib.sha256(CONTENT["one/run.trc"]).hexdigest()
SOURCE = "a/folder with [signs]"
COMMIT = "45c579cab52865425a875d7c151eeff4795bc174"


@dataclass
class Server:
    """A server of this process: what lies where, how it misbehaves, and what it was asked for."""

    files: dict[str, bytes]
    broken_after: dict[str, list[int]] = field(default_factory=dict)
    """Bytes after which the connection ends, one number an answer."""
    moved: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    address: str = ""


def _handler(server: Server):
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            path = unquote(self.path).lstrip("/")
            server.requests.append(path)
            if path in server.moved:
                self.send_response(302)
                self.send_header("Location", f"/{server.moved[path]}")
                self.end_headers()
                return
            if path not in server.files:
                self.send_error(404)
                return
            content = server.files[path]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            lengths = server.broken_after.get(path, [])
            self.wfile.write(content[: lengths.pop(0) if lengths else None])

    return Handler


@pytest.fixture
def server():
    files = {f"data/{COMMIT}/{SOURCE}/{path}": content for path, content in CONTENT.items()}
    server = Server(files)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    server.address = f"http://127.0.0.1:{http.server_port}"
    yield server
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    """Downloads are tried again without a pause."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def _study(folder: Path, address: str = "http://127.0.0.1:9/nowhere"):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        (f"lab/{path}", "lab", path, str(len(content)), hashlib.sha256(content).hexdigest())
        for path, content in CONTENT.items()
    ]
    _write(folder / "recordings.tsv", [("file", "source", "path", "bytes", "sha256"), *rows])
    source = ("lab", f"{address}/data/{{commit}}/{SOURCE}/", COMMIT, "none stated", "A (2013)")
    header = ("source", "address", "commit", "licence", "citation")
    _write(folder / "sources.tsv", [header, source])
    _write(folder / "participants.tsv", [("participant_id", "sex"), ("P1", "male")])
    cells = ("P1", "run", "run", "lab/one/run.trc")
    _write(folder / "trials.tsv", [("participant_id", "trial_id", "task", "file"), cells])
    (folder / "study.yaml").write_text("name: fetched\n", encoding="utf-8")
    return load_study(folder / "study.yaml")


def _write(path: Path, rows) -> None:
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")


def _fetch(study, mirror=None) -> list[str]:
    lines = []
    fetch_recordings(study, mirror, lines.append)
    return lines


def _fetched(study) -> dict[str, bytes]:
    return {
        path.relative_to(study.data / "lab").as_posix(): path.read_bytes()
        for path in study.data.rglob("*")
        if path.is_file()
    }


def _problems(study, mirror=None, *, rule) -> str:
    """What a fetch is refused with; every problem is of that rule."""
    with pytest.raises(AqbioError) as error:
        _fetch(study, mirror)
    refused = error.value
    findings = getattr(refused, "findings", None) or [refused.finding()]
    assert {finding.rule for finding in findings} == {rule}
    return str(refused)


def test_all_files_come_from_their_addresses_once(tmp_path, server):
    study = _study(tmp_path, server.address)
    _fetch(study)
    assert _fetched(study) == CONTENT
    _fetch(study)
    assert len(server.requests) == len(CONTENT)


def test_a_broken_connection_is_tried_again(tmp_path, server):
    path = f"data/{COMMIT}/{SOURCE}/one/run.trc"
    server.broken_after[path] = [100_000] * RETRIES
    study = _study(tmp_path, server.address)
    _fetch(study)
    assert _fetched(study) == CONTENT
    assert server.requests.count(path) == 1 + RETRIES


def test_after_an_interrupted_run_only_what_is_absent_is_fetched(tmp_path, server):
    path = f"data/{COMMIT}/{SOURCE}/one/run.trc"
    server.broken_after[path] = [100_000] * (1 + RETRIES)
    study = _study(tmp_path, server.address)
    words = _problems(study, rule="fetch-failed")
    assert "run.trc could not be fetched" in words
    assert "100000 bytes read, 130400 more expected" in words
    assert _fetched(study).keys() == {"two/run.trc", "two/static.c3d"}
    server.requests.clear()
    _fetch(study)
    assert _fetched(study) == CONTENT
    assert server.requests == [path]


def test_a_redirect_is_followed(tmp_path, server):
    path, elsewhere = f"data/{COMMIT}/{SOURCE}/one/run.trc", "elsewhere/x"
    server.moved[path] = elsewhere
    server.files[elsewhere] = server.files.pop(path)
    study = _study(tmp_path, server.address)
    _fetch(study)
    assert _fetched(study) == CONTENT
    assert elsewhere in server.requests


@pytest.mark.parametrize("corrupt", [lambda x: x[:99] + b"?" + x[100:], lambda x: x + b"\n"])
def test_other_content_at_an_address_is_refused_by_name_and_not_kept(tmp_path, server, corrupt):
    path = f"data/{COMMIT}/{SOURCE}/two/static.c3d"
    server.files[path] = corrupt(server.files[path])
    study = _study(tmp_path, server.address)
    words = _problems(study, rule="fetch-changed")
    assert "static.c3d at http://127.0.0.1" in words
    assert "checksum differs" in words
    assert "--from FOLDER" in words
    assert _fetched(study).keys() == {"one/run.trc", "two/run.trc"}


def test_a_full_disk_stops_the_run_and_leaves_nothing_behind(tmp_path, server, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pooch.core.shutil.move", full)
    study = _study(tmp_path, server.address)
    with pytest.raises(RunStoppedError, match=r"the disk is full[\s\S]*run\.trc[\s\S]*make room"):
        _fetch(study)
    assert _fetched(study) == {}


def test_fetched_files_can_be_read_by_others(tmp_path, server):
    study = _study(tmp_path, server.address)
    _fetch(study)
    assert all(path.stat().st_mode & 0o044 for path in study.data.rglob("*.trc"))


def test_a_missing_file_is_named_and_the_others_come(tmp_path, server):
    del server.files[f"data/{COMMIT}/{SOURCE}/two/run.trc"]
    study = _study(tmp_path, server.address)
    words = _problems(study, rule="fetch-failed")
    assert "run.trc could not be fetched" in words
    assert "the server answers 404" in words
    assert _fetched(study).keys() == {"one/run.trc", "two/static.c3d"}


def test_without_a_network_the_way_out_is_a_folder(tmp_path):
    words = _problems(_study(tmp_path), rule="fetch-failed")
    assert os.strerror(errno.ECONNREFUSED) in words
    assert words.count("--from FOLDER") == len(CONTENT)


def _folder(mirror: Path) -> None:
    for path, content in CONTENT.items():
        (mirror / path).parent.mkdir(parents=True, exist_ok=True)
        (mirror / path).write_bytes(content)


def _renamed(mirror: Path) -> None:
    mirror.mkdir()
    for number, content in enumerate(CONTENT.values()):
        (mirror / str(number)).write_bytes(content)


def _tar(mirror: Path) -> None:
    _folder(mirror / "x")
    with tarfile.open(mirror / "packed.tar.xz", "w:xz") as archive:
        archive.add(mirror / "x", "inside")
    _remove(mirror / "x")


def _zip(mirror: Path) -> None:
    mirror.mkdir()
    (mirror / "broken.zip").write_bytes(b"no archive")
    with zipfile.ZipFile(mirror / "packed.zip", "w") as archive:
        for path, content in CONTENT.items():
            archive.writestr(path, content)


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize("fill", [_folder, _renamed, _tar, _zip])
def test_a_mirror_is_searched_for_content(tmp_path, fill):
    """No network: the address of `_study` answers nothing."""
    fill(tmp_path / "mirror")
    study = _study(tmp_path / "study")
    _fetch(study, tmp_path / "mirror")
    assert _fetched(study) == CONTENT


def _damaged(mirror: Path, ending: str, content: bytes) -> None:
    """All recordings in folders, beside a damaged archive whose name comes first."""
    _folder(mirror)
    (mirror / f"a{ending}").write_bytes(content)


def _packed(mode: str) -> bytes:
    """A tar archive of a recording whose size is wanted."""
    file, member = io.BytesIO(), tarfile.TarInfo("x")
    member.size = len(CONTENT["one/run.trc"])
    with tarfile.open(fileobj=file, mode=mode) as archive:
        archive.addfile(member, io.BytesIO(random.Random(1).randbytes(member.size)))
    return file.getvalue()


def _zipped(at: int, byte: int, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of a recording with a byte of its central directory changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("x", CONTENT["one/run.trc"])
    content = bytearray(file.getvalue())
    content[content.index(b"PK\1\2") + at] = byte
    return bytes(content)


@pytest.mark.parametrize(
    ("ending", "content"),
    [
        (".tgz", _packed("w:gz")[:100_000]), (".tar.xz", _packed("w:xz")[:100_000]),
        (".tar.bz2", _packed("w:bz2")[:100_000]), (".tar", _packed("w")[:100_000]),
        (".tar.gz", b""), (".zip", _zipped(8, 1)), (".zip", _zipped(10, 99)),
        (".zip", _zipped(16, 9)), (".zip", _zipped(0, 0)),
    ],
    ids=[
        "cut gzip", "cut xz", "cut bz2", "cut tar", "empty", "encrypted", "unknown method",
        "other checksum", "no directory",
    ],
)  # fmt: skip
def test_a_damaged_archive_in_a_mirror_is_named_and_the_rest_is_taken(tmp_path, ending, content):
    _damaged(tmp_path / "mirror", ending, content)
    study = _study(tmp_path / "study")
    lines = _fetch(study, tmp_path / "mirror")
    assert _fetched(study) == CONTENT
    assert any(f"a{ending} cannot be read" in line for line in lines)


def test_a_folder_with_the_name_of_a_recording_is_none(tmp_path, server):
    study = _study(tmp_path, server.address)
    (study.data / "lab/one/run.trc").mkdir(parents=True)
    assert "is not the recording" in _problems(study, rule="fetch-changed")


def test_what_a_mirror_lacks_is_downloaded(tmp_path, server):
    _folder(tmp_path / "mirror")
    (tmp_path / "mirror/one/run.trc").unlink()
    study = _study(tmp_path / "study", server.address)
    _fetch(study, tmp_path / "mirror")
    assert _fetched(study) == CONTENT
    assert server.requests == [f"data/{COMMIT}/{SOURCE}/one/run.trc"]


def test_a_changed_byte_in_a_mirror_is_refused_by_name(tmp_path, server):
    """The namesake in another folder is not blamed, and nothing is downloaded instead."""
    _folder(tmp_path / "mirror")
    path = tmp_path / "mirror/two/run.trc"
    path.write_bytes(path.read_bytes()[:-2] + b"?\n")
    study = _study(tmp_path / "study", server.address)
    words = _problems(study, tmp_path / "mirror", rule="fetch-changed")
    assert "lab/two/run.trc is there with other content" in words
    assert str(path) in words
    assert "one/run.trc" not in words
    assert not server.requests
    assert _fetched(study).keys() == {"one/run.trc", "two/static.c3d"}


def test_a_changed_byte_in_the_data_folder_is_refused_and_kept(tmp_path, server):
    study = _study(tmp_path, server.address)
    _fetch(study)
    path = study.data / "lab/two/static.c3d"
    path.write_bytes(b"changed" + path.read_bytes()[7:])
    words = _problems(study, rule="fetch-changed")
    assert "static.c3d is not the recording that was published" in words
    assert path.read_bytes()[:7] == b"changed"


def test_a_mirror_that_is_no_folder_is_an_error(tmp_path):
    assert "no such folder" in _problems(
        _study(tmp_path), tmp_path / "nowhere", rule="fetch-mirror"
    )


def test_a_study_without_published_recordings_says_so(tmp_path):
    study = _study(tmp_path)
    (tmp_path / "recordings.tsv").unlink()
    assert "no recordings.tsv" in _problems(study, rule="fetch-manifest")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("lab/one/run.trc\tlab", "lab/one/run.trc\tother", "source other is not in sources.tsv"),
        ("lab/one", "lab/../../one", "outside the data folder"),
        ("lab/one", "/one", "file"),
        ("lab/one/run.trc", "lab/two/run.trc", "listed 2 times"),
        ("230400", "many", "bytes"),
        ("230400", "0", "bytes"),
        ("lab/one/run.trc", "l" * 300, "a name of 300 bytes"),
        ("lab/one", "C:/one", "file must be a path from the data folder on"),
        (SHA, SHA.upper(), "sha256 must be a SHA-256: 64 digits and small letters a to f"),
    ],
)
def test_a_wrong_manifest_is_refused_with_its_line(tmp_path, old, new, words):
    _study(tmp_path)
    path = tmp_path / "recordings.tsv"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidStudyError) as error:
        read_manifest(tmp_path)
    assert words in str(error.value)


def test_a_commit_is_its_digits(tmp_path):
    _study(tmp_path)
    path = tmp_path / "sources.tsv"
    path.write_text(path.read_text(encoding="utf-8").replace(COMMIT, "main"), encoding="utf-8")
    with pytest.raises(InvalidStudyError, match="a commit: 7 to 64 digits and small letters"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("address", ["file:///etc", "ftp://a/b", "a/b", "http://[::1", "http://"])
def test_only_http_addresses_are_read(tmp_path, address):
    _study(tmp_path, address)
    with pytest.raises(InvalidStudyError, match="address"):
        read_manifest(tmp_path)


def test_the_shipped_manifest_is_that_of_its_sheets():
    """Every recording that the sheets name is published, and nothing else is fetched."""
    folder = Path(__file__).parents[2] / "data/public_runners"
    study, manifest = load_study(folder / "study.yaml"), read_manifest(folder)
    assert manifest is not None
    used = {
        path.relative_to(study.data).as_posix()
        for trial in study.trials
        for path in (study.recording(trial), study.forces(trial))
        if path is not None
    }
    assert {file.file for file in manifest.files} == used
    assert {file.source for file in manifest.files} == set(manifest.sources)
    for file in manifest.files:
        assert manifest.address(file).startswith("https://")
        assert (manifest.sources[file.source].commit or "") in manifest.address(file)
    assert {row.laboratory for row in study.participants if row.laboratory is None} == set()
