"""Labels cut into English and Latin words: which landmark they name, and on which side."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from aqbio.config import read_yaml
from aqbio.config.label_words import LabelWords
from aqbio.config.model_map import LandmarkTable
from aqbio.io.study import MODELS

MIN_PREFIX_LETTERS = 3
"""Words may be cut off behind so many letters."""

MAX_CUTS = 16
"""Ways to cut a label that are followed, the cheapest ones."""

WORD_COST = 0.10
"""Of a whole word: the more letters agree, the less likely by chance."""

EXACT_COST = 0.15
"""Of an abbreviation of three letters."""

SHORT_COST = 0.30
"""Of an abbreviation of fewer letters."""

PREFIX_COST = 0.35
"""Of a shortened word, times the share of its letters that are cut off."""

CROSSING_COST = 0.30
"""Of a blank, dot or capital inside a word."""

SUFFIX_COST = 0.40
"""Of a letter for a word of place."""

SKIPPED_COST = 1.0
"""Of a part that no word explains."""

SHORT_SIDE_COST = 0.05
"""Of a side that blanks, capitals or digits set apart."""

LOOSE_SIDE_COST = 0.20
"""Of a side that they do not set apart, or that is cut off."""

NUMBER_COST = 0.05
"""Of a number."""

MAX_COST_DIFFERENCE = 0.08
"""Readings whose costs differ by less are both possible."""

MIN_LONG_WORD_LETTERS = 7
"""Words of so many letters are recognised across a blank or a capital (AvantBras), ..."""

LONG_CROSSING_COST = 0.02
"""... at this cost."""

MIN_SURE_WORD_LETTERS = 4
"""Letters from which on a word in a label that is not understood says where it cannot be."""

UNUSED_PREFIX = "not used: "
"""Before the names of points that are known and left out."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Meaning of a label."""

    meanings: frozenset[tuple[str, str]]
    """Landmark and side of each meaning that it may have; empty where only some words are known."""
    words: frozenset[str]
    side: str
    cost: float


@cache
def label_words() -> LabelWords:
    """Read ``models/label_words.yaml``."""
    return read_yaml(MODELS / "label_words.yaml", LabelWords)


@cache
def landmark_table() -> LandmarkTable:
    """Read ``models/landmarks.yaml``."""
    return read_yaml(MODELS / "landmarks.yaml", LandmarkTable)


