"""Which place on the body each label has: names, positions and motion, weighed together.

What a label may be costs as the square of a distance over its standard deviation: of its marker
from where the place is expected, and a margin against its name. The assignment of least total cost
counts (Jonker and Volgenant): a name is doubted where another place is better by more than that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from aqbio.config.model_map import LandmarkTable
from aqbio.io.recording import Recording
from aqbio.labels.by_name import Hint, NamedLabels, SidedLandmark, names_landmark
from aqbio.labels.geometry import Placement, placement
from aqbio.labels.hints import allows, barred_pairs, common_segment
from aqbio.labels.marker_set import INSTEAD, Labelling, missing_landmarks
from aqbio.labels.motion import MILLIMETRES, Segment, loose_labels, segment_of
from aqbio.labels.template import Template, standing_template, target_points
from aqbio.vectors import FloatArray, IntArray

ANCHORS = 6
"""Named landmarks from which on the others are placed relative to them."""

NEAR = 0.10
"""A marker farther from its landmark than this is not called so, m."""

ROUGH = 2
"""Postures with straight elbows, every second one, are enough to see which way is up."""

ON_SEGMENT = 0.12
"""A marker this near to a marker of the template is on its segment, m ..."""

ELSEWHERE = 1.4
"""... if markers of other segments are farther by this factor."""

APART, WITHIN, LOOSELY = 0.08, 0.02, 0.04
"""Named markers about the template laid over them, and about their segment laid over its own
markers, of the trunk and at wrists, which turn, and elsewhere, m: in nine static trials of six
laboratories 6 to 130 mm, 0 to 85 mm and 0 to 35 mm."""

NOWHERE = 3.0
"""So many standard deviations from its place a marker is not there."""

FARTHEST = 0.6
"""Distances beyond this count alike, m: forearms in another posture than the template's: 0.36."""

AGAINST_NAME = 3.0
"""Margin by which another place must fit better than that of a label's name (chi-squared)."""

CERTAIN = 6.0
"""Margin over all other assignments from which on the place by position is used (chi-squared)."""

SAME = 0.02
"""Distances within a segment in a static trial and in motion that are the same, m."""

TOE, FOREFOOT = 1.22, 1.0
"""Distance from the heel, over that of the fifth metatarsal, from which on a marker is on toes and
on a metatarsal: 1.28 to 1.45 on toes, 1.09 to 1.18 on the second metatarsal (eight persons)."""

LIMBS = (
    ("pelvis", "torso", "head", "thigh", "shank", "foot", "upper_arm", "forearm"),
    ("thigh", "shank", "foot"), ("shank", "foot"), ("foot",), ("upper_arm", "forearm"),
    ("forearm",), ("pelvis",),
)  # fmt: skip
"""Segments whose left and right labels are exchanged together."""

ARM = ("upper_arm", "forearm")
ELBOW, WRIST = ("elbow_lateral", "elbow_medial"), ("wrist_radial", "wrist_ulnar", "wrist")


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """A landmark that a marker's position shows."""

    place: SidedLandmark
    distance: float
    """From where it is expected, m."""

    @property
    def gap(self) -> str:
        """How far from its place it is, in words."""
        return f"{MILLIMETRES * self.distance:.0f} mm from where that is expected"


