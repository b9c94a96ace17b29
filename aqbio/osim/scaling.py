"""A participant's model: a generic model scaled to a static trial by OpenSim's own tools."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.config import MarkerSet, Measurement, ModelMap
from aqbio.config.settings import Model as ModelSettings
from aqbio.errors import AqbioError, Finding
from aqbio.io.trc import write_trc
from aqbio.mechanics.vectors import FloatArray
from aqbio.osim.corrections import apply_corrections, coordinates
from aqbio.osim.dressing import dress, undress
from aqbio.osim.scale_findings import factor_findings, landmark_findings
from aqbio.osim.scale_tools import (
    STATIC_FRAMES,
    STATIC_RATE,
    Factors,
    distance_from_one,
    measured_factors,
    place_markers,
    product,
    scaled_model,
    set_defaults,
    tool_error,
)
from aqbio.osim.session import initialised, load_model
from aqbio.osim.static_pose import StaticPose, static_pose
from aqbio.osim.static_trial import StaticTrial, static_markers

PASSES, FACTOR_CHANGE = 40, 1e-4
"""Distances between markers on two bodies depend on the pose and on the other body's size: they are
measured again on the scaled and posed model until no factor changes by more; passes allowed."""
MASS_TOLERANCE_KG = 0.1


@dataclass(frozen=True, slots=True)
class ScaleTask:
    """What is needed to make a participant's model.

    Attributes
    ----------
    generic : Path
        Generic ``.osim``.
    model_map : ModelMap
    marker_set : MarkerSet
    static : StaticTrial
    mass : float
        Body mass, kg.
    settings : aqbio.config.settings.Model
        Corrections, limits and the length of the quiet part.
    """

    generic: Path
    model_map: ModelMap
    marker_set: MarkerSet
    static: StaticTrial
    mass: float
    settings: ModelSettings

    def __post_init__(self) -> None:
        """Refuse a mass that nobody has."""
        if not 20 <= self.mass <= 250:
            raise AqbioError(
                f"body mass {self.mass:g} kg is not between 20 and 250 kg.",
                fix="give kilograms in participants.tsv.",
                rule="mass",
            )


@dataclass(frozen=True, slots=True)
class ScaledModel:
    """A participant's model and how well it fits the static trial.

    Attributes
    ----------
    file : Path
        The scaled ``.osim``: markers as in the marker set, no muscles, total mass as measured.
    mass : float
        Total mass of the model, kg.
    factors : dict
        Scale factors (x, y, z) by body.
    marker_error : dict
        Distance by label between the static trial and the scaled, posed model before its markers
        were moved to the static trial, m; joint centres included.
    rms, largest : float
        Over labels of the recording, tracking markers excluded, m.
    pose : dict
        Static pose by coordinate, rad or m; the person faces x.
    landmarks : tuple of str
        Markers of the written model that the posture rests on: recorded, and not clusters.
    findings : tuple of Finding
    """

    file: Path
    mass: float
    factors: Factors
    marker_error: dict[str, float]
    rms: float
    largest: float
    pose: dict[str, float]
    landmarks: tuple[str, ...]
    findings: tuple[Finding, ...]


def scale_model(task: ScaleTask, output: Path, scratch: Path) -> ScaledModel:
    """Scale a generic model to a person, place its markers and write it.

    Parameters
    ----------
    task : ScaleTask
    output : Path
        The ``.osim`` to write.
    scratch : Path
        Folder for the files that OpenSim's tools exchange.

    Returns
    -------
    ScaledModel

    Raises
    ------
    AqbioError
        The marker set does not fit the model, the static trial lacks what scaling needs, or
        OpenSim's tools fail.

    Notes
    -----
    Measurements compare distances between markers with those on the model *in the static pose*, so
    that a person may stand with arms hanging, in an A or in a T, and *as scaled so far*, so that
    a distance across two bodies leaves to each its own share.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    model = load_model(task.generic, muscles=not task.settings.corrections.drop_muscles)
    findings = apply_corrections(model, task.settings.corrections)
    means = static_markers(task.static, task.marker_set, seconds=task.settings.static_window_s)
    findings += dress(model, task.marker_set, means)
    measurements, lost = _usable_measurements(task.marker_set, means)
    findings += lost
    defaults = {c.getName(): c.getDefaultValue() for c in coordinates(model)}
    target = _target(task.marker_set, means, scratch / "static.trc")
    scaled, pose, factors = _fitted(model, measurements, target, task)
    place_markers(scaled, pose.coordinates, target.weights, target.file)
    set_defaults(scaled, defaults)
    undress(scaled, task.marker_set)
    scaled.setName(output.stem)
    scaled.printToXML(str(output))
    findings += factor_findings(factors, [_by_label(task.marker_set, x) for x in measurements])
    return _result(task, output, pose, factors, findings)


@dataclass(frozen=True, slots=True)
class _Target:
    """Mean markers of the static trial by marker of the model: arrays, weights and file."""

    positions: dict[str, FloatArray]
    weights: dict[str, float]
    file: Path


def _target(marker_set: MarkerSet, means: dict[str, FloatArray], file: Path) -> _Target:
    """Name the static markers as on the model; tracking markers have no weight."""
    positions = {marker_set.model_name(label): place for label, place in means.items()}
    weights = {}
    for label in means:
        mapped = marker_set.markers[label]
        weights[marker_set.model_name(label)] = 0.0 if mapped.tracking else mapped.static_weight
    frames = np.array([list(positions.values())] * STATIC_FRAMES)
    write_trc(file, tuple(positions), frames, STATIC_RATE)
    return _Target(positions, weights, file)


