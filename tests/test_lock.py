"""Locks, container and licences agree with the constraints and with the installed packages."""

from __future__ import annotations

import re
from pathlib import Path

from docs.make_licences import licence, needed, normal

ROOT = Path(__file__).parents[1]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
COPYLEFT = re.compile(r"\b(A?GPL|General Public License)", re.IGNORECASE)
SEVERAL = {"docutils": r"emacs"}
"""Packages under several licences, one of them the GPL, and what alone that one is for."""


def _pins(file: str) -> dict[str, str]:
    pins = PINNED.findall((ROOT / file).read_text(encoding="utf-8"))
    return {normal(name): version for name, version in pins}


def test_the_lock_has_what_is_needed_in_the_versions_of_the_constraints_with_hashes():
    """`make lock` writes it."""
    locked, constraints = _pins("requirements.lock"), _pins("constraints.txt")
    assert set(locked.items()) - set(constraints.items()) <= {
        (name, version) for name, version in locked.items() if name == "pyreadline3"
    }, "of Windows alone"
    assert set(needed()) <= set(locked)
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=[A-Za-z])", text.strip()):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


def test_nothing_that_runs_is_under_the_gpl():
    for name, distribution in needed().items():
        licence_text = licence(distribution)
        assert licence_text, f"{name} does not say its licence"
        if COPYLEFT.search(licence_text):
            assert name in SEVERAL, f"{name}: {licence_text}"
            assert not [
                file for file in distribution.files or () if re.search(SEVERAL[name], file.name)
            ]
