"""What a recording may lack: parts of the body without markers, trials, plates, seconds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from aqbio.labels.by_name import landmark_table, named_labels
from aqbio.virtual.recording import Laboratory, VirtualRecording

ABSENCE_WORDS = (
    r"missing|not seen|unseen|no marker|not in |lack|without|absent|hidden|not worn|never seen|"
    r"lost|too few|only \d|nobody saw|not observed|does not have|no recording has|"
    r"not determine|does not hold|constant|zero"
)
"""Words for what is not there."""

STATIC = "static"
SHORT = 0.3
"""Length of a trial that holds no whole step, s."""


@dataclass(frozen=True)
class Recordings:
    """Recordings of one person as the laboratory's folder holds them."""

    person: dict[str, str]
    """Cells of participants.tsv that only a person knows."""
    takes: dict[str, VirtualRecording]
    """By trial; ``static`` is the one that stands."""
    laboratory: Laboratory
    mass: str
    """Body mass, kg, for those without plates."""
    company: dict[str, VirtualRecording] = field(default_factory=dict)
    """Recordings of another person."""
    accompanied: bool = False
    """Whether the other person takes part in the study."""

    def of_each(self, change: Callable[[VirtualRecording], VirtualRecording]) -> Recordings:
        """The same with every recording changed."""
        return replace(self, takes={name: change(take) for name, take in self.takes.items()})

    def of_moving(self, change: Callable[[VirtualRecording], VirtualRecording]) -> Recordings:
        """The same with every moving recording changed."""
        takes = {n: take if n == STATIC else change(take) for n, take in self.takes.items()}
        return replace(self, takes=takes)


@dataclass(frozen=True)
class Alteration:
    """Something that is taken away."""

    lacking: Callable[[Recordings], Recordings]
    cause: str
    """Regular expression of sentences that name what is not there."""
    words: str = ABSENCE_WORDS
    """Regular expression of what is true of the labels that it concerns."""
    true: frozenset[str] = frozenset()
    """Names of the claims (``judged.CLAIMS``) that are true of it."""
    shifts: tuple[float, ...] = (0.0,)
    """Shifts of the clock of steps, s, under which the unaltered numbers are the truth."""
    wounded: bool = False
    """Whether numbers may be off where the cause is named and the trial called doubtful."""

    def names(self, text: str, labels: set[str]) -> bool:
        """Whether a text names what was altered, or one of its labels, as such."""
        label = "|".join(rf"\b{re.escape(name)}\b" for name in sorted(labels))
        causes = (self.cause, *([all_of(label, self.words)] if labels else ()))
        return any(re.search(cause, text, re.IGNORECASE | re.DOTALL) for cause in causes)


Part = Callable[[str, str, str], bool]
"""Whether a landmark belongs to a part: its name, its segment, its side (empty on the midline)."""

SHOULDERS = {"acromion", "shoulder_cluster"}


def _of(*segments: str, side: str = "left right") -> Part:
    """Landmarks of segments on a side."""
    return lambda _, segment, marker_side: segment in segments and marker_side in side.split()


def _of_landmarks(*names: str, side: str = "left right") -> Part:
    return lambda name, _, marker_side: name in names and marker_side in (*side.split(), "")


def _trunk(name: str, segment: str, _: str) -> bool:
    return segment == "torso" and name not in SHOULDERS and not name.startswith("head")


def _any(*parts: Part) -> Part:
    return lambda *landmark: any(part(*landmark) for part in parts)


ARM, LEG = ("upper_arm", "forearm"), ("thigh", "shank", "foot", "toes")
SHOULDER = _of_landmarks(*SHOULDERS)
ARM_WORDS = r"\barms?\b|upper.arm|forearm|humerus|radius|ulna|elbow|wrist|hand"
TRUNK_WORDS = r"torso|trunk|upper body|lumbar|shoulder|\bc7\b|t10|clavic|stern"
LEG_WORDS = r"\blegs?\b|thigh|shank|femur|tibia|foot|feet|knee|ankle|heel|toe"

