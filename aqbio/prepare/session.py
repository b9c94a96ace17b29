"""What the recordings of one person state twice: lengths, masses, statures, places of pressure.

Between two recordings of one session no marker is put on again: distances between the markers of a
segment are the same in all, and so are the body mass that plates read and the place under the
forefoot where a runner presses from the middle of a contact on, whatever the plate. A plate whose
origin or corners are declared elsewhere displaces it; so do all plates of a trial whose header says
other corners than those of the other trials.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from aqbio.names import GRAVITY
from aqbio.prepare.body_size import MIN_LENGTH_M, Lengths, rigid_pairs
from aqbio.prepare.contact_findings import LOADED_SHARE
from aqbio.prepare.contacts import RIGHT
from aqbio.prepare.explanations import Disagreements, Redundancy, Scales, kind_of, people_scale
from aqbio.prepare.people import of_people
from aqbio.prepare.trial import PreparedTrial
from aqbio.prepare.used_size import measured_stature
from aqbio.vectors import (
    BoolArray,
    FloatArray,
    IntArray,
    dot,
    finite_median,
    finite_medians,
    weighted_medians,
)

MIN_PAIRS = 3
"""Smallest number of distances between the markers of a limb that are compared."""

BODY = "body"
"""Part of all distances where no limb has enough of them."""

DIRECTIONS = ("along", "across")

WALKING_M_S = 1.0
"""Speed from which on lengths are those of people who go somewhere, m/s; below, they count less."""


LEVEL = np.array([1.0, 0.0, 1.0])

MIN_FRAMES = 3
"""Smallest number of frames from which a position of pressure is taken."""


def foot_pressure_positions(prepared: PreparedTrial, feet: FloatArray) -> list[dict[str, Any]]:
    """Place of the centre of pressure under the foot in every whole contact on one plate.

    ``along`` the foot and ``across`` it towards its outside, m, from the mean of the toe markers
    of ``feet`` (T, 2, K, 3), heel first: medians of the second half of the loaded frames.
    ``right`` is 1 for the right foot and -1 for the left one.
    """
    loads, plates, time = prepared.loads, prepared.plates, prepared.time
    if loads is None or plates is None:
        return []
    sample, sites = plates.samples_of(time), list[dict[str, Any]]()
    for contact in loads.contacts:
        if not contact.complete or len(contact.plates) != 1:
            continue
        heel, toes = feet[:, contact.foot, 0], feet[:, contact.foot, 1:].mean(axis=1)
        away, axis = (loads.cop[sample, contact.foot] - toes) * LEVEL, (toes - heel) * LEVEL
        used = (time >= contact.touchdown) & (time <= contact.toe_off) & (sample >= 0)
        used &= loads.event_force[sample, contact.foot] >= LOADED_SHARE * contact.peak
        used &= np.isfinite((away + axis).sum(axis=1))
        frames = np.flatnonzero(used)
        frames = frames[len(frames) // 2 :]
        if len(frames) < MIN_FRAMES:
            continue
        forward = axis[frames] / np.linalg.norm(axis[frames], axis=1, keepdims=True)
        right = np.stack([-forward[:, 2], 0.0 * forward[:, 1], forward[:, 0]], axis=1)
        outward = right if contact.foot == RIGHT else -right
        sites.append(
            {
                "plate": plates.numbers[contact.plates[0]],
                "along_m": float(np.median(dot(away[frames], forward))),
                "across_m": float(np.median(dot(away[frames], outward))),
                "toes_along_m": float(np.median(dot(toes[frames], forward))),
                "toes_across_m": float(np.median(dot(toes[frames], outward))),
                "right": 1 if contact.foot == RIGHT else -1,
            }
        )
    return sites


@dataclass(frozen=True, eq=False)
class Places:
    """Places of pressure under the forefoot in S contacts on one plate each."""

    trial: IntArray
    """(S,) array. Index of the trial."""
    plate: IntArray
    """(S,) array. Number of the plate."""
    right: FloatArray
    """(S,) array. 1 of the right foot, -1 of the left one."""
    place: FloatArray
    """(S, 2) array, m. Along the foot and outwards, from the mean of the toe markers."""
    toes: FloatArray
    """(S, 2) array, m. Place of the toe markers in the laboratory in the same directions."""
    speeds: FloatArray
    """(N,) array, m/s. Of the trials; NaN where unknown."""

    @classmethod
    def of(cls, sites: Sequence[Sequence[Mapping[str, float]]], speeds: FloatArray) -> Places:
        """Read the contacts of every trial, as `foot_pressure_positions` gives them."""
        rows = [(index, site) for index, of_trial in enumerate(sites) for site in of_trial]

        def column(*names: str) -> FloatArray:
            return np.array([[site[name] for name in names] for _, site in rows], float).reshape(
                -1, len(names)
            )

        return cls(
            trial=np.array([index for index, _ in rows], int),
            plate=column("plate")[:, 0].astype(int),
            right=column("right")[:, 0],
            place=column("along_m", "across_m"),
            toes=column("toes_along_m", "toes_across_m"),
            speeds=speeds,
        )

    def outward(self, direction: int) -> FloatArray | float:
        """1 where a place outwards (``direction`` 1) lies to the right, -1 to the left."""
        return self.right if direction else 1.0

    def moved(self, contacts: BoolArray, direction: int, distance: float) -> Places:
        """Places (those of some contacts, (S,)) farther forward or to the right by a distance."""
        place = self.place.copy()
        place[:, direction] += np.where(contacts, distance * self.outward(direction), 0.0)
        return replace(self, place=place)

    @cached_property
    def disagreements(self) -> tuple[tuple[str, int, float], ...]:
        """Name, trial and size, m, by plate within every trial, and by trial."""
        return tuple(self._disagreements())

    def _disagreements(self) -> Iterator[tuple[str, int, float]]:
        for direction, name in enumerate(DIRECTIONS):
            centres = dict[int, float]()
            for trial in np.unique(self.trial).tolist():
                sites = self.trial == trial
                values, plates = self.place[sites, direction], self.plate[sites]
                centres[trial] = self._centre(sites, direction) - _pace(self.speeds[trial], name)
                numbers = np.unique(plates)
                for number in numbers if len(numbers) > 1 else ():
                    on = plates == number
                    away = finite_median(values[on] - finite_median(values[~on]))
                    kind = "plate" if len(numbers) > 2 else "belt"  # of two, each has its own foot
                    yield f"{kind} {name} {number}", trial, abs(away)
            known = {trial: centre for trial, centre in centres.items() if np.isfinite(centre)}
            middle = finite_median(np.array([*known.values()]))
            for trial, centre in known.items() if len(known) > 1 else ():
                yield f"trial {name}", trial, abs(centre - middle)

    def _centre(self, sites: BoolArray, direction: int) -> float:
        """Place of one trial, m: to the right by the mean of both feet; NaN where one is unseen."""
        if not direction:
            return finite_median(self.place[sites, 0])
        right, left = (finite_median(self.place[sites & (self.right == x), 1]) for x in (1.0, -1.0))
        return 0.5 * (right - left)


def _pace(speed: float, name: str) -> float:
    """Part of a place, m, that grows with the speed of a trial, m/s."""
    slope = of_people("pressure by speed").middle
    return slope * float(np.nan_to_num(speed)) if name == "along" else 0.0


@dataclass(frozen=True, eq=False)
class Distances:
    """Distances between the markers of a limb, in N recordings."""

    static: BoolArray
    """(N,) array. True of recordings in which the person stands still."""
    speeds: FloatArray
    """(N,) array, m/s. 0 of recordings in which the person stands, inf where unknown. Of people who
    go somewhere soft tissue and posture are alike, of jumps or rising from a chair they are not."""
    logs: FloatArray
    """(N, L) array. Natural logarithms of distances, m; NaN where one is not seen."""
    part: IntArray
    """(L,) array. Index of the part of the body, of `parts`, that a distance belongs to."""
    parts: tuple[str, ...]
    apart: BoolArray
    """(N, P) array. Parts of recordings that are another person's: nothing is compared with
    them."""

    @classmethod
    def of(
        cls, lengths: Sequence[Lengths], limbs: Mapping[str, str], speeds: FloatArray
    ) -> Distances:
        """Read the distances that hardly vary during movement.

        ``limbs`` by label, ``speeds`` (N,), m/s, NaN where unknown.
        """
        labels = sorted({x for of_trial in lengths for x in of_trial.labels} & {*limbs})
        of_limbs = [x.of_labels(labels) for x in lengths]
        tables = np.array([x.among(labels) for x in of_limbs]).reshape(
            len(lengths), 2, len(labels), len(labels)
        )
        first, second = np.nonzero(rigid_pairs([*tables], of_limbs))
        ends = [(limbs[labels[a]], limbs[labels[b]]) for a, b in zip(first, second, strict=True)]
        of_pair = np.array([one if one == other else "" for one, other in ends], str)
        if max(Counter(of_pair[of_pair != ""].tolist()).values(), default=0) < MIN_PAIRS:
            of_pair[:] = BODY
        first, second, of_pair = (x[of_pair != ""] for x in (first, second, of_pair))
        parts = tuple(sorted({*of_pair.tolist()}))
        middle = tables[:, 0, first, second]
        static = np.array([x.static for x in lengths], np.bool_)
        return cls(
            static=static,
            speeds=np.where(static, 0.0, np.nan_to_num(speeds, nan=np.inf)),
            logs=np.log(np.where(middle > MIN_LENGTH_M, middle, np.nan)),
            part=np.array([parts.index(x) for x in of_pair.tolist()], int),
            parts=parts,
            apart=np.zeros((len(lengths), len(parts)), np.bool_),
        )

    @property
    def foreign(self) -> BoolArray:
        """Recordings (N,) all of whose parts are another person's."""
        return np.asarray(self.apart.all(axis=1) & (len(self.parts) > 0))

    @cached_property
    def disagreements(self) -> tuple[tuple[str, int, float], ...]:
        """Name, recording and size of the disagreements of all parts."""
        return tuple(self._disagreements())

    def _disagreements(self) -> Iterator[tuple[str, int, float]]:
        every = np.ones(len(self.static), np.bool_)
        for index in range(len(self.parts)):
            middle, scatter = _middle_and_scatter(self._away(index, every))
            for row in np.flatnonzero(self.compared[:, index]).tolist():
                sizes = (float(middle[row]), float(scatter[row]))
                for name, size in zip(self.kinds(index), sizes, strict=True):
                    yield name, row, size

    def from_others(self, row: int, index: int, others: BoolArray) -> tuple[float, float]:
        """Factor between a part's distances in a recording and in others (N,), and its scatter."""
        middle, scatter = _middle_and_scatter(self._away(index, others)[[row]])
        return float(middle[0]), float(scatter[0])

    def agreeing(self, others: BoolArray) -> Distances:
        """The same with the distances of others (N,) at their middle.

        And the rest as near to that as recordings are to a middle that they are part of, which is
        what people's scales are of: nearer than to one of others. Of two the middle itself is.
        """
        logs = self.logs.copy()
        for index in range(len(self.parts)):
            weights = np.where(self.compared[:, index], np.minimum(self.speeds, WALKING_M_S), 0.0)
            share = weights / max(float(weights[others].sum() + weights[~others].max()), 1e-9)
            left = np.where(others, 0.0, np.maximum(1.0 - share, np.minimum(2.0 * share, 1.0)))
            away = np.nan_to_num(self._away(index, others))
            logs[:, self.part == index] -= (1.0 - left)[:, None] * away
        return replace(self, logs=logs)

    def _away(self, index: int, others: BoolArray) -> FloatArray:
        """Logarithms (N, L) of a part's distances over those in others (N,).

        Of others that move, if there are any: they count by their speed, up to a walk.
        """
        logs = self.logs[:, self.part == index]
        alone = np.isfinite(logs).sum(axis=0) < 2  # else it would agree with itself
        logs = np.where(self.apart[:, [index]] | alone, np.nan, logs)
        moving = others & (self.speeds > 0.0)
        if not np.isfinite(logs[moving]).any():
            return logs - finite_medians(logs[others])
        return logs - weighted_medians(logs[moving], np.minimum(self.speeds[moving], WALKING_M_S))

    @cached_property
    def compared(self) -> BoolArray:
        """Parts (N, P) of recordings of which enough distances are in another recording too."""
        seen = np.isfinite(self.logs)
        shared = seen & (seen.sum(axis=0) > 1)
        columns = [self.part == index for index in range(len(self.parts))]
        enough = [shared[:, x].sum(axis=1) >= MIN_PAIRS for x in columns]
        return np.array(enough, np.bool_).reshape(len(self.parts), len(self.logs)).T

    def kinds(self, part: int) -> tuple[str, str]:
        """Redundancies of a part's lengths and of their scatter."""
        limb = limb_of(self.parts[part])
        return f"length {limb}", f"placing {limb}"

    @cached_property
    def compared_speeds(self) -> FloatArray:
        """Speeds (N,) at which lengths are compared: one's own, or that of the fastest other."""
        if len(self.speeds) < 2:
            return self.speeds
        first, second = np.sort(self.speeds)[[-1, -2]]
        return np.asarray(np.minimum(self.speeds, np.where(self.speeds == first, second, first)))


