"""Where a marker set says that the labels of a laboratory are on a generic model."""

from __future__ import annotations

from aqbio.config import MappedMarker, MarkerSet
from aqbio.errors import AqbioError
from aqbio.mechanics.calibration.places import Label
from aqbio.mechanics.multibody.skeleton import Skeleton


def placed_labels(marker_set: MarkerSet, generic: Skeleton) -> dict[str, Label]:
    """Give the recorded labels of a marker set with their places on a generic model.

    Parameters
    ----------
    generic : Skeleton
        With its own markers.

    Raises
    ------
    AqbioError
        A body does not exist, two labels claim one marker, or a label that is not a cluster's has
        no place.
    """
    found: dict[str, Label] = {}
    claimed: dict[str, str] = {}
    for label, mapped in marker_set.markers.items():
        name = marker_set.model_name(label)
        if name in claimed:
            raise _error(label, f"the model's marker {name} is claimed by {claimed[name]} too.")
        claimed[name] = label
        found[label] = _placed(generic, label, name, mapped)
    return found


def _placed(generic: Skeleton, label: str, name: str, mapped: MappedMarker) -> Label:
    if mapped.body not in generic.bodies:
        raise _error(label, f"body {mapped.body} is not in the model.")
    if mapped.tracking:
        return Label(label, mapped.body, None, palpated=False)
    if mapped.position is not None:
        return Label(label, mapped.body, mapped.position, palpated=False)
    if name not in generic.markers:
        raise _error(label, f"the model has no marker {name}, and no position is given.")
    index = generic.markers.index(name)
    own = generic.bodies[generic.marker_body[index]]
    if own != mapped.body:
        told = f"{label} (the model's {name}) is on {own} in the model, on {mapped.body} in"
        raise _error(label, f"{told} the marker set.")
    x, y, z = generic.marker_position[index].tolist()
    return Label(label, mapped.body, (x, y, z), palpated=True)


def _error(label: str, what: str) -> AqbioError:
    return AqbioError(
        f"marker set, label {label}: {what}",
        fix="correct body, model or position of that label in the marker set, or mark it tracking.",
        rule="marker-set",
    )
