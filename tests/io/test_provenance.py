"""Where results come from: enough to repeat them, nothing about the machine."""

from __future__ import annotations

import json
import subprocess

import pytest

import aqbio
from aqbio.io import provenance as module
from aqbio.io.provenance import file_hash, git_commit, provenance, versions


def test_hash_of_a_known_content(tmp_path):
    """SHA-256 of "abc" begins ba7816bf 8f01cfea (FIPS 180-4, appendix B.1)."""
    path = tmp_path / "a.txt"
    path.write_text("abc")
    assert file_hash(path) == "ba7816bf8f01cfea"


def test_files_of_the_same_name_are_told_apart(tmp_path):
    """Two participants may have a trial of the same name: no hash may be lost."""
    paths = []
    for person in ("P1", "P2"):
        for trial in ("fast", "slow"):
            path = tmp_path / person / "solved" / f"{trial}.nc"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{person} {trial}")
            paths.append(path)
    single = tmp_path / "P1" / "model.osim"
    single.touch()
    inputs = json.loads(provenance("steps", [*paths, single], {})["inputs"])
    assert sorted(inputs) == [
        "P1/solved/fast.nc",
        "P1/solved/slow.nc",
        "P2/solved/fast.nc",
        "P2/solved/slow.nc",
        "model.osim",
    ]
    assert inputs["P2/solved/fast.nc"] == file_hash(paths[2])
    assert len(set(inputs.values())) == 5


def test_versions_of_what_numbers_depend_on():
    found = versions()
    assert {"aqbio", "python", *module.LIBRARIES} == set(found)
    assert "absent" not in found.values()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout of its own that pretends to hold aqbio."""
    root = tmp_path / "checkout"
    (root / "aqbio").mkdir(parents=True)
    (root / "aqbio" / "__init__.py").write_text("")

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), "-c", "user.name=x", "-c", "user.email=x@example.org"]
        done = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    monkeypatch.setattr(aqbio, "__file__", str(root / "aqbio" / "__init__.py"))
    git_commit.cache_clear()
    yield root, git
    git_commit.cache_clear()


def _committed(git) -> str:
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--no-gpg-sign", "--message", "first")
    return git("rev-parse", "--short=12", "HEAD")


def test_commit_of_a_clean_checkout(checkout):
    _, git = checkout
    commit = _committed(git)
    assert git_commit() == commit


def test_no_checkout_and_a_checkout_of_something_else(checkout, monkeypatch):
    root, git = checkout
    assert git_commit() == "unknown"
    _committed(git)
    inner = root / "site-packages" / "aqbio" / "__init__.py"
    monkeypatch.setattr(aqbio, "__file__", str(inner))
    inner.parent.mkdir(parents=True)
    git_commit.cache_clear()
    assert git_commit() == "unknown"


def test_hash_follows_the_file(tmp_path):
    """In one process too: a notebook that writes a file again gets its new hash."""
    path = tmp_path / "a.txt"
    path.write_text("before")
    first = file_hash(path)
    path.write_text("afterx")
    assert file_hash(path) != first
