"""OpenSim's ModelScaler and MarkerPlacer, set up from Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from aqbio.config import Measurement
from aqbio.errors import AqbioError
from aqbio.osim.corrections import coordinates
from aqbio.osim.session import array_from_vec3, load_model, opensim, reason

Factors: TypeAlias = dict[str, tuple[float, float, float]]
STATIC_RATE, STATIC_FRAMES = 100.0, 3
"""The tools read the mean static pose from a file of identical frames."""


def set_defaults(model: Any, values: Mapping[str, float]) -> None:
    """Make a pose the model's default."""
    for coordinate in coordinates(model):
        coordinate.setDefaultValue(values[coordinate.getName()])


def scaled_model(
    model: Any, measurements: tuple[Measurement, ...], mass: float, markers: Path
) -> tuple[Any, Factors]:
    """Scale a copy of the generic model with OpenSim's ModelScaler.

    Parameters
    ----------
    model : opensim.Model
        Not changed; its default pose is the one in which distances are taken.
    measurements : tuple of Measurement
        Pairs by the model's marker names.
    mass : float
        Total mass of the result, kg; shares of the bodies are preserved.
    markers : Path
        Static trial; other files are written beside it.

    Returns
    -------
    model : opensim.Model
    factors : dict
        Scale factors (x, y, z) by body.
    """
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
        raise tool_error("ModelScaler", reason(error)) from error
    if not done:
        raise tool_error("ModelScaler", "it reports failure")
    return scaled, _factors(scaled, factors)


def largest_change(before: Factors, after: Factors) -> float:
    """Give the largest difference of a scale factor.

    Examples
    --------
    >>> largest_change({"femur_r": (1.0, 1.0, 1.0)}, {"femur_r": (1.0, 1.5, 1.0)})
    0.5
    """
    return max(float(np.max(np.abs(np.subtract(before[body], after[body])))) for body in after)


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


def _factors(model: Any, path: Path) -> Factors:
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


def place_markers(
    model: Any, pose: Mapping[str, float], weights: Mapping[str, float], markers: Path
) -> None:
    """Move the model's markers to where the static trial has them, from the solved pose."""
    set_defaults(model, pose)
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
        raise tool_error("MarkerPlacer", reason(error)) from error
    if not done:
        raise tool_error("MarkerPlacer", "it reports failure")


def tool_error(tool: str, why: str) -> AqbioError:
    """Say that one of OpenSim's tools failed."""
    return AqbioError(
        f"OpenSim's {tool} failed: {why}.",
        fix="look at the static trial and at the measurements of the marker set.",
        rule="scaling-failed",
    )
