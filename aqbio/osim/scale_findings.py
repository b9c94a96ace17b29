"""What a reviewer would want to know about a scaled model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from aqbio.config.model_map import Measurement
from aqbio.errors import Finding

Factors = Mapping[str, tuple[float, float, float]]

FACTOR_LIMITS = (0.8, 1.25)
"""Scale factors outside are rarely a person's."""
LEFT_RIGHT = 0.03
"""Largest relative difference of the scale factors of a left and a right body."""


def factor_findings(factors: Factors, measurements: Sequence[Measurement]) -> list[Finding]:
    """Hold scale factors against their limits and against the other side.

    Parameters
    ----------
    factors : dict
        Factors along x, y, z by body.
    measurements : sequence of Measurement
        Where each factor comes from, with the pairs of labels that were used.

    Returns
    -------
    list of Finding
        Rules ``scale-factor``, one for each measurement, and ``scale-left-right``.

    Examples
    --------
    >>> thigh = Measurement(name="thigh", bodies=("femur_r",), axes=("y",), pairs=(("ASI", "KNE"),))
    >>> factors = {"femur_r": (1.0, 1.3, 1.0), "femur_l": (1.0, 1.0, 1.0)}
    >>> for finding in factor_findings(factors, [thigh]):
    ...     print(finding.what)
    measurement thigh scales femur_r by 1.300 along y, outside 0.8 to 1.25, from ASI-KNE.
    femur is scaled by 1.000 on the left and 1.300 on the right along y, more than 3% apart.
    """
    return [*_unusual(factors, measurements), *_uneven(factors)]


def _unusual(factors: Factors, measurements: Sequence[Measurement]) -> Iterator[Finding]:
    """Measurements whose factors are hardly a person's: one finding for all bodies and axes."""
    low, high = FACTOR_LIMITS
    for one in measurements:
        found = {
            (body, axis): factors[body]["xyz".index(axis)]
            for body in one.bodies
            for axis in one.axes
            if body in factors and not low <= factors[body]["xyz".index(axis)] <= high
        }
        if not found:
            continue
        bodies, axes = (list(dict.fromkeys(part)) for part in zip(*found, strict=True))
        worst = max(found.values(), key=lambda value: abs(value - 1.0))
        pairs = ", ".join("-".join(pair) for pair in one.pairs)
        yield Finding(
            "scale-factor",
            "warning",
            f"measurement {one.name} scales {', '.join(bodies)} by {worst:.3f} along "
            f"{', '.join(axes)}, outside {low} to {high}, from {pairs}.",
            number=worst,
            limit=low if worst < low else high,
            fix="check where these markers sit on the person and on the model: a distance between "
            "other places than the model's makes a body of another size.",
            label=", ".join(dict.fromkeys(label for pair in one.pairs for label in pair)),
        )


def _uneven(factors: Factors) -> Iterator[Finding]:
    """Bodies of left and right that are scaled differently."""
    for body, left in factors.items():
        if not body.endswith("_l") or (right := factors.get(body[:-2] + "_r")) is None:
            continue
        ratio = np.array(left) / np.array(right) - 1
        worst = int(np.argmax(np.abs(ratio)))
        if abs(ratio[worst]) > LEFT_RIGHT:
            yield Finding(
                "scale-left-right",
                "warning",
                f"{body[:-2]} is scaled by {left[worst]:.3f} on the left and {right[worst]:.3f} on "
                f"the right along {'xyz'[worst]}, more than {LEFT_RIGHT:.0%} apart.",
                number=float(ratio[worst]),
                limit=LEFT_RIGHT,
                fix="check the markers of both sides, or put both into one measurement.",
                label=body[:-2],
            )


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
