"""Table of what can be wrong with the forces of a recording, and what undoes each fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import degrees, exp, log, radians
from types import MappingProxyType
from typing import Literal

import numpy as np

from aqbio.errors import Severity
from aqbio.force_plates.forces import PlateWrench, centre_of_pressure
from aqbio.io.recording import ForceRecording
from aqbio.names import GRAVITY, MAX_BODY_KG, MIN_BODY_KG
from aqbio.prepare import size_words
from aqbio.prepare.explanations import Candidate, Sizes
from aqbio.prepare.frame_loads import loaded_plates, surface_height
from aqbio.prepare.moved_plates import (
    TurnedBy,
    Undo,
    are_cornered,
    displaced,
    exchanged,
    inclined,
    mirrored,
    turned,
)
from aqbio.prepare.people import of_people
from aqbio.vectors import BoolArray, FloatArray, cross

MIN_PRESSURE_N = 20.0
"""Vertical force from which a recorded centre of pressure is kept, N."""

TYPICAL_MASS_KG = of_people("body mass").middle
TYPICAL_WEIGHT_N = TYPICAL_MASS_KG * GRAVITY
"""Weight with which forces that were divided by weight are tried."""

PLATE_RARITY = 3.0
"""Logarithm of how much rarer a fault of one plate is than that of all: a cable, not an export."""

ALL, PLATE, PAIR = "all", "plate", "pair"
"""Scopes: all plates, one of them, two of them."""

MOMENTS, PRESSURE = "moments", "centres of pressure"
"""What a file records beside the force: a C3D file the first, a MOT file the second."""


@dataclass(frozen=True, slots=True)
class ForceFault:
    """One kind of fault."""

    name: str
    words: str
    """What happened, as users would say it."""
    rarity: float
    """Logarithm of how much rarer it is, on all plates, than no fault."""
    undo: Undo
    fix: str
    scopes: tuple[str, ...] = (ALL, PLATE)
    recorded: str = ""
    """The fault is one of files with moments, or with centres of pressure; of both if empty."""
    sizes: Sizes | None = None
    follows: Literal["unused", "kept", "refused"] = "unused"
    """Until the sheet states it. ``kept`` of what is left to the fit: a parameter of the plates.
    ``refused`` of a fault that leaves the trial without a clock."""
    rule: str = ""
    """Name of its finding; its own where it is empty."""
    possible: Callable[[ForceRecording], BoolArray] | None = None
    """Plates (P,) that can have it; None of a fault that all can have."""
    shows: str = ""
    """Redundancies in which it shows, by comma; in any if empty: it is tried where they disagree by
    more than it is rare."""
    per_weight: float = float("nan")
    """What a body weight is in the file; of forces that were divided by it."""
    sized: Callable[[float, float], str] | None = None
    """Words for a size and its standard deviation, where `words` has ``{size}``."""
    severity: Severity = "warning"
    """Of its finding."""
    is_fixable: bool = True
    """False of a fault of the markers too, which column fix cannot take off the forces alone."""


def _signs(*axes: int) -> FloatArray:
    signs = np.ones(3)
    signs[list(axes)] = -1.0
    return signs


def _lever(forces: ForceRecording) -> FloatArray:
    """(P, 3), m: from the points about which moments were recorded to those of the wrench."""
    lever = forces.lever
    return np.zeros_like(forces.wrench.point) if lever is None else np.nan_to_num(lever)


def _pressure(forces: ForceRecording) -> FloatArray:
    """Centres of pressure (S, P, 3), m, of loads that press or pull; NaN of small ones."""
    wrench = forces.wrench
    way = np.where(wrench.force[..., 1:2] < 0.0, -1.0, 1.0)
    pressure, _free = centre_of_pressure(
        way * wrench.force, way * wrench.moment, wrench.point, surface_height(forces),
        MIN_PRESSURE_N,
    )  # fmt: skip
    return pressure


def flipped_force(axes: tuple[int, ...]) -> Undo:
    """Components of the force with the other sign, beside moments or pressure as recorded."""
    signs = _signs(*axes)

    def undo(forces: ForceRecording, plates: BoolArray, _: float) -> ForceRecording:
        wrench = forces.wrench
        force = np.where(plates[:, None], signs, 1.0) * wrench.force
        if forces.lever is not None:  # moments were recorded, about another point
            moment = wrench.moment + cross(_lever(forces)[None], wrench.force - force)
        else:
            arm = np.nan_to_num(_pressure(forces) - wrench.point)
            moment = wrench.moment + cross(arm, force - wrench.force)
        return replace(forces, wrench=replace(wrench, force=force, moment=moment))

    return undo


def flipped_moment(axes: tuple[int, ...]) -> Undo:
    """Components of the recorded moment with the other sign."""
    signs = _signs(*axes)

    def undo(forces: ForceRecording, plates: BoolArray, _: float) -> ForceRecording:
        lever, wrench = _lever(forces)[None], forces.wrench
        recorded = wrench.moment + cross(lever, wrench.force)
        factor = np.where(plates[:, None], signs, 1.0)
        moment = factor * recorded - cross(lever, wrench.force)
        return replace(forces, wrench=replace(wrench, moment=moment))

    return undo


def mirrored_pressure(axis: int) -> Undo:
    """Centres of pressure with one coordinate of the other sign, in the laboratory's axes."""

    def undo(forces: ForceRecording, plates: BoolArray, _: float) -> ForceRecording:
        wrench = forces.wrench
        pressure = _pressure(forces)
        step = np.zeros_like(pressure)
        step[..., axis] = -2.0 * np.where(plates, np.nan_to_num(pressure[..., axis]), 0.0)
        moment = wrench.moment + cross(step, wrench.force)
        return replace(forces, wrench=replace(wrench, moment=moment))

    return undo


