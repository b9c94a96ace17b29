"""Studies of the unaltered and of altered recordings that tests of several rooms look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lacking.alterations import Alteration, Recordings
from tests.lacking.outcome import Outcome, outcome
from tests.lacking.recordings import short
from tests.lacking.work import FITTED, QUICK
from tests.made_once import made_once

CHOICES = FITTED | QUICK
"""With a choice of analysis of every kind."""

SETTINGS: dict[str, Any] = CHOICES | {"multiverse": {"enabled": False}}
"""With none: they recompute the same steps, and one athlete has no verdict under any."""


@dataclass(frozen=True)
class SharedStudy:
    """A study that has run; nobody may change it."""

    folder: Path
    recordings: Recordings
    outcome: Outcome


def sound_study(folders: Any, worker: str) -> SharedStudy:
    """Study of the unaltered short recordings."""
    recordings = short()
    folder_and_outcome = made_once(
        folders, worker, "sound", lambda folder: outcome(folder, recordings, SETTINGS)
    )
    return SharedStudy(folder_and_outcome[0], recordings, folder_and_outcome[1])


def altered_study(folders: Any, worker: str, name: str, alteration: Alteration) -> SharedStudy:
    """Study of the short recordings, altered by what has this name."""
    lacking = alteration.lacking(short())
    folder_and_outcome = made_once(
        folders, worker, name.replace(" ", "_"), lambda folder: outcome(folder, lacking, SETTINGS)
    )
    return SharedStudy(folder_and_outcome[0], lacking, folder_and_outcome[1])
