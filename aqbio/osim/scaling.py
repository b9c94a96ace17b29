"""A participant's model: a generic model scaled to a static trial by OpenSim's own tools."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqbio.config import MarkerSet, Measurement, ModelMap
from aqbio.config.settings import Model as ModelSettings
from aqbio.errors import AqbioError, Finding
from aqbio.io.trc import write_trc
from aqbio.osim.corrections import apply_corrections, coordinates
from aqbio.osim.dressing import dress, undress
from aqbio.osim.scale_findings import factor_findings, landmark_findings
from aqbio.osim.session import array_from_vec3, initialised, load_model, opensim, reason
from aqbio.osim.static_pose import StaticPose, static_pose
from aqbio.osim.static_trial import StaticTrial, static_markers

FloatArray = NDArray[np.float64]

PASSES = 3
"""Distances between markers on two bodies depend on the pose: the generic model takes the static
pose of the pass before. The third pass changes factors by less than 1e-3."""
STATIC_RATE, STATIC_FRAMES = 100.0, 3
"""OpenSim's tools read the mean static pose from a file of identical frames."""
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
    findings : tuple of Finding
    """

    file: Path
    mass: float
    factors: dict[str, tuple[float, float, float]]
    marker_error: dict[str, float]
    rms: float
    largest: float
    pose: dict[str, float]
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
    Measurements compare distances between markers with those on the generic model *in the static
    pose*, so that a person may stand with arms hanging, in an A or in a T.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    model = load_model(task.generic, muscles=not task.settings.corrections.drop_muscles)
    findings = apply_corrections(model, task.settings.corrections)
    means = static_markers(task.static, task.marker_set, seconds=task.settings.static_window_s)
    findings += dress(model, task.marker_set, means)
    positions = {task.marker_set.model_name(label): place for label, place in means.items()}
    markers = scratch / "static.trc"
    frames = np.array([list(positions.values())] * STATIC_FRAMES)
    write_trc(markers, tuple(positions), frames, STATIC_RATE)
    weights = _static_weights(task.marker_set, means)
    used, more = _usable_measurements(task.marker_set, means)
    findings += more

    defaults = {c.getName(): c.getDefaultValue() for c in coordinates(model)}
    scaled, factors = _scaled(model, used, task.mass, markers)
    pose = static_pose(scaled, task.model_map, positions, weights)
    for _ in range(PASSES - 1):
        _set_defaults(model, pose.coordinates)
        scaled, factors = _scaled(model, used, task.mass, markers)
        pose = static_pose(scaled, task.model_map, positions, weights)
    _place_markers(scaled, pose, weights, markers)
    _set_defaults(scaled, defaults)
    undress(scaled, task.marker_set)
    return _finished(task, scaled, output, pose, findings, factors)


def _static_weights(marker_set: MarkerSet, means: dict[str, FloatArray]) -> dict[str, float]:
    """Weight by marker of the model; tracking markers have none."""
    return {
        marker_set.model_name(label): 0.0 if mapped.tracking else mapped.static_weight
        for label, mapped in marker_set.markers.items()
        if label in means
    }


def _usable_measurements(
    marker_set: MarkerSet, means: dict[str, FloatArray]
) -> tuple[tuple[Measurement, ...], list[Finding]]:
    """Measurements with the pairs that the static trial shows, under the model's marker names."""
    usable, findings = [], []
    for measurement in marker_set.measurements:
        pairs = [pair for pair in measurement.pairs if all(label in means for label in pair)]
        if lost := [pair for pair in measurement.pairs if pair not in pairs]:
            told = ", ".join("-".join(pair) for pair in lost)
            what = f"measurement {measurement.name} lacks {told} in the static trial."
            fix = "its other pairs are used." if pairs else "its bodies keep the generic size."
            findings.append(Finding("scale-pair-missing", "warning", what, fix=fix))
        if pairs:
            named = tuple(
                (marker_set.model_name(first), marker_set.model_name(second))
                for first, second in pairs
            )
            usable.append(measurement.model_copy(update={"pairs": named}))
    return tuple(usable), findings


def _set_defaults(model: Any, values: dict[str, float]) -> None:
    for coordinate in coordinates(model):
        coordinate.setDefaultValue(values[coordinate.getName()])


