"""Assignment of labels to landmarks: names, positions and motion, weighed together.

The cost of a landmark is the squared distance of the label's marker from its expected position over
the squared standard deviation, and a margin if it contradicts the name. The assignment of least
total cost counts (Jonker and Volgenant): a name is doubted where another landmark is better by more
than that margin.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from aqbio.config.model_map import LandmarkTable
from aqbio.io.recording import Recording
from aqbio.labels.by_name import Hint, NamedLabels, SidedLandmark, names_landmark
from aqbio.labels.geometry import (
    Placement,
    least_cost_columns,
    least_total,
    place_distances,
    placement,
    turned_onto,
)
from aqbio.labels.hints import allows, barred_pairs, common_segment
from aqbio.labels.marker_set import SUBSTITUTE_LANDMARKS, Labelling, missing_landmarks
from aqbio.labels.motion import Segment, loose_labels, segment_of
from aqbio.labels.template import Template, standing_template, target_points
from aqbio.names import MILLIMETRES
from aqbio.vectors import FloatArray

MIN_ANCHORS = 6
"""Named landmarks from which on the others are placed relative to them."""

MAX_OFFSET_M = 0.10
"""A marker farther from its landmark than this is not called so, m."""

ROUGH_POSTURE_STEP = 2
"""Postures with straight elbows, every second one, are enough to see which way is up."""

MAX_SEGMENT_GAP_M = 0.12
"""A marker this near to a marker of the template is on its segment, m ..."""

OTHER_SEGMENT_RATIO = 1.4
"""... if markers of other segments are farther by this factor."""

NAME_SD_M = 0.08
"""Named markers about the template laid over them: 6 to 130 mm in nine static trials of six
laboratories."""

SEGMENT_SD_M = 0.02
"""Named markers about their segment laid over its own markers: 0 to 35 mm in those trials."""

TURNING_SEGMENT_SD_M = 0.04
"""The same for the trunk and at wrists, which turn: 0 to 85 mm."""

MAX_SITE_DEVIATION_SD = 3.0
"""So many standard deviations from its place a marker is not there."""

MAX_DISTANCE_M = 0.6
"""Distances beyond this count alike, m: forearms in another posture than the template's: 0.36."""

NAME_MARGIN_CHI2 = 3.0
"""Margin by which another place must fit better than that of a label's name (chi-squared)."""

CERTAIN_MARGIN_CHI2 = 6.0
"""Margin over all other assignments from which on the place by position is used (chi-squared)."""

MAX_MOTION_CHANGE_M = 0.02
"""Distances within a segment in a static trial and in motion that are the same, m."""

MIN_TOE_RATIO = 1.22
"""Distance from the heel, over that of the fifth metatarsal, from which on a marker is on toes:
1.28 to 1.45 (eight persons)."""

MIN_FOREFOOT_RATIO = 1.0
"""The same ratio from which on a marker is on a metatarsal: 1.09 to 1.18 on the second one."""

LIMBS = (
    ("pelvis", "torso", "head", "thigh", "shank", "foot", "upper_arm", "forearm"),
    ("thigh", "shank", "foot"), ("shank", "foot"), ("foot",), ("upper_arm", "forearm"),
    ("forearm",), ("pelvis",),
)  # fmt: skip
"""Segments whose left and right labels are exchanged together."""

