"""Where a result comes from: inputs, settings, versions."""

from __future__ import annotations

import functools
import hashlib
import json
import platform
import subprocess
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from types import MappingProxyType

import aqbio
from aqbio.io.unchanged import while_unchanged

LIBRARIES = ("opensim", "ezc3d", "numpy", "scipy", "pandas", "xarray", "matplotlib")


@while_unchanged(files=None)
def file_hash(path: Path) -> str:
    """The first 16 hexadecimal digits of a file's SHA-256; read again when the file is another."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


@functools.cache
def versions() -> dict[str, str]:
    """The versions of aqbio, Python and the libraries that numbers depend on."""
    found = {"aqbio": aqbio.__version__, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            found[library] = "absent"
    return found


@functools.cache
def git_commit() -> str:
    """The commit of aqbio's own checkout, with ``+changes`` when files differ from it."""
    root = Path(aqbio.__file__).parents[1]
    try:
        if not root.samefile(_git(root, "rev-parse", "--show-toplevel")):
            return "unknown"  # installed into a checkout of something else
        commit = _git(root, "rev-parse", "--short=12", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}+changes" if changed else commit


def _named(paths: Iterable[Path], given: Mapping[Path, str]) -> dict[str, Path]:
    """Given files as they are called, others under the shortest end that no other path has."""
    every = sorted(set(paths))
    parts = {path: path.parts for path in every if path not in given}
    named = {given[path]: path for path in every if path in given}
    for path, own in parts.items():
        others = [other for other in parts.values() if other != own]
        length = 1
        while length < len(own) and any(other[-length:] == own[-length:] for other in others):
            length += 1
        named["/".join(own[-length:])] = path
    return named


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def provenance(
    stage: str,
    inputs: Iterable[Path],
    settings: Mapping[str, object],
    given: Mapping[Path, str] = MappingProxyType({}),
) -> dict[str, str]:
    """The provenance attributes of every output; inputs are named without their folders."""
    named = _named(inputs, given)
    return {
        "stage": stage,
        "inputs": json.dumps({name: file_hash(path) for name, path in named.items()}),
        "settings": json.dumps(settings, sort_keys=True),
        "versions": json.dumps(versions()),
        "commit": git_commit(),
    }