@dataclass(frozen=True, slots=True)
class Times:
    """Forces, recorded moments and places of plates times factors: units, and signs of all."""

    forces: float = 1.0
    moments: float = 1.0
    places: float = 1.0

    def __call__(self, forces: ForceRecording, plates: BoolArray, _: float) -> ForceRecording:
        """Undo it."""
        force_factor, moment_factor, place_factor = (
            np.where(plates[:, None], value, 1.0)
            for value in (self.forces, self.moments, self.places)
        )
        force, moment, point = forces.wrench.force, forces.wrench.moment, forces.wrench.point
        moved = cross(_lever(forces)[None], (moment_factor - force_factor) * force)
        return replace(
            forces,
            wrench=PlateWrench(
                force_factor * force, moment_factor * moment + moved, place_factor * point
            ),
            corners=place_factor[..., None] * forces.corners,
        )


def gained(forces: ForceRecording, plates: BoolArray, size: float) -> ForceRecording:
    """Forces with their moments without a gain, of which the size is the logarithm."""
    factor = float(np.exp(-size))
    return Times(factor, factor)(forces, plates, size)


MIN_SIDE_M, MAX_SIDE_M = 0.03, 30.0
"""Sides of force plates in any unit but the metre are beyond these, m."""


def longest_sides(forces: ForceRecording) -> FloatArray:
    """Longest side (P,), m, of each plate; NaN where its corners are unknown."""
    sides = np.linalg.norm(np.diff(forces.corners[:, :3], axis=1), axis=2)
    return np.asarray(sides.max(axis=1))


MAX_NORMALISED_RATIO = 1.1
"""Over whole steps the mean of forces over body weight is 1, within this factor."""


def may_be_normalised(mean_force: float, per_weight: float) -> bool:
    """Tell whether forces with a mean over whole steps may be so many to one body weight."""
    return 1.0 / MAX_NORMALISED_RATIO < mean_force / per_weight < MAX_NORMALISED_RATIO


def late(forces: ForceRecording, _: BoolArray, size: float) -> ForceRecording:
    """Forces earlier by a lag, s."""
    return replace(forces, start=forces.start - size)


def fast(forces: ForceRecording, _: BoolArray, size: float) -> ForceRecording:
    """Forces on a clock that is slower by a share."""
    return replace(forces, rate=forces.rate * (1.0 + size))


