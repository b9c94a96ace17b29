"""Points of a file that are markers: labels, duplicates of a label, and values of models."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, combinations

import numpy as np

from aqbio.config import read_yaml
from aqbio.config.label_words import LabelWords
from aqbio.errors import AqbioError, Finding, listed
from aqbio.io.movement import MAX_MARKER_ACCELERATION_M_S2, body_points
from aqbio.names import shipped
from aqbio.vectors import BoolArray, FloatArray, IntArray, finite_medians

MAX_LABEL_LENGTH = 100
"""Longest label of a marker; what is beyond is cut off."""

VALUE_NAME = re.compile(
    r"(?<=[a-z0-9_. -])(Angles|Forces?|Moments?|Powers?|Torques?|Mag|Magnitude|GR[FM])(?![a-z])"
    r"|(?<=[_. -])(angles|forces?|moments?|powers?|torques?|mag|magnitude|gr[fm])(?![a-z])"
    r"|Abs[A-Z][a-z]*Angle"
)
"""Names of values that models compute (LHipAngles, R_knee_moment, thighMag): of Plug-in Gait, the
Conventional Gait Model and Visual3D. Not "Angle" alone, which the shoulder blade has as well."""


def _printed(label: str) -> str:
    """A label without control characters and marks that reverse the direction of text."""
    composed = unicodedata.normalize("NFC", label)
    printed = "".join(letter if letter.isprintable() else " " for letter in composed)
    return printed.strip()[:MAX_LABEL_LENGTH]


@dataclass(frozen=True, slots=True)
class NamedPoints:
    """Points of a file that may be markers, by their names."""

    index: tuple[int, ...]
    """Place of each in the file, from 0."""
    labels: tuple[str, ...]
    """Printable, without the subject's prefix; a label may still stand twice."""
    findings: tuple[Finding, ...]


MAX_POINTS = 5_000
"""Most points of a recording: ten people with clusters and points of surfaces have fewer."""


def refuse_crowd(count: int, file: str) -> None:
    """Refuse more points than people wear, before their memory is asked for."""
    if count > MAX_POINTS:
        raise AqbioError(
            f"the file names {count} markers, and no recording of people has more than "
            f"{MAX_POINTS}: its header is damaged, or it holds no markers.",
            file=file,
            fix="export the trial again, with its markers only.",
            rule="markers-crowd",
        )


def named_points(raw: Sequence[str], outputs: frozenset[str], file: str) -> NamedPoints:
    """Choose labelled points, without the outputs of models that the file or their names tell.

    The prefix before a colon is dropped, for it is often a person's name, except what it alone
    says: the side of the body (``Left:HEEL``, ``HEEL:links``), or the segment of ``LeftFoot:1``.
    AqbioError where prefixes are those of several subjects.
    """
    parts = [[_printed(part) for part in label.split(":")] for label in raw]
    last = [label_parts[-1] for label_parts in parts]
    labelled = [index for index, name in enumerate(last) if name and not name.startswith("*")]
    points = [
        column
        for column in labelled
        if raw[column] not in outputs and not VALUE_NAME.search(last[column])
    ]
    refuse_crowd(len(points), file)
    told_apart = _told_apart([parts[column] for column in points], file)
    name_of = {
        column: name
        for column, name in zip(points, told_apart, strict=True)
        if not VALUE_NAME.search(name)
    }
    index, names = tuple(name_of), tuple(name_of.values())
    told = [name != last[column] for name, column in zip(names, index, strict=True)]
    prefixed = sum(":" in label for label in raw) - sum(told)
    findings = []
    if any(told):
        column = told.index(True)
        findings.append(
            Finding(
                rule="labels-told-by-prefix",
                severity="info",
                what=f"{sum(told)} labels are told apart by what stands before or after a colon, "
                f"such as {names[column]}: so they are called here.",
                number=sum(told),
                file=file,
                label=names[column],
            )
        )
    if prefixed:
        findings.append(
            Finding(
                rule="labels-prefix",
                severity="info",
                what=f"{prefixed} labels have a prefix before a colon, often a person's name: it "
                "is left out.",
                number=prefixed,
                file=file,
            )
        )
    if unlabelled := len(raw) - len(labelled):
        findings.append(
            Finding(
                rule="markers-unlabelled",
                severity="info",
                what=f"{unlabelled} unlabelled marker path(s) are left out.",
                number=unlabelled,
                file=file,
            )
        )
    return NamedPoints(index, names, tuple(findings))


