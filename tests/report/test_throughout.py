"""Curves over the contact in words: where they differ from 0, and where nothing is known."""

from __future__ import annotations

from aqbio.pages.throughout import throughout

NAN = float("nan")


def _row(curve, start, stop, sign, p, note=NAN):
    place = {"from_percent": start, "to_percent": stop, "sign": sign}
    return {"curve": curve, "p": p, "note": note} | place


def test_spans_of_both_signs_and_the_larger_p():
    rows = [
        _row("opposed_rate", 0, 43, 1, 0.0005),
        _row("opposed_rate", 50, 100, 1, 0.002),
        _row("opposed_rate", 45, 48, -1, 0.4),
    ]
    assert throughout(rows) == (
        "The momenta of both sides change in opposite directions from 0 to 43 % and from 50 to "
        "100 % of contact (p 0.002 at most)."
    )


def test_a_curve_below_zero_says_the_opposite():
    said = throughout([_row("opposition_difference", 0, 100, -1, 0.0005)])
    assert said.startswith("Both legs against the rest balance better than the swing leg")


def test_what_is_not_known_is_said_with_its_reason():
    said = throughout([_row("opposed_momentum", NAN, NAN, NAN, NAN, "fewer than 6 athletes")])
    assert said == (
        "Whether both sides turn against each other at any instant is not known: fewer than 6 "
        "athletes."
    )
    assert throughout([]) == ""