@dataclass(frozen=True, slots=True)
class Doubt:
    """How positions contradict the name of a label."""

    why: str
    place: SidedLandmark | None = None
    """Where it sits; None where that is no label's place."""
    margin: float = 0.0
    """How much more the best other assignment costs (chi-squared)."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The place of every label, and what a person has to look at."""

    places: Mapping[str, SidedLandmark]
    notes: Mapping[str, str] = field(default_factory=dict)
    """How positions tell a place, or contradict a name, by label."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """What is known of labels without a name that have no place."""
    spare: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)
    """Segments on which such labels are, as far as words or positions tell."""


def assign(
    named: NamedLabels,
    statics: Sequence[Mapping[str, FloatArray]],
    motions: Iterable[Recording],
    static_only: frozenset[str],
    table: LandmarkTable,
) -> Assignment:
    """Assign places to labels by names, positions (m) in static trials and motion.

    Names count. Labels that the static trials of all people certainly put in places of others are
    used there, if motion does not contradict; other contradictions are said. Labels without a name
    are placed where a segment or a landmark that none can do without has no other, if all people
    agree and the label moves with its segment; never where a word of the label contradicts. Of the
    meanings that a label may have positions choose one.
    """
    recordings = list(motions)
    found: list[dict[str, PlacedLabel]] = []
    doubted: list[dict[str, Doubt]] = []
    toes, behind = _toes(named, statics, table)
    named = replace(named, places=named.places | toes)
    for static in statics:
        worn = {label: place for label, place in static.items() if label not in named.unused}
        placed, wrong = placed_labels(worn, named.places, table, named.hints)
        found.append(placed)
        doubted.append(wrong)
    exchanged = _certain(named.places, statics, doubted, recordings, table)
    named = replace(named, places=named.places | exchanged)
    every = {a: one.why for wrong in doubted for a, one in wrong.items()}
    doubts = behind | {label: why for label, why in every.items() if label in named.places}
    by_place, disputed = pooled_places(found, table)
    labelling = Labelling(named.places, static_only)
    meant = {label for label, hint in named.hints.items() if hint.whole}
    used = needed_labels(by_place, labelling, table, meant)
    places = named.places | {label: one.place for label, one in used.items()}
    loose = loose_labels(places, set(used), recordings, table)
    doubts |= {one: f"while running {why}" for one, why in loose.items() if one in named.places}
    used = {label: one for label, one in used.items() if label not in loose}
    left_out = {
        label: f"it sits like {one.place}, {one.gap}"
        + (f", but while running {loose[label]}" if label in loose else "")
        for label, one in by_place.items()
        if label not in used
    }
    left_out |= {a: f"it sits like {why}, by participant" for a, why in disputed.items()}
    left_out |= {a: why for a, why in every.items() if a not in (*named.places, *used)}
    tracking = _tracked_by_meaning(named.hints, {*used, *named.places}, static_only, table)
    places = named.places | {label: one.place for label, one in used.items()} | tracking
    left_out = {label: why for label, why in left_out.items() if label not in tracking}
    notes = {
        a: _meanings(named.hints[a], f"tracks the {segment}") for a, segment in tracking.items()
    }
    notes |= {label: f"{place} by its position" for label, place in toes.items()}
    notes |= {label: f"{one.place} by its position, {one.gap}" for label, one in used.items()}
    notes |= doubts
    notes |= {a: f"{place} by its position, {doubts[a]}" for a, place in exchanged.items()}
    notes = {label: f"{why}: please look" for label, why in notes.items()}
    spare: dict[str, tuple[Segment, ...]] = {}
    spare |= {label: (segment_of(one.place, table),) for label, one in by_place.items()}
    spare |= {
        label: tuple(dict.fromkeys(segment_of(one, table) for one in hint.places))
        for label, hint in named.hints.items()
    }
    spare = {label: own for label, own in spare.items() if label not in places}
    return Assignment(places, notes, left_out, spare)


def _meanings(hint: Hint, what: str) -> str:
    """Say what a label may mean."""
    return f"it {what}, for its name may mean {' or '.join(sorted(map(str, hint.places)))}"


def _tracked_by_meaning(
    hints: Mapping[str, Hint],
    used: Collection[str],
    static_only: Collection[str],
    table: LandmarkTable,
) -> dict[str, SidedLandmark]:
    """Labels of several meanings that positions do not tell apart: they track their segment."""
    return {
        label: segment
        for label, hint in hints.items()
        if label not in used
        and label not in static_only
        and (segment := common_segment(hint, table)) is not None
    }


def _certain(
    names: Mapping[str, SidedLandmark],
    statics: Sequence[Mapping[str, FloatArray]],
    doubted: Sequence[Mapping[str, Doubt]],
    motions: Sequence[Recording],
    table: LandmarkTable,
) -> dict[str, SidedLandmark]:
    """Labels that certainly are in places that others leave; none where motion contradicts."""
    found = {}
    for label in names:
        own = [wrong.get(label) for at, wrong in zip(statics, doubted, strict=True) if label in at]
        seen = {one.place if one and one.margin >= CERTAIN else None for one in own}
        if len(seen) == 1 and (place := seen.pop()) is not None:
            found[label] = place
    places = {**names, **found}
    landmarks = [one for one in places.values() if not table.landmarks[one.landmark].cluster]
    if not found or len(set(landmarks)) < len(landmarks):
        return {}
    for label, motion in ((one, run) for one in found for run in motions if one in run.labels):
        path = motion.positions[:, motion.labels.index(label)]
        gaps = []
        for column, mate in enumerate(motion.labels):
            if mate == label or mate not in places:
                continue
            apart = np.linalg.norm(motion.positions[:, column] - path, axis=1)
            same = segment_of(places[mate], table) == segment_of(places[label], table)
            if same and np.isfinite(apart).any():
                worn = [one for one in statics if {mate, label} <= one.keys()]
                standing = [np.linalg.norm(one[mate] - one[label]) for one in worn]
                if standing:  # one of these people is the one who moves
                    gaps.append(np.abs(np.nanmedian(apart) - standing).min())
        if not gaps or not float(np.median(gaps)) < SAME:
            return {}
    return found


def _toes(
    named: NamedLabels, statics: Sequence[Mapping[str, FloatArray]], table: LandmarkTable
) -> tuple[dict[str, SidedLandmark], dict[str, str]]:
    """Places of toe markers, on toes or second metatarsals by position, and doubts of other names.

    Those that are far enough ahead are on the toes.
    """
    places, hints = named.places, named.hints
    at = {place: label for label, place in places.items()}
    moved: dict[str, SidedLandmark] = {}
    doubts: dict[str, str] = {}
    for label, place in places.items():
        three = [label, *(at.get(SidedLandmark(one, place.side), "") for one in ("heel", "mt5"))]
        worn = [[one[name] for name in three] for one in statics if {*three} <= one.keys()]
        if place.landmark not in ("toe", "mt2"):
            continue
        exact = names_landmark(label, place.landmark, table) or names_landmark(label, "toe", table)
        if not worn:
            if label in hints and not exact:
                doubts[label] = "its name does not tell toes from the second metatarsal"
            continue
        ratio = float(
            np.median([np.linalg.norm(t - h) / np.linalg.norm(o - h) for t, h, o in worn])
        )
        real = SidedLandmark("toe" if ratio > TOE else "mt2", place.side)
        if ratio < FOREFOOT:
            doubts[label] = f"it sits behind the metatarsals, not like the {place}"
        elif real not in at and (label in hints or names_landmark(label, "toe", table)):
            moved[label] = real
        elif real not in at:
            doubts[label] = f"it sits like the {real}, not like the {place}"
    return moved, doubts


def placed_labels(
    static: Mapping[str, FloatArray],
    named: Mapping[str, SidedLandmark],
    table: LandmarkTable,
    hints: Mapping[str, Hint] | None = None,
) -> tuple[dict[str, PlacedLabel], dict[str, Doubt]]:
    """Landmarks of labels without meaning by their place (m) in a static trial, and doubted names.

    Trunk and legs are laid over the markers first, the arms in the posture that fits best then.
    Where the words of a label (``hints``) contradict its position, it has no place, and is doubted.
    """
    hints = hints or {}
    template = standing_template(table)
    labels = tuple(static)
    markers = np.array([static[label] for label in labels]).reshape(-1, 3)
    places = tuple(template.places[int(number)] for number in template.landmarks)
    postures = [posture[template.landmarks] for posture in template.postures]
    anchors = [
        (places.index(place), labels.index(label))
        for label, place in named.items()
        if label in static and place in places
    ]
    barred = barred_pairs(places, labels, hints, table)
    if len(anchors) < ANCHORS:
        rough = placement(markers, postures[::ROUGH], barred=barred)
        if rough is None:
            return {}, {}
        anchors = [
            (number, int(marker))
            for number, marker in enumerate(rough.marker)
            if marker >= 0 and table.landmarks[places[number].landmark].segment not in ARM
        ]
    exchanged = [(places.index(_other_side(places[place])), marker) for place, marker in anchors]
    found = min(
        (placement(markers, postures, each, barred) for each in (anchors, exchanged)),
        key=lambda one: np.inf if one is None else one.cost,
    )
    if found is None:
        return {}, {}
    read = _read(found, places, labels, named, hints)
    posture = template.postures[found.template]
    source = np.hstack((posture, np.ones((len(posture), 1))))
    turn = np.linalg.lstsq(source[template.landmarks], found.landmarks, rcond=None)[0]
    laid = np.asarray(source @ turn)  # all points of the template, where its landmarks are
    tracking = _tracking(template, laid, static, {*named, *read}, table)
    against = _against_words(tracking, template, laid, static, {*named, *read}, hints, table)
    tracking = {label: one for label, one in tracking.items() if label not in against}
    return read | tracking, _doubts(template, laid, static, named, table) | against


def _against_words(
    tracking: Mapping[str, PlacedLabel],
    template: Template,
    laid: FloatArray,
    static: Mapping[str, FloatArray],
    placed: set[str],
    hints: Mapping[str, Hint],
    table: LandmarkTable,
) -> dict[str, Doubt]:
    """Labels without a place whose words contradict the place that their positions show."""
    found = {}
    for label, hint in hints.items():
        if label not in static or label in placed:
            continue
        gaps = np.linalg.norm(laid - static[label], axis=1)
        near = template.places[int(np.argmin(gaps))]
        one = tracking.get(label, PlacedLabel(near, float(gaps.min())))
        if gaps.min() <= CLEARLY:  # on a landmark of its segment too
            one = PlacedLabel(near, float(gaps.min()))
        if one.distance <= NEAR and not allows(hint, one.place, table):
            found[label] = Doubt(f"its name says {hint.words}, but it sits like {one.place}")
    return found


def _other_side(place: SidedLandmark) -> SidedLandmark:
    return replace(place, side={"right": "left", "left": "right"}.get(place.side, ""))


def _doubts(
    template: Template,
    laid: FloatArray,
    static: Mapping[str, FloatArray],
    named: Mapping[str, SidedLandmark],
    table: LandmarkTable,
) -> dict[str, Doubt]:
    """Names that positions contradict: of the whole body first, then within its segments."""
    labels = [label for label in named if label in static]
    if len(labels) < ANCHORS:
        return {}
    markers = np.array([static[label] for label in labels])
    places = [named[label] for label in labels]
    clusters = np.array([table.landmarks[place.landmark].cluster for place in places])
    own = [segment_of(place, table) for place in places]
    targets = target_points(template, laid, places, table)
    gain, sides = _exchanged_sides(markers, places, own, targets)
    if sides:
        words = f"its left and right are exchanged, with those of {len(sides) - 1} other labels"
        return {labels[a]: Doubt(words, _other_side(places[a]), gain) for a in sides}
    cost = _costs(markers, targets, np.full(len(labels), APART))
    chosen = least_cost(cost[:, : len(labels)])
    turning = [
        side[0] == "torso" or place.landmark in WRIST
        for side, place in zip(own, places, strict=True)
    ]
    skin = [table.landmarks[place.landmark].origin == "skin" for place in places]
    sd = np.where(skin, np.where(turning, LOOSELY, WITHIN), APART)
    for segment in dict.fromkeys(own):  # lay every segment over its own markers
        roles = [one for one, other in enumerate(own) if other == segment]
        worn = [one for one, role in enumerate(chosen) if role in roles and not clusters[role]]
        gaps = [markers[one] - targets[chosen[one]][0] for one in worn if len(targets[chosen[one]])]
        options = [
            [at + gap if role in roles else at for role, at in enumerate(targets)]
            for gap in ((np.median(gaps, axis=0), *gaps) if gaps else ())
        ]
        rows = [*dict.fromkeys((*worn, *roles))]
        totals = [_total(_costs(markers, option, sd)[rows]) for option in options]
        if options:  # by their median unless another gap is better by the margin of an exchange
            best = int(np.argmin(totals))
            targets = options[best if totals[best] < totals[0] - 2.0 * AGAINST_NAME else 0]
    cost = _costs(markers, targets, sd)
    chosen = least_cost(cost)
    apart = MILLIMETRES * _distances(markers, targets)
    found = {}
    for one, label in enumerate(labels):
        far = f"{apart[one, one]:.0f} mm from where the {places[one]} is expected"
        if chosen[one] >= len(labels):
            found[label] = Doubt(f"it sits {far}")
        elif chosen[one] != one:
            place = places[chosen[one]]
            far += f" and {apart[one, chosen[one]]:.0f} mm from where the {place} is"
            other = cost.copy()
            other[one, [n for n, at in enumerate(places) if at == place]] += 1e6
            found[label] = Doubt(f"it sits {far}", place, _total(other) - _total(cost))
    return found


def _exchanged_sides(
    markers: FloatArray,
    places: Sequence[SidedLandmark],
    own: Sequence[Segment],
    targets: Sequence[FloatArray],
) -> tuple[float, list[int]]:
    """Labels whose left and right are exchanged together, the most likely set, and its gain."""
    apart = _distances(markers, targets)
    known = {place: one for one, place in enumerate(places)}
    as_named = (np.minimum(np.diagonal(apart), FARTHEST) / APART) ** 2
    best: tuple[float, list[int]] = (AGAINST_NAME, [])
    for parts in LIMBS:
        pairs = {
            one: known[_other_side(place)]
            for one, place in enumerate(places)
            if place.side and own[one][0] in parts and _other_side(place) in known
        }
        rows, columns = list(pairs), list(pairs.values())
        as_other = (np.minimum(apart[rows, columns], FARTHEST) / APART) ** 2
        if (gain := float((as_named[rows] - as_other).sum())) > best[0]:
            best = gain, rows
    return best


def _total(cost: FloatArray) -> float:
    """The least total cost."""
    return float(cost[np.arange(len(cost)), least_cost(cost)].sum())


def _distances(markers: FloatArray, targets: Sequence[FloatArray]) -> FloatArray:
    """Distance (K, K) of each marker from the nearest point of each label's place, m."""
    found = np.zeros((len(markers), len(targets)))
    for column, points in enumerate(targets):
        if len(points):
            found[:, column] = np.linalg.norm(markers[:, None] - points, axis=2).min(axis=1)
        else:  # a place that the template does not know: its label may be anywhere
            found[:, column] = FARTHEST
            found[column, column] = 0.0
    return found


