"""Where the mass of segments sits, as several sources measured it, in one frame.

Limbs from joint centre to joint centre: origin at the proximal one, x forward, y towards it from
the distal one, z outward (to the right, of a right limb); places and radii in % of that distance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aqbio.vectors import FloatArray

Frame = Literal["isb", "line", "body", "printed"]
Evidence = Literal["people", "adjustment", "cadavers", "model"]

LIMBS = ("thigh", "shank", "upper_arm", "forearm")
"""Segments whose both ends are joint centres in every source that can be turned."""
MIDDLE = ("head", "torso", "pelvis", "thorax")
"""Segments in the plane of symmetry, of which sideways alone needs no frame of its own."""

FORWARD, ALONG, SIDEWAYS = 0, 1, 2


@dataclass(frozen=True, slots=True)
class SegmentNumbers:
    """What a source says of one segment; NaN is what it says nothing of."""

    mass: float
    """Per cent of the body's mass."""
    centre: FloatArray
    """(3,) array, % of the length: forward, along, sideways of the proximal joint centre."""
    radii: FloatArray
    """(3,) array, % of the length: about the same axes through the centre of mass."""
    products: FloatArray
    """(3,) array, % of the length: xy, xz, yz as radii with the sign of the product."""
    mass_spread: float
    """Standard deviation between people, of the mass."""
    along_spread: float
    """Standard deviation between people, of the centre along the segment."""


@dataclass(frozen=True, slots=True)
class Source:
    """One source: who was measured, how, and how its numbers come into the common frame."""

    key: str
    cite: str
    people: str
    technique: str
    read: str
    frame_words: str
    sideways: str
    frame: Frame
    evidence: Evidence
    segments: Mapping[str, Mapping[str, SegmentNumbers]]
    """By sex (or ``both``) and name."""

    @property
    def beside_the_line(self) -> bool:
        """Whether it measured centres beside the line of the joints."""
        return self.frame == "isb"