ARM = ("upper_arm", "forearm")
ELBOW = ("elbow_lateral", "elbow_medial")
WRIST = ("wrist_radial", "wrist_ulnar", "wrist")


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """A landmark that a marker's position shows."""

    site: SidedLandmark
    distance: float
    """From where it is expected, m."""

    @property
    def gap(self) -> str:
        """Distance from its expected position, in words."""
        return f"{MILLIMETRES * self.distance:.0f} mm from where that is expected"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Contradiction between positions and the name of a label."""

    why: str
    site: SidedLandmark | None = None
    """Where it sits; None where that is no label's place."""
    margin: float = 0.0
    """How much more the best other assignment costs (chi-squared)."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The place of every label, and what a person has to look at."""

    sites: Mapping[str, SidedLandmark]
    notes: Mapping[str, str] = field(default_factory=dict)
    """How positions tell a place, or contradict a name, by label."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """What is known of labels without a name that have no place."""
    spare: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)
    """Segments on which such labels are, as far as words or positions tell."""


def assign(
    names: NamedLabels,
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
    placements: list[dict[str, PlacedLabel]] = []
    doubted: list[dict[str, Doubt]] = []
    toes, behind = _toes(names, statics, table)
    names = replace(names, sites=names.sites | toes)
    for static in statics:
        worn = {label: position for label, position in static.items() if label not in names.unused}
        placed, wrong = placed_labels(worn, names.sites, table, names.hints)
        placements.append(placed)
        doubted.append(wrong)
    exchanged = _certain(names.sites, statics, doubted, recordings, table)
    named, names = names.sites, replace(names, sites=names.sites | exchanged)
    reasons = {a: doubt.why for wrong in doubted for a, doubt in wrong.items()}
    doubts = behind | {label: why for label, why in reasons.items() if label in names.sites}
    by_position, disputed = pooled_sites(placements, table)
    labelling = Labelling(names.sites, static_only)
    ambiguous = {label for label, hint in names.hints.items() if hint.complete}
    used = needed_labels(by_position, labelling, table, ambiguous)
    sites = names.sites | {label: fit.site for label, fit in used.items()}
    loose = loose_labels(sites, set(used), recordings, table)
    doubts |= {a: f"in motion {why}" for a, why in loose.items() if a in names.sites}
    used = {label: fit for label, fit in used.items() if label not in loose}
    left_out = {
        label: f"it sits like {fit.site}, {fit.gap}"
        + (f", but in motion {loose[label]}" if label in loose else "")
        for label, fit in by_position.items()
        if label not in used
    }
    left_out |= {a: f"it sits like {why}, by participant" for a, why in disputed.items()}
    left_out |= {a: why for a, why in reasons.items() if a not in (*names.sites, *used)}
    tracking = _tracked_by_meaning(names.hints, {*used, *names.sites}, static_only, table)
    sites = names.sites | {label: fit.site for label, fit in used.items()} | tracking
    left_out = {label: why for label, why in left_out.items() if label not in tracking}
    notes = {
        a: _meanings(names.hints[a], f"tracks the {segment}") for a, segment in tracking.items()
    }
    notes |= {label: f"{site} by its position" for label, site in toes.items()}
    notes |= {label: f"{fit.site} by its position, {fit.gap}" for label, fit in used.items()}
    notes |= doubts
    for label, site in exchanged.items():
        on_other_side = label in named and site == named[label].other_side
        place = "on the other side by position" if on_other_side else f"{site} by its position"
        notes[label] = f"{place}, {doubts[label]}"
    notes = {label: f"{why}: please look" for label, why in notes.items()}
    spare: dict[str, tuple[Segment, ...]] = {}
    spare |= {label: (segment_of(fit.site, table),) for label, fit in by_position.items()}
    spare |= {
        label: tuple(dict.fromkeys(segment_of(site, table) for site in hint.sites))
        for label, hint in names.hints.items()
    }
    spare = {label: segments for label, segments in spare.items() if label not in sites}
    return Assignment(sites, notes, left_out, spare)


def _meanings(hint: Hint, role: str) -> str:
    """Say what a label may mean."""
    return f"it {role}, for its name may mean {' or '.join(sorted(map(str, hint.sites)))}"


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
    moved = {}
    for label in names:
        doubts = [
            wrong.get(label)
            for static, wrong in zip(statics, doubted, strict=True)
            if label in static
        ]
        better_sites = {
            doubt.site if doubt and doubt.margin >= CERTAIN_MARGIN_CHI2 else None
            for doubt in doubts
        }
        if len(better_sites) == 1 and (site := better_sites.pop()) is not None:
            moved[label] = site
    sites = {**names, **moved}
    landmarks = [site for site in sites.values() if not table.landmarks[site.landmark].cluster]
    if not moved or len(set(landmarks)) < len(landmarks):
        return {}
    for label, motion in ((name, run) for name in moved for run in motions if name in run.labels):
        path = motion.positions[:, motion.labels.index(label)]
        gaps = []
        for column, mate in enumerate(motion.labels):
            if mate == label or mate not in sites:
                continue
            distances = np.linalg.norm(motion.positions[:, column] - path, axis=1)
            same_segment = segment_of(sites[mate], table) == segment_of(sites[label], table)
            if same_segment and np.isfinite(distances).any():
                worn = [static for static in statics if {mate, label} <= static.keys()]
                standing = [np.linalg.norm(static[mate] - static[label]) for static in worn]
                if standing:  # one of these people is the one who moves
                    gaps.append(np.abs(np.nanmedian(distances) - standing).min())
        if not gaps or not float(np.median(gaps)) < MAX_MOTION_CHANGE_M:
            return {}
    return moved


def _toes(
    names: NamedLabels, statics: Sequence[Mapping[str, FloatArray]], table: LandmarkTable
) -> tuple[dict[str, SidedLandmark], dict[str, str]]:
    """Places of toe markers, on toes or second metatarsals by position, and doubts of other names.

    Those that are far enough ahead are on the toes.
    """
    sites, hints = names.sites, names.hints
    label_at = {site: label for label, site in sites.items()}
    moved: dict[str, SidedLandmark] = {}
    doubts: dict[str, str] = {}
    for label, site in sites.items():
        three = [
            label,
            *(label_at.get(SidedLandmark(landmark, site.side), "") for landmark in ("heel", "mt5")),
        ]
        worn = [[static[name] for name in three] for static in statics if {*three} <= static.keys()]
        if site.landmark not in ("toe", "mt2"):
            continue
        exact = names_landmark(label, site.landmark, table) or names_landmark(label, "toe", table)
        if not worn:
            if label in hints and not exact:
                doubts[label] = "its name does not tell toes from the second metatarsal"
            continue
        ratio = float(
            np.median([np.linalg.norm(t - h) / np.linalg.norm(o - h) for t, h, o in worn])
        )
        real = SidedLandmark("toe" if ratio > MIN_TOE_RATIO else "mt2", site.side)
        if ratio < MIN_FOREFOOT_RATIO:
            doubts[label] = f"it sits behind the metatarsals, not like the {site}"
        elif real not in label_at and (label in hints or names_landmark(label, "toe", table)):
            moved[label] = real
        elif real not in label_at:
            doubts[label] = f"it sits like the {real}, not like the {site}"
    return moved, doubts


def placed_labels(
    static: Mapping[str, FloatArray],
    names: Mapping[str, SidedLandmark],
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
    named = {site for label, site in names.items() if label in static}
    is_joint = [s in named and bool(table.landmarks[s.landmark].joint) for s in template.sites]
    points = np.union1d(template.landmarks, np.flatnonzero(is_joint))
    sites = tuple(template.sites[int(number)] for number in points)
    postures = [posture[points] for posture in template.postures]
    anchors = [
        (sites.index(site), labels.index(label))
        for label, site in names.items()
        if label in static and site in sites
    ]
    barred = barred_pairs(sites, labels, hints, table)
    if len(anchors) < MIN_ANCHORS:
        rough = placement(markers, postures[::ROUGH_POSTURE_STEP], barred=barred)
        if rough is None:
            return {}, {}
        anchors = [
            (number, int(marker))
            for number, marker in enumerate(rough.marker)
            if marker >= 0 and table.landmarks[sites[number].landmark].segment not in ARM
        ]
    exchanged = [(sites.index(sites[index].other_side), marker) for index, marker in anchors]
    fits = [  # a body without depth fits about as well facing the other way
        (fit.misfit(markers, pairs, NAME_SD_M) + margin, fit)
        for pairs, margin in ((anchors, 0.0), (exchanged, NAME_MARGIN_CHI2))
        if (fit := placement(markers, postures, pairs, barred)) is not None
    ]
    if not fits:
        return {}, {}
    _, best = min(fits, key=lambda x: x[0])
    read = _read(best, sites, labels, names, hints)
    posture = template.postures[best.template]
    source = np.hstack((posture, np.ones((len(posture), 1))))
    turn = np.linalg.lstsq(source[points], best.landmarks, rcond=None)[0]
    laid = np.asarray(source @ turn)  # all points of the template, where its landmarks are
    tracking = _tracking(template, laid, static, {*names, *read}, table)
    against = _against_words(tracking, template, laid, static, {*names, *read}, hints, table)
    tracking = {label: fit for label, fit in tracking.items() if label not in against}
    return read | tracking, _doubts(template, laid, static, names, table) | against


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
    doubts = {}
    for label, hint in hints.items():
        if label not in static or label in placed:
            continue
        gaps = np.linalg.norm(laid - static[label], axis=1)
        near = template.sites[int(np.argmin(gaps))]
        fit = tracking.get(label, PlacedLabel(near, float(gaps.min())))
        if gaps.min() <= MAX_SCALING_DISTANCE_M:  # on a landmark of its segment too
            fit = PlacedLabel(near, float(gaps.min()))
        if fit.distance <= MAX_OFFSET_M and not allows(hint, fit.site, table):
            doubts[label] = Doubt(f"its name says {hint.words}, but it sits like {fit.site}")
    return doubts


def _doubts(
    template: Template,
    laid: FloatArray,
    static: Mapping[str, FloatArray],
    names: Mapping[str, SidedLandmark],
    table: LandmarkTable,
) -> dict[str, Doubt]:
    """Names that positions contradict: of the whole body first, then within its segments."""
    labels = [label for label in names if label in static]
    if len(labels) < MIN_ANCHORS:
        return {}
    markers = np.array([static[label] for label in labels])
    sites = [names[label] for label in labels]
    clusters = np.array([table.landmarks[site.landmark].cluster for site in sites])
    segments = [segment_of(site, table) for site in sites]
    targets = target_points(template, laid, sites, table)
    gain, sides = _exchanged_sides(markers, sites, segments, targets)
    if sides:
        words = f"left and right of {len(sides)} labels are exchanged"
        return {labels[a]: Doubt(words, sites[a].other_side, gain) for a in sides}
    cost = _costs(markers, targets, np.full(len(labels), NAME_SD_M))
    chosen = least_cost_columns(cost[:, : len(labels)])
    turning = [
        part[0] == "torso" or site.landmark in WRIST
        for part, site in zip(segments, sites, strict=True)
    ]
    skin = [table.landmarks[site.landmark].origin == "skin" for site in sites]
    sd = np.where(skin, np.where(turning, TURNING_SEGMENT_SD_M, SEGMENT_SD_M), NAME_SD_M)
    for segment in dict.fromkeys(segments):  # lay every segment over its own markers
        roles = [row for row, part in enumerate(segments) if part == segment]
        worn = [marker for marker, row in enumerate(chosen) if row in roles and not clusters[row]]
        gaps = [markers[m] - targets[chosen[m]][0] for m in worn if len(targets[chosen[m]])]
        options = [
            [at + gap if row in roles else at for row, at in enumerate(targets)]
            for gap in ((np.median(gaps, axis=0), *gaps) if gaps else ())
        ]
        pairs = [(markers[m], targets[chosen[m]][0]) for m in worn if len(targets[chosen[m]])]
        if len(pairs) > 2:  # fewer do not show a turn
            turned = turned_onto(pairs)
            options.append([turned(at) if row in roles else at for row, at in enumerate(targets)])
        rows = [*dict.fromkeys((*worn, *roles))]
        totals = [least_total(_costs(markers, option, sd)[rows]) for option in options]
        if options:  # by their median unless another gap is better by the margin of an exchange
            best = int(np.argmin(totals))
            targets = options[best if totals[best] < totals[0] - 2.0 * NAME_MARGIN_CHI2 else 0]
    cost = _costs(markers, targets, sd)
    chosen = least_cost_columns(cost)
    distances = MILLIMETRES * place_distances(markers, targets)
    doubts = {}
    for index, label in enumerate(labels):
        far = f"{distances[index, index]:.0f} mm from where the {sites[index]} is expected"
        if chosen[index] >= len(labels):
            doubts[label] = Doubt(f"it sits {far}")
        elif chosen[index] != index:
            site = sites[chosen[index]]
            far += f" and {distances[index, chosen[index]]:.0f} mm from where the {site} is"
            barred = cost.copy()
            barred[index, [n for n, at in enumerate(sites) if at == site]] += 1e6
            doubts[label] = Doubt(f"it sits {far}", site, least_total(barred) - least_total(cost))
    return doubts


def _exchanged_sides(
    markers: FloatArray,
    sites: Sequence[SidedLandmark],
    segments: Sequence[Segment],
    targets: Sequence[FloatArray],
) -> tuple[float, list[int]]:
    """Labels whose left and right are exchanged together, the most likely set, and its gain."""
    distances = place_distances(markers, targets)
    index_of = {site: index for index, site in enumerate(sites)}
    as_named = (np.minimum(np.diagonal(distances), MAX_DISTANCE_M) / NAME_SD_M) ** 2
    best: tuple[float, list[int]] = (NAME_MARGIN_CHI2, [])
    for parts in LIMBS:
        pairs = {
            index: index_of[site.other_side]
            for index, site in enumerate(sites)
            if site.side and segments[index][0] in parts and site.other_side in index_of
        }
        rows, columns = list(pairs), list(pairs.values())
        as_other = (np.minimum(distances[rows, columns], MAX_DISTANCE_M) / NAME_SD_M) ** 2
        if (gain := float((as_named[rows] - as_other).sum())) > best[0]:
            best = gain, rows
    return best


def _costs(markers: FloatArray, targets: Sequence[FloatArray], sd: FloatArray) -> FloatArray:
    """Cost (K, 2 K) of each marker in the place of each label's name, and in none of them."""
    cost = (np.minimum(place_distances(markers, targets), MAX_DISTANCE_M) / sd) ** 2
    cost += NAME_MARGIN_CHI2 * (1.0 - np.eye(len(cost)))
    nowhere = np.full_like(cost, MAX_SITE_DEVIATION_SD**2 + NAME_MARGIN_CHI2)
    return np.hstack((cost, nowhere))


