"""Alterations that are drawn can be made again, do what they say, and are judged by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from aqbio.names import DOUBTFUL, USABLE
from tests.lacking import distortions as by
from tests.lacking.alterations import STATIC, Alteration
from tests.lacking.drawn import KINDS, alteration_of, drawn_alterations, read
from tests.lacking.judged import NAME, verdict
from tests.lacking.outcome import Outcome
from tests.lacking.recordings import short

SEED = 62

RECORDINGS = short()

DRAWN_ALTERATIONS = drawn_alterations(SEED, 3 * len(KINDS), RECORDINGS)


def _content(recordings):
    """Everything that the files of recordings will hold."""
    takes = {**recordings.takes, **{f"company {n}": t for n, t in recordings.company.items()}}
    arrays = ("markers", "force", "moment", "corners")
    content = [
        (name, take.labels, take.marker_rate, *(getattr(take, array).tobytes() for array in arrays))
        for name, take in takes.items()
    ]
    return content, recordings.accompanied


def test_every_kind_is_drawn_equally_often():
    names = [alteration.name for alteration in DRAWN_ALTERATIONS]
    assert {names.count(name) for name in KINDS} == {3}


@pytest.mark.parametrize("alteration", DRAWN_ALTERATIONS, ids=str)
def test_a_description_makes_the_same_alteration_again(alteration):
    altered = alteration.lacking(RECORDINGS)
    assert _content(read(str(alteration)).lacking(RECORDINGS)) == _content(altered)
    assert str(read(str(alteration))) == str(alteration)
    assert _content(altered) != _content(RECORDINGS)
    if dict(alteration.parameters).get("trial") not in (STATIC, "all") and alteration.name in (
        "sign",
        "noise",
    ):
        assert altered.takes[STATIC] is RECORDINGS.takes[STATIC]


def test_another_seed_draws_others():
    assert list(map(str, drawn_alterations(SEED, 30, RECORDINGS))) == list(
        map(str, DRAWN_ALTERATIONS[:30])
    )
    assert set(map(str, drawn_alterations(SEED + 1, 30, RECORDINGS))) != set(
        map(str, DRAWN_ALTERATIONS[:30])
    )


# distortions --------------------------------------------------------------------------------------

RUN = RECORDINGS.takes["run3"]


@pytest.mark.parametrize("axis", "xyz")
def test_a_mirrored_world_obeys_the_same_mechanics(axis):
    """Moments about any point reflect with it: about the origin, where plates lie elsewhere too."""
    flip = np.where(np.array(list("xyz")) == axis, -1.0, 1.0)

    def about_origin(take):
        centre = take.corners.mean(axis=1)
        return take.moment + np.cross(np.broadcast_to(centre, take.force.shape), take.force)

    mirrored = by.mirrored(RUN, axis, "both")
    np.testing.assert_allclose(about_origin(mirrored), -about_origin(RUN) * flip, atol=1e-9)
    twice = by.mirrored(mirrored, axis, "both")
    for name in ("markers", "force", "moment", "corners"):
        np.testing.assert_allclose(getattr(twice, name), getattr(RUN, name), atol=1e-12)


@pytest.mark.parametrize("ms", [-80, -10, 40, 100])
def test_late_forces_are_the_same_later(ms):
    late, samples = by.delayed(RUN, ms), round(ms / 1000 * RUN.force_rate)
    inner = slice(200, -200)
    np.testing.assert_array_equal(
        late.force[inner], RUN.force[200 - samples : len(RUN.force) - 200 - samples]
    )
    assert late.markers is RUN.markers


@pytest.mark.parametrize("hz", [5.0, 20.0, 60.0])
def test_a_low_pass_keeps_slow_forces_and_takes_fast_ones(hz):
    time = np.arange(2000) / RUN.force_rate
    slow, fast = (np.sin(2 * np.pi * f * time) for f in (hz / 8, hz * 8))
    for wave, gain in ((slow, 1.0), (fast, 0.0)):
        force = np.zeros((2000, 1, 3))
        force[:, 0, 1] = wave
        take = RUN.changed(force=force, moment=force, corners=RUN.corners[:1])
        inner = slice(700, 1300)
        result = by.low_passed(take, hz).force[inner, 0, 1]
        np.testing.assert_allclose(result, gain * wave[inner], atol=0.02)


def test_a_dead_plate_dies_in_a_contact():
    plate, first, last = by.loaded_stretches(RUN)[0]
    middle = (first + last) // 2
    dead = by.dead_plate(RUN, plate, middle / RUN.force_rate).force[:, plate - 1, 1]
    assert dead[first:middle].all()
    assert not dead[middle:].any()


# the judge ----------------------------------------------------------------------------------------

TRUE = {
    "mirror(trial='all', axis='z', of='both')": "the coordinates are left-handed: mirrored.",
    "sign(trial='run3', component='Fz', plate='all')": "the sideways force has the wrong sign.",
    "delay(trial='run3', ms=40)": "the forces are late by 40 ms.",
    "low_pass(trial='run3', hz=10.0)": "the forces were low-passed at 10 Hz.",
    "exchange(trial='run3', what='legs', start=0.2, stop=0.5, seed=1)":
        "the labels of both legs are exchanged from 0.2 to 0.5 s.",
    "noise(trial='run3', limb='left leg', mm=15, seed=1)":
        "markers of the left leg are noisy (15 mm).",
    "dead_plate(trial='run3', plate=1, at=0.4)": "plate 1 stops in the middle of a contact.",
    "displaced(trial='run3', plate=2, ahead_mm=40, right_mm=30)":
        "plate 2 is displaced by 50 mm against the cameras.",
    "rate(trial='run3', factor=0.96)": "the rate is 250 Hz by the fall, the header says 240 Hz.",
    "unit(trial='run3', of='markers', factor=1000.0)":
        "the markers are 1000 times too far apart for mm: their unit is wrong.",
    "frozen(trial='run3', limb='left leg', start=0.2, stop=0.3)":
        "markers of the left leg stand still for 20 frames.",
    "lack(part='left arm', trial='static')": "the left arm has no markers in the static trial.",
}  # fmt: skip
"""A sentence that names what was altered, by alteration."""


@pytest.mark.parametrize("description", TRUE)
def test_causes_are_strict_in_their_subject(description):
    alteration = read(description)
    assert alteration.names(TRUE[description], alteration.labels(RECORDINGS))
    other_sentences = {
        described: text for described, text in TRUE.items() if described != description
    }
    if alteration.name == "mirror":  # of forces alone it is a wrong sign
        other_sentences = {k: v for k, v in other_sentences.items() if not k.startswith("sign")}
    if alteration.name == "sign":
        other_sentences = {k: v for k, v in other_sentences.items() if not k.startswith("mirror")}
    alike = [
        text
        for text in other_sentences.values()
        if alteration.names(text, alteration.labels(RECORDINGS))
    ]
    assert alike == []


def _outcome(*steps, sentences=(), state=USABLE):
    columns = {
        "trial_id": "run3", "status": "ok", "contact_error_s": 0.002, "toe_off_s": 0.0,
        "motion": "plain", "reason": np.nan, "contact_s": 0.1, "speed_mps": 9.0,
    }  # fmt: skip
    rows = [
        columns | {"step": n, "side": side, "touchdown_s": at, "mass_kg": mass}
        for n, (side, at, mass) in enumerate(steps)
    ]
    name = dict(zip(NAME, ("A", "arms", "com", "mean", "stance", "x", "N m"), strict=True))
    contribution = name | {"trial_id": "run3", "value": 20.0, "low": 15.0, "high": 25.0}
    contributions = pd.DataFrame([contribution | {"step": n} for n in range(len(steps))])
    return Outcome(("run3",), pd.DataFrame(rows), contributions, {"run3": state}, list(sentences))


SOUND = _outcome(("right", 0.2, 70.0), ("left", 0.4, 70.0))

OFF = (("right", 0.2, 70.0), ("left", 0.4, 80.0))

TRUE_CAUSE = ("warning", "force-sign · the sideways force has the wrong sign. · correct it.")

BLAMED = ("warning", "clock · the forces come 40 ms late. · correct it.")

TURNED = alteration_of("sign", {"trial": "run3", "component": "Fz", "plate": "all"})


@pytest.mark.parametrize(
    ("altered", "kind"),
    [
        (SOUND, "right"),
        (replace(SOUND, sentences=[TRUE_CAUSE]), "right"),
        (replace(SOUND, sentences=[BLAMED]), "false cause"),
        (_outcome(*OFF), "outside"),
        (_outcome(*OFF, sentences=[TRUE_CAUSE]), "outside"),
        (_outcome(*OFF, sentences=[TRUE_CAUSE], state=DOUBTFUL), "doubted"),
        (_outcome(*OFF, state=DOUBTFUL), "outside"),
        (_outcome(("left", 0.2, 70.0), ("right", 0.4, 70.0)), "outside"),
        (_outcome(*OFF[:1], ("left", 0.4, 70.0), ("right", 0.6, 70.0)), "outside"),
        (_outcome(*OFF[:1]), "unnamed"),
        (_outcome(*OFF[:1], sentences=[TRUE_CAUSE]), "masked"),
        (replace(SOUND, broken=["Traceback"]), "broken"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_verdicts(altered, kind):
    assert verdict(SOUND, altered, TURNED, set()).kind == kind


def test_an_alteration_that_only_lacks_something_is_never_doubted():
    lacks = Alteration(lambda recordings: recordings, "wrong sign")
    altered = _outcome(*OFF, sentences=[("warning", "x · the wrong sign. · y")], state=DOUBTFUL)
    assert verdict(SOUND, altered, lacks, set()).kind == "outside"


def test_late_forces_are_right_on_either_clock():
    late = _outcome(("right", 0.25, 70.0), ("left", 0.45, 70.0))
    late.steps["toe_off_s"] += 0.05
    assert verdict(SOUND, late, read("delay(trial='run3', ms=50)"), set()).kind == "right"
    assert verdict(SOUND, late, TURNED, set()).kind == "outside"
