"""Preview of a new study: quantities that can and cannot be computed, and what to record."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.posterior import with_lock
from aqbio.body.priors import COMMON_SHARE, SKIN_SD, VIDEO_NOISE, expected_positions, posture_sd
from aqbio.body.shape import body_parts
from aqbio.config import MarkerSet
from aqbio.config.model_map import Sides
from aqbio.errors import listed
from aqbio.gait.roles import RoleScheme
from aqbio.intake.folder import STORAGE_SUFFIXES, UnusedFile
from aqbio.intake.labelled_recordings import ProposedSet
from aqbio.intake.models import ChosenModel
from aqbio.intake.rows import Rows, TrialRow
from aqbio.intake.trial_preview import TrialPreview
from aqbio.io.poses import is_pose_label
from aqbio.labels.motion import Segment
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import ANATOMICAL_GROUPS
from aqbio.observed.determined import (
    MAX_DISPLACEMENT_M,
    MAX_MOMENTUM_SD_M2PS,
    NEGLIGIBLE_COM_SHIFT_M,
    MarkerNoise,
    coordinate_covariance,
    range_sd,
    segment_sds,
    with_joints_freed,
)
from aqbio.observed.mask import NOT_SEEN, Observed
from aqbio.observed.parts import CAUSES, ObservedParts, determined_outcomes, of_the_model
from aqbio.opensim.child_process import with_model
from aqbio.opensim.session import quiet
from aqbio.opensim.skeleton import read_skeleton
from aqbio.scale.calibration import labels_on_model
from aqbio.vectors import FloatArray

SHOWN_UNCERTAINTY = 0.85
"""Multiple of the accepted uncertainty up to which a group is reported."""

HIDDEN_UNCERTAINTY = 2.0
"""Multiple of the accepted uncertainty beyond which a group is not reported."""

CLUSTER_RADIUS_M = 0.08
"""Distance of the markers of a cluster from its centre, m."""

REPORTED_PARTS = {
    "the legs": ("push_leg", "swing_leg"), "the arms": ("arms",), "the trunk": ("torso",),
    "the pelvis": ("pelvis",), "the push side": ("push_side",), "the swing side": ("swing_side",),
    "the whole body": ("total",),
}  # fmt: skip
"""Parts whose angular momentum is reported, with the items of a step that each needs."""

MARKER_SITES = {
    "leg": "both sides of knee and ankle, heel and forefoot",
    "arm": "both sides of elbow and wrist",
    "trunk": "C7, T10 and sternum",
    "pelvis": "the iliac spines in front (ASIS) and behind (PSIS)",
}
"""Marker sites, or landmarks that OpenCap's network adds, that show a part of the body."""


SEGMENTS_OF_PART = {
    "leg": ("thigh", "shank", "foot"), "arm": ("upper_arm", "forearm"), "trunk": ("torso",),
    "torso": ("torso",), "pelvis": ("pelvis",),
}  # fmt: skip
"""Segments of labels by kind of part."""