MIN_SUBJECT_LABELS = 5
"""Labels that two prefixes share at least, and ..."""

MIN_SUBJECT_SHARE = 0.6
"""... their share of the labels of one of them, where each prefix is another subject."""

MIN_SIDE_LETTERS = 3
"""A word for a side may be cut off behind so many letters."""

PART_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""A word of a prefix, capitals beginning a new one."""


def _told_apart(parts: Sequence[Sequence[str]], file: str) -> Sequence[str]:
    """Names of labels given in parts between colons: the last part, and what it takes besides."""
    sided = _sided_parts(parts)
    names = [label_parts[-1] for label_parts in parts]
    words = [_body_words_before(label_parts) for label_parts in parts]
    for candidates in (
        [_joined(side, name) for side, name in sided],
        [_joined(side, *before, name) for (side, name), before in zip(sided, words, strict=True)],
    ):
        if len(set(candidates)) > len(set(names)):
            names = candidates
    _refuse_subjects(names, parts, file)
    return names


def _joined(*words: str) -> str:
    return "_".join(filter(None, words))


def _refuse_subjects(names: Sequence[str], parts: Sequence[Sequence[str]], file: str) -> None:
    """Refuse labels that stand under several prefixes, each of which is another subject."""
    by_prefix: dict[tuple[str, ...], set[str]] = {}
    for name, label_parts in zip(names, parts, strict=True):
        by_prefix.setdefault(tuple(label_parts[:-1]), set()).add(name)
    for first, second in combinations(by_prefix.values(), 2):
        shared = len(first & second)
        if shared < max(MIN_SUBJECT_LABELS, MIN_SUBJECT_SHARE * min(len(first), len(second))):
            continue
        prefixes = max(Counter(chain.from_iterable(by_prefix.values())).values())
        raise AqbioError(
            f"{shared} labels stand under {prefixes} prefixes: either {prefixes} subjects are in "
            "one file, or the prefixes name sides in words that aqbio does not read.",
            file=file,
            fix="export each subject to a file of its own; write left and right for sides.",
            rule="labels-subjects",
        )


def _sided_parts(parts: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Side, R or L, that another part of each label states, and the label's name without it.

    The side is ``""`` for all unless both sides are stated.
    """
    if any(len(label_parts) > 1 for label_parts in parts):
        sided = [_sided(label_parts, _side_words()) for label_parts in parts]
        if {side for side, _ in sided if side} == {"R", "L"}:
            return sided
    return [("", label_parts[-1]) for label_parts in parts]


def _sided(label_parts: Sequence[str], words: Mapping[str, str]) -> tuple[str, str]:
    """Side and name of a label by the words for sides: R, HEEL of Right:HEEL and HEEL:right."""
    *prefixes, name = filter(None, label_parts)
    if prefixes and _plain(name) in words:
        return words[_plain(name)], prefixes[-1]
    stated = (words[word] for part in reversed(prefixes) for word in _words(part) if word in words)
    return next(stated, ""), name


def _body_words_before(label_parts: Sequence[str]) -> list[str]:
    """Words of the last prefix of a label that are words of the body."""
    prefixes = [part for part in label_parts[:-1] if part]
    words = PART_WORD.findall(_without_accents(prefixes[-1])) if prefixes else []
    return [word for word in words if word.casefold() in _body_words()]