def _read(
    placement: Placement,
    sites: tuple[SidedLandmark, ...],
    labels: tuple[str, ...],
    names: Mapping[str, SidedLandmark],
    hints: Mapping[str, Hint],
) -> dict[str, PlacedLabel]:
    """Keep the landmarks that have no name yet, at labels that have none.

    Single markers are lateral ones; arms count only where elbow and wrist are seen, unless the name
    says which it is.
    """
    read = {
        labels[marker]: PlacedLabel(site, float(distance))
        for site, marker, distance in zip(sites, placement.marker, placement.distance, strict=True)
        if marker >= 0 and distance <= MAX_OFFSET_M
        if site not in names.values() and labels[marker] not in names
    }
    sites_known = {*names.values(), *(fit.site for fit in read.values())}
    accepted = {}
    for label, fit in read.items():
        site, side = fit.site, fit.site.side
        joint, _, kind = site.landmark.partition("_")
        landmarks = {neighbour.landmark for neighbour in sites_known if neighbour.side == side}
        complete = label in hints and hints[label].complete
        single = landmarks.isdisjoint(ELBOW) | landmarks.isdisjoint(WRIST)
        if joint in ("elbow", "wrist") and single and not complete:
            continue
        if complete and site in hints[label].sites and len(landmarks & set(WRIST)) != 1:
            pass
        elif kind == "medial" and f"{joint}_lateral" not in landmarks:
            site = SidedLandmark(f"{joint}_lateral", side)
        elif joint == "wrist" and len(landmarks & set(WRIST)) == 1:
            site = SidedLandmark("wrist", side)
        accepted[label] = replace(fit, site=site)
    return accepted


