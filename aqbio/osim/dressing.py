"""Markers on a generic model as a marker set asks for them."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from aqbio.config import MappedMarker, MarkerSet
from aqbio.errors import AqbioError, Finding
from aqbio.osim.session import opensim, vec3

Place = tuple[str, tuple[float, float, float]]


def dress(model: Any, marker_set: MarkerSet, seen: Container[str]) -> list[Finding]:
    """Replace the markers of a generic model by those of a marker set.

    Parameters
    ----------
    model : opensim.Model
        Changed.
    marker_set : MarkerSet
    seen : container of labels
        Labels that the static trial shows; others are left off the model.

    Returns
    -------
    list of Finding
        Rule ``static-marker-missing``: labels of the marker set that the static trial lacks.

    Raises
    ------
    AqbioError
        A body does not exist, two labels claim one marker, or a marker that is not a tracking
        marker has no position.
    """
    own = _own_markers(model)
    places: dict[str, Place] = {}
    fixed: set[str] = set()
    missing = []
    for label, mapped in marker_set.markers.items():
        if label not in seen:
            missing.append(label)
            continue
        name = marker_set.model_name(label)
        if name in places:
            raise _error(label, f"the model's marker {name} is claimed by another label too.")
        if mapped.midpoint and mapped.position is None:
            places[name] = _midpoint(label, mapped, marker_set, places)
        else:
            places[name] = _place(model, label, name, mapped, own)
        if mapped.fixed:
            fixed.add(name)
    markers = model.updMarkerSet()
    markers.clearAndDestroy()
    for name, (body, position) in places.items():
        marker = opensim.Marker(name, model.getBodySet().get(body), vec3(position))
        marker.set_fixed(name in fixed)
        model.addMarker(marker)
    model.finalizeConnections()
    if not missing:
        return []
    what = f"{len(missing)} markers are missing in the static trial: {', '.join(missing)}."
    fix = "they are left out of this participant's model, in every trial."
    return [Finding("static-marker-missing", "warning", what, number=len(missing), fix=fix)]


def undress(model: Any, marker_set: MarkerSet) -> None:
    """Remove the computed markers (joint centres) that no trial will ever show."""
    computed = [
        marker_set.model_name(label)
        for label, mapped in marker_set.markers.items()
        if mapped.computed
    ]
    markers = model.updMarkerSet()
    for name in computed:
        if markers.contains(name):
            markers.remove(markers.getIndex(name))
    model.finalizeConnections()


def _own_markers(model: Any) -> dict[str, Place]:
    markers = model.getMarkerSet()
    places = {}
    for index in range(markers.getSize()):
        marker = markers.get(index)
        location = marker.get_location()
        body = marker.getParentFrame().findBaseFrame().getName()
        places[marker.getName()] = (body, (location.get(0), location.get(1), location.get(2)))
    return places


def _place(model: Any, label: str, name: str, mapped: MappedMarker, own: dict[str, Place]) -> Place:
    bodies = model.getBodySet()
    if not bodies.contains(mapped.body):
        raise _error(label, f"body {mapped.body} is not in the model.")
    if mapped.position is not None:
        return mapped.body, mapped.position
    if name in own and own[name][0] == mapped.body:
        return own[name]
    if mapped.tracking:
        return mapped.body, (0.0, 0.0, 0.0)
    if name in own:
        what = (
            f"{label} (the model's {name}) is on {own[name][0]} in the model, on {mapped.body} in "
            "the marker set."
        )
        raise _error(label, what)
    raise _error(label, f"the model has no marker {name}, and no position is given.")


def _midpoint(
    label: str, mapped: MappedMarker, marker_set: MarkerSet, places: dict[str, Place]
) -> Place:
    """Mean of the markers that a midpoint is made of, as they sit on the generic model."""
    names = [marker_set.model_name(part) for part in mapped.midpoint]
    parts = [places[name] for name in names if name in places]
    if len(parts) < len(names) or any(body != mapped.body for body, _ in parts):
        told = ", ".join(mapped.midpoint)
        raise _error(label, f"{told} must come before it and sit on {mapped.body} as well.")
    x, y, z = (sum(values) / len(parts) for values in zip(*(p for _, p in parts), strict=True))
    return mapped.body, (x, y, z)


def _error(label: str, what: str) -> AqbioError:
    return AqbioError(
        f"marker set, label {label}: {what}",
        fix="correct body, model or position of that label in the marker set, or mark it tracking.",
        rule="marker-set",
    )
