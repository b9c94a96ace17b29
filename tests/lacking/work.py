"""Runs alterations by their names and judges them; the unaltered outcome is kept between runs."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import yaml

import aqbio
from aqbio.opensim.session import quiet
from aqbio.prepare.explanations import MIN_LOG_ODDS
from tests.lacking.alterations import ALTERATIONS, Alteration, Recordings, drawn_pairs, hidden
from tests.lacking.drawn import DrawnAlteration, read
from tests.lacking.judged import OUTSIDE, Verdict, verdict
from tests.lacking.outcome import MARKERS, Outcome, outcome
from tests.lacking.recordings import ja1, short, virtual
from tests.lacking.shown import shown
from tests.one_each import ONE_EACH

FITTED: dict[str, Any] = yaml.safe_load(ONE_EACH)
"""Motion, forces and body fitted as in every study; of the choices of analysis one each."""

ROOT = Path(aqbio.__file__).parents[1]

CACHE = ROOT / "build" / "lacking"
"""Outcomes of unaltered recordings, by what they follow from."""

PLAIN = {"consistency": {"enabled": False}}

FEW_DRAWS = {"contributions": {"draws": 16}, "figures": {"widths_mm": [89], "formats": ["svg"]}}
"""With few draws and one width of figures."""

QUICK = PLAIN | FEW_DRAWS
"""Without the fit, with few draws and one width of figures: a short study takes some seconds."""

FIT_SHOWS = ("displaced", "delay")
"""Alterations that a fit of motion and forces finds, whatever balances and feet show of them."""

PAIRS_SEED, MOST_PAIRS = 43, 40


def named_alterations(pairs: int = MOST_PAIRS) -> dict[str, Alteration]:
    """Everything that is taken away from all recordings, parts in pairs too."""
    return ALTERATIONS | drawn_pairs(PAIRS_SEED, pairs)


@cache
def recordings_of(name: str) -> Recordings:
    if name == "ja1":
        return ja1(Path(os.environ["AQBIO_REALDATA"]))
    return short() if name == "short" else virtual(3, 1)


class Work:
    """Runs and judges alterations by their names, in this process or in others."""

    def __init__(
        self, recording: str, changes: dict[str, Any], folder: Path, *, listed: bool = False
    ) -> None:
        self.recording, self.listed, self.folder = recording, listed, folder
        self.settings = FITTED | changes
        self.key = self._key()  # once: somebody may edit the program meanwhile

    @property
    def is_fitted(self) -> bool:
        """Whether motion and forces are fitted to each other."""
        return bool(self.settings.get("consistency", {}).get("enabled", True))

    def sound(self) -> tuple[Outcome, str]:
        """Outcome of the unaltered recordings and their marker set, from the cache where it is."""
        file = CACHE / f"{self.key}.pkl"
        if file.is_file():
            cached: tuple[Outcome, str] = pickle.loads(file.read_bytes())
            return cached
        folder = self.folder / "unaltered"
        with quiet(level="Off"):
            result = outcome(folder, recordings_of(self.recording), self.settings)
        assert not result.broken, result.broken
        result_and_markers = result, (folder / "study" / MARKERS).read_text(encoding="utf-8")
        CACHE.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pickle.dumps(result_and_markers))
        return result_and_markers

    def _key(self) -> str:
        """Digest of the program, the settings and the recordings."""
        digest = hashlib.sha256(repr((self.recording, self.settings)).encode())
        for folder in ("aqbio", "models", "tests/lacking"):
            for path in sorted((ROOT / folder).rglob("*")):
                if path.is_file() and path.suffix in (".py", ".yaml", ".json", ".osim"):
                    digest.update(path.read_bytes())
        for name, take in recordings_of(self.recording).takes.items():
            digest.update(name.encode() + take.markers.tobytes() + take.force.tobytes())
        return digest.hexdigest()[:16]

    def judge(self, number: int, alteration: str) -> Verdict:
        """Verdict on one alteration."""
        chosen = (
            named_alterations()[alteration]
            if alteration in named_alterations()
            else read(alteration)
        )
        recordings, (sound, markers) = recordings_of(self.recording), self.sound()
        altered = chosen.lacking(recordings)
        listed = self.folder / f"markers-{number}.yaml"
        if self.listed:
            listed.write_text(markers, encoding="utf-8")
        with quiet(level="Off"):
            folder = self.folder / f"altered-{number}"
            after = outcome(folder, altered, self.settings, listed if self.listed else None)
        labels = chosen.labels(recordings) if isinstance(chosen, DrawnAlteration) else set()
        judged = verdict(sound, after, chosen, labels | hidden(recordings, altered))
        if judged.kind != OUTSIDE or not isinstance(chosen, DrawnAlteration):
            return judged
        if self.is_fitted and chosen.name in FIT_SHOWS:
            return judged
        return _unless_unseen(judged, folder / "study" / "study.yaml", chosen)


def _unless_unseen(judged: Verdict, study: Path, alteration: DrawnAlteration) -> Verdict:
    """The verdict that numbers are off, or that no recording whose numbers are off shows why."""
    evidence = shown(study, alteration.name, dict(alteration.parameters))
    if any(evidence.get(name, np.inf) > MIN_LOG_ODDS for name in judged.trials):
        return judged
    odds = ", ".join(f"{name} {evidence[name]:.1f}" for name in sorted(judged.trials))
    return replace(
        judged, kind="unseen", details=(f"logarithm of the odds for it: {odds}", *judged.details)
    )


def verdicts(work: Work, names: Sequence[str], jobs: int) -> Iterator[tuple[str, Verdict]]:
    """Verdicts on alterations, in their order, of several processes."""
    if jobs == 1:
        yield from ((name, work.judge(number, name)) for number, name in enumerate(names))
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from zip(names, pool.map(work.judge, range(len(names)), names), strict=True)