def _tracking(
    template: Template,
    laid: FloatArray,
    static: Mapping[str, FloatArray],
    labels: set[str],
    table: LandmarkTable,
) -> dict[str, PlacedLabel]:
    """Segments of the markers that are on no landmark: they track it."""
    kinds = [(table.landmarks[site.landmark].segment, site.side) for site in template.sites]
    clusters = table.clusters()
    tracking = {}
    for label, position in static.items():
        if label in labels:
            continue
        gaps = np.linalg.norm(laid - position, axis=1)
        nearest = int(np.argmin(gaps))
        segment, side = kinds[nearest]
        other_gaps = [gap for gap, kind in zip(gaps, kinds, strict=True) if kind[0] != segment]
        cluster = clusters.get((segment, bool(side)))
        if (
            gaps[nearest] < MAX_SEGMENT_GAP_M
            and min(other_gaps) > OTHER_SEGMENT_RATIO * gaps[nearest]
            and cluster
        ):
            tracking[label] = PlacedLabel(SidedLandmark(cluster, side), float(gaps[nearest]))
    return tracking


MAX_SCALING_DISTANCE_M = 0.05
"""A landmark this near to where it is expected may scale and pose the model, m."""


def pooled_sites(
    placements: Sequence[Mapping[str, PlacedLabel]], table: LandmarkTable
) -> tuple[dict[str, PlacedLabel], dict[str, str]]:
    """The places on which all participants agree, the nearest label's each, and disputed labels."""
    agreed: dict[str, PlacedLabel] = {}
    disputed: dict[str, str] = {}
    for label in dict.fromkeys(label for person in placements for label in person):
        fits = [person[label] for person in placements if label in person]
        if len(site_names := {str(fit.site) for fit in fits}) > 1:
            disputed[label] = " or ".join(sorted(site_names))
            continue
        agreed[label] = min(fits, key=lambda fit: fit.distance)
    nearest = {
        label: fit
        for label, fit in agreed.items()
        if table.landmarks[fit.site.landmark].cluster
        or fit.distance
        == min(rival.distance for rival in agreed.values() if rival.site == fit.site)
    }
    return nearest, disputed


