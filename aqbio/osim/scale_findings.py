"""What a reviewer would want to know about a scaled model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from aqbio.config import Measurement
from aqbio.errors import Finding

FACTOR_LIMITS = (0.8, 1.25)
"""Scale factors outside are rarely a person's."""
LEFT_RIGHT = 0.03
"""Largest relative difference of the scale factors of a left and a right body."""


def factor_findings(
    factors: Mapping[str, tuple[float, float, float]], measurements: Sequence[Measurement] = ()
) -> list[Finding]:
    """Hold scale factors by body against their limits and against the other side.

    Parameters
    ----------
    factors : mapping
    measurements : sequence of Measurement
        Where the factors come from.

    Returns
    -------
    list of Finding
        Rules ``scale-factor``, one for all bodies that have the same factor, and
        ``scale-left-right``.

    Examples
    --------
    >>> factors = {"femur_r": (1.0, 1.3, 1.0), "femur_l": (1.0, 1.0, 1.0)}
    >>> [finding.rule for finding in factor_findings(factors)]
    ['scale-factor', 'scale-left-right']
    """
    low, high = FACTOR_LIMITS
    findings = []
    alike: dict[float, list[str]] = {}
    for body, values in factors.items():
        for value in values:
            if not low <= value <= high:
                alike.setdefault(round(value, 3), []).append(body)
    for value, found in alike.items():
        bodies = list(dict.fromkeys(found))
        findings.append(
            Finding(
                "scale-factor",
                "warning",
                f"{', '.join(bodies)}: scaled by {value:.3f}{_measured_by(bodies, measurements)}, "
                f"outside {low} to {high}.",
                number=value,
                limit=low if value < low else high,
                fix="check that these markers sit where the marker set has them on the model; a "
                "marker that sits elsewhere makes the segment too long or too short.",
            )
        )
    for body, left in factors.items():
        if not body.endswith("_l") or (right := factors.get(body[:-2] + "_r")) is None:
            continue
        ratio = np.array(left) / np.array(right) - 1
        worst = int(np.argmax(np.abs(ratio)))
        if abs(ratio[worst]) > LEFT_RIGHT:
            what = (
                f"{body[:-2]} is scaled by {left[worst]:.3f} on the left and {right[worst]:.3f} on "
                f"the right along {'xyz'[worst]}, more than {LEFT_RIGHT:.0%} apart."
            )
            fix = "check the markers of both sides, or put both into one measurement."
            findings.append(
                Finding(
                    "scale-left-right",
                    "warning",
                    what,
                    number=float(ratio[worst]),
                    limit=LEFT_RIGHT,
                    fix=fix,
                )
            )
    return findings


def _measured_by(bodies: Sequence[str], measurements: Sequence[Measurement]) -> str:
    """Say between which markers the size of some bodies was measured."""
    own = [one for one in measurements if set(bodies) & set(one.bodies)]
    pairs = ["-".join(pair) for one in own for pair in one.pairs]
    return f" (measured between {', '.join(pairs)})" if pairs else ""


def landmark_findings(
    error: Mapping[str, float], *, rms_limit: float, largest_limit: float
) -> list[Finding]:
    """Hold the marker errors of the static pose against their limits, m.

    Returns
    -------
    list of Finding
        Rules ``static-rms`` and ``static-largest``.
    """
    rms = float(np.sqrt(np.mean(np.square(list(error.values())))))
    fix = "check these markers and the measurement pairs; the model is used as it is."
    findings = []
    if rms > rms_limit:
        what = (
            f"landmarks are {1000 * rms:.1f} mm (RMS) from the scaled model in the static pose, "
            f"more than {1000 * rms_limit:.0f} mm."
        )
        findings.append(
            Finding("static-rms", "warning", what, number=rms, limit=rms_limit, unit="m", fix=fix)
        )
    far = {label: value for label, value in error.items() if value > largest_limit}
    if far:
        told = ", ".join(
            f"{label} {1000 * value:.0f} mm"
            for label, value in sorted(far.items(), key=lambda item: -item[1])
        )
        what = f"{len(far)} landmarks are more than {1000 * largest_limit:.0f} mm off: {told}."
        findings.append(
            Finding(
                "static-largest",
                "warning",
                what,
                number=max(far.values()),
                limit=largest_limit,
                unit="m",
                fix=fix,
            )
        )
    return findings
