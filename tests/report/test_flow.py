"""People and runs that leave a study on the way to its numbers: none is lost between the boxes."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as some

from aqbio.hypotheses.deviations import LISTED
from aqbio.pages.address import plain
from aqbio.report.flow import LEAVES, MOST_REASONS, NOT_STATED, flow

WHYS = {
    "the foot is off the plate by 0.03 m": "the foot is off the plate by … m",
    "the foot is off the plate by 12 m": "the foot is off the plate by … m",
    "a gap of 5 frames; at the knee": "a gap of … frames",
    "a gap of 17,5 frames: at the hip": "a gap of … frames",
    "cut (at 3 s)": "cut",
    "L5 was not seen": "L5 was not seen",
    **{why: why for why in ("no flight", "too slow", "too fast", "one foot")},
    None: NOT_STATED,
}  # fmt: skip
"""Reasons as tables have them, and what they have in common with others."""

NAMES = list("ABCDEFGH")
FATES = ["left out", "failed", "empty", "ok"]
ROWS = {
    "steps": some.tuples(
        some.sampled_from(NAMES), some.sampled_from(["ok", "rejected", "incomplete"]),
        some.sampled_from(list(WHYS)),
    ),
    "runs": some.tuples(
        some.sampled_from(["run", "static"]), some.sampled_from(FATES),
        some.sampled_from(list(WHYS)),
    ),
    "deviations": some.tuples(
        some.sampled_from(["participant X", "trial X/run", "participant X: sex", "steps"]),
        some.sampled_from([LISTED, "male"]), some.sampled_from(list(WHYS)),
    ),
}  # fmt: skip


def _table(rows: list[tuple], *columns: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns)).astype(object)


# a failure is shown as it was drawn: making it smaller takes minutes
@settings(max_examples=40, deadline=None, phases=[Phase.reuse, Phase.generate])
@given(
    some.sets(some.sampled_from(NAMES)),
    *(some.lists(strategy, max_size=25) for strategy in ROWS.values()),
)
def test_counts_of_the_flow_add_up(people, steps, runs, deviations):
    """Each one that leaves has one reason; the most frequent reasons are named."""
    steps = [row for row in steps if row[0] in people]
    moving = [row for row in runs if row[0] == "run"]
    results = [
        ("failed" if fate == "failed" else "ok", why, {"failed": None, "empty": 0}.get(fate, 1))
        for _, fate, why in moving
        if fate != "left out"
    ]
    columns = flow(
        [SimpleNamespace(participant_id=name, person="") for name in people],
        [
            SimpleNamespace(task=task, include="no" if fate == "left out" else "yes", reason=why)
            for task, fate, why in runs
        ],
        _table(results, "status", "reason", "steps_ok"),
        _table(steps, "participant_id", "status", "reason"),
        _table(deviations, "key", "before", "reason"),
    )
    removed_people, cut = (
        [why for key_of_change, was, why in deviations if (key_of_change, was) == (key, LISTED)]
        for key in ("participant X", "trial X/run")
    )
    expected = _leaving(people, moving, steps, removed_people, cut)
    came = len(people) + len(removed_people), len(moving) + len(cut), len(steps)
    stay = (
        len({name for name, status, _ in steps if status == "ok"}),
        sum(fate == "ok" for _, fate, _ in moving),
        sum(status == "ok" for _, status, _ in steps),
    )
    assert list(columns) == list(expected)
    for boxes, leaving, first, last in zip(
        columns.values(), expected.values(), came, stay, strict=True
    ):
        assert (boxes[0].count, boxes[0].stays) == (first, True)
        assert (boxes[-1].count, boxes[-1].stays) == (last, True)
        between = {box.words: box for box in boxes[1:-1]}
        assert set(between) == {LEAVES[fate] for fate, whys in leaving.items() if whys}
        assert first - sum(box.count for box in between.values()) == last
        for fate, whys in leaving.items():
            if whys:
                _check_reasons(between[LEAVES[fate]], whys, has_reasons=fate != "without_steps")


def _leaving(people, moving, steps, removed_people, cut) -> dict[str, dict[str, list]]:
    """Reasons of those that leave, by title and fate."""
    usable = {name for name, status, _ in steps if status == "ok"}
    return {
        "People": {"removed": removed_people, "without_steps": list(people - usable)},
        "Runs": {
            "removed": cut,
            "left_out": [why for _, fate, why in moving if fate == "left out"],
            "failed": [why for _, fate, why in moving if fate == "failed"],
            "without_steps": [fate for _, fate, _ in moving if fate == "empty"],
        },
        "Contacts of the feet": {
            status: [why for _, step_status, why in steps if step_status == status]
            for status in ("rejected", "incomplete")
        },
    }


def _check_reasons(box, whys, *, has_reasons: bool) -> None:
    assert (box.count, box.stays) == (len(whys), False)
    if not has_reasons:
        assert box.reasons == ()
        return
    counts = Counter(WHYS[why] for why in whys)
    reasons = [(int(plain(count)), why) for count, why in box.reasons]
    named_reasons = [(n, why) for n, why in reasons if why != "other"]
    assert all(counts[why] == n for n, why in named_reasons)
    assert [n for n, _ in named_reasons] == sorted(counts.values(), reverse=True)[:MOST_REASONS]
    assert sum(n for n, _ in reasons) == len(whys)
    assert len(box.reasons) - len(named_reasons) == int(len(counts) > MOST_REASONS)


def test_sessions_of_a_person_are_no_people():
    """Two people came twice: four sessions, of which one person's second has no step."""
    sheet = [
        SimpleNamespace(participant_id=name, person=name[0]) for name in ("A1", "A2", "B1", "B2")
    ]
    steps = _table(
        [(name, "ok", None) for name in ("A1", "A2", "B1")], "participant_id", "status", "reason"
    )
    boxes = flow(
        sheet,
        [],
        _table([], "status", "reason", "steps_ok"),
        steps,
        _table([], "key", "before", "reason"),
    )["People"]
    words = [plain(f"{box.shown} {box.words}") for box in boxes]
    assert words == [
        "4 sessions of 2 people ever in the sheets", "1 without a usable step",
        "3 sessions of 2 people with usable steps",
    ]  # fmt: skip