def study_preview(
    rows: Rows,
    previews: Mapping[str, TrialPreview],
    left_out: Sequence[UnusedFile],
    markers: ProposedSet | None,
    model: ChosenModel,
    labels: Mapping[str, Collection[str]],
) -> Iterator[str]:
    """Report in a few lines what a study will compute, what it cannot, and how to change that.

    ``labels`` are those of every moving trial by its file; without ``markers`` they are joint
    angles.
    """
    runs = [row for row in rows.trials if row.task == "run" and row.include == "yes"]
    if planar := [unusable for unusable in left_out if "made from one video" in unusable.why]:
        yield (
            f"not read: {len(planar)} recordings of one video, in which one direction was not "
            "measured. To change that: film with two cameras or more"
        )
    if markers is not None and markers.marker_set is None:
        yield "computed: nothing before markers.yaml has the labels that are asked for below"
        return
    usable = [run for run in runs if previews[run.motion].contacts]
    yield from _of_lost_runs(runs, len(usable), previews)
    if not usable:
        return
    single = [run for run in usable if not previews[run.motion].steps]
    if single:
        yield (
            f"not computed of {_trials(len(single), len(runs))}: flight times and step lengths, "
            "for no next touchdown is known. To change that: record three contacts in a row"
        )
    if markers is None:
        yield from _of_joint_angles(usable, len(runs), previews)
    elif markers.marker_set is not None:
        yield from _of_runs(usable, len(runs), previews, markers, model, labels)
        marked = markers.marker_set.markers
        if any(map(is_pose_label, marked)):
            yield (
                "less sure: all of it, by the errors of markerless tracking: poses of segments "
                "hold no markers. To change that: markers on every segment"
            )
        elif any(marker.video for marker in marked.values()):
            yield (
                "less sure: turns of thighs, shanks and arms about their own axes, which joint "
                "centres hardly show. To change that: mark both sides of the joints, or use the "
                "landmarks that OpenCap and Pose2Sim add to the joint centres"
            )
    unused = sum(previews[run.motion].forces_unused for run in usable)
    lacking = len(runs) - unused - sum(previews[run.motion].forces for run in usable)
    broken = [file.file.name for file in left_out if file.file.suffix.lower() in STORAGE_SUFFIXES]
    record = (
        "for no contact has forces. To change that: force plates in the C3D file, or a MOT file "
        "of forces beside the TRC"
    )
    record += f"; see below why {listed(broken)} cannot be used" if broken else ""
    look = "for their forces are not used. To change that: see what is said of each below"
    for count, why in ((lacking, record), (unused, look)):
        if count:
            yield (
                f"not computed of {_trials(count, len(runs))}: moments of the standing leg, and "
                f"what causes angular momentum (level C), {why}"
            )
    people = [person for person in rows.people if not (person.static_trial or person.model_file)]
    if people:
        names = listed([person.participant_id for person in people])
        yield (
            f"less sure, {names}: lengths of segments, without a static trial. To change that: "
            "record a second of quiet standing"
        )


def _of_joint_angles(
    runs: Sequence[TrialRow], run_count: int, previews: Mapping[str, TrialPreview]
) -> Iterator[str]:
    """Report what is computed of runs that start from joint angles."""
    yield f"from joint angles of {_trials(len(runs), run_count)}, as sure as these angles are"
    with_forces = [previews[run.motion] for run in runs if previews[run.motion].forces]
    for why, count in Counter(preview.causes_hidden for preview in with_forces).items():
        trials = _trials(count, run_count)
        if not why:
            yield f"computed of {trials}: {FORCE_RESULTS}"
            continue
        yield f"computed of {trials}: ground forces"
        yield (
            f"not computed of {trials}: what causes angular momentum (level C), for {why}. To "
            "change that: export all coordinates of a model of the whole body"
        )


def _of_lost_runs(
    runs: Sequence[TrialRow], usable_count: int, previews: Mapping[str, TrialPreview]
) -> Iterator[str]:
    """Report why runs have no contact, as many as ``usable_count`` lacks."""
    if walks := sum(previews[run.motion].walked for run in runs):
        yield (
            f"no step in {_trials(walks, len(runs))}, and so no results: both feet are on the "
            "ground at once, as in walking, which leaves push leg and swing leg undefined. To "
            "change that: record running"
        )
    if filtered := sum(previews[run.motion].filtered for run in runs):
        yield (
            f"no contact in {_trials(filtered, len(runs))}, and so no results: the markers "
            "were low-passed, which hides touchdown and toe-off. To change that: export the "
            "markers raw"
        )
    if refused := sum(not previews[run.motion].prepared for run in runs):
        yield (
            f"not usable yet: {_trials(refused, len(runs))}. To change that: see what is said of "
            "each below"
        )
    if unseen := len(runs) - usable_count - walks - filtered - refused:
        yield (
            f"no contact in {_trials(unseen, len(runs))} that was seen whole, "
            "and so no results. To change that: record three contacts in a row, with both feet "
            "in view"
        )


def _trials(count: int, total: int) -> str:
    return f"{count} of {total} run{'s' if total > 1 else ''}"


