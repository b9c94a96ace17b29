"""Position of the foot's pressure on each plate and in each trial, compared with the others.

From the middle of a contact on, a runner presses on the forefoot: within a session the centre of
pressure then lies at the same place under the toe markers, whatever the plate. A plate whose origin
or corners are declared elsewhere displaces it; so do all plates of a trial whose header says other
corners than those of the other trials.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aqbio.prepare.contact_findings import LOADED_SHARE
from aqbio.prepare.contacts import RIGHT
from aqbio.prepare.trial import PreparedTrial
from aqbio.vectors import FloatArray, dot

LEVEL = np.array([1.0, 0.0, 1.0])

MIN_FRAMES = 3
"""Smallest number of frames from which a position of pressure is taken."""


def foot_pressure_positions(prepared: PreparedTrial, feet: FloatArray) -> list[dict[str, Any]]:
    """Place of the centre of pressure under the foot in every whole contact on one plate.

    ``along`` the foot and ``across`` it towards its outside, m, from the mean of the toe markers
    of ``feet`` (T, 2, K, 3), heel first: medians of the second half of the loaded frames.
    ``right`` is 1 for the right foot and -1 for the left one.
    """
    loads, plates, time = prepared.loads, prepared.plates, prepared.time
    if loads is None or plates is None:
        return []
    sample, sites = plates.samples_of(time), list[dict[str, Any]]()
    for contact in loads.contacts:
        if not contact.complete or len(contact.plates) != 1:
            continue
        heel, toes = feet[:, contact.foot, 0], feet[:, contact.foot, 1:].mean(axis=1)
        away, axis = (loads.cop[sample, contact.foot] - toes) * LEVEL, (toes - heel) * LEVEL
        used = (time >= contact.touchdown) & (time <= contact.toe_off) & (sample >= 0)
        used &= loads.event_force[sample, contact.foot] >= LOADED_SHARE * contact.peak
        used &= np.isfinite((away + axis).sum(axis=1))
        frames = np.flatnonzero(used)
        frames = frames[len(frames) // 2 :]
        if len(frames) < MIN_FRAMES:
            continue
        forward = axis[frames] / np.linalg.norm(axis[frames], axis=1, keepdims=True)
        right = np.stack([-forward[:, 2], 0.0 * forward[:, 1], forward[:, 0]], axis=1)
        outward = right if contact.foot == RIGHT else -right
        sites.append(
            {
                "plate": plates.numbers[contact.plates[0]],
                "along_m": float(np.median(dot(away[frames], forward))),
                "across_m": float(np.median(dot(away[frames], outward))),
                "toes_along_m": float(np.median(dot(toes[frames], forward))),
                "toes_across_m": float(np.median(dot(toes[frames], outward))),
                "right": 1 if contact.foot == RIGHT else -1,
            }
        )
    return sites
