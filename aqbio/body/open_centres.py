"""Where segments' centres of mass are, seen from the markers, on a body of another shape.

Markers show where their segment is; where its centre of mass is beside them hangs on sizes, marker
positions and hinge axes. More frames of the same markers show no more of it: once the body is
calibrated, these places are independent of what markers say of the motion.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aqbio.body.body import BodyMarkers
from aqbio.body.shape import MarkerPlaces, Template
from aqbio.vectors import FloatArray

UNOBSERVED = 1e-6
"""Weight of a coordinate's own value beside the markers': it holds what no marker sees."""

FRAMES = 24
"""About so many frames of movement say where centres of mass are, seen from the markers."""


def centre_slopes(template: Template, q: FloatArray, weight: FloatArray) -> FloatArray:
    """Derivatives (3 B, P) of centres of mass by a body's shape, its pose following markers.

    Mean over coordinates q (F, C) in movement; `weight` (K,) of the markers in inverse kinematics;
    P as `Shape.vector`. Errors of inertia tables are not in it.

    ``δx = (∂x/∂θ + ∂x/∂q dq/dθ) δθ`` with ``dq/dθ = −(Jᵀ W J + ε)⁻¹ Jᵀ W ∂p/∂θ`` for markers p.
    """
    skeleton, free = template.skeleton, template.skeleton.free
    markers = BodyMarkers(template).derivatives(template.shape(), q)
    rows = markers.by_pose[..., free].reshape(len(q), -1, len(free))
    normal, weighted = held_normal(rows, weight)
    every = weighted.reshape(*weighted.shape[:2], -1, 3)
    own = (every.swapaxes(1, 2) @ markers.by_offset).swapaxes(1, 2)
    pulls = np.empty((*weighted.shape[:2], sum(template.sizes)))
    pulls[..., template.common] = weighted @ markers.by_body.reshape(*rows.shape[:2], -1)
    sizes, offsets = template.sizes[:2]
    pulls[..., sizes : sizes + offsets] = own.reshape(*own.shape[:2], -1)
    follow = -np.linalg.solve(normal, pulls)
    bodies = np.arange(len(skeleton.bodies))
    places = MarkerPlaces(tuple(map(str, bodies)), bodies, skeleton.com)
    points = replace(template, markers=places, sliding=template.sliding[:0])
    centres = BodyMarkers(points).derivatives(points.shape(), q)
    by_pose = centres.by_pose[..., free]
    slopes = (by_pose.reshape(len(q), -1, len(free)) @ follow).reshape(*by_pose.shape[:3], -1)
    stretched = centres.by_body
    slopes[..., template.common[: stretched.shape[-1]]] += stretched
    mean = (np.swapaxes(centres.by_offset, 2, 3) @ slopes).mean(axis=0)
    return np.asarray(mean.reshape(3 * len(bodies), -1))


def held_normal(rows: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """``Jᵀ W J + ε`` (F, N, N), which fixes what is unobserved, and ``Jᵀ W`` (F, N, 3 K)."""
    weighted = np.swapaxes(rows * np.repeat(weight, 3)[:, None], 1, 2)
    normal: FloatArray = weighted @ rows
    count = normal.shape[-1]
    largest = np.trace(normal, axis1=1, axis2=2)[:, None, None] / count
    normal += (UNOBSERVED * largest + np.finfo(float).tiny) * np.eye(count)
    return normal, weighted
