"""Errors that no interval holds: how far they move an estimate, from studies drawn with them.

Each line is a world of the validation (docs/validation); a test holds its number to the committed
table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

BIASES: Mapping[str, Sequence[tuple[str, str, float]]] = {
    "H1": (("tilted_5", "a vertical that is 5° off", -2.0),),
    "H3f": (("tilted_5", "a vertical that is 5° off", -0.5),),
    "H3b": (
        ("strength_0.7", "strengths tested once, of reliability 0.7,", -2.1),
        ("strength_0.5", "of reliability 0.5", -2.9),
    ),
    "H5a": (("clock_16_ms", "forces that are 16 ms late", 0.4),),
    "H5b": (("noise_falls_understated", "errors that fall with speed and are understated", -0.6),),
    "H7": (("tired_1_8", "restricted arms always last, with fatigue of 1.8 %,", -1.8),),
    "H8a": (
        ("two_sexes_not_told", "a sex that is not told", -0.8),
        ("second_laboratory_not_told", "a laboratory that is not told", -0.7),
        ("one_outlier", "one athlete far from the others", -3.3),
    ),
}
"""By hypothesis: world, cause, and how far it moves the median estimate, in smallest effects."""


def bias_words(hypothesis: str) -> str:
    """What no interval of a hypothesis holds; empty where nothing is known of it."""
    known = BIASES.get(hypothesis, ())
    if not known:
        return ""
    (_, first, moved), *rest = known
    words = f"In drawn studies {first} moves the estimate by {moved:+g} smallest effects"
    return "; ".join([words, *(f"{cause} by {moved:+g}" for _, cause, moved in rest)])