Spare = Mapping[str, tuple[Segment, ...]]
"""Unused labels, each with the segments on which it may lie."""

FORCE_RESULTS = (
    "joint moments, and what forces, gravity and joints do to angular momentum (levels B and C)"
)


def _of_runs(
    runs: Sequence[TrialRow],
    run_count: int,
    previews: Mapping[str, TrialPreview],
    markers: ProposedSet,
    model: ChosenModel,
    labels: Mapping[str, Collection[str]],
) -> Iterator[str]:
    """Report what is computed of runs, by the coverage of their labels."""
    marker_set = markers.marker_set
    if marker_set is None:
        return
    coverages: dict[frozenset[str], LabelCoverage] = {}
    by_coverage: dict[tuple[object, bool], tuple[LabelCoverage, list[TrialRow]]] = {}
    for run in runs:
        worn = frozenset(label for label in labels[run.file] if label in marker_set.markers)
        if worn not in coverages:
            coverages[worn] = label_coverage(model, marker_set, worn)
        coverage = coverages[worn]
        steps = previews[run.motion].steps
        by_coverage.setdefault((coverage.key, steps), (coverage, []))[1].append(run)
    for (_, steps), (coverage, covered_runs) in by_coverage.items():
        yield from _of_motion(
            coverage, _trials(len(covered_runs), run_count), markers.spare, steps=steps
        )
        if forces := sum(previews[run.motion].forces for run in covered_runs):
            yield from _of_forces(coverage, _trials(forces, run_count), markers.spare)


@dataclass(frozen=True)
class LabelCoverage:
    """Outcomes and groups of the body that a set of labels determines, by the mask of results."""

    determined: Mapping[str, bool]
    """True for outcomes determined by segments that the labels clearly show."""
    maybe_determined: Mapping[str, bool]
    """True for outcomes determined if segments that the labels hardly show are counted too."""
    hidden_groups: frozenset[str]
    doubtful_groups: frozenset[str]
    """hidden_groups, doubtful_groups: Groups that the labels do not show, and hardly show."""
    absent_groups: tuple[str, ...]
    """Groups that the model does not have."""

    @property
    def key(self) -> tuple[object, ...]:
        """Identity of the coverage, equal for runs that are reported in one sentence."""
        return (
            tuple(self.determined.items()),
            tuple(self.maybe_determined.items()),
            self.hidden_groups,
            self.doubtful_groups,
        )

    def split(self, parts: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str], list[str]]:
        """Split parts into computed, computed where recordings are steady, and not computed."""
        computed = [
            name for name, items in parts.items() if all(self.determined[item] for item in items)
        ]
        maybe = [
            name
            for name, items in parts.items()
            if all(self.maybe_determined[item] for item in items)
        ]
        not_computed = [name for name in parts if name not in maybe]
        return computed, [name for name in maybe if name not in computed], not_computed


def label_coverage(
    model: ChosenModel, marker_set: MarkerSet, labels: Collection[str]
) -> LabelCoverage:
    """Predict which outcomes labels determine, by the mask of the results.

    `segment_uncertainty` decides on segments, and `determined_outcomes` on what they determine.
    """
    skeleton, unsure = segment_uncertainty(model, marker_set, labels)
    groups = model.model_map.groups
    body = dict(zip(skeleton.bodies, unsure.tolist(), strict=True))

    def outcomes(max_uncertainty: float) -> dict[str, bool]:
        hidden = [name for name, uncertainty in body.items() if uncertainty > max_uncertainty]
        observed = Observed.complete(skeleton.bodies, 1).without(hidden, NOT_SEEN)
        parts = ObservedParts(of_the_model(observed, groups), skeleton, model.model_map)
        return determined_outcomes(parts, RoleScheme())

    worst = {name: max(body[segment] for segment in members) for name, members in groups.items()}
    return LabelCoverage(
        outcomes(SHOWN_UNCERTAINTY),
        outcomes(HIDDEN_UNCERTAINTY),
        frozenset(name for name, uncertainty in worst.items() if uncertainty > HIDDEN_UNCERTAINTY),
        frozenset(
            name
            for name, uncertainty in worst.items()
            if SHOWN_UNCERTAINTY < uncertainty <= HIDDEN_UNCERTAINTY
        ),
        tuple(name for name in ANATOMICAL_GROUPS if name not in groups),
    )