def hastened(forces: ForceRecording, _: BoolArray, size: float) -> ForceRecording:
    """Longer time of markers and forces alike: the size is the logarithm of a factor."""
    return replace(forces, time_factor=forces.time_factor * float(np.exp(size)))


SIGN_FIX = "correct the sign of that channel or column and export the forces again."
HANDED_FIX = "export markers and forces in the same right-handed axes."
UNIT_FIX = "correct the unit in the capture software and export again."
WEIGHT_FIX = "export the forces in newtons."
MASS_FIX = "write the measured mass_kg into participants.tsv, or export the forces in newtons."
LEVEL_FIX = (
    "level the axes of the laboratory in the capture software; leave out runs up or down a slope, "
    "which no equation here describes."
)
PLACE_FIX = "check origin and corners of the plates in the capture software."

LAGS = Sizes(
    (*np.arange(-0.3, -0.07, 0.02).round(2), *np.arange(-0.06, 0.0601, 0.01).round(2),
     *np.arange(0.08, 0.301, 0.02).round(2)), 0.004, "s", farthest=5.0,
)  # fmt: skip
"""Forces of sound recordings are 14 ms early to 9 ms late: 5 ms over 14 people. Lags of some steps
are tried where feet stand when plates are loaded."""
PLACES = Sizes(tuple(np.round(np.arange(-0.3, 0.3001, 0.05), 3)), 0.012, "m")
TURNS = Sizes(
    tuple(np.round(np.radians(np.arange(-30.0, 30.1, 5.0)), 4)), 0.025, "rad",
    written="degrees", to_written=degrees, from_written=radians,
)  # fmt: skip
SLOPES = Sizes(
    tuple(np.round(np.arange(-0.2, 0.2001, 0.02), 2)), 0.005, "rad",
    written="degrees", to_written=degrees, from_written=radians,
)  # fmt: skip
GAINS = Sizes(
    (-2.4, -1.8, -1.2, -0.7, -0.4, -0.2, -0.1, 0.0, 0.1, 0.2, 0.4, 0.7, 1.2, 1.8, 2.4, 3.6),
    0.02, "",
    written="times", to_written=exp, from_written=log,
)  # fmt: skip
"""Natural logarithms of gains: by what the body gains, two plates differ by .01 in the mean of 44
sound runs of twelve people, by .024 at most."""
CLOCKS = Sizes(tuple(np.round(np.arange(-0.1, 0.1001, 0.01), 3)), 0.002, "", written="shares")

RATES = Sizes(
    tuple(np.round(np.arange(-1.0, 1.01, 0.2), 1)), 0.035, "",
    written="times", to_written=exp, from_written=log,
)  # fmt: skip
"""Natural logarithms of factors. Markers on soft tissue overshoot: sound runs look 1.0 to 1.1 times
too fast, a side-step 1.14 times (eight people)."""