def _scaled(
    model: Any, measurements: tuple[Measurement, ...], mass: float, markers: Path
) -> tuple[Any, dict[str, tuple[float, float, float]]]:
    """Scale a copy of the generic model with OpenSim's ModelScaler; give it and the factors."""
    folder = markers.parent
    generic, factors = folder / "generic.osim", folder / "scale_set.xml"
    model.printToXML(str(generic))
    scaled = load_model(generic, muscles=True)
    scaler = opensim.ModelScaler()
    order = opensim.ArrayStr()
    order.append("measurements")
    scaler.setScalingOrder(order)
    for measurement in measurements:
        scaler.getMeasurementSet().cloneAndAppend(_measurement(measurement))
    scaler.setMarkerFileName(str(markers))
    scaler.setTimeRange(_static_range())
    scaler.setPreserveMassDist(True)
    scaler.setOutputScaleFileName(str(factors))
    scaler.setPrintResultFiles(True)
    try:
        done = scaler.processModel(scaled, "", mass)
    except RuntimeError as error:
        raise _tool_error("ModelScaler", reason(error)) from error
    if not done:
        raise _tool_error("ModelScaler", "it reports failure")
    return scaled, _factors(scaled, factors)


def _measurement(settings: Measurement) -> Any:
    measurement = opensim.Measurement()
    measurement.setName(settings.name)
    measurement.setApply(True)
    for first, second in settings.pairs:
        pair = opensim.MarkerPair()
        pair.setMarkerName(0, first)
        pair.setMarkerName(1, second)
        measurement.getMarkerPairSet().cloneAndAppend(pair)
    axes = opensim.ArrayStr()
    for axis in settings.axes:
        axes.append(axis.upper())
    for name in settings.bodies:
        body = opensim.BodyScale()
        body.setName(name)
        body.setAxisNames(axes)
        measurement.getBodyScaleSet().cloneAndAppend(body)
    return measurement


def _static_range() -> Any:
    times = opensim.ArrayDouble()
    times.append(0.0)
    times.append((STATIC_FRAMES - 1) / STATIC_RATE)
    return times


def _factors(model: Any, path: Path) -> dict[str, tuple[float, float, float]]:
    scales = opensim.ScaleSet(str(path))
    factors = {}
    for index in range(scales.getSize()):
        scale = scales.get(index)
        if model.getBodySet().contains(scale.getSegmentName()):
            values = opensim.Vec3()
            scale.getScaleFactors(values)
            x, y, z = (float(value) for value in array_from_vec3(values))
            factors[scale.getSegmentName()] = (x, y, z)
    return factors


def _place_markers(model: Any, pose: StaticPose, weights: dict[str, float], markers: Path) -> None:
    """Move the model's markers to where the static trial has them, from the solved pose."""
    _set_defaults(model, pose.coordinates)
    placer = opensim.MarkerPlacer()
    tasks = placer.getIKTaskSet()
    for name, weight in weights.items():
        task = opensim.IKMarkerTask()
        task.setName(name)
        task.setApply(True)
        task.setWeight(weight)
        tasks.cloneAndAppend(task)
    placer.setMarkerFileName(str(markers))
    placer.setTimeRange(_static_range())
    placer.setMaxMarkerMovement(-1.0)
    placer.setMoveModelMarkers(True)
    placer.setPrintResultFiles(False)
    try:
        done = placer.processModel(model, "")
    except RuntimeError as error:
        raise _tool_error("MarkerPlacer", reason(error)) from error
    if not done:
        raise _tool_error("MarkerPlacer", "it reports failure")


def _tool_error(tool: str, why: str) -> AqbioError:
    return AqbioError(
        f"OpenSim's {tool} failed: {why}.",
        fix="look at the static trial and at the measurements of the marker set.",
        rule="scaling-failed",
    )


def _finished(
    task: ScaleTask,
    model: Any,
    output: Path,
    pose: StaticPose,
    findings: list[Finding],
    factors: dict[str, tuple[float, float, float]],
) -> ScaledModel:
    """Write the model, read it back and judge it."""
    model.setName(output.stem)
    model.printToXML(str(output))
    written = load_model(output)
    mass = float(written.getTotalMass(initialised(written, file=output)))
    if abs(mass - task.mass) > MASS_TOLERANCE_KG:
        raise _tool_error("ModelScaler", f"the model weighs {mass:.2f} kg, not {task.mass:.2f} kg")
    error = {
        label: pose.error[task.marker_set.model_name(label)]
        for label, mapped in task.marker_set.markers.items()
        if task.marker_set.model_name(label) in pose.error and not mapped.tracking
    }
    landmarks = {k: v for k, v in error.items() if not task.marker_set.markers[k].computed}
    limits = task.settings
    findings += factor_findings(factors)
    findings += landmark_findings(
        landmarks, rms_limit=limits.landmark_rms_m, largest_limit=limits.landmark_max_m
    )
    return ScaledModel(
        file=output,
        mass=mass,
        factors=factors,
        marker_error=error,
        rms=float(np.sqrt(np.mean(np.square(list(landmarks.values()))))),
        largest=max(landmarks.values()),
        pose=pose.coordinates,
        findings=tuple(findings),
    )
