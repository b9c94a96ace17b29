"""The map of a model, proposed from how it moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aqbio.body.anatomy import BodyPlan, body_plan, stands_upright
from aqbio.boundary import in_own_process
from aqbio.names import ANATOMICAL_GROUPS

REPORTED = ("hip", "knee", "ankle", "mtp", "lumbar", "shoulder", "elbow")

PLEASE = "please fill"
"""How a line begins that only a person can complete."""


@dataclass(frozen=True, slots=True)
class ProposedMap:
    """A map file that was proposed."""

    text: str
    """The file."""
    open: tuple[str, ...]
    """What a person must fill in."""
    remarks: tuple[str, ...]
    """What a person should look at."""


def proposed_map(model: Path) -> ProposedMap:
    """Propose the map of a model.

    Parameters
    ----------
    model : Path
        ``.osim`` file.

    Raises
    ------
    AqbioError
        When the model cannot be read or has no bodies.
    """
    from aqbio.opensim.session import quiet
    from aqbio.opensim.skeleton import read_skeleton

    with quiet(level="Off"):
        skeleton = in_own_process(read_skeleton, model)
    plan = body_plan(skeleton)
    unclear = dict(plan.open)
    if not stands_upright(skeleton):
        unclear["model"] = (
            "in its default pose the model does not stand upright with its right side at +z: sides "
            "and signs may be wrong"
        )
    unclear["source"] = "citation of the model"
    remarks = [f"the map has no {group}" for group in ANATOMICAL_GROUPS if group not in plan.groups]
    remarks += [f"joint {name} is not in the model" for name in REPORTED if name not in plan.joints]
    return ProposedMap(
        text="\n".join(_lines(model.stem, plan, unclear)) + "\n",
        open=tuple(f"{place}: {why}" for place, why in unclear.items()),
        remarks=tuple(remarks),
    )


def _lines(name: str, plan: BodyPlan, unclear: Mapping[str, str]) -> Iterator[str]:
    yield "# What the bodies and joints of this model mean, as aqbio understands them from how the"
    yield "# model moves. Please look through it; lines with “please fill” need a person."
    for place, why in unclear.items():
        yield f"# {PLEASE}: {place}: {why}"
    yield f"name: {name}"
    yield f'source: "{PLEASE}: citation of the model"'
    yield "groups:"
    yield from (f"  {group}: {_list(plan.groups[group])}" for group in _ordered(plan.groups))
    if set(plan.feet) == {"left", "right"}:
        yield f"feet: {_sides(plan.feet)}"
    else:
        yield f"# {PLEASE}: feet: {{left: ..., right: ...}}"
    yield "joints:"
    for joint in REPORTED:
        if places := plan.joints.get(joint):
            yield f"  {joint}: {_sides(places)}"
    body, moved = plan.pelvis
    yield f"pelvis: {{body: {body}, joint: {moved}}}"
    yield "flexion: {" + ", ".join(f"{j}: {s}" for j, s in plan.flexion.items()) + "}"
    yield "sagittal:"
    for joint in REPORTED:
        if places := plan.sagittal.get(joint):
            yield f"  {joint}: {_sides(places)}"
    yield "marker_set: markers.yaml"


def _ordered(groups: Mapping[str, object]) -> list[str]:
    return [group for group in ANATOMICAL_GROUPS if group in groups]


def _list(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(names) + "]"


def _sides(places: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{side}: {name}" for side, name in places.items()) + "}"