def _costs(markers: FloatArray, targets: Sequence[FloatArray], sd: FloatArray) -> FloatArray:
    """Cost (K, 2 K) of each marker in the place of each label's name, and in none of them."""
    cost = (np.minimum(_distances(markers, targets), FARTHEST) / sd) ** 2
    cost += AGAINST_NAME * (1.0 - np.eye(len(cost)))
    nowhere = np.full_like(cost, NOWHERE**2 + AGAINST_NAME)
    return np.hstack((cost, nowhere))


def least_cost(cost: FloatArray) -> IntArray:
    """The column of each of K rows of least total cost (K, P), each column once."""
    from scipy.optimize import linear_sum_assignment

    return np.asarray(linear_sum_assignment(cost)[1])


def _read(
    placement: Placement,
    places: tuple[SidedLandmark, ...],
    labels: tuple[str, ...],
    named: Mapping[str, SidedLandmark],
    hints: Mapping[str, Hint],
) -> dict[str, PlacedLabel]:
    """Keep the landmarks that have no name yet, at labels that have none.

    Single markers are lateral ones; arms count only where elbow and wrist are seen, unless the name
    says which it is.
    """
    read = {
        labels[marker]: PlacedLabel(place, float(distance))
        for place, marker, distance in zip(
            places, placement.marker, placement.distance, strict=True
        )
        if marker >= 0 and distance <= NEAR
        if place not in named.values() and labels[marker] not in named
    }
    known = {*named.values(), *(one.place for one in read.values())}
    kept = {}
    for label, one in read.items():
        place, side = one.place, one.place.side
        joint, _, kind = place.landmark.partition("_")
        at = {known_place.landmark for known_place in known if known_place.side == side}
        said = label in hints and hints[label].whole
        alone = at.isdisjoint(ELBOW) | at.isdisjoint(WRIST)
        if joint in ("elbow", "wrist") and alone and not said:
            continue
        if said and place in hints[label].places and len(at & set(WRIST)) != 1:
            pass
        elif kind == "medial" and f"{joint}_lateral" not in at:
            place = SidedLandmark(f"{joint}_lateral", side)
        elif joint == "wrist" and len(at & set(WRIST)) == 1:
            place = SidedLandmark("wrist", side)
        kept[label] = replace(one, place=place)
    return kept


