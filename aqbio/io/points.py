"""Points of a file that are markers: labels, duplicates of a label, and values of models."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.errors import Finding, listed
from aqbio.io.movement import MAX_MARKER_ACCELERATION_M_S2, body_points
from aqbio.vectors import BoolArray, FloatArray, IntArray

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


def named_points(raw: Sequence[str], outputs: frozenset[str], file: str) -> NamedPoints:
    """Choose labelled points, without the outputs of models that the file or their names tell.

    The prefix before a colon is dropped: it is often a person's name.
    """
    names = [_printed(label.rsplit(":", 1)[-1]) for label in raw]
    labelled = [index for index, name in enumerate(names) if name and not name.startswith("*")]
    index = tuple(
        column
        for column in labelled
        if raw[column] not in outputs and not VALUE_NAME.search(names[column])
    )
    findings = []
    if prefixed := sum(":" in label for label in raw):
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
    if unlabelled := len(names) - len(labelled):
        findings.append(
            Finding(
                rule="markers-unlabelled",
                severity="info",
                what=f"{unlabelled} unlabelled marker path(s) are left out.",
                number=unlabelled,
                file=file,
            )
        )
    return NamedPoints(index, tuple(names[column] for column in index), tuple(findings))


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
        middle[body_visible, 0] = np.nanmedian(positions[body_visible][:, body], axis=1)
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