def _letters(text: str) -> str:
    """Small letters and digits without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ø", "o"))
    return re.sub(r"[^a-z0-9]", "", plain)


def plain_text(label: str) -> tuple[str, frozenset[int]]:
    """Letters and digits of a label, and where blanks, capitals and digits cut it."""
    label = unicodedata.normalize("NFC", label)
    parts = re.split(
        r"[\W_]+|(?<=[^\W\dA-ZÀ-Þ_])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ][^\W\dA-ZÀ-Þ_])"
        r"|(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)",
        label,
    )
    text, cuts = "", {0}
    for part in parts:
        text += _letters(part)
        cuts.add(len(text))
    return text, frozenset(cuts)


@dataclass(frozen=True, slots=True)
class _Token:
    """Meaning of a piece of a label."""

    atoms: frozenset[str]
    cost: float
    whole_word: bool = True
    """Whether it is no more and no less than a word."""
    needs_separation: bool = False
    """Whether it counts only where blanks, capitals or digits set it apart."""


@cache
def _vocabulary() -> Mapping[str, tuple[_Token, ...]]:
    """Meanings of every word, abbreviation and beginning of a word, by spelling."""
    table = label_words()
    tokens: dict[str, dict[frozenset[str], _Token]] = {}

    def add(spelling: str, token: _Token) -> None:
        by_atoms = tokens.setdefault(spelling, {})
        if token.atoms not in by_atoms or token.cost < by_atoms[token.atoms].cost:
            by_atoms[token.atoms] = token

    for vocabulary in (table.common, table.english):
        for key, words in vocabulary.words.items():
            atoms = frozenset(key.split()) - {"ignored"}
            for word in words:
                short = len(word) < MIN_PREFIX_LETTERS
                cost = SHORT_COST if short else WORD_COST
                add(word, _Token(atoms, cost, needs_separation=short))
                for end in range(MIN_PREFIX_LETTERS, len(word)):
                    cost = WORD_COST + PREFIX_COST * (1.0 - end / len(word))
                    ambiguous = vocabulary is table.english and end == MIN_PREFIX_LETTERS
                    token = _Token(atoms, cost, whole_word=False, needs_separation=ambiguous)
                    add(word[:end], token)
        for key, words in vocabulary.exact.items():
            atoms = frozenset(key.split()) - {"ignored"}
            for word in words:
                short = len(word) < MIN_PREFIX_LETTERS
                cost = SHORT_COST if short else EXACT_COST
                add(word, _Token(atoms, cost, needs_separation=short))
    return {  # what is a word is no beginning of another one
        spelling: tuple(whole_words or by_atoms.values())
        for spelling, by_atoms in tokens.items()
        for whole_words in [[token for token in by_atoms.values() if token.whole_word]]
    }


@cache
def _suffixes() -> Mapping[str, frozenset[str]]:
    """Meanings of letters behind a word: the ``l`` of EPICL."""
    table = label_words()
    suffixes = {**table.common.suffixes, **table.english.suffixes}
    return {
        letter: frozenset(atom.split()) for atom, letters in suffixes.items() for letter in letters
    }


@cache
def _side_words() -> Mapping[str, str]:
    """Sides by words and letters for them."""
    words = label_words().english.sides
    sides = dict.fromkeys(words.right, "right") | dict.fromkeys(words.left, "left")
    return sides | dict(zip(words.letters, ("right", "left"), strict=True))


@cache
def _side_beginnings() -> Mapping[str, str]:
    """Sides by words for them that are cut off (``rig``)."""
    sides = label_words().english.sides
    return {
        word[:end]: side
        for side, words in (("right", sides.right), ("left", sides.left))
        for word in words
        for end in range(MIN_PREFIX_LETTERS, len(word))
    }


@dataclass(frozen=True, slots=True)
class _Cut:
    """A way to cut the beginning of a label."""

    cost: float
    atoms: frozenset[str] = frozenset()
    side: str = ""
    sure: bool = False
    """Whether a whole word is in it that is no accident."""
    skipped: bool = False
    """Whether a part of it is no word."""
    whole_word: bool = True
    """True if no word in it is cut off."""


@lru_cache(maxsize=100_000)
def reading(label: str) -> Reading | None:
    """Read a label; None where no word of it is known."""
    text, bounds = plain_text(label)
    if not text or len(text) > 60:
        return None
    cuts = [cut for cut in _cuts(text, bounds) if cut.atoms]
    words = [cut for cut in cuts if cut.whole_word and not cut.skipped and len(cut.atoms) == 1]
    cheapest = min((cut.cost for cut in words if not cut.side), default=math.inf)  # HEEL: no left
    read = [
        (cut, landmarks)
        for cut in cuts
        if not cut.skipped
        and cut.cost < cheapest + MAX_COST_DIFFERENCE
        and (landmarks := meanings(cut, general=False) or meanings(cut, general=True))
    ]
    if read:
        best = min((cut for cut, _ in read), key=lambda cut: cut.cost)
        near = [landmarks for cut, landmarks in read if cut.cost < best.cost + MAX_COST_DIFFERENCE]
        all_landmarks = frozenset().union(*near)
        return Reading(all_landmarks, best.atoms, best.side, best.cost)
    sure_cuts = [cut for cut in cuts if cut.sure]
    if not sure_cuts:
        return None
    best = min(sure_cuts, key=lambda cut: cut.cost)
    return Reading(frozenset(), best.atoms, best.side, best.cost)


def _cuts(text: str, bounds: frozenset[int]) -> list[_Cut]:
    """The cheapest ways to cut a whole label."""
    vocabulary, sides = _vocabulary(), _side_words()
    suffixes, beginnings = _suffixes(), _side_beginnings()
    cuts: list[dict[tuple[frozenset[str], str, bool], _Cut]] = [{} for _ in range(len(text) + 1)]
    empty = _Cut(0.0)
    cuts[0][frozenset(), "", False] = empty
    edges = sorted(bounds | {len(text)})
    side_bounds = bounds | _beside_sides(text, sides)
    for start in range(len(text)):
        ways = sorted(cuts[start].values(), key=lambda cut: cut.cost)[:MAX_CUTS]
        if not ways:
            continue
        after = next(edge for edge in edges if edge > start)
        for end in range(start + 1, len(text) + 1):
            piece = text[start:end]
            crossed = sum(start < bound < end for bound in bounds)
            separated = start in bounds and end in bounds
            loose = start in side_bounds and end in side_bounds
            steps = list(_steps(piece, crossed, vocabulary, separated=separated, loose=loose))
            if (side := sides.get(piece)) and not crossed:
                ends = end == len(text) or text[end].isdigit()
                at_edge = (start == 0 or ends) and (start in bounds or end in bounds)
                if separated or at_edge or len(piece) >= MIN_SURE_WORD_LETTERS:
                    cost = SHORT_SIDE_COST if separated else LOOSE_SIDE_COST
                    steps.append(_Cut(cost, side=side))
            elif separated and (side := beginnings.get(piece)):
                steps.append(_Cut(LOOSE_SIDE_COST, side=side))
            glued = start >= MIN_PREFIX_LETTERS and start not in bounds
            if glued and (atoms := suffixes.get(piece)):
                steps.append(_Cut(SUFFIX_COST, atoms, whole_word=False))
            if start in bounds and end == after:
                steps += [_Cut(SKIPPED_COST, skipped=True)]
            for way in ways:
                for step in steps:
                    if not (way.side and step.side):
                        _keep(cuts[end], way, step)
    return list(cuts[-1].values())


def _beside_sides(text: str, sides: Mapping[str, str]) -> set[int]:
    """Positions in a label at which a side at its start ends, or one before its number begins."""
    stem = len(text.rstrip("0123456789"))
    first = {len(side) for side in sides if text.startswith(side)}
    return first | {stem - len(side) for side in sides if text[:stem].endswith(side)}


def _steps(
    piece: str,
    crossed: int,
    vocabulary: Mapping[str, tuple[_Token, ...]],
    *,
    separated: bool,
    loose: bool,
) -> Iterator[_Cut]:
    """Meanings of one piece of a label, each as a step.

    ``separated``: between blanks, capitals or digits; ``loose``: between these or letters of sides.
    """
    if piece.isdigit():
        if separated:
            yield _Cut(NUMBER_COST, frozenset({str(int(piece))}))
        return
    for token in vocabulary.get(piece, ()):
        if token.needs_separation and not (loose if token.whole_word else separated):
            continue
        if crossed and not token.whole_word:
            continue
        sure = (
            token.whole_word
            and separated
            and len(piece) >= MIN_SURE_WORD_LETTERS
            and bool(token.atoms)
        )
        across = CROSSING_COST if len(piece) < MIN_LONG_WORD_LETTERS else LONG_CROSSING_COST
        cost = token.cost + across * crossed
        yield _Cut(cost, token.atoms, sure=sure, whole_word=token.whole_word)


def _keep(cuts: dict[tuple[frozenset[str], str, bool], _Cut], way: _Cut, step: _Cut) -> None:
    longer = _Cut(
        way.cost + step.cost,
        way.atoms | step.atoms,
        way.side or step.side,
        way.sure or step.sure,
        way.skipped or step.skipped,
        way.whole_word and step.whole_word,
    )
    key = longer.atoms, longer.side, longer.skipped
    if key not in cuts or longer.cost < cuts[key].cost:
        cuts[key] = longer


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Words that name a landmark together."""

    landmark: str
    needed: tuple[frozenset[str], ...]
    allowed: frozenset[str]
    numbers: bool = True
    """Whether it may hold numbers."""
    numbered: bool = False
    """Whether it must."""

    def fits(self, atoms: frozenset[str]) -> bool:
        """Tell whether all words of a label are of it, and one of every group."""
        rest = atoms - self.allowed
        if not all(atom.isdigit() for atom in rest) or (rest and not self.numbers):
            return False
        return bool(rest) >= self.numbered and all(group & atoms for group in self.needed)