def _tracking(
    template: Template,
    laid: FloatArray,
    static: Mapping[str, FloatArray],
    labels: set[str],
    table: LandmarkTable,
) -> dict[str, PlacedLabel]:
    """Segments of the markers that are on no landmark: they track it."""
    kinds = [(table.landmarks[place.landmark].segment, place.side) for place in template.places]
    clusters = table.clusters()
    found = {}
    for label, position in static.items():
        if label in labels:
            continue
        gaps = np.linalg.norm(laid - position, axis=1)
        nearest = int(np.argmin(gaps))
        segment, side = kinds[nearest]
        others = [gap for gap, kind in zip(gaps, kinds, strict=True) if kind[0] != segment]
        cluster = clusters.get((segment, bool(side)))
        if gaps[nearest] < ON_SEGMENT and min(others) > ELSEWHERE * gaps[nearest] and cluster:
            found[label] = PlacedLabel(SidedLandmark(cluster, side), float(gaps[nearest]))
    return found


CLEARLY = 0.05
"""A landmark this near to where it is expected may scale and pose the model, m."""


def pooled_places(
    placements: Sequence[Mapping[str, PlacedLabel]], table: LandmarkTable
) -> tuple[dict[str, PlacedLabel], dict[str, str]]:
    """The places on which all participants agree, the nearest label's each, and disputed labels."""
    agreed: dict[str, PlacedLabel] = {}
    disputed: dict[str, str] = {}
    for label in dict.fromkeys(label for one in placements for label in one):
        seen = [one[label] for one in placements if label in one]
        if len(places := {str(one.place) for one in seen}) > 1:
            disputed[label] = " or ".join(sorted(places))
            continue
        agreed[label] = min(seen, key=lambda one: one.distance)
    kept = {
        label: one
        for label, one in agreed.items()
        if table.landmarks[one.place.landmark].cluster
        or one.distance == min(two.distance for two in agreed.values() if two.place == one.place)
    }
    return kept, disputed


