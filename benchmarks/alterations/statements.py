"""Alterations of what sheets and settings state."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import yaml

from benchmarks.alterations.planted import GONE, Alteration, Planted, Random, of_body, together
from benchmarks.alterations.study import RUN, STATIC, MemoryStudy, part_of


def mass(study: MemoryStudy, random: Random) -> Planted:
    """A wrong body mass in the sheet."""
    factor = float(random.choice([-1.0, 1.0]) * random.uniform(0.08, 0.4) + 1.0)
    study.person["mass_kg"] = f"{factor * float(study.person['mass_kg']):.1f}"
    return Planted(
        f"mass times {factor:.2f} in the sheet",
        (together("mass|kg", "sheet|mass_kg|stated|kg"),),
        foreseen=True,
    )


def stature(study: MemoryStudy, random: Random) -> Planted:
    """A wrong stature in the sheet."""
    factor = float(random.choice([-1.0, 1.0]) * random.uniform(0.08, 0.25) + 1.0)
    study.person["height_m"] = f"{factor * float(study.person['height_m']):.2f}"
    names = (together("stature|height|tall", r"sheet|height_m|stated|\bm\b"),)
    return Planted(f"stature times {factor:.2f} in the sheet", names, foreseen=True)


def sex(study: MemoryStudy, random: Random) -> Planted:
    """The other sex, or none."""
    other = {"male": "female", "female": "male"}[study.person["sex"]]
    study.person["sex"] = str(random.choice([other, "n/a"]))
    return Planted(f"sex {study.person['sex']} in the sheet", (r"\bsex\b|female|\bmale\b",))


def surface(study: MemoryStudy, _: Random) -> Planted:
    """Treadmill for overground and the other way round."""
    stated = "overground" if study.name.startswith("Rajagopal") else "treadmill"
    study.settings |= {"laboratory": {"surface": stated}}
    return Planted(
        f"surface {stated} stated", ("surface|treadmill|overground|belt",), foreseen=True
    )


def belt_speed(study: MemoryStudy, random: Random) -> Planted:
    """A belt speed that is not true."""
    study.rows[RUN]["belt_speed_mps"] = f"{random.uniform(0.5, 12.0):.1f}"
    what = f"belt speed {study.rows[RUN]['belt_speed_mps']} m/s stated"
    return Planted(what, ("belt|treadmill|overground",), foreseen=True)


def axes(study: MemoryStudy, random: Random) -> Planted:
    """Laboratory axes that are not true."""
    letters = [str(one) for one in random.permutation(list("xyz"))]
    signs = [str(one) for one in random.choice(["+", "-"], 2)]
    stated = {"forward": signs[0] + letters[0], "up": signs[1] + letters[1]}
    study.settings |= {"laboratory": {"axes": stated}}
    names = (together("axes", "stated|laboratory.axes|study.yaml|detected"),)
    return Planted(
        f"axes {stated['forward']} forward, {stated['up']} up stated", names, foreseen=True
    )


def window(study: MemoryStudy, random: Random) -> Planted:
    """A part of the trial is chosen, sometimes beyond its end."""
    length = len(study.run.markers) / study.run.marker_rate
    start, stop = (float(one) for one in sorted(random.uniform(0.0, 1.15 * length, 2)))
    study.rows[RUN] |= {"start_s": f"{start:.3f}", "end_s": f"{stop:.3f}"}
    names = ("start_s|end_s|cut|outside|whole step|end of the recording|no later contact|window",)
    return Planted(f"start_s {start:.2f}, end_s {stop:.2f} of {length:.2f} s", names,
                   shifts=(0.0, start), window=(start, stop))  # fmt: skip


def end_only(study: MemoryStudy, random: Random) -> Planted:
    """Only ``end_s`` or only ``start_s`` is chosen."""
    length = len(study.run.markers) / study.run.marker_rate
    at, name = float(random.uniform(0.1, 0.9) * length), str(random.choice(["start_s", "end_s"]))
    study.rows[RUN][name] = f"{at:.3f}"
    bounds = (at, np.inf) if name == "start_s" else (-np.inf, at)
    shifts = (0.0, at) if name == "start_s" else (0.0,)
    names = ("start_s|end_s|cut|outside|whole step|end of the recording|no later contact|window",)
    return Planted(f"{name} {at:.2f} of {length:.2f} s", names, shifts=shifts, window=bounds)


def other_static(study: MemoryStudy, random: Random) -> Planted:
    """The static trial of somebody else: another size in each direction, another weight."""
    factors = random.uniform(0.85, 1.18, 3)
    take = study.takes[STATIC]
    weight = float(random.uniform(0.8, 1.2))
    study.change(
        STATIC,
        markers=take.markers * factors,
        force=weight * take.force,
        moment=weight * take.moment,
    )
    different = "distance|apart|another|person|differ|contradict|size|mass|length|stature|other"
    names = (together("static", different), together("mass", "plate|static"))
    told = ", ".join(f"{one:.2f}" for one in factors)
    return Planted(
        f"static trial of another: lengths times {told}, weight times {weight:.2f}", names
    )


def moving_static(study: MemoryStudy, _: Random) -> Planted:
    """The run is called static."""
    study.takes[STATIC] = study.takes[RUN]
    return Planted(
        "the run's file as static trial",
        (together("static", "move|still|run"), "same|twice|equal|repeat"),
        foreseen=True,
    )


def no_static(study: MemoryStudy, random: Random) -> Planted:
    """No static trial."""
    study.person["static_trial"] = "n/a"
    if random.random() < 0.5:
        del study.rows[STATIC], study.takes[STATIC]
    return Planted("no static trial named", ("static",), foreseen=True)


def second_name(study: MemoryStudy, random: Random) -> Planted:
    """A part of the run once more, under another name."""
    length = len(study.run.markers) / study.run.marker_rate
    start, stop = float(random.uniform(0.0, 0.3) * length), float(random.uniform(0.7, 1.0) * length)
    study.takes["again"] = part_of(study.run, start, stop)
    row = deepcopy(study.rows[RUN]) | {"trial_id": "again"}
    row |= {name: cell.replace(RUN, "again") for name, cell in row.items() if "file" in name}
    study.rows["again"] = row
    names = (
        together(
            "same|equal|identical|part of|twice|copy|repeat|cut-out|again",
            "again|run|recording|trial",
        ),
    )
    return Planted(
        f"{start:.2f} to {stop:.2f} s of the run again under another name", names, foreseen=True
    )


def cutoff(study: MemoryStudy, random: Random) -> Planted:
    """A low-pass that is far from what the movement needs."""
    value = float(np.round(np.exp(random.uniform(np.log(3.0), np.log(150.0))), 1))
    study.settings |= {"prepare": {"cutoff_hz": value}}
    return Planted(f"cutoff_hz {value:g}", ("cut-?off|cutoff_hz|Hz|low-pass",), foreseen=True)


def ignored_plate(study: MemoryStudy, random: Random) -> Planted:
    """A sound plate is left out by the settings."""
    loaded = np.flatnonzero(study.run.force[..., 1].max(axis=0) > 300.0)
    plate = int(random.choice(loaded)) + 1
    study.settings |= {"laboratory": {"ignore_plates": [plate]}}
    names = (
        together(
            "plate|contact|step|force",
            "ignore|left out|kinematic|no force|no later|same foot|" + GONE,
        ),
    )
    return Planted(f"plate {plate} ignored by the settings", names, quiet=True)


def stated_delay(study: MemoryStudy, random: Random) -> Planted:
    """A delay of the forces that is not true."""
    value = float(np.round(random.choice([-1.0, 1.0]) * random.uniform(0.01, 0.1), 3))
    study.settings |= {"laboratory": {"force_delay_s": value}}
    names = (together("force|clock|delay", "late|early|delay|clock"),)
    return Planted(f"force_delay_s {value:g} stated", names)


def wrong_body(study: MemoryStudy, random: Random) -> Planted:
    """The marker set puts two labels on each other's bodies."""
    assert study.marker_set is not None
    content = yaml.safe_load(study.marker_set)
    labels = sorted(study.bodies)
    first = str(random.choice(labels))
    other = str(random.choice([n for n in labels if study.bodies[n] != study.bodies[first]]))
    markers = content["markers"]
    markers[first], markers[other] = markers[other], markers[first]
    study.marker_set = yaml.safe_dump(content, sort_keys=False)
    words = "|".join((rf"\b{first}\b", rf"\b{other}\b"))
    bodies = "|".join(of_body(study.bodies[one]) for one in (first, other))
    names = (together(words, "marker|label|from the model|off|apart|body|swap|exchang"),
             together(bodies, "marker|label", "contradict|impossible|swap|exchang"))  # fmt: skip
    return Planted(f"marker set: {first} and {other} on each other's places", names)