def _words(part: str) -> Iterator[str]:
    """Words of a part of a label, in small letters without accents."""
    return (word.casefold() for word in PART_WORD.findall(_without_accents(part)))


def _without_accents(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _plain(part: str) -> str:
    return "".join(_words(part))


@cache
def _side_words() -> Mapping[str, str]:
    """The side, R or L, by its words, whole or cut off, and by its letters."""
    sides = _label_words().english.sides
    return {
        word[:end]: side
        for side, words in zip("RL", (sides.right, sides.left), strict=True)
        for word in words
        for end in {*range(MIN_SIDE_LETTERS, len(word)), len(word)}
    } | dict(zip(sides.letters, "RL", strict=True))


@cache
def _body_words() -> frozenset[str]:
    """Words for parts of the body."""
    table = _label_words()
    return frozenset(
        word
        for vocabulary in (table.common, table.english)
        for words in vocabulary.words.values()
        for word in words
    )


@cache
def _label_words() -> LabelWords:
    return read_yaml(shipped("models") / "label_words.yaml", LabelWords)


@dataclass(frozen=True, slots=True)
class Markers:
    """Markers of a file, each with a label of its own."""

    labels: tuple[str, ...]
    positions: FloatArray
    """(T, M, 3) array, m; NaN where a marker is missing."""
    findings: tuple[Finding, ...]


def markers_of(points: NamedPoints, positions: FloatArray, rate: float, file: str) -> Markers:
    """Leave values of models out of points (T, M, 3), m, and join the duplicates of a label."""
    by_label: dict[str, list[int]] = {}
    for column, label in enumerate(points.labels):
        by_label.setdefault(label, []).append(column)
    single = [columns[0] for columns in by_label.values() if len(columns) == 1]
    paths = {column: positions[:, column] for column in single}
    joined: dict[str, list[int]] = {}
    unused: dict[str, list[int]] = {}
    for label, columns in by_label.items():
        if len(columns) < 2:
            continue
        path = joined_path(positions[:, columns], positions[:, single], rate)
        (unused if path is None else joined)[label] = columns
        if path is not None:
            paths[columns[0]] = path
    findings = [
        _duplicate_finding(result, duplicates, points, file)
        for result, duplicates in (("joined", joined), ("unused", unused))
        if duplicates
    ]
    kept_columns = np.array(sorted(paths), dtype=int)
    chosen = (
        np.stack([paths[column] for column in kept_columns.tolist()], 1)
        if paths
        else positions[:, :0]
    )
    if (away := away_from_body(chosen)).any():
        findings.append(_away_finding(points, kept_columns[away], chosen[:, away], file))
    labels = tuple(points.labels[column] for column in kept_columns[~away].tolist())
    return Markers(labels, chosen[:, ~away], tuple(findings))


def _duplicate_finding(
    result: str, duplicates: dict[str, list[int]], points: NamedPoints, file: str
) -> Finding:
    """Finding of labels (with their columns) that stand twice, and were joined or left out."""
    labels = list(duplicates)
    columns = sorted(column for group in duplicates.values() for column in group)
    numbers = ", ".join(str(points.index[column] + 1) for column in columns)
    if result == "joined":
        return Finding(
            rule="markers-joined",
            severity="info",
            what=f"{listed(labels)}: {len(columns)} points share a label, are never seen apart at "
            "the same time and keep their distances from other markers: they are joined into one "
            "path per label.",
            number=len(columns),
            file=file,
            where=f"markers {numbers}",
            label=", ".join(labels),
        )
    return Finding(
        rule="markers-twice",
        severity="warning",
        what=f"{listed(labels)}: {len(columns)} points share their label with another point, and "
        "they are not parts of one path; none of them is used.",
        number=len(columns),
        file=file,
        where=f"markers {numbers}",
        fix="give every marker its own label in the capture software.",
        label=", ".join(labels),
    )


MAX_DUPLICATE_DISTANCE_M = 0.001
"""Two points of one label that are seen at once are one marker where they are no further apart."""

MAX_DISTANCE_CHANGE_M = 0.03
"""Markers of one segment keep their distances within this, also on skin (see `movement`)."""

MAX_NEIGHBOURS = 3
"""Markers whose distances from all parts of a path are compared: those that keep theirs, the
nearest ones first."""

MIN_NEIGHBOURS = 2
"""Fewest of them by which paths are compared."""

MAX_STEADY_RATIO = 3.0
"""Neighbours whose distances vary by more than this many times those of the steadiest two, and a
margin for noise, are on other segments: the path may be elsewhere in its other parts."""

STEADY_MARGIN_M = 0.005
"""The margin for noise."""

SPREAD_RATIO = 3.0
"""A distance that varies by so much in one part of a path may differ by this many times that in the
next one, which shows another part of the stride."""

LINK_NOISE_M = 0.03
"""Error of a path that is continued to its other part, besides what acceleration makes."""


def joined_path(
    parts: FloatArray, surrounding_markers: FloatArray, rate: float
) -> FloatArray | None:
    """One path (T, 3) from points (T, P, 3) of one label, or None where they are not one marker.

    They are one where no two of them are apart in a frame, where a marker with the acceleration of
    a body gets from one to the next, and where each part has the distances of the others from the
    ``surrounding_markers`` (T, M, 3).
    """
    visible = np.asarray(np.isfinite(parts).all(axis=2))
    first_frames = np.where(visible.any(axis=0), visible.argmax(axis=0), len(visible))
    order = [part for part in np.argsort(first_frames) if visible[:, part].any()]
    nearby, spread = _neighbours(parts[:, visible.sum(axis=0).argmax()], surrounding_markers)
    neighbours = surrounding_markers[:, nearby]
    path = np.full(parts[:, 0].shape, np.nan)
    for number, column in enumerate(order):
        part = parts[:, column]
        if number and not (
            _same_where_both(path, part)
            and _same_distances(path, part, neighbours, spread)
            and _continues(path, part, rate)
        ):
            return None
        path = np.where(np.isfinite(path).all(axis=1)[:, None], path, part)
    return path


def _same_where_both(path: FloatArray, part: FloatArray) -> bool:
    """Tell whether two paths (T, 3) agree in the frames that both have."""
    distance = np.linalg.norm(path - part, axis=1)
    return float(np.nanmax(distance, initial=0.0)) <= MAX_DUPLICATE_DISTANCE_M


def _neighbours(path: FloatArray, markers: FloatArray) -> tuple[IntArray, FloatArray]:
    """Find those of ``markers`` (T, M, 3) that are near a path (T, 3) and move with it.

    With the range, m, in which their distances from it vary.
    """
    distance = np.linalg.norm(markers - path[:, None], axis=2)
    columns = np.flatnonzero(np.isfinite(distance).any(axis=0))
    if not len(columns):
        return columns, np.zeros(0)
    low, middle, high = np.nanpercentile(distance[:, columns], (10.0, 50.0, 90.0), axis=0)
    order = np.argsort(high - low + 0.1 * middle)[:MAX_NEIGHBOURS]
    ranges = (high - low)[order]
    steadiest = ranges[:MIN_NEIGHBOURS].max(initial=0.0)
    steady = ranges < min(MAX_DISTANCE_CHANGE_M, MAX_STEADY_RATIO * steadiest + STEADY_MARGIN_M)
    chosen = order[steady]
    return np.asarray(columns[chosen]), np.asarray((high - low)[chosen])


def _same_distances(
    path: FloatArray, part: FloatArray, neighbours: FloatArray, spread: FloatArray
) -> bool:
    """Tell whether paths (T, 3) are as far from neighbours (T, N, 3).

    Within the error of skin and `SPREAD_RATIO` times the ``spread`` of each neighbour, (N,), m.
    """
    first, second = (
        np.linalg.norm(neighbours - points[:, None], axis=2) for points in (path, part)
    )
    columns = np.isfinite(first).any(axis=0) & np.isfinite(second).any(axis=0)
    if columns.sum() < MIN_NEIGHBOURS:
        return False
    medians = (np.nanmedian(distances[:, columns], axis=0) for distances in (first, second))
    change = np.abs(np.subtract(*medians))
    return bool((change < MAX_DISTANCE_CHANGE_M + SPREAD_RATIO * spread[columns]).all())


def _continues(path: FloatArray, part: FloatArray, rate: float) -> bool:
    """True if a body's acceleration leads from one path (T, 3) to the other at every change."""
    path_visible, part_visible = (
        np.asarray(np.isfinite(points).all(axis=1)) for points in (path, part)
    )
    union = np.where(path_visible[:, None], path, part)
    source = np.where(path_visible, 1, np.where(part_visible, 2, 0))
    frames = np.flatnonzero(source)
    changes = np.flatnonzero(np.diff(source[frames]))
    for before, after in zip(frames[changes], frames[changes + 1], strict=True):
        elapsed = (after - before) / rate
        steps = [
            union[frame] - union[frame - 1]
            for frame in (before, after + 1)
            if frame > 0 and frame < len(union)
        ]
        finite_steps = [step for step in steps if np.isfinite(step).all()]
        velocity = rate * np.mean(finite_steps, axis=0) if finite_steps else np.zeros(3)
        error = np.linalg.norm(union[after] - union[before] - velocity * elapsed)
        if error > LINK_NOISE_M + 0.5 * MAX_MARKER_ACCELERATION_M_S2 * elapsed**2:
            return False
    return True


MAX_REACH_M = 3.0
"""No marker on a person is this far from the middle of the others: 1.5 m with raised arms, and at
most 1.5 in 6,900 labelled points of the recordings at hand."""

MAX_AWAY_SHARE = 0.2
"""Share of a point's frames beyond reach: ghosts and exchanged labels are there in a few."""


def away_from_body(positions: FloatArray) -> BoolArray:
    """Points (M,) of positions (T, M, 3), m, that are out of reach of the body in many frames.

    They are values of a model (forces of 700 N as 0.7 m, moments as 100 m), markers in the room,
    or in another unit. Where most points seem to be such, the unit of all is wrong, which the size
    of the body shows.
    """
    body = body_points(positions)
    visible = np.asarray(np.isfinite(positions).all(axis=2))
    body_visible = visible[:, body].any(axis=1)
    middle = np.full((len(positions), 1, 3), np.nan)
    if body_visible.any():
        middle[body_visible, 0] = finite_medians(positions[body_visible][:, body].swapaxes(0, 1))
    distance = np.linalg.norm(positions - middle, axis=2)
    counts = np.isfinite(distance).sum(axis=0)
    far = (np.nan_to_num(distance) > MAX_REACH_M).sum(axis=0)
    away = np.asarray(far > MAX_AWAY_SHARE * counts) & ~body
    return away if 2 * away.sum() < len(away) else np.zeros_like(away)


def _away_finding(points: NamedPoints, columns: IntArray, paths: FloatArray, file: str) -> Finding:
    labels = [points.labels[column] for column in columns.tolist()]
    largest = float(np.nanmax(np.abs(paths)))
    return Finding(
        rule="points-away",
        severity="info",
        what=f"{listed(labels)}: more than {MAX_REACH_M:g} m from the middle of the body "
        f"(coordinates up to {largest:.3g} m), where no marker on it can be: values of a model "
        "(angles, forces, "
        "moments, powers) written as points, markers in the room, or another unit. They are left "
        "out.",
        number=largest,
        limit=MAX_REACH_M,
        unit="m",
        file=file,
        where=f"points {', '.join(str(points.index[column] + 1) for column in columns.tolist())}",
        fix="nothing, if they are not on the body; otherwise export these markers again.",
        label=", ".join(labels),
    )