def needed_labels(
    placed: Mapping[str, PlacedLabel],
    labelling: Labelling,
    table: LandmarkTable,
    meant: Collection[str] = (),
) -> dict[str, PlacedLabel]:
    """The labels whose position counts: landmarks that are missing, and segments without any.

    And those whose names mean (``meant``) one of several places, of which positions tell which.

    Of landmarks farther than 5 cm from where they are expected two in five were others of the same
    segment (four static trials, names hidden): such labels only track it.
    """
    wanted = {
        SidedLandmark(name, side)
        for missing in missing_landmarks(labelling)
        for name in (missing.landmark, *INSTEAD.get(missing.landmark, ()))
        for side in (missing.side, "")
    }
    shown = {
        segment_of(place, table)
        for place in labelling.places.values()
        if not table.landmarks[place.landmark].cluster
    }
    kept = {label: one for label, one in placed.items() if one.place in wanted}
    for label, one in placed.items():
        if label in kept or (segment_of(one.place, table) in shown and label not in meant):
            continue
        tracks, entry = one, table.landmarks[one.place.landmark]
        cluster = table.clusters().get((entry.segment, entry.sided))
        if one.distance >= CLEARLY and cluster is not None:
            tracks = replace(one, place=SidedLandmark(cluster, one.place.side))
        if not (table.landmarks[tracks.place.landmark].cluster and label in labelling.static_only):
            kept[label] = tracks
    return kept