@dataclass(frozen=True, eq=False)
class Session:
    """The sheet's statements about a person, and N recordings of him or her."""

    trials: tuple[str, ...]
    distances: Distances
    statures: FloatArray
    """(N,) array, m. By the height of the pelvis; NaN where unknown."""
    masses: FloatArray
    """(N,) array, kg. By the plates; NaN where they show none."""
    peaks: FloatArray
    """(N,) array, N. Largest vertical force of a foot; NaN where unknown."""
    places: Places
    sheet_kg: float
    """NaN where the sheet does not say it."""
    sheet_m: float

    @classmethod
    def of(
        cls,
        lengths: Mapping[str, Lengths],
        limbs: Mapping[str, str],
        entries: Mapping[str, Mapping[str, Any]],
        sheet_kg: float,
        sheet_m: float,
    ) -> Session:
        """Collect what the recordings of a person show.

        ``lengths`` and ``entries`` (numbers of the manifest) by trial, ``limbs`` by label.
        """
        names = tuple(lengths)
        of_trials = [entries[x] for x in names]
        heights = [measured_stature([x]) for x in of_trials]
        speeds = np.array([x.get("speed_mps") for x in of_trials], float)
        return cls(
            trials=names,
            distances=Distances.of([*lengths.values()], limbs, speeds),
            statures=np.array([np.nan if x is None else x.value for x in heights], float),
            masses=np.array([_plates_mass(x) for x in of_trials], float),
            peaks=np.array([x.get("peak_n") for x in of_trials], float),
            places=Places.of([x.get("pressure_places") or () for x in of_trials], speeds),
            sheet_kg=sheet_kg,
            sheet_m=sheet_m,
        )

    @property
    def foreign(self) -> BoolArray:
        """Recordings (N,) that are another person's."""
        return self.distances.foreign

    @property
    def mass(self) -> float:
        """Body mass, kg, that sheet and plates agree on best; NaN where nothing says it."""
        masses = np.append(self.masses[~self.foreign], self.sheet_kg)
        return float(np.exp(finite_median(np.log(masses))))

    @property
    def stature(self) -> float:
        """Stature by the pelvis of recordings of the person, m: of standing ones if there are."""
        for kind in (self.distances.static, ~self.distances.static):
            heights = self.statures[kind & ~self.foreign]
            if np.isfinite(heights).any():
                return finite_median(heights)
        return float("nan")

    def disagreements(self) -> Disagreements:
        """Sizes of disagreement by redundancy and recording; none where a part is another's."""
        sizes: dict[str, list[float]] = defaultdict(list)
        for name, trial, size in (*self._masses(), *self._sizes()):
            sizes[of_trial(name, self.trials[trial] if trial is not None else "")].append(size)
        for name, trial, size in (*self.distances.disagreements, *self.places.disagreements):
            sizes[of_trial(name, self.trials[trial])].append(size)
        return {name: np.array(values) for name, values in sizes.items()}

    def _masses(self) -> Iterator[tuple[str, int | None, float]]:
        """Factors between the mass of each recording, or of the sheet, and that of all."""
        masses = [*np.where(self.foreign, np.nan, self.masses), self.sheet_kg]
        recorded = [*self.masses, self.sheet_kg]
        if np.isfinite(recorded).sum() < 2:
            return
        typical = self.mass
        for index, (before, mass) in enumerate(zip(recorded, masses, strict=True)):
            if np.isfinite(before):
                trial = index if index < len(self.trials) else None
                yield "weighing", trial, 0.0 if np.isnan(mass) else factor(mass, typical)

    def _sizes(self) -> Iterator[tuple[str, None, float]]:
        """Factors between statures, and between what belongs together in people."""
        stature = self.sheet_m if np.isfinite(self.sheet_m) else self.stature
        index, peak = (of_people(x).middle for x in ("body mass index", "largest force"))
        for name, size in (
            ("stature", factor(self.sheet_m, self.stature)),
            ("index", factor(self.mass, index * stature**2)),
            ("peak", factor(_largest(self.peaks), peak * GRAVITY * self.mass)),
        ):
            if np.isfinite(size):
                yield name, None, size

    def scale(self, kind: str, trial: int) -> Redundancy:
        """Size that a redundancy of a recording has in people, or -1: of the sheet."""
        of_lengths = kind.startswith(("length ", "placing "))
        return people_scale(
            kind, float(self.distances.compared_speeds[trial]) if of_lengths else np.inf
        )

    def scales(self, names: Iterable[str]) -> Scales:
        """Sizes that redundancies have in recordings of people."""
        trials = {name: index for index, name in enumerate(self.trials)}
        return {x: self.scale(kind_of(x), trials.get(x.partition(" of ")[2], -1)) for x in names}


def _middle_and_scatter(away: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sizes (N,) of the medians of logarithms (N, L), and median distances from them.

    One marker that was put on again does not count.
    """
    middle = np.nan_to_num(finite_medians(away.T))
    return np.abs(middle), np.nan_to_num(finite_medians(np.abs(away - middle[:, None]).T))


def of_trial(kind: str, trial: str) -> str:
    """Name of a redundancy of one recording, or of the sheet."""
    return f"{kind} of {trial}" if trial else kind


def limb_of(part: str) -> str:
    """Kind of a part of the body: leg, arm or trunk."""
    limb = part.partition("_")[0]
    return limb if limb in ("leg", "arm") else "trunk"


def _plates_mass(entry: Mapping[str, Any]) -> float:
    """Body mass, kg, that the plates of a trial show: standing, or over whole strides."""
    strides = entry.get("stride_masses_kg") or [np.nan]
    return float(entry.get("standing_mass_kg") or np.median(strides))


def _largest(values: FloatArray) -> float:
    return float(np.nanmax(values)) if np.isfinite(values).any() else float("nan")


def factor(value: float, other: float) -> float:
    """Absolute natural logarithm of the factor between two numbers."""
    return float(abs(np.log(value / other)))
