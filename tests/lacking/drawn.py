"""Alterations that a seed draws, with their parameters; what is printed makes them again.

A kind is a function that takes its parameters and gives an alteration, and one that draws them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from aqbio.labels.by_name import landmark_table, named_labels
from aqbio.virtual.recording import VirtualRecording
from tests.lacking import distortions as by
from tests.lacking.alterations import (
    ABSENCE_WORDS,
    ARM_WORDS,
    LEG_WORDS,
    PARTS,
    STATIC,
    Alteration,
    Recordings,
    all_of,
    labels_of,
)
from tests.lacking.wordings import SIDE_WORDS, WORDS, worded_label

Random = np.random.Generator
Parameters = dict[str, Any]
Change = Callable[[VirtualRecording], VirtualRecording]

ALL, MOVING = "all", "moving"
"""Whose recordings: of everything, of what moves; otherwise of the trial that is named."""

# words of true causes: generous in wording, strict in subject -----------------------------------

FORCE = r"force|moment|plate|load|\bcontact"

DELAY = (
    r"\bforces?\b[^.]*\b(late|early|later|earlier|behind|ahead of)\b|delay|\blags?\b|\bclocks?\b|"
    r"synchron|time shift"
)
FILTER = all_of(FORCE, r"low-?pass|filter|smooth|cut-?off|bandwidth|spectr|rounded off")
SIGN = all_of(FORCE, r"\bsigns?\b|revers|opposite|flipped|inverted|wrong direction|mirror")
MIRROR = r"mirror|left-handed|handedness|reflected|right-handed"
EXCHANGE = (
    r"exchang|swap|interchang|mislabel|labels?\b.*\b(jump|wander|another|wrong|not those|"
    r"contradict|change|other side)|sides?\b.*\b(contradict|wrong|change|differ)"
)
NOISE = (
    r"nois|scatter|jitter|jump|unsteady|shak|\berrors?\b|\brms\b|do(es)? not fit|rigid|wander|"
    r"moves? in|apart|flicker|off the path|outlier"
)
DEAD = all_of(
    r"plate|force|contact",
    r"dead|\bstops?\b|\bcut\b|drops?\b|silent|zero|\blost\b|incomplete|not whole|no longer|vanish|"
    r"breaks? off|abrupt|within one sample|ends (before|while|in)|measures nothing|shorter than|"
    r"plate failed|falls to nothing",
)
MISPLACED = all_of(
    r"plate",
    r"displac|misplac|misalign|\balign|position|\bplaces?\b|\bmoved\b|corners?|origin|stands? at|"
    r"\blies? [^:]*farther",
)
RATE = all_of(
    r"\brates?\b|\bHz\b|frames? per|sampling|time column",
    r"declar|says|states?|wrong|by the fall|gravity|differ|should|\btoo\b|header|\bnot\b|faster|"
    r"slower",
)
UNIT = all_of(
    r"\bunits?\b|metre|\bm?m\b|N ?m|scale|times|\bsize|height|stature|length|far|\bN\b",
    r"wrong|declar|\bsays|too (large|small|tall|short|heavy|light|much)|\bnot\b|improb|impossib|"
    r"implaus|\btaken\b|instead|\bthan\b|should|differ|larger|smaller|more|less",
)
NAMES = all_of(
    r"label|marker|name",
    r"unknown|not known|placed|\bplaces?\b|\bname|\bask|fill|unclear|which|\bsays?\b|guess|"
    r"position",
)
FROZEN = (
    r"frozen|freez|\bheld\b|\bholds?\b|the same (place|position|value)|repeat|constant|"
    r"stand(s|ing)? still|\bstill\b|cop(y|ied)|do(es)? not move|motionless|gap|filled|interpolat"
)
NOT_SEEN = rf"{ABSENCE_WORDS}|gap|\bframes\b|hole|interrupt"


@dataclass(frozen=True)
class DrawnAlteration(Alteration):
    """An alteration with its name, parameters and the labels that it concerns."""

    name: str = ""
    parameters: tuple[tuple[str, Any], ...] = ()
    labels: Callable[[Recordings], set[str]] = lambda _: set()

    def __str__(self) -> str:
        """Description that makes it again."""
        return f"{self.name}({', '.join(f'{k}={v!r}' for k, v in self.parameters)})"


def _of(recordings: Recordings, trial: str, change: Change) -> Recordings:
    """Change everything, what moves, or one trial."""
    chosen = {ALL: recordings.takes.keys(), MOVING: recordings.takes.keys() - {STATIC}}
    names = chosen.get(trial, {trial})
    takes = {n: change(take) if n in names else take for n, take in recordings.takes.items()}
    return replace(recordings, takes=takes)


def _runs(recordings: Recordings) -> list[str]:
    return [name for name in recordings.takes if name != STATIC]


def _choose(random: Random, items: list[Any]) -> Any:
    return items[int(random.integers(len(items)))]


def _run(random: Random, recordings: Recordings) -> str:
    return str(_choose(random, _runs(recordings)))


def _of_runs(random: Random, recordings: Recordings) -> str:
    """One moving trial, or all of them."""
    return str(_choose(random, [*_runs(recordings), MOVING]))


def _stretch(random: Random, take: VirtualRecording, shortest: float, longest: float) -> Parameters:
    """A stretch of frames, s from the first frame; shortest and longest as shares of the trial."""
    length = len(take.markers) / take.marker_rate
    duration = length * random.uniform(shortest, longest)
    start = random.uniform(0.0, length - duration)
    return {"start": round(float(start), 2), "stop": round(float(start + duration), 2)}


def _simple(
    change: Callable[..., VirtualRecording], cause: str, *true: str
) -> Callable[..., Alteration]:
    """A kind whose parameters are a trial and what a distortion takes."""

    def make(trial: str, **parameters: Any) -> Alteration:
        lacking = partial(_changed, trial=trial, change=change, parameters=parameters)
        return Alteration(lacking, cause, true=frozenset(true), wounded=True)

    return make


def _changed(
    recordings: Recordings,
    trial: str,
    change: Callable[..., VirtualRecording],
    parameters: Parameters,
) -> Recordings:
    return _of(recordings, trial, partial(change, **parameters))


# kinds --------------------------------------------------------------------------------------------


def _plate(random: Random, recordings: Recordings, trial: str) -> int:
    """A plate on which a foot stands in a trial."""
    name = trial if trial in recordings.takes else _runs(recordings)[0]
    return int(_choose(random, by.loaded_stretches(recordings.takes[name]))[0])


def _draw_mirror(random: Random, recordings: Recordings) -> Parameters:
    trial = str(_choose(random, [ALL, ALL, ALL, _run(random, recordings)]))
    of = str(_choose(random, ["markers", "forces", "both", "both"]))
    return {"trial": trial, "axis": str(_choose(random, list("xyzz"))), "of": of}


def _draw_sign(random: Random, recordings: Recordings) -> Parameters:
    trial = _of_runs(random, recordings)
    component = str(_choose(random, ["Fx", "Fy", "Fz", "Fz", "My"]))
    plate = _choose(random, ["all", _plate(random, recordings, trial)])
    return {"trial": trial, "component": component, "plate": plate}


def _draw_delay(random: Random, recordings: Recordings) -> Parameters:
    return {"trial": _of_runs(random, recordings), "ms": int(random.integers(-8, 11)) * 10 or 15}


def _make_delay(trial: str, ms: float) -> Alteration:
    plain = _simple(by.delayed, DELAY, "delay")(trial, ms=ms)
    return replace(plain, shifts=(0.0, ms / 1000.0))


def _draw_low_pass(random: Random, recordings: Recordings) -> Parameters:
    hz = round(float(np.exp(random.uniform(np.log(5.0), np.log(60.0)))), 1)
    return {"trial": _of_runs(random, recordings), "hz": hz}


EXCHANGED_PARTS = ("feet", "legs", "arms", "two labels")


def _draw_exchange(random: Random, recordings: Recordings) -> Parameters:
    trial = _run(random, recordings)
    what = str(_choose(random, list(EXCHANGED_PARTS)))
    stretch = _stretch(random, recordings.takes[trial], 0.05, 0.6)
    return {"trial": trial, "what": what, **stretch, "seed": int(random.integers(1000))}


def _pairs(recordings: Recordings, what: str, seed: int) -> list[tuple[str, str]]:
    """Labels that are exchanged: of the same landmark on both sides, or any two."""
    labels = list(dict.fromkeys(n for take in recordings.takes.values() for n in take.labels))
    if what == "two labels":
        shared = [
            n for n in labels if all(n in recordings.takes[t].labels for t in _runs(recordings))
        ]
        first, second = np.random.default_rng(seed).choice(shared, 2, replace=False).tolist()
        return [(first, second)]
    table = landmark_table()
    segments = {"feet": ("foot", "toes"), "legs": ("thigh", "shank", "foot", "toes")}
    chosen = segments.get(what, ("upper_arm", "forearm"))
    sides: dict[str, dict[str, list[str]]] = {"left": {}, "right": {}}
    for label, site in named_labels(dict.fromkeys(labels), table).sites.items():
        if site.side and table.landmarks[site.landmark].segment in chosen:
            sides[site.side].setdefault(site.landmark, []).append(label)
    left, right = sides["left"], sides["right"]
    return [
        pair for n in left.keys() & right.keys() for pair in zip(left[n], right[n], strict=False)
    ]


def _make_exchange(trial: str, what: str, start: float, stop: float, seed: int) -> Alteration:
    def lacking(recordings: Recordings) -> Recordings:
        pairs = _pairs(recordings, what, seed)
        change = partial(by.exchanged, pairs=pairs, start=start, stop=stop)
        return _of(recordings, trial, change)

    true = frozenset({"exchange", "frames", "gap"})
    return Alteration(lacking, EXCHANGE, true=true, wounded=True)


LIMBS = {
    "left leg": LEG_WORDS, "right leg": LEG_WORDS, "left foot": LEG_WORDS, "left arm": ARM_WORDS,
    "right arm": ARM_WORDS, "pelvis": "pelvis|asis|psis|sacrum", "head": "head|torso|trunk",
}  # fmt: skip
"""Parts whose markers are shaken or stand still, and their words."""


def _limb(name: str, recordings: Recordings) -> set[str]:
    part = PARTS["right leg"][0]
    if name == "left leg":
        return labels_of(
            lambda n, s, marker_side: part(n, s, "right") and marker_side == "left", recordings
        )
    return labels_of(PARTS[name][0], recordings)


def _draw_noise(random: Random, recordings: Recordings) -> Parameters:
    mm, limb = int(random.integers(4, 21)), str(_choose(random, list(LIMBS)))
    seed = int(random.integers(1000))
    return {"trial": _run(random, recordings), "limb": limb, "mm": mm, "seed": seed}


def _make_noise(trial: str, limb: str, mm: float, seed: int) -> Alteration:
    def lacking(recordings: Recordings) -> Recordings:
        change = partial(by.noisy, labels=_limb(limb, recordings), mm=mm, seed=seed)
        return _of(recordings, trial, change)

    true = frozenset({"noise"})
    return Alteration(lacking, all_of(LIMBS[limb], NOISE), NOISE, true, wounded=True)


def _draw_frozen(random: Random, recordings: Recordings) -> Parameters:
    trial, limb = _run(random, recordings), str(_choose(random, [*LIMBS, "everything"]))
    return {"trial": trial, "limb": limb, **_stretch(random, recordings.takes[trial], 0.03, 0.25)}


def _make_frozen(trial: str, limb: str, start: float, stop: float) -> Alteration:
    def lacking(recordings: Recordings) -> Recordings:
        present = {label for take in recordings.takes.values() for label in take.labels}
        labels = present if limb == "everything" else _limb(limb, recordings)
        return _of(recordings, trial, partial(by.frozen, labels=labels, start=start, stop=stop))

    true = frozenset({"frozen", "frames", "gap"})
    return Alteration(lacking, FROZEN, FROZEN, true, wounded=True)


def _draw_dead(random: Random, recordings: Recordings) -> Parameters:
    trial = _run(random, recordings)
    take = recordings.takes[trial]
    plate, first, last = _choose(random, by.loaded_stretches(take))
    at = (first + random.uniform(0.25, 0.85) * (last - first)) / take.force_rate
    return {"trial": trial, "plate": plate, "at": round(float(at), 3)}


def _draw_displaced(random: Random, recordings: Recordings) -> Parameters:
    trial = _of_runs(random, recordings)
    plate = _choose(random, ["all", _plate(random, recordings, trial)])
    ahead, right = (int(random.integers(-6, 7)) * 10 for _ in range(2))
    return {"trial": trial, "plate": plate, "ahead_mm": ahead, "right_mm": right or 30}


def _draw_rate(random: Random, recordings: Recordings) -> Parameters:
    factors = [0.5, 0.8, 0.96, 1.04, 1.2, 1.25, 2.0]
    return {"trial": _of_runs(random, recordings), "factor": float(_choose(random, factors))}


def _draw_unit(random: Random, recordings: Recordings) -> Parameters:
    of = str(_choose(random, ["markers", "forces", "moments"]))
    trial = str(_choose(random, [ALL, STATIC, _run(random, recordings)]))
    if of == "moments" and trial == STATIC:  # which are near zero
        trial = MOVING
    return {"trial": trial, "of": of, "factor": float(_choose(random, [0.001, 0.1, 10.0, 1000.0]))}


OF_UNIT = {
    "markers": r"marker|coordinat|length|\bsize|stature|distance|apart|position|segment",
    "forces": r"forces?\b|\bloads?\b",
    "moments": r"moments?\b|centres? of pressure",
}


def _make_unit(trial: str, of: str, factor: float) -> Alteration:
    cause = f"{all_of(OF_UNIT[of])}{UNIT.removeprefix('^')}"
    return _simple(by.other_unit, cause, "unit")(trial, of=of, factor=factor)


def _draw_wording(random: Random, _: Recordings) -> Parameters:
    wording = str(_choose(random, list(WORDS)))
    writing = int(random.integers(len(SIDE_WORDS)))
    return {"wording": wording, "writing": writing, "first": bool(random.integers(2))}


def _make_wording(wording: str, writing: int, first: bool) -> Alteration:
    def lacking(recordings: Recordings) -> Recordings:
        labels = dict.fromkeys(n for take in recordings.takes.values() for n in take.labels)
        sites = named_labels(labels, landmark_table()).sites
        names: dict[str, str] = {}
        for label, site in sites.items():
            if site.landmark not in WORDS[wording]:
                continue  # it keeps its label
            name = worded_label(wording, site.landmark, site.side, writing, first=first)
            twins = sum(known_name.rstrip("0123456789") == name for known_name in names.values())
            names[label] = f"{name}{twins + 1}" if name in names.values() else name
        return recordings.of_each(partial(by.renamed, names=names))

    return Alteration(lacking, NAMES, true=frozenset({"names"}))


def _draw_lack(random: Random, recordings: Recordings) -> Parameters:
    """Of one trial, of one stretch of frames, of one person: never of all recordings at once."""
    part = str(_choose(random, sorted(PARTS)))
    target = str(_choose(random, [STATIC, _run(random, recordings), MOVING, "stretch", "person"]))
    if target == "person":
        who = str(_choose(random, ["person", "company"]))
        return {"part": part, "trial": ALL, "who": who}
    if target == "stretch":
        trial = _run(random, recordings)
        return {
            "part": part,
            "trial": trial,
            **_stretch(random, recordings.takes[trial], 0.05, 0.6),
        }
    return {"part": part, "trial": target}


def _make_lack(
    part: str, trial: str, who: str = "alone", start: float = 0.0, stop: float = 0.0
) -> Alteration:
    belongs, words = PARTS[part]

    def lacking(recordings: Recordings) -> Recordings:
        if who == "company":
            company_alone = replace(recordings, takes=recordings.company)
            change = partial(by.without, labels=labels_of(belongs, company_alone))
            company = {name: change(take) for name, take in recordings.company.items()}
            return replace(recordings, accompanied=True, company=company)
        labels = labels_of(belongs, recordings)
        change = (
            partial(by.unseen, labels=labels, start=start, stop=stop)
            if stop > start
            else partial(by.without, labels=labels)
        )
        return _of(replace(recordings, accompanied=who == "person"), trial, change)

    return Alteration(
        lacking, all_of(words, NOT_SEEN), NOT_SEEN, frozenset({"wear", "gap", "person"})
    )


CALIBRATION = ("medial markers", "epicondyles and malleoli", "one thigh's cluster")


def _draw_calibration(random: Random, _: Recordings) -> Parameters:
    return {"part": str(_choose(random, list(CALIBRATION)))}


def _make_calibration(part: str) -> Alteration:
    return replace(_make_lack(part, MOVING), true=frozenset())


def _draw_harmless(random: Random, _: Recordings) -> Parameters:
    what = str(_choose(random, ["order", "origin", "prefix"]))
    return {"what": what, "seed": int(random.integers(1000))}


def _make_harmless(what: str, seed: int) -> Alteration:
    ahead, right = np.random.default_rng(seed).uniform(-3.0, 3.0, 2).round(2)

    def change(take: VirtualRecording) -> VirtualRecording:
        if what == "order":
            return by.reordered(take, seed)
        if what == "origin":
            return by.elsewhere(take, float(ahead), float(right))
        return by.renamed(take, {label: f"Subject{seed}:{label}" for label in take.labels})

    return Alteration(lambda recordings: recordings.of_each(change), "nothing was altered")


Kind = tuple[Callable[..., Alteration], Callable[[Random, Recordings], Parameters]]

KINDS: dict[str, Kind] = {
    "lack": (_make_lack, _draw_lack),
    "calibration_only": (_make_calibration, _draw_calibration),
    "mirror": (_simple(by.mirrored, f"{MIRROR}|{SIGN}", "mirror", "sign"), _draw_mirror),
    "sign": (_simple(by.flipped_sign, SIGN, "sign"), _draw_sign),
    "delay": (_make_delay, _draw_delay),
    "low_pass": (_simple(by.low_passed, FILTER, "filter"), _draw_low_pass),
    "exchange": (_make_exchange, _draw_exchange),
    "noise": (_make_noise, _draw_noise),
    "frozen": (_make_frozen, _draw_frozen),
    "dead_plate": (_simple(by.dead_plate, DEAD, "dead"), _draw_dead),
    "displaced": (_simple(by.displaced_plates, MISPLACED, "place"), _draw_displaced),
    "rate": (_simple(by.other_rate, RATE, "rate"), _draw_rate),
    "unit": (_make_unit, _draw_unit),
    "wording": (_make_wording, _draw_wording),
    "harmless": (_make_harmless, _draw_harmless),
}
"""How an alteration is made, and how its parameters are drawn."""


def alteration_of(name: str, parameters: Parameters) -> DrawnAlteration:
    """An alteration of a kind, with its description."""
    plain = KINDS[name][0](**parameters)
    labels = (
        partial(_labels, part=parameters["part"])
        if "part" in parameters
        else partial(_limb_labels, limb=parameters["limb"])
        if parameters.get("limb") in LIMBS
        else lambda _: set()
    )
    return DrawnAlteration(
        plain.lacking, plain.cause, plain.words, plain.true, plain.shifts, plain.wounded,
        name, tuple(parameters.items()), labels,
    )  # fmt: skip


def _labels(recordings: Recordings, part: str) -> set[str]:
    return labels_of(PARTS[part][0], recordings)


def _limb_labels(recordings: Recordings, limb: str) -> set[str]:
    return _limb(limb, recordings)


def drawn_alterations(
    seed: int, count: int, recordings: Recordings, kinds: list[str] | None = None
) -> list[DrawnAlteration]:
    """So many alterations, of every kind about as many."""
    random, alterations, left = np.random.default_rng(seed), [], []
    while len(alterations) < count:
        left = left or random.permutation(kinds or list(KINDS)).tolist()
        name = left.pop()
        alterations.append(alteration_of(name, KINDS[name][1](random, recordings)))
    return alterations


def read(description: str) -> DrawnAlteration:
    """An alteration from its description."""
    call = ast.parse(description, mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise TypeError(f"{description} is no description: write kind(parameter=value, ...)")
    values = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    return alteration_of(call.func.id, values)