@cache
def _patterns(*, general: bool) -> tuple[_Pattern, ...]:
    """Patterns of landmarks and unused points, or those of segments that a marker tracks."""
    table = label_words()
    unused = {UNUSED_PREFIX + key: atoms for key, atoms in table.unused.items()}
    lists = table.tracks if general else table.landmarks
    landmark_patterns = []
    for landmark, patterns in lists.items():
        for pattern in patterns:
            needed, allowed = [], set[str]()
            for group in pattern.split():
                if group.startswith("#"):
                    continue
                words = group.removesuffix("?")
                atoms = table.position_words if words == "~" else tuple(words.split("|"))
                allowed |= {*atoms}
                if not group.endswith("?"):
                    needed.append(frozenset(atoms))
            numbers, numbered = "#" in pattern, pattern.endswith("#")
            landmark_patterns.append(
                _Pattern(landmark, tuple(needed), frozenset(allowed), numbers, numbered)
            )
    for key, atoms in unused.items() if general else ():
        allowed = {*atoms, *table.position_words}
        landmark_patterns.append(_Pattern(key, (frozenset(atoms),), frozenset(allowed)))
    return tuple(landmark_patterns)


def meanings(cut: _Cut, *, general: bool) -> frozenset[tuple[str, str]]:
    """Landmarks and sides that words name, or segments that a marker of such a name tracks."""
    table = landmark_table().landmarks
    landmarks = set()
    for pattern in _patterns(general=general):
        if not pattern.fits(cut.atoms):
            continue
        used = not pattern.landmark.startswith(UNUSED_PREFIX)
        if used and table[pattern.landmark].sided:
            if cut.side:
                landmarks.add((pattern.landmark, cut.side))
        elif not cut.side or general or not used:
            landmarks.add((pattern.landmark, ""))
    return frozenset(landmarks)


@cache
def landmarks_of_word(atom: str) -> frozenset[str]:
    """Landmarks whose names hold a word."""
    return frozenset(
        pattern.landmark
        for general in (False, True)
        for pattern in _patterns(general=general)
        if any(atom in group for group in pattern.needed)
    )


def hinted_landmarks(words: Collection[str]) -> frozenset[str]:
    """Landmarks that words of a label allow, which do not name one; empty where they allow all."""
    landmark_sets = [
        landmarks_of_word(word) for word in words if word not in label_words().position_words
    ]
    landmark_sets = [landmarks for landmarks in landmark_sets if landmarks]
    if not landmark_sets:
        return frozenset()
    return frozenset.intersection(*landmark_sets) or frozenset.union(*landmark_sets)