PARTS: dict[str, tuple[Part, str]] = {
    "left arm": (_of(*ARM, side="left"), ARM_WORDS),
    "right arm": (_of(*ARM, side="right"), ARM_WORDS),
    "both arms": (_of(*ARM), ARM_WORDS),
    "arms and shoulders": (_any(_of(*ARM), SHOULDER), ARM_WORDS),
    "right arm and shoulder": (
        _any(
            _of(*ARM, side="right"),
            lambda n, s, marker_side: SHOULDER(n, s, marker_side) and marker_side == "right",
        ),
        ARM_WORDS,
    ),
    "opposite half arms": (
        _any(_of("forearm", side="left"), _of("upper_arm", side="right")),
        ARM_WORDS,
    ),
    "both forearms": (_of("forearm"), ARM_WORDS),
    "trunk": (_trunk, TRUNK_WORDS),
    "trunk and shoulders": (_any(_trunk, SHOULDER), TRUNK_WORDS),
    "shoulders": (SHOULDER, "shoulder|acromi|clavicle|torso|trunk"),
    "head": (lambda name, *_: name.startswith("head"), "head|torso|trunk"),
    "one thigh's cluster": (_of_landmarks("thigh", side="right"), LEG_WORDS),
    "one shank's cluster": (_of_landmarks("shank", side="left"), LEG_WORDS),
    "left foot": (_of("foot", "toes", side="left"), LEG_WORDS),
    "heels": (_of_landmarks("heel"), "heel"),
    "toes": (_of_landmarks("toe", "mt1", "mt2", "mt5"), "toe|foot|feet|forefoot|metatars"),
    "medial markers": (
        _of_landmarks("knee_medial", "ankle_medial", "elbow_medial"),
        "medial|knee|ankle|elbow",
    ),
    "epicondyles and malleoli": (
        _of_landmarks("knee_medial", "knee_lateral", "ankle_medial", "ankle_lateral"),
        "medial|lateral|knee|ankle|epicondyl|malleol",
    ),
    "sacrum": (_of_landmarks("sacrum", "psis"), "sacrum|psis|pelvis|back"),
    "left asis": (_of_landmarks("asis", side="left"), "asis|pelvis|front"),
    "pelvis": (lambda _, segment, marker_side: segment == "pelvis", "pelvis|asis|psis|sacrum"),
    "left side": (lambda _, segment, marker_side: marker_side == "left", f"left|{LEG_WORDS}"),
    "right leg": (_of(*LEG, side="right"), LEG_WORDS),
    "all but pelvis and legs": (
        _any(_of(*ARM), lambda _, segment, marker_side: segment == "torso"),
        f"{ARM_WORDS}|{TRUNK_WORDS}",
    ),
}
"""Parts of the body, by the landmarks that labels name."""


def labels_of(part: Part, recordings: Recordings) -> set[str]:
    """Labels of a recording that lie on a part."""
    table = landmark_table()
    labels = dict.fromkeys(label for take in recordings.takes.values() for label in take.labels)
    sites = named_labels(labels, table).sites
    return {
        label
        for label, site in sites.items()
        if part(site.landmark, table.landmarks[site.landmark].segment, site.side)
    }


def _unmarked(part: Part) -> Callable[[Recordings], Recordings]:
    """Nobody put markers on a part: their labels are in no recording."""

    def lacking(recordings: Recordings) -> Recordings:
        hidden = labels_of(part, recordings)

        def without(take: VirtualRecording) -> VirtualRecording:
            columns = [n for n, label in enumerate(take.labels) if label not in hidden]
            return take.changed(
                labels=tuple(take.labels[n] for n in columns),
                markers=take.markers[:, columns],
                marker_body=take.marker_body[columns],
            )

        return recordings.of_each(without)

    return lacking


def _plates(take: VirtualRecording, chosen: np.ndarray) -> VirtualRecording:
    return take.changed(
        force=take.force[:, chosen], moment=take.moment[:, chosen], corners=take.corners[chosen]
    )