FORCE_FAULTS: tuple[ForceFault, ...] = (
    ForceFault(
        "force-x-sign", "the sign of the fore-aft force is flipped", 3.0, flipped_force((0,)),
        SIGN_FIX,
        shows="turn z, path x, slope x, free moment",
    ),
    ForceFault(
        "force-z-sign", "the sign of the sideways force is flipped", 3.0, flipped_force((2,)),
        SIGN_FIX,
        shows="turn x, path z, slope z, free moment, turn y",
    ),
    ForceFault(
        "force-xz-sign", "the signs of both horizontal forces are flipped", 3.5,
        flipped_force((0, 2)), SIGN_FIX,
        shows="turn z, turn x, path x, path z, slope x, slope z, free moment",
    ),
    ForceFault(
        "force-y-sign", "the sign of the vertical force is flipped", 4.0, flipped_force((1,)),
        SIGN_FIX,
        shows="pull, path y, turn z, turn x",
    ),
    ForceFault(
        "forces-mirrored", "the forces are mirrored across the run (left-handed export)", 6.0,
        mirrored(2), HANDED_FIX, scopes=(ALL,),
        shows="turn x, turn y, path z, pressure, place across, free moment, stray",
    ),
    ForceFault(
        "forces-mirrored-along", "the forces are mirrored along the run (left-handed export)", 6.0,
        mirrored(0), HANDED_FIX, scopes=(ALL,),
        shows="turn z, turn y, path x, pressure, place along, free moment, stray",
    ),
    ForceFault(
        "forces-mirrored-but-corners", "the forces are mirrored across the run (left-handed "
        "export), the corners of plates in their old order", 7.0,
        mirrored(2, turned=False), HANDED_FIX, scopes=(ALL,), possible=are_cornered,
        shows="turn x, turn y, path z, pressure, place across, free moment, stray",
    ),
    ForceFault(
        "forces-mirrored-along-but-corners", "the forces are mirrored along the run (left-handed "
        "export), the corners of plates in their old order", 7.0,
        mirrored(0, turned=False), HANDED_FIX, scopes=(ALL,), possible=are_cornered,
        shows="turn z, turn y, path x, pressure, place along, free moment, stray",
    ),
    ForceFault(
        "forces-mirrored-down", "the forces are mirrored about the ground (left-handed export)",
        7.0, mirrored(1, turned=False), HANDED_FIX, scopes=(ALL,), recorded=MOMENTS,
        possible=are_cornered,
        shows="pull, path y, turn z, turn x",
    ),
    ForceFault(
        "plates-action", "the file holds the forces on the plates", 0.5, Times(-1.0, -1.0),
        "", scopes=(ALL,), severity="info",
        shows="pull, path y, turn z, turn x, path x",
    ),
    ForceFault(
        "plate-inverted", "the signs of all channels are flipped", 0.5, Times(-1.0, -1.0),
        "check the polarity of the plate, or list it in laboratory.ignore_plates.", scopes=(PLATE,),
        shows="pull, path y, turn z, turn x, turn y, path x",
    ),
    ForceFault(
        "force-sign", "the sign of the force is flipped, and that of the moment is not", 4.0,
        flipped_force((0, 1, 2)), SIGN_FIX, recorded=MOMENTS,
        shows="pull, path y, turn z, turn x, path x, turn y",
    ),
    ForceFault(
        "moment-x-sign", "the sign of the moment about the fore-aft axis is flipped", 4.0,
        flipped_moment((0,)), SIGN_FIX, recorded=MOMENTS,
        shows="turn x, pressure, place along, place across, free moment, stray",
    ),
    ForceFault(
        "moment-z-sign", "the sign of the moment about the sideways axis is flipped", 4.0,
        flipped_moment((2,)), SIGN_FIX, recorded=MOMENTS,
        shows="turn z, pressure, place along, place across, stray",
    ),
    ForceFault(
        "pressure-sign", "the signs of the moments about both horizontal axes are flipped", 4.0,
        flipped_moment((0, 2)), SIGN_FIX, recorded=MOMENTS,
        shows="turn z, turn x, pressure, place along, place across, stray, free moment",
    ),
    ForceFault(
        "moment-y-sign", "the sign of the moment about the vertical is flipped", 4.0,
        flipped_moment((1,)), SIGN_FIX, recorded=MOMENTS,
        shows="free moment, turn y",
    ),
    ForceFault(
        "pressure-x-sign", "the sign of the fore-aft centre of pressure is flipped", 4.0,
        mirrored_pressure(0), SIGN_FIX, recorded=PRESSURE,
        shows="turn z, pressure, place along, place across, free moment, stray",
    ),
    ForceFault(
        "pressure-z-sign", "the sign of the sideways centre of pressure is flipped", 4.0,
        mirrored_pressure(2), SIGN_FIX, recorded=PRESSURE,
        shows="turn x, turn y, pressure, place along, place across, free moment, stray",
    ),
    ForceFault(
        "force-kilonewtons", "the forces are 1000 times too small: kN, not N", 4.0,
        Times(forces=1e3), UNIT_FIX, recorded=MOMENTS, rule="force-units",
        shows="turn z, turn x, turn y, mass, pressure, place along, stray, momentum, impulses",
    ),
    ForceFault(
        "force-millinewtons", "the forces are 1000 times too large: N, not kN", 4.0,
        Times(forces=1e-3), UNIT_FIX, recorded=MOMENTS, rule="force-units",
        shows="mass, momentum, impulses, peaks, path y, place along, place across, turn z, turn x",
    ),
    ForceFault(
        "moment-metres", "the moments are 1000 times too small: N m, not N mm", 3.0,
        Times(moments=1e3), UNIT_FIX, recorded=MOMENTS, rule="force-units",
        shows="travel, turn z, turn x, pressure, place along, place across, stray",
    ),
    ForceFault(
        "moment-millimetres", "the moments are 1000 times too large: N mm, not N m", 3.0,
        Times(moments=1e-3), UNIT_FIX, recorded=MOMENTS, rule="force-units",
        shows="turn z, turn x, turn y, pressure, place along, stray",
    ),
    ForceFault(
        "moment-centimetres", "the moments are 10 times too small: N cm, not N mm", 4.0,
        Times(moments=10.0), UNIT_FIX, recorded=MOMENTS, rule="force-units",
        shows="travel, turn z, turn x, pressure, place along, place across, stray",
    ),
    ForceFault(
        "moment-tenths", "the moments are 10 times too large: N mm, not N cm", 4.0,
        Times(moments=0.1), UNIT_FIX, recorded=MOMENTS, rule="force-units",
        shows="turn z, turn x, turn y, pressure, place along, stray",
    ),
    ForceFault(
        "force-pounds", "the file holds pounds-force and inches times them, not N and N mm", 4.0,
        Times(forces=4.4482216, moments=112.98483), UNIT_FIX, scopes=(ALL,), recorded=MOMENTS,
        rule="force-units",
        shows="mass, turn z, turn x, turn y, pressure, place along, place across",
    ),
    ForceFault(
        "all-kilonewtons", "forces and moments are 1000 times too small", 4.0,
        Times(1e3, 1e3), UNIT_FIX, rule="force-units",
        shows="mass, momentum, impulses, peaks, path y, turn z, turn x, turn y",
    ),
    ForceFault(
        "all-millinewtons", "forces and moments are 1000 times too large", 4.0,
        Times(1e-3, 1e-3), UNIT_FIX, rule="force-units",
        shows="mass, momentum, impulses, peaks, path y",
    ),
    ForceFault(
        "all-kiloponds", "forces and moments are 9.8 times too small: kp, not N", 4.0,
        Times(9.80665, 9.80665), UNIT_FIX, scopes=(ALL,), rule="force-units",
        shows="mass, weight, turn z, turn x, turn y",
    ),
    ForceFault(
        "all-decanewtons", "forces and moments are 10 times too small: daN, not N", 4.0,
        Times(10.0, 10.0), UNIT_FIX, scopes=(ALL,), rule="force-units",
        shows="mass, weight, turn z, turn x, turn y",
    ),
    ForceFault(
        "force-percent", "the forces are in per cent of body weight", 2.0,
        Times(TYPICAL_WEIGHT_N / 100.0, TYPICAL_WEIGHT_N / 100.0), WEIGHT_FIX, scopes=(ALL,),
        rule="forces-normalised", per_weight=100.0,
        shows="mass, turn z, turn x, turn y",
    ),
    ForceFault(
        "force-weights", "the forces are in body weights", 2.0,
        Times(TYPICAL_WEIGHT_N, TYPICAL_WEIGHT_N), WEIGHT_FIX, scopes=(ALL,),
        rule="forces-normalised", per_weight=1.0,
        shows="mass, turn z, turn x, turn y",
    ),
    ForceFault(
        "force-per-kilogram", "the forces are divided by the body mass (N/kg)", 2.0,
        Times(TYPICAL_MASS_KG, TYPICAL_MASS_KG), WEIGHT_FIX, scopes=(ALL,),
        rule="forces-normalised", per_weight=GRAVITY,
        shows="mass, turn z, turn x, turn y",
    ),
    ForceFault(
        "corner-metres", "the corners are 1000 times too small: m, not mm", 3.0,
        Times(places=1e3), UNIT_FIX, recorded=MOMENTS, rule="force-units",
        possible=lambda forces: longest_sides(forces) < MIN_SIDE_M,
        shows="turn z, turn x, pressure, place along, place across, stray, free moment",
    ),
    ForceFault(
        "corner-millimetres", "the corners are 1000 times too large: mm, not m", 3.0,
        Times(places=1e-3), UNIT_FIX, recorded=MOMENTS, rule="force-units",
        possible=lambda forces: longest_sides(forces) > MAX_SIDE_M,
        shows="turn z, turn x, turn y, pressure, place along, stray",
    ),
    ForceFault(
        "force-clock", "the forces are {size} by the clock of the markers", 2.0, late,
        "check start and rate of the force file; laboratory.force_delay_s takes a known delay "
        "back.",
        scopes=(ALL,), sizes=LAGS, sized=size_words.late,
    ),
    ForceFault(
        "force-rate", "the clock of the forces runs {size} than that of the markers", 4.0, fast,
        "check that the file of the forces is this trial's: those of another run at another pace "
        "look so; correct the rate or the time column of markers or forces, whichever is wrong.",
        scopes=(ALL,), sizes=CLOCKS, rule="rate", sized=size_words.faster,
        shows="middles, path y, fall, place along, pressure",
    ),
    ForceFault(
        "rates", "the rates of markers and forces are {size}", 4.0, hastened,
        "correct rate or time column of markers and forces; if they are right, check unit and "
        "calibration of the markers.",
        scopes=(ALL,), sizes=RATES, follows="refused", rule="rate", severity="error",
        sized=size_words.too("high", "low"), is_fixable=False,
        shows="fall, path y, path x, path z, turn x, turn z",
    ),
    ForceFault(
        "force-gain", "the forces are {size}", 3.0, gained,
        "check the calibration of the plate, and whether the whole foot stands on it.",
        sizes=GAINS, sized=size_words.too("large", "small"),
        shows="momentum, impulses, peaks, path y, mass, weight",
    ),
    ForceFault(
        "plate-along", "the centre of pressure lies {size} than the feet bear it", 3.0,
        displaced(0), PLACE_FIX, sizes=PLACES, follows="kept", rule="plate-misplaced",
        sized=size_words.farther("forward", "back"),
        shows="turn z, pressure, place along",
    ),
    ForceFault(
        "plate-across", "the centre of pressure lies {size} than the feet bear it", 3.0,
        displaced(2), PLACE_FIX, sizes=PLACES, follows="kept", rule="plate-misplaced",
        sized=size_words.farther(*size_words.SIDEWAYS),
        shows="turn x, pressure, place across, place along",
    ),
    ForceFault(
        "plate-turned", "the plate is turned about the vertical by {size}", 3.5, turned, PLACE_FIX,
        sizes=TURNS, follows="kept", sized=size_words.turned_by,
        shows="turn x, path x, path z, slope x, slope z, pressure, place along, place across",
    ),
    *(
        ForceFault(
            name, f"the plate's corners begin at {where}", 5.0, TurnedBy(angle),
            "give the plate's corners (FORCE_PLATFORM:CORNERS of a C3D file) in the order of its "
            "own axes: + + first, then - +, - -, + -.", recorded=MOMENTS, possible=are_cornered,
            shows="turn x, turn z, turn y, path x, path z, pressure, place along, place across, "
            "stray, free moment",
        )
        for name, where, angle in (
            ("corners-opposite", "the opposite one", np.pi),
            ("corners-next", "the next one", 0.5 * np.pi),
            ("corners-previous", "the previous one", -0.5 * np.pi),
        )
    ),
    ForceFault(
        "vertical-along", "gravity pulls {size} of the vertical axis", 2.0, inclined(0), LEVEL_FIX,
        scopes=(ALL,), sizes=SLOPES, follows="kept", rule="vertical",
        sized=size_words.off("back", "forward"), is_fixable=False, shows="slope x",
    ),
    ForceFault(
        "vertical-across", "gravity pulls {size} of the vertical axis", 2.0, inclined(1), LEVEL_FIX,
        scopes=(ALL,), sizes=SLOPES, follows="kept", rule="vertical",
        sized=size_words.off("to the left", "to the right"), is_fixable=False, shows="slope z",
    ),
    ForceFault(
        "plates-exchanged", "two plates have each other's channels or corners", 7.0, exchanged,
        "give each plate its own channels and corners in the capture software "
        "(FORCE_PLATFORM:CHANNEL and CORNERS of a C3D file).", scopes=(PAIR,),
        shows="turn z, stray, pressure, place along, place across, free moment, turn y",
    ),
)  # fmt: skip
"""Rows of the table; a new fault is one more."""