def unlisted_body(study: MemoryStudy, random: Random) -> Planted:
    """The marker set leaves out the markers of a body, as if nobody had worn them."""
    assert study.marker_set is not None
    content = yaml.safe_load(study.marker_set)
    body = str(
        random.choice([one for one in sorted(set(study.bodies.values())) if one != "pelvis"])
    )
    gone = {name for name, own in content["markers"].items() if own["body"] == body}
    content["markers"] = {n: one for n, one in content["markers"].items() if n not in gone}
    study.marker_set = yaml.safe_dump(content, sort_keys=False)
    names = (together(of_body(body), GONE), together("|".join(gone), GONE + "|place|unknown|known"))
    return Planted(f"marker set without the markers of {body}", names, foreseen=True)


STATEMENTS: tuple[Alteration, ...] = (
    mass, stature, sex, surface, belt_speed, axes, window, end_only, other_static, moving_static,
    no_static, second_name, cutoff, ignored_plate, stated_delay,
)  # fmt: skip
MARKER_SET_STATEMENTS: tuple[Alteration, ...] = (wrong_body, unlisted_body)
ANGLE_STATEMENTS: tuple[Alteration, ...] = (
    mass,
    surface,
    belt_speed,
    window,
    end_only,
    cutoff,
    ignored_plate,
    stated_delay,
)