def in_joint_frame(
    place: FloatArray, moments: FloatArray, mass: float, ends: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Centre and radii of a segment of a model's body in the frame of its joint centres.

    Parameters
    ----------
    place : (3,) array, m
        Centre of mass in the body's frame, x forward, y up, z right.
    moments : (3,) array, kg m²
        About the body's axes through it.
    mass : float, kg
    ends : two (3,) arrays, m
        Proximal and distal joint centre in the body's frame.

    Returns
    -------
    centre, radii : (3,) arrays, % of the length

    Notes
    -----
    y goes from the distal to the proximal joint centre, x is the body's forward axis less what it
    has along y, and z is at right angles to both: a model whose centre is on an axis of the body
    has it beside the line of the joints wherever that axis is not the line.

    Examples
    --------
    A centre on the body's axis, and a distal joint 3 cm forward of it 40 cm below, so that the line
    passes 1.5 cm before the centre half-way down:

    >>> ends = np.zeros(3), np.array([0.03, -0.40, 0.0])
    >>> centre, _ = in_joint_frame(np.array([0.0, -0.2, 0.0]), np.ones(3), 1.0, ends)
    >>> centre.round(2)
    array([ -3.73, -49.72,   0.  ])
    """
    proximal, distal = ends
    up = proximal - distal
    length = float(np.linalg.norm(up))
    y = up / length
    x = np.array([1.0, 0.0, 0.0]) - y[0] * y
    x = x / np.linalg.norm(x)
    axes = np.stack([x, y, np.cross(x, y)])
    turned = axes @ np.diag(moments) @ axes.T
    radii = np.sqrt(np.diagonal(turned) / mass)
    return 100.0 * axes @ (place - proximal) / length, 100.0 * radii / length


Belief = Mapping[str, tuple[FloatArray, FloatArray]]
"""By segment: where the mean of the sources has the centre, % of the length against the model's,
and the standard deviation about it over the largest radius of gyration; (3,) arrays."""


def about_model(sources: Mapping[str, Source], left_out: tuple[str, str] = ("", "")) -> Belief:
    """How far a limb's centre may be from a model that follows de Leva, by axis.

    Parameters
    ----------
    left_out : (key, sex)
        A sample whose numbers are not looked at.

    Returns
    -------
    dict
        Means are zero.

    Notes
    -----
    Along the segment the model is one of two tables, and the truth as far from either: half of the
    mean square of their difference. Forward and sideways it follows an assumption, not a
    measurement: the whole mean square of what was measured. Two samples hardly tell a variance of
    one segment, so each is averaged with that of all limbs. To it comes what people differ by,
    which is known along the segment only and taken for the other axes.
    """
    squares = {limb: _squares(sources, limb, left_out) for limb in LIMBS}
    pooled = np.mean(list(squares.values()), axis=0)
    people = people_spread(sources) ** 2
    return {
        limb: (np.zeros(3), np.sqrt((own + pooled) / 2.0 + people)) for limb, own in squares.items()
    }


def about_sources(sources: Mapping[str, Source], left_out: tuple[str, str] = ("", "")) -> Belief:
    """The same about the mean of what was measured.

    Notes
    -----
    The variance between samples is that of all limbs together, for two samples each give one
    difference only: ``Σ (v₁ − v₂)² / 2`` over limbs, times ``1 + 1/n`` for a mean of n samples. A
    sample that is left out is in that scale, not in the mean: one sample alone has no scale.
    """
    between = np.mean([_differences(sources, limb) ** 2 / 2.0 for limb in LIMBS], axis=0)
    people = people_spread(sources) ** 2
    found = {}
    for limb in LIMBS:
        values = [off for _, off, _ in apart(sources, limb, left_out)]
        mean = np.mean(values, axis=0) * [1.0, 0.5, 1.0]
        along = np.mean([(off[1] / largest) ** 2 for _, off, largest in apart(sources, limb)]) / 4.0
        spread = between * (1.0 + 1.0 / len(values)) + people
        spread[ALONG] = along + people
        found[limb] = mean, np.sqrt(spread)
    return found


def people_spread(sources: Mapping[str, Source]) -> float:
    """Standard deviation of a limb's centre between people, over its largest radius of gyration.

    Root mean square of the samples that print it for many people, along the segment.
    """
    model = sources["de_leva_1996"].segments
    ratios = [
        numbers[limb].along_spread / model[sex][limb].radii.max()
        for sex, numbers in sources["ma_2011"].segments.items()
        for limb in LIMBS
    ]
    return float(np.sqrt(np.mean(np.square(ratios))))


def apart(
    sources: Mapping[str, Source], limb: str, left_out: tuple[str, str] = ("", "")
) -> Iterator[tuple[str, FloatArray, float]]:
    """Where samples that measured it in three dimensions have a limb's centre, against de Leva's.

    Yields
    ------
    sex, (3,) array in % of the length, the largest radius of gyration in %
    """
    for key, source in sources.items():
        if not (source.beside_the_line and source.evidence == "people"):
            continue
        for sex, numbers in source.segments.items():
            if (key, sex) != left_out:
                model = sources["de_leva_1996"].segments[sex][limb]
                on_line = np.array([0.0, model.centre[ALONG], 0.0])
                yield sex, numbers[limb].centre - on_line, float(model.radii.max())


def _squares(sources: Mapping[str, Source], limb: str, left_out: tuple[str, str]) -> FloatArray:
    """(3,) array: mean square over samples, over the largest radius of gyration."""
    rows = [(off / largest) ** 2 for _, off, largest in apart(sources, limb, left_out)]
    return np.asarray(np.mean(rows, axis=0) * [1.0, 0.5, 1.0])


def _differences(sources: Mapping[str, Source], limb: str) -> FloatArray:
    """(3,) array: between the two samples, over the largest radius of gyration."""
    one, two = (off / largest for _, off, largest in apart(sources, limb))
    return np.asarray(one - two)


def middle_sideways(sources: Mapping[str, Source]) -> float:
    """How far from the middle samples have centres of trunk and head, over the largest radius.

    Root mean square, with what people differ by.
    """
    ratios = [
        numbers[name].centre[SIDEWAYS] / numbers[name].radii.max()
        for source in sources.values()
        if source.beside_the_line
        for numbers in source.segments.values()
        for name in MIDDLE
        if name in numbers
    ]
    return float(np.sqrt(np.mean(np.square(ratios)) + people_spread(sources) ** 2))
