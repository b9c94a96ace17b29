"""Locks, container and licences: they say what the constraints say, and what is installed."""

from __future__ import annotations

import re
from pathlib import Path

from docs.make_licences import licence, needed, normal

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
COPYLEFT = re.compile(r"\b(A?GPL|General Public License)", re.IGNORECASE)
SEVERAL = {"docutils": r"emacs"}
"""Packages under several licences, one of them the GPL, and what alone that one is for."""


def _pins(text: str) -> dict[str, str]:
    return {normal(name): version for name, version in PINNED.findall(text)}


def test_the_lock_has_the_versions_of_the_constraints():
    """`make lock` writes it."""
    constraints = _pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    locked = _pins(LOCK)
    assert {name: version for name, version in locked.items() if name in constraints} == {
        name: constraints[name] for name in locked if name in constraints
    }
    assert set(locked) - set(constraints) <= {"pyreadline3"}, "of Windows alone"


def test_everything_that_is_needed_is_locked_with_hashes():
    locked = _pins(LOCK)
    assert set(needed()) <= set(locked)
    for entry in re.split(r"\n(?=[A-Za-z])", LOCK.strip()):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


def test_the_container_is_built_from_the_lock_and_not_run_by_root():
    lines = (ROOT / "Containerfile").read_text(encoding="utf-8").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    assert steps[0][0] == "FROM"
    assert re.search(r":3\.11[\w.-]*$", steps[0][1]), "a version of Python that is tested"
    for word, rest in steps:
        if word == "COPY":
            assert all((ROOT / source).exists() for source in rest.split()[:-1])
        if word == "RUN" and "pip install" in rest:
            assert "--require-hashes" in rest or "--no-deps ." in rest
    users = [rest for word, rest in steps if word == "USER"]
    assert users
    assert users[-1] != "root"


def test_nothing_that_runs_is_under_the_gpl():
    for name, one in needed().items():
        said = licence(one)
        assert said, f"{name} does not say its licence"
        if COPYLEFT.search(said):
            assert name in SEVERAL, f"{name}: {said}"
            assert not [file for file in one.files or () if re.search(SEVERAL[name], file.name)]
