"""Lengths of a person from joint to joint."""

from __future__ import annotations

import numpy as np

from aqbio.body.posterior import length_ends
from aqbio.body.shape import Shape, Template
from aqbio.multibody.poses import dependent_filled, segment_poses


def joint_distances(template: Template, shape: Shape) -> dict[str, float]:
    """Distances between joint centres in the default pose, m: each part, hips and shoulders."""
    skeleton, parts = template.skeleton_of(shape), template.parts
    q = dependent_filled(skeleton, skeleton.coordinate_default[None])
    centres = segment_poses(skeleton, q).joint_centre[0]
    return {
        name: float(np.linalg.norm(centres[parts.first[upper]] - centres[parts.first[lower]]))
        for name, (upper, lower) in length_ends(parts).items()
    }