def _of_motion(coverage: LabelCoverage, runs: str, spare: Spare, *, steps: bool) -> Iterator[str]:
    """Report the parts whose angular momentum is computed."""
    computed, perhaps, not_computed = coverage.split(REPORTED_PARTS)
    # of a single contact the speed is that of the centre of mass, of a step also the pelvis's
    speed_words = "speed, steps, " if steps else "speed, " if coverage.determined["total"] else ""
    yield (
        f"computed of {runs}: {speed_words}contact times, joint angles and "
        f"angular momentum (level A){' of ' + listed(computed) if computed else ''}"
    )
    for names, (word, _) in ((not_computed, NOT_COMPUTED), (perhaps, COMPUTED_IF_STEADY)):
        if names:
            why = _reason(coverage, spare, hardly=names is perhaps)
            yield f"{word}: angular momentum of {listed(names)}, {why}"


def _of_forces(coverage: LabelCoverage, runs: str, spare: Spare) -> Iterator[str]:
    """Report what is computed of runs whose contacts have forces."""
    if coverage.determined[CAUSES]:
        yield f"computed of {runs}: {FORCE_RESULTS}"
        return
    stems = dict.fromkeys(re.sub("_(left|right)$", "", joint) for joint in JOINTS_OF_MODEL)
    joints = {
        stem: [
            outcome
            for outcome in coverage.determined
            if re.fullmatch(f"{stem}(_left|_right)?", outcome)
        ]
        for stem in stems
    }
    computed_stems = [
        stem
        for stem, outcomes in joints.items()
        if outcomes and all(coverage.determined[outcome] for outcome in outcomes)
    ]
    moments = f", and joint moments of {listed(computed_stems)}" if computed_stems else ""
    yield f"computed of {runs}: ground forces{moments}"
    hardly = coverage.maybe_determined[CAUSES]
    word, _ = COMPUTED_IF_STEADY if hardly else NOT_COMPUTED
    why = _reason(coverage, spare, hardly=hardly)
    yield f"{word}: what causes angular momentum (level C), {why}"


NOT_COMPUTED = ("not computed", "do not show")
"""Fate of an outcome, and verb for labels that do not show the parts that it needs."""

COMPUTED_IF_STEADY = ("computed where the recordings are steady enough", "hardly show")
"""The same for labels that hardly show these parts."""

JOINTS_OF_MODEL = ("hip", "knee", "ankle", "mtp", "lumbar", "shoulder", "elbow", "wrist")


def _reason(coverage: LabelCoverage, spare: Spare, *, hardly: bool) -> str:
    """Explain which groups the labels miss, with unused labels there and sites for new markers."""
    if not hardly and coverage.absent_groups:
        names = listed([" ".join(reversed(group.split("_"))) for group in coverage.absent_groups])
        return f"for the model has no {names}. To change that: use a model with trunk and arms"
    groups = coverage.doubtful_groups if hardly else coverage.hidden_groups
    group_names = [" ".join(reversed(group.split("_"))) for group in sorted(groups)]
    group_names = [name.replace("torso", "trunk") for name in group_names]
    marks = dict.fromkeys(MARKER_SITES[name.split()[-1]] for name in group_names)
    _, verb = COMPUTED_IF_STEADY if hardly else NOT_COMPUTED
    unused = [label for label, segments in spare.items() if _lies(segments, groups)]
    unused_advice = (
        f"{listed(unused)} {'lie' if len(unused) > 1 else 'lies'} there and "
        f"{'are' if len(unused) > 1 else 'is'} not used: remove the first # of "
        f"{'their lines' if len(unused) > 1 else 'its line'} in markers.yaml and give "
        f"{'them their' if len(unused) > 1 else 'it its'} body; else "
    )
    return (
        f"for the labels {verb} {listed(group_names)}. To change that: "
        f"{unused_advice if unused else ''}mark {'; '.join(marks)}"
    )