ROWS = MappingProxyType({fault.name: fault for fault in FORCE_FAULTS})

PLACE_FAULTS = ("plate-along", "plate-across")
"""Rows of displaced plates."""

FEET_LAG_S, FEET_LAG_SD_S = (
    of_people(f"lag by {shown}").error for shown in ("foot events", "feet")
)
"""Scale of the lags of foot events, and standard deviation of a lag that feet alone show, s; the
body shows its lag to `LAGS`."""


def force_candidates(
    forces: ForceRecording,
    *,
    mean_force: Callable[[ForceRecording], float],
    lags: Sequence[float] = (),
    by_body: bool = True,
    body_kg: float = float("nan"),
) -> Iterator[Candidate[ForceRecording]]:
    """Every row of the table on every scope that a recording has.

    ``lags``, s, are tried beyond `LAGS`. ``by_body`` where the markers show the body: otherwise its
    feet alone tell the lag. Forces that were divided by body weight have a ``mean_force`` of 1, and
    are those of a person of ``body_kg``, where it is known. All plates have a gain only where they
    weigh no person: a sheet that says another mass is for the session to weigh.
    """
    size = np.linalg.norm(forces.wrench.force, axis=2)
    count, loaded = size.shape[1], np.flatnonzero(loaded_plates(size)).tolist()
    recorded = PRESSURE if forces.lever is None else MOMENTS
    mean = mean_force(forces)
    weighs_a_person = MIN_BODY_KG <= mean / GRAVITY <= MAX_BODY_KG
    for fault in FORCE_FAULTS:
        possible = np.ones(count, np.bool_) if fault.possible is None else fault.possible(forces)
        if np.isfinite(fault.per_weight):
            possible &= may_be_normalised(mean, fault.per_weight)
        if fault.recorded not in ("", recorded) or not possible.any():
            continue
        scopes: list[tuple[str, tuple[int, ...], float]] = []
        leaves_nothing = fault.sizes is GAINS and weighs_a_person
        if ALL in fault.scopes and possible[loaded].all() and not leaves_nothing:
            scopes.append((ALL, tuple(range(count)), 0.0))
        if PLATE in fault.scopes and (len(loaded) > 1 or not scopes):
            scopes += [
                (f"plate {forces.numbers[p]}", (p,), PLATE_RARITY) for p in loaded if possible[p]
            ]
        if PAIR in fault.scopes:
            scopes += [
                (f"plates {forces.numbers[a]} and {forces.numbers[b]}", (a, b), 0.0)
                for a, b in combinations(range(count), 2)
                if (a in loaded or b in loaded) and np.isfinite(forces.corners[[a, b]]).all()
            ]
        undo = fault.undo
        if np.isfinite(fault.per_weight) and np.isfinite(body_kg):
            undo = Times(*[body_kg * GRAVITY / fault.per_weight] * 2)
        for words, plates, rarer in scopes:
            chosen = np.isin(np.arange(count), plates) & possible
            sizes = fault.sizes
            if sizes is LAGS:
                sizes = _with_lags(lags, by_body=by_body)
            yield Candidate(
                fault.name, words, fault.rarity + rarer, _on(undo, chosen), sizes,
                frozenset(fault.shows.split(", ")) if fault.shows else frozenset(),
            )  # fmt: skip


def _with_lags(lags: Sequence[float], *, by_body: bool) -> Sizes:
    far = [lag + way for lag in lags if abs(lag) > LAGS.grid[-1] for way in (-0.01, 0.0, 0.01)]
    sizes = replace(LAGS, grid=tuple(sorted((*LAGS.grid, *far))))
    return sizes if by_body else replace(sizes, usual=FEET_LAG_S)


def _on(undo: Undo, plates: BoolArray) -> Callable[[ForceRecording, float], ForceRecording]:
    return lambda forces, size: undo(forces, plates, size)