def needed_labels(
    placed: Mapping[str, PlacedLabel],
    labelling: Labelling,
    table: LandmarkTable,
    ambiguous: Collection[str] = (),
) -> dict[str, PlacedLabel]:
    """The labels whose position counts: landmarks that are missing, and segments without any.

    And those whose names mean one of several landmarks (``ambiguous``): positions tell which.

    Of landmarks farther than 5 cm from where they are expected two in five were others of the same
    segment (four static trials, names hidden): such labels only track it.
    """
    needed_sites = {
        SidedLandmark(name, side)
        for missing in missing_landmarks(labelling)
        for name in (missing.landmark, *SUBSTITUTE_LANDMARKS.get(missing.landmark, ()))
        for side in (missing.side, "")
    }
    covered = {
        segment_of(site, table)
        for site in labelling.sites.values()
        if not table.landmarks[site.landmark].cluster
    }
    needed = {label: fit for label, fit in placed.items() if fit.site in needed_sites}
    for label, fit in placed.items():
        if label in needed or (segment_of(fit.site, table) in covered and label not in ambiguous):
            continue
        tracks, entry = fit, table.landmarks[fit.site.landmark]
        cluster = table.clusters().get((entry.segment, entry.sided))
        if fit.distance >= MAX_SCALING_DISTANCE_M and cluster is not None:
            tracks = replace(fit, site=SidedLandmark(cluster, fit.site.side))
        if not (table.landmarks[tracks.site.landmark].cluster and label in labelling.static_only):
            needed[label] = tracks
    return needed