def _no_plates(take: VirtualRecording) -> VirtualRecording:
    return _plates(take, np.zeros(len(take.corners), dtype=bool))


def _one_plate(take: VirtualRecording) -> VirtualRecording:
    """The plate that carried most."""
    busiest = np.abs(take.force[..., 1]).sum(axis=0).argmax()
    return _plates(take, np.arange(len(take.corners)) == busiest)


def _middle(take: VirtualRecording) -> VirtualRecording:
    middle = 0.5 * len(take.markers) / take.marker_rate
    return part_of(take, middle - SHORT / 2.0, middle + SHORT / 2.0)


def _beginning(take: VirtualRecording) -> VirtualRecording:
    return part_of(take, 0.0, SHORT)


def _trials_only(recordings: Recordings, *names: str) -> Recordings:
    return replace(recordings, takes={n: recordings.takes[n] for n in names})


def _first(recordings: Recordings) -> str:
    return next(name for name in recordings.takes if name != STATIC)


TOO_SHORT = "recorded whole|no later contact"


def all_of(*parts: str) -> str:
    """Regular expression of texts that hold all parts, in any order."""
    return "^" + "".join(rf"(?=.*(?:{part}))" for part in parts)


ALTERATIONS: dict[str, Alteration] = {
    **{
        name: Alteration(_unmarked(part), all_of(words, ABSENCE_WORDS))
        for name, (part, words) in PARTS.items()
    },
    "static trial": Alteration(
        lambda r: _trials_only(r, *(name for name in r.takes if name != STATIC)),
        all_of("static|standing", ABSENCE_WORDS),
    ),
    "all trials but one run": Alteration(
        lambda r: _trials_only(r, _first(r)), all_of("static|standing", ABSENCE_WORDS)
    ),
    "all runs but one": Alteration(lambda r: _trials_only(r, STATIC, _first(r)), "nothing is lost"),
    "every run": Alteration(lambda r: _trials_only(r, STATIC), "no moving trial|only static"),
    "plates": Alteration(
        lambda r: replace(r.of_each(_no_plates), person=r.person | {"mass_kg": r.mass}),
        "no force plates|no forces",
    ),
    "all plates but one": Alteration(
        lambda r: r.of_moving(_one_plate), "no later contact was measured"
    ),
    "being the only athlete": Alteration(lambda r: replace(r, accompanied=True), "nothing is lost"),
    "all but the middle 0.3 s": Alteration(lambda r: r.of_moving(_middle), TOO_SHORT),
    "all but the first 0.3 s": Alteration(lambda r: r.of_moving(_beginning), TOO_SHORT),
}
"""Everything that is taken away, by name."""


def drawn_pairs(seed: int, count: int) -> dict[str, Alteration]:
    """Two parts at once, drawn by a seed."""
    random, pairs = np.random.default_rng(seed), {}
    while len(pairs) < count:
        first, second = sorted(random.choice(sorted(PARTS), 2, replace=False).tolist())
        part = _any(PARTS[first][0], PARTS[second][0])
        words = f"{PARTS[first][1]}|{PARTS[second][1]}"
        pairs[f"{first} + {second}"] = Alteration(_unmarked(part), all_of(words, ABSENCE_WORDS))
    return pairs


def hidden(recordings: Recordings, lacking: Recordings) -> set[str]:
    """Labels that only the unaltered recordings have."""
    before, after = (
        {label for take in state.takes.values() for label in take.labels}
        for state in (recordings, lacking)
    )
    return before - after


def part_of(take: VirtualRecording, start: float, stop: float) -> VirtualRecording:
    """What lies between two instants, s from the first frame."""
    first, last = round(start * take.marker_rate), round(stop * take.marker_rate)
    ratio = take.force_rate / take.marker_rate
    samples = slice(round(first * ratio), round(last * ratio))
    return take.changed(
        markers=take.markers[first:last],
        rotation=take.rotation[first:last],
        phase=take.phase[first:last],
        force=take.force[samples],
        moment=take.moment[samples],
    )
