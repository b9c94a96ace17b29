"""Statements that all recordings of one person share, and remarks where these disagree.

Distances between the markers of a segment and the body mass on the plates are those of one person
in all recordings. A remark names what differs, by how much, and the cell that settles it; no
recording is changed, refused or left out because of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse.csgraph import connected_components

from aqbio.body.statements import MAX_SHEET_MASS_SHARE, MAX_TRIAL_MASS_SHARE
from aqbio.config import Participant
from aqbio.errors import Finding, listed
from aqbio.prepare.body_size import MIN_LENGTH_M, Lengths, rigid_pairs
from aqbio.prepare.people import of_people
from aqbio.vectors import BoolArray, FloatArray, finite_median, finite_medians

MIN_PAIRS = 3
"""Smallest number of distances that are compared, of a limb or of a marker."""

BODY = "body"
"""Part of all distances where no limb has enough of them."""

WALKING_M_S = 1.0
"""Speed from which on the lengths of people who move are compared with those of others who do;
slower ones (jumps, rising from a chair) are compared as standing ones are, m/s."""

MAX_MISMATCH = 4.0
"""Largest difference of a part over the usual one, up to which two recordings are of one person
with the same markers. Pairs of recordings of 33 people of six laboratories reach 3.5. A static
trial of another person exceeds it in 98 % of 81 exchanges in a full-body marker set and in 63 % of
132 in one of pelvis and legs; a run in all of 90 and in 93 % of 132."""

MAX_MOVE_RATIO = 4.5
"""Displacement of a marker over the usual one from which on it is reported: 4.3 at most in the
same pairs, 2.9 but for one (the heel of a sprinter who jogs)."""

MAX_MOVED_SHARE = 0.25
"""Share of the markers up to which single ones were moved; beyond, the body is another one."""

CLEAR_MOVE_SHARE = 0.75
"""Share of the largest displacement of a marker in any recording from which on it is another one's:
the middle of three recordings lies halfway to the one that differs."""

KG_PER_POUND = 0.45359237


class PartDifference(NamedTuple):
    """Difference of the distances on a part of the body between recordings."""

    part: str
    change: float
    """Median natural logarithm of their ratio."""
    scatter: float
    """Median absolute deviation from it; one marker that was moved does not count."""


@dataclass(frozen=True, eq=False)
class Session:
    """The body mass of the sheet, and N recordings of a person with L distances between markers."""

    trials: tuple[str, ...]
    speeds: FloatArray
    """(N,) array, m/s. 0 of recordings in which the person stands, inf where unknown."""
    lengths: FloatArray
    """(N, L) array, m. NaN where one is not seen."""
    ends: tuple[tuple[str, str], ...]
    """Labels (L) between which a distance is."""
    parts: tuple[str, ...]
    """Part of the body (L) that it is on."""
    masses: FloatArray
    """(N,) array, kg. By the plates; NaN where they show none."""
    sheet_kg: float = float("nan")
    """NaN where the sheet does not state it."""

    @classmethod
    def of(
        cls,
        lengths: Mapping[str, Lengths],
        limbs: Mapping[str, str],
        entries: Mapping[str, Mapping[str, Any]],
        sheet_kg: float,
    ) -> Session:
        """Collect what the recordings of a person show.

        ``lengths`` and ``entries`` (numbers of the manifest) by trial, ``limbs`` by label.
        """
        recordings = [*lengths.values()]
        labels = sorted({x for recording in recordings for x in recording.labels} & {*limbs})
        of_limbs = [recording.of_labels(labels) for recording in recordings]
        tables = np.array([x.among(labels) for x in of_limbs]).reshape(
            len(recordings), 2, len(labels), len(labels)
        )
        first, second = np.nonzero(rigid_pairs([*tables], of_limbs))
        ends = [(labels[a], labels[b]) for a, b in zip(first, second, strict=True)]
        parts = [limbs[a] if limbs[a] == limbs[b] else "" for a, b in ends]
        if max(Counter(filter(None, parts)).values(), default=0) < MIN_PAIRS:
            parts = [BODY] * len(ends)
        chosen = [index for index, part in enumerate(parts) if part]
        median = tables[:, 0, first, second][:, chosen]
        speeds = [entries[name].get("speed_mps") or np.inf for name in lengths]
        static = [recording.static for recording in recordings]
        return cls(
            trials=tuple(lengths),
            speeds=np.where(static, 0.0, np.array(speeds, float)),
            lengths=np.where(median > MIN_LENGTH_M, median, np.nan),
            ends=tuple(ends[index] for index in chosen),
            parts=tuple(parts[index] for index in chosen),
            masses=np.array([_plates_mass(entries[name]) for name in lengths], float),
            sheet_kg=sheet_kg,
        )

    def differences(
        self, those: BoolArray, others: BoolArray, labels: Collection[str] = ()
    ) -> list[PartDifference]:
        """Differences of some recordings (N,) from others by part, without those of ``labels``."""
        logs = np.log(self._typical(those) / self._typical(others))
        counted = np.isfinite(logs) & ~np.array([bool({*x} & {*labels}) for x in self.ends], bool)
        rows = []
        for part in sorted({*self.parts}):
            of_part = logs[counted & (np.array(self.parts) == part)]
            if len(of_part) >= MIN_PAIRS:
                change = float(np.median(of_part))
                rows.append(PartDifference(part, change, float(np.median(abs(of_part - change)))))
        return rows

    def displacements(
        self, those: BoolArray, others: BoolArray, labels: Collection[str] = ()
    ) -> dict[str, float]:
        """Median changes, m, of the distances to every marker, but for those to ``labels``."""
        changes = np.abs(self._typical(those) - self._typical(others)).tolist()
        of_label: dict[str, list[float]] = {label: [] for ends in self.ends for label in ends}
        for ends, change in zip(self.ends, changes, strict=True):
            if np.isfinite(change) and not {*ends} & {*labels}:
                for label in ends:
                    of_label[label].append(change)
        return {x: float(np.median(y)) for x, y in of_label.items() if len(y) > MIN_PAIRS}

    def displaced_labels(self, those: BoolArray, others: BoolArray) -> dict[str, float]:
        """Distances, m, by which single markers lie elsewhere, the farthest first."""
        limit = MAX_MOVE_RATIO * self.usual("move of a marker", those, others)
        displaced = dict[str, float]()
        while sizes := self.displacements(those, others, displaced):
            label = max(sizes, key=lambda name: sizes[name])
            if sizes[label] <= limit:
                break
            displaced[label] = sizes[label]
        return displaced

    def usual(self, quantity: str, those: BoolArray, others: BoolArray) -> float:
        """Size that a quantity has in one person: of standing, of moving, or between these."""
        speed = min(self.speeds[those].max(), self.speeds[others].max())
        logs = [np.log(of_people(f"{quantity}, {how}").error) for how in ("standing", "moving")]
        return float(np.exp(np.interp(speed, [0.0, WALKING_M_S], logs)))

    def ratios(
        self, rows: Sequence[PartDifference], those: BoolArray, others: BoolArray
    ) -> FloatArray:
        """Changes and scatters of parts over those usual in one person, (P, 2)."""
        sizes = [
            (
                abs(row.change) / self.usual(f"length of {limb_of(row.part)}", those, others),
                row.scatter / self.usual(f"placing on {limb_of(row.part)}", those, others),
            )
            for row in rows
        ]
        return np.array(sizes, float).reshape(-1, 2)

    def mismatch(self, those: BoolArray, others: BoolArray, labels: Collection[str] = ()) -> float:
        """Largest of these ratios; NaN where nothing can be compared."""
        ratios = self.ratios(self.differences(those, others, labels), those, others)
        return float(ratios.max()) if len(ratios) else float("nan")

    @cached_property
    def bodies(self) -> list[BoolArray]:
        """Recordings (N,) that are alike, each group of them with the same markers on one person.

        The group with most recordings in motion first.
        """
        each = np.eye(len(self.trials), dtype=np.bool_)
        alike = each.copy()
        for row in range(len(each)):
            for other in range(row):
                alike[row, other] = self.mismatch(each[row], each[other]) <= MAX_MISMATCH
        _, group = connected_components(alike, directed=False)
        bodies = [group == number for number in range(group.max(initial=-1) + 1)]
        return sorted(bodies, key=lambda x: (-(self.speeds[x] > 0.0).sum(), -x.sum()))

    @property
    def plates_kg(self) -> float:
        """Body mass by the plates of the largest group, kg; NaN without any.

        The middle one, of two the one that is nearer to the sheet.
        """
        weighed = np.isfinite(self.masses)
        of_body = weighed & self.bodies[0] if self.bodies else weighed
        masses = np.sort(self.masses[of_body if of_body.any() else weighed])
        if not len(masses):
            return float("nan")
        middle = masses[(len(masses) - 1) // 2 : len(masses) // 2 + 1]
        return float(middle[np.argmin(np.abs(np.nan_to_num(middle - self.sheet_kg)))])

    def _typical(self, rows: BoolArray) -> FloatArray:
        """Distances (L,), m, in some recordings: in those that move, if there are any."""
        moving = rows & (self.speeds >= WALKING_M_S)
        return finite_medians(self.lengths[moving if moving.any() else rows])

    def names(self, rows: BoolArray) -> list[str]:
        """Names of some recordings."""
        return [name for name, is_meant in zip(self.trials, rows, strict=True) if is_meant]


def limb_of(part: str) -> str:
    """Kind of a part of the body; of all together, that which hardly bends."""
    kinds = {"leg": "legs", "arm": "arms", "pelvis": "pelvis", BODY: "pelvis"}
    return kinds.get(part.partition("_")[0], "trunk")


def _plates_mass(entry: Mapping[str, Any]) -> float:
    """Body mass, kg, that the plates of a trial show: standing, or over whole strides."""
    strides = entry.get("stride_masses_kg") or [np.nan]
    return float(entry.get("standing_mass_kg") or np.median(strides))


def session_remarks(
    session: Session, person: Participant, kept: Collection[str], sheets: tuple[str, str]
) -> tuple[Finding, ...]:
    """Remarks on the recordings of a person together, one for each cause.

    Remarks on trials that the sheet says are as recorded (``kept``), or on a mass that it confirms,
    only inform. ``sheets`` are the files of participants and of trials.
    """
    of_plates = {x.trial: x for x in _trial_mass_remarks(session)}
    remarks = []
    for remark in _length_remarks(session):
        weight = of_plates.pop(remark.trial, None)
        words = "" if weight is None else f" Moreover, {weight.what}"
        remarks.append(replace(remark, what=remark.what + words))
    remarks += of_plates.values()
    findings = [
        replace(
            _settled(x) if x.trial in kept else x,
            file=sheets[1],
            where=f"trial {x.trial}, column fix",
        )
        for x in remarks
    ]
    findings += [
        replace(
            _settled(x) if person.mass_confirmed == "yes" else x,
            file=sheets[0],
            where=f"participant {person.participant_id}, column mass_kg",
        )
        for x in _sheet_mass_remarks(session)
    ]
    return tuple(replace(x, participant=person.participant_id) for x in findings)


def _settled(remark: Finding) -> Finding:
    """The remark where the sheet states that the recording, or the sheet, is right."""
    return replace(remark, severity="info", fix="")


def _length_remarks(session: Session) -> Iterator[Finding]:
    """Remarks on recordings whose markers are not those of the largest group of recordings."""
    if not session.bodies:
        return
    main, *bodies = session.bodies
    for those in bodies:
        if np.isfinite(session.mismatch(those, main)):
            yield from (_body_remark(session, x, those, main) for x in session.names(those))
    each = np.diag(main)[main]
    moved = [session.displaced_labels(x, main & ~x) if len(each) > 1 else {} for x in each]
    if len(each) == 2:  # each lies elsewhere than in the other
        moved[1] = {}
    largest = {label: max(x.get(label, 0.0) for x in moved) for x in moved for label in x}
    for those, sizes in zip(each, moved, strict=True):
        clear = {x: size for x, size in sizes.items() if size > CLEAR_MOVE_SHARE * largest[x]}
        if clear:
            yield _moved_remark(session, session.names(those)[0], clear, those, main & ~those)


def _body_remark(session: Session, trial: str, those: BoolArray, others: BoolArray) -> Finding:
    """Remark on a recording of another body, in another unit, or with markers put on again."""
    moved = session.displaced_labels(those, others)
    few = len(moved) <= MAX_MOVED_SHARE * len(session.displacements(those, others))
    if few and session.mismatch(those, others, moved) <= MAX_MISMATCH:
        return _moved_remark(session, trial, moved, those, others)
    rows = session.differences(those, others)
    common = finite_median(np.array([row.change for row in rows]))
    alike = session.ratios([x._replace(change=x.change - common) for x in rows], those, others)
    if alike.max() <= MAX_MISMATCH:
        return Finding(
            "markers-scale", "warning",
            f"distances between the markers of {trial} are {_percent(common)} than in "
            f"{listed(session.names(others))}, on all parts of the body alike: the calibration or "
            "the unit of the markers differs, another person was recorded, or the markers were put "
            "on again.",
            trial=trial, number=float(np.exp(common)), limit=1.0,
            fix=f"export {trial} again in the scale of the other recordings, correct its "
            "participant_id, or write “as recorded” into its column fix.",
        )  # fmt: skip
    ratios = session.ratios(rows, those, others)
    index, is_scatter = np.unravel_index(int(np.argmax(ratios)), ratios.shape)
    row = rows[int(index)]
    part, limb, where = part_words(row.part), limb_of(row.part), listed(session.names(others))
    if is_scatter:
        size, usual = row.scatter, session.usual(f"placing on {limb}", those, others)
        words = f"distances on the {part} of {trial} differ unevenly from {where}, by {size:.1%}"
    else:
        size, usual = row.change, session.usual(f"length of {limb}", those, others)
        words = f"distances on the {part} of {trial} are {_percent(size)} than in {where}"
    return Finding(
        "another-person", "warning",
        f"{words} (within one person, {usual:.1%}): another person was recorded, or the markers "
        "were put on again.",
        trial=trial, number=abs(size), limit=usual,
        fix=f"correct participant_id or file of {trial}, make it a session of its own, or write "
        "“as recorded” into its column fix.",
    )  # fmt: skip


def _moved_remark(
    session: Session, trial: str, moved: Mapping[str, float], those: BoolArray, others: BoolArray
) -> Finding:
    """Remark on single markers that lie elsewhere in a trial than in others."""
    usual = 1e3 * session.usual("move of a marker", those, others)
    sizes = [f"{label} by {1e3 * size:.0f} mm" for label, size in moved.items()]
    return Finding(
        "marker-moved", "warning",
        f"markers of {trial} lie elsewhere than in {listed(session.names(others))}: "
        f"{listed(sizes)} (within one person, {usual:.0f} mm). They were put on again, or carry "
        "another label.",
        trial=trial, number=1e3 * max(moved.values()), limit=usual, unit="mm",
        label=", ".join(moved),
        fix=f"make {trial} a session of its own if the markers were put on again, correct their "
        "labels, or write “as recorded” into its column fix.",
    )  # fmt: skip


def part_words(part: str) -> str:
    """A part of the body in words: "left leg"."""
    return " ".join(reversed(part.split("_")))


def _percent(log_ratio: float) -> str:
    """A ratio in words."""
    way, ratio = ("larger" if log_ratio > 0.0 else "smaller"), float(np.exp(abs(log_ratio)))
    return f"{ratio:.3g} times {way}" if ratio > 2.0 else f"{abs(np.expm1(log_ratio)):.1%} {way}"


def _trial_mass_remarks(session: Session) -> Iterator[Finding]:
    """Remarks on plates that weigh otherwise in one trial than in the others."""
    weighed, typical_kg = np.isfinite(session.masses), session.plates_kg
    far = np.abs(session.masses - typical_kg) > MAX_TRIAL_MASS_SHARE * typical_kg
    others = listed(session.names(weighed & ~far))
    for trial, mass in zip(session.names(far), session.masses[far].tolist(), strict=True):
        yield Finding(
            "mass-disagreement", "warning",
            f"the plates of {trial} weigh {mass:.1f} kg, those of {others} {typical_kg:.1f} kg "
            f"({mass / typical_kg - 1.0:+.1%}; within one person {MAX_TRIAL_MASS_SHARE:.0%} at "
            "most): their calibration differs, or another person was recorded.",
            trial=trial, number=mass, limit=typical_kg, unit="kg",
            fix=f"check the calibration of the plates in {trial}, correct its participant_id, or "
            "write “as recorded” into its column fix.",
        )  # fmt: skip


def _sheet_mass_remarks(session: Session) -> Iterator[Finding]:
    """Remark on a body mass of the sheet that plates of no laboratory would differ from as far."""
    sheet_kg, plates_kg = session.sheet_kg, session.plates_kg
    if not abs(sheet_kg - plates_kg) > MAX_SHEET_MASS_SHARE * plates_kg:  # also where one is NaN
        return
    is_pounds = abs(sheet_kg * KG_PER_POUND / plates_kg - 1.0) <= MAX_SHEET_MASS_SHARE
    yield Finding(
        "mass-disagreement", "warning",
        f"the sheet states a body mass of {sheet_kg:.1f} kg, the plates weigh {plates_kg:.1f} kg: "
        f"the sheet differs by {sheet_kg / plates_kg - 1.0:+.1%}"
        f"{', as pounds would' if is_pounds else ''} ({MAX_SHEET_MASS_SHARE:.0%} at most between "
        "laboratories). The mass of the sheet is used.",
        number=plates_kg, limit=sheet_kg, unit="kg",
        fix=f"write {plates_kg:.1f} into column mass_kg if the plates are right, or yes into "
        "column mass_confirmed if the sheet is.",
    )  # fmt: skip
