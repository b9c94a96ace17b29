"""OpenSim's ModelScaler and MarkerPlacer, set up from Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from aqbio.config import Measurement
from aqbio.errors import AqbioError
from aqbio.osim.corrections import coordinates
from aqbio.osim.session import array_from_vec3, load_model, opensim, reason, vec3

Factors: TypeAlias = dict[str, tuple[float, float, float]]
STATIC_RATE, STATIC_FRAMES = 100.0, 3
"""The tools read the mean static pose from a file of identical frames."""


def set_defaults(model: Any, values: Mapping[str, float]) -> None:
    """Make a pose the model's default."""
    for coordinate in coordinates(model):
        coordinate.setDefaultValue(values[coordinate.getName()])


def measured_factors(model: Any, measurements: tuple[Measurement, ...], markers: Path) -> Factors:
    """Ratios of the distances in the static trial to those on a model in its default pose.

    Parameters
    ----------
    model : opensim.Model
        Used up: OpenSim's ModelScaler applies the factors to it.
    measurements : tuple of Measurement
        Pairs by the model's marker names.
    markers : Path
        Static trial; other files are written beside it.

    Returns
    -------
    dict
        Factors (x, y, z) by body: the mean over the pairs of a measurement, 1 where none is.
    """
    scaler = _scaler("measurements", markers)
    for measurement in measurements:
        scaler.getMeasurementSet().cloneAndAppend(_measurement(measurement))
    factors = markers.parent / "scale_set.xml"
    scaler.setOutputScaleFileName(str(factors))
    scaler.setPrintResultFiles(True)
    _run("ModelScaler", lambda: scaler.processModel(model, "", -1.0))
    return _factors(model, factors)


def scaled_model(generic: Path, factors: Factors, mass: float, markers: Path) -> Any:
    """Scale a generic model by given factors with OpenSim's ModelScaler.

    Parameters
    ----------
    generic : Path
    factors : dict
        Factors (x, y, z) by body.
    mass : float
        Total mass of the result, kg; shares of the bodies are preserved.
    markers : Path
        Static trial, which the tool wants to see.

    Returns
    -------
    opensim.Model
    """
    model = load_model(generic, muscles=True)
    scaler = _scaler("manualScale", markers)
    for body, values in factors.items():
        scale = opensim.Scale()
        scale.setSegmentName(body)
        scale.setScaleFactors(vec3(values))
        scale.setApply(True)
        scaler.getScaleSet().cloneAndAppend(scale)
    _run("ModelScaler", lambda: scaler.processModel(model, "", mass))
    return model


def product(first: Factors, second: Factors) -> Factors:
    """Multiply the factors of every body.

    Examples
    --------
    >>> product({"femur_r": (1.1, 1.0, 2.0)}, {"femur_r": (1.0, 1.5, 0.5)})
    {'femur_r': (1.1, 1.5, 1.0)}
    """
    return {
        body: (x * second[body][0], y * second[body][1], z * second[body][2])
        for body, (x, y, z) in first.items()
    }


def distance_from_one(factors: Factors) -> float:
    """Give how far the farthest factor is from 1.

    Examples
    --------
    >>> distance_from_one({"femur_r": (1.0, 0.5, 1.25)})
    0.5
    """
    return max(abs(value - 1) for values in factors.values() for value in values)


def _scaler(order: str, markers: Path) -> Any:
    scaler = opensim.ModelScaler()
    orders = opensim.ArrayStr()
    orders.append(order)
    scaler.setScalingOrder(orders)
    scaler.setMarkerFileName(str(markers))
    scaler.setTimeRange(_static_range())
    scaler.setPreserveMassDist(True)
    scaler.setPrintResultFiles(False)
    return scaler


def _run(tool: str, call: Callable[[], bool]) -> None:
    try:
        done = call()
    except RuntimeError as error:
        raise tool_error(tool, reason(error)) from error
    if not done:
        raise tool_error(tool, "it reports failure")


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
    _run("MarkerPlacer", lambda: placer.processModel(model, ""))


def tool_error(tool: str, why: str) -> AqbioError:
    """Say that one of OpenSim's tools failed."""
    return AqbioError(
        f"OpenSim's {tool} failed: {why}.",
        fix="look at the static trial and at the measurements of the marker set.",
        rule="scaling-failed",
    )