def _lies(segments: Collection[Segment], groups: Collection[str]) -> bool:
    """Tell whether a label lies on one of several groups of a model (``arm_left``)."""
    kinds = [(group.partition("_")[0], group.partition("_")[2]) for group in groups]
    return any(
        segment in SEGMENTS_OF_PART[kind] and side in ("", label_side)
        for segment, label_side in segments
        for kind, side in kinds
    )


def segment_uncertainty(
    model: ChosenModel, marker_set: MarkerSet, labels: Collection[str]
) -> tuple[Skeleton, FloatArray]:
    """Uncertainty (B,) of every segment given some labels, as a multiple of the accepted one.

    Uses the criteria of inverse kinematics on the generic model with bent elbows, and the noise
    expected before calibration. A group whose heaviest segment carries no label is at best
    uncertain.
    """
    with quiet(level="Off"):
        generic = with_model(model.path, lambda: read_skeleton(model.path))
    model_map = model.model_map
    worn = {
        label: marker
        for label, marker in marker_set.markers.items()
        if label in labels and not marker.static_only
    }
    chosen = marker_set.model_copy(update={"markers": worn})
    parts = body_parts(generic, model_map)
    placed = labels_on_model(chosen, generic, model_map.joints.by_name())
    placements, _ = expected_positions(generic, parts, placed)
    position = placements.position.copy()
    for body in np.unique(placements.body):  # spread the markers of a cluster
        cluster = [
            n
            for n, marker in enumerate(worn.values())
            if marker.tracking and placements.body[n] == body
        ]
        for count, marker in enumerate(cluster):
            position[marker, count % 3] += CLUSTER_RADIUS_M * (-1) ** (count // 3)
    skeleton = replace(
        generic, markers=placements.labels, marker_body=placements.body, marker_position=position
    )
    moved = set(skeleton.driver[np.isin(skeleton.axes.body, placements.body)].tolist())
    held_coordinates = {skeleton.coordinates.index(name) for name in model_map.held}
    skeleton = with_lock(skeleton, held_coordinates & moved, locked=False)
    index, part = np.arange(len(worn)), parts.of_body[placements.body]
    skin = np.array([SKIN_SD[parts.kinds[part_index]] for part_index in part])
    video = np.array([marker.video for marker in worn.values()])
    sd = np.where(video, np.maximum(skin, VIDEO_NOISE), skin)
    q = skeleton.coordinate_default[None].copy()
    if isinstance(elbows := model_map.sagittal.get("elbow"), Sides):
        bent = [skeleton.coordinates.index(name) for name in (elbows.left, elbows.right)]
        q[:, bent] = model_map.flexion.get("elbow", 1) * np.pi / 2
    noise, weight = MarkerNoise(sd, part, COMMON_SHARE), (sd.min() / sd)[None] ** 2
    free = with_joints_freed(skeleton, model_map.held, index)
    prior_sd = np.minimum(range_sd(free), posture_sd(free, model_map, marker_set))
    covariance = coordinate_covariance(free, q, index, weight, prior_sd, noise)
    displacement, momentum = (sds[0] for sds in segment_sds(skeleton, q, covariance))
    share = skeleton.mass / skeleton.mass.sum()
    uncertainty = np.maximum(
        displacement / MAX_DISPLACEMENT_M, momentum / MAX_MOMENTUM_SD_M2PS / skeleton.mass.sum()
    )
    uncertainty = np.minimum(uncertainty, displacement * share / NEGLIGIBLE_COM_SHIFT_M)
    for names in model_map.groups.values():
        bodies = np.array([skeleton.bodies.index(name) for name in names])
        heaviest = bodies[int(np.argmax(skeleton.mass[bodies]))]
        if heaviest not in placements.body:
            uncertainty[heaviest] = max(
                uncertainty[heaviest], 0.5 * (SHOWN_UNCERTAINTY + HIDDEN_UNCERTAINTY)
            )
    return skeleton, uncertainty
