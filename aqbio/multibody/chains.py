"""Hubs and chains: the skeleton's tree cut around a group of segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.vectors import FloatArray

UPPER_BODY = "upper_body"
"""Name of the chain that carries torso and arms."""

RESIDUAL = "residual"
"""What acts on the root without a cause in the recording."""

LOWER_BODY = "lower_body"
"""Pelvis and legs, as the torso feels them through the lumbar joint."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A part of the body that hangs on a hub."""

    name: str
    roots: tuple[int, ...]
    """Bodies whose joints connect it with the hub; mostly one."""
    members: tuple[int, ...]
    """All its bodies."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A connected part of the body on which chains pull and turn."""

    name: str
    members: tuple[int, ...]
    root: int
    """The member nearest to the ground: its joint leads to ``base``."""
    base: str
    """What is beyond the root's joint: ``"residual"`` for the pelvis, ``"lower_body"`` for the
    torso."""
    chains: tuple[Chain, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of all that acts on the hub: its chains, then its base."""
        return (*(chain.name for chain in self.chains), self.base)

    def chain_matrix(self, bodies: int) -> FloatArray:
        """Matrix that sums segments into chains, (chains, bodies) of zeros and ones."""
        matrix = np.zeros((len(self.chains), bodies))
        for row, chain in enumerate(self.chains):
            matrix[row, list(chain.members)] = 1.0
        return matrix


def pelvis_hub(skeleton: Skeleton, groups: Mapping[str, Sequence[str]]) -> Hub:
    """Cut a skeleton at its pelvis: the legs, the upper body, and the residual at the root."""
    hub = _hub(skeleton, groups, "pelvis", RESIDUAL)
    if skeleton.parent[hub.root] != GROUND:
        raise ValueError(f"the pelvis hangs on {skeleton.bodies[skeleton.parent[hub.root]]}.")
    held = {body for chain in hub.chains for body in chain.members} | set(hub.members)
    if len(held) < len(skeleton.bodies):
        loose = [name for body, name in enumerate(skeleton.bodies) if body not in held]
        raise ValueError(f"segments {loose} do not hang on the pelvis.")
    return hub


def torso_hub(skeleton: Skeleton, groups: Mapping[str, Sequence[str]]) -> Hub | None:
    """Cut around the torso: the arms, and the lower body through the lumbar joint."""
    if not groups.get("torso"):
        return None
    hub = _hub(skeleton, groups, "torso", LOWER_BODY)
    return None if skeleton.parent[hub.root] == GROUND else hub


def _hub(skeleton: Skeleton, groups: Mapping[str, Sequence[str]], name: str, base: str) -> Hub:
    members = tuple(skeleton.bodies.index(body) for body in groups[name])
    roots = [body for body in members if skeleton.parent[body] not in members]
    if len(roots) != 1:
        names = [skeleton.bodies[body] for body in roots]
        raise ValueError(f"the segments of group {name} are not connected: {names}.")
    group_of = {body: group for group, bodies in groups.items() for body in bodies}
    chains: dict[str, list[int]] = {_chain_name(group): [] for group in groups}
    for body, parent in enumerate(skeleton.parent):
        if parent in members and body not in members:
            chains[_chain_name(group_of[skeleton.bodies[body]])].append(body)
    return Hub(
        name,
        members,
        roots[0],
        base,
        tuple(
            Chain(
                chain, tuple(first), tuple(np.flatnonzero(skeleton.lineage[:, first].any(axis=1)))
            )
            for chain, first in chains.items()
            if first
        ),
    )


def _chain_name(group: str) -> str:
    return UPPER_BODY if group == "torso" else group