def _fitted(
    model: Any, measurements: tuple[Measurement, ...], target: _Target, task: ScaleTask
) -> tuple[Any, StaticPose, Factors]:
    """Measure, scale and pose by turns until every measured distance is the static trial's."""
    generic = target.file.parent / "generic.osim"
    model.printToXML(str(generic))
    bodies = [model.getBodySet().get(i).getName() for i in range(model.getBodySet().getSize())]
    factors: Factors = dict.fromkeys(bodies, (1.0, 1.0, 1.0))
    starts: ModelMap | None = task.model_map
    for _ in range(PASSES):
        scaled = scaled_model(generic, factors, task.mass, target.file)
        pose = static_pose(scaled, starts, target.positions, target.weights)
        starts = None
        set_defaults(scaled, pose.coordinates)
        change = measured_factors(scaled, measurements, target.file)
        factors = product(factors, change)
        if distance_from_one(change) < FACTOR_CHANGE:
            break
    else:
        raise AqbioError(
            f"scale factors still change by {distance_from_one(change):.4f} after {PASSES} "
            f"passes of scaling and posing, more than {FACTOR_CHANGE:g}.",
            fix="check the static trial's markers and the bodies they are mapped to.",
            rule="scaling-diverges",
        )
    return scaled_model(generic, factors, task.mass, target.file), pose, factors


def _usable_measurements(
    marker_set: MarkerSet, means: dict[str, FloatArray]
) -> tuple[tuple[Measurement, ...], list[Finding]]:
    """Measurements with the pairs that the static trial shows, under the model's marker names."""
    usable, findings = [], []
    for measurement in marker_set.measurements:
        pairs = [pair for pair in measurement.pairs if all(label in means for label in pair)]
        if lost := [pair for pair in measurement.pairs if pair not in pairs]:
            told = ", ".join("-".join(pair) for pair in lost)
            what = f"measurement {measurement.name} lacks {told} in the static trial"
            if instead := [pair for two in lost for pair in _stand_ins(two, marker_set, means)]:
                what += f"; {', '.join('-'.join(pair) for pair in instead)} stand(s) in"
            pairs += instead
            fix = "its other pairs are used." if pairs else "its bodies keep the generic size."
            findings.append(Finding("scale-pair-missing", "warning", f"{what}.", fix=fix))
        if pairs:
            named = tuple(
                (marker_set.model_name(first), marker_set.model_name(second))
                for first, second in pairs
            )
            usable.append(measurement.model_copy(update={"pairs": named}))
    return tuple(usable), findings


def _by_label(marker_set: MarkerSet, measurement: Measurement) -> Measurement:
    """Name the pairs of a measurement as the laboratory does."""
    pairs = tuple(
        (marker_set.label_of(first), marker_set.label_of(second))
        for first, second in measurement.pairs
    )
    return measurement.model_copy(update={"pairs": pairs})


def _stand_ins(
    pair: tuple[str, str], marker_set: MarkerSet, means: dict[str, FloatArray]
) -> list[tuple[str, str]]:
    """Pairs with the seen markers of a midpoint that lacks others: the lateral epicondyle alone."""
    choices = []
    for label in pair:
        parts = marker_set.markers[label].midpoint
        choices.append([label] if label in means else [part for part in parts if part in means])
    return [(first, second) for first in choices[0] for second in choices[1]]


def _result(
    task: ScaleTask, file: Path, pose: StaticPose, factors: Factors, findings: list[Finding]
) -> ScaledModel:
    """Read the written model back and judge it."""
    written = load_model(file)
    mass = float(written.getTotalMass(initialised(written, file=file)))
    if abs(mass - task.mass) > MASS_TOLERANCE_KG:
        raise tool_error("ModelScaler", f"the model weighs {mass:.2f} kg, not {task.mass:.2f} kg")
    error = {
        label: pose.error[task.marker_set.model_name(label)]
        for label, mapped in task.marker_set.markers.items()
        if task.marker_set.model_name(label) in pose.error and not mapped.tracking
    }
    landmarks = {
        label: distance
        for label, distance in error.items()
        if not task.marker_set.markers[label].computed
    }
    limits = task.settings
    found = landmark_findings(
        landmarks, rms_limit=limits.landmark_rms_m, largest_limit=limits.landmark_max_m
    )
    return ScaledModel(
        file=file,
        mass=mass,
        factors=factors,
        marker_error=error,
        rms=float(np.sqrt(np.mean(np.square(list(landmarks.values()))))),
        largest=max(landmarks.values()),
        pose=pose.coordinates,
        landmarks=_landmarks(task.marker_set, pose.error),
        findings=(*findings, *found),
    )


def _landmarks(marker_set: MarkerSet, seen: Container[str]) -> tuple[str, ...]:
    """Recorded markers that posed and scaled the model, by themselves or in a midpoint."""
    counted = {
        label
        for name, mapped in marker_set.markers.items()
        if mapped.static_weight > 0 and not mapped.tracking
        for label in (name, *mapped.midpoint)
    }
    return tuple(
        marker_set.model_name(label)
        for label in marker_set.markers
        if label in counted
        and not marker_set.markers[label].computed
        and marker_set.model_name(label) in seen
    )
