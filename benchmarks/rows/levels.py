"""B13: levels A to C of a run, and how sure they are, within their budgets."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from aqbio.body.draws import BodySpread, standing_spread
from aqbio.body.priors import (
    LANDMARK_SD,
    Person,
    body_sizes,
    posture_prior,
    priors,
    size_prior,
)
from aqbio.body.shape import MarkerPlaces, Template
from aqbio.config import ModelMap, read_yaml
from aqbio.contributions.files import model_anatomy
from aqbio.contributions.intervals import (
    BODIES,
    FRAMES,
    MOTIONS,
    drawn_window,
    intervals_dataset,
)
from aqbio.contributions.levels import Levels, levels
from aqbio.gait.steps import Contact
from aqbio.intervals.trial_draws import Sampling, TrialDraws, with_bodies
from aqbio.intervals.uncertainty import Spread
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.virtual.athlete import Athlete
from aqbio.virtual.gait import Gait
from aqbio.virtual.truth import run_truth
from benchmarks.board import Row, Target, Verdict
from benchmarks.material import Material
from validation.gaits.generator import generated_gait
from validation.gaits.parameters import interpolated, presets, reference_speed, steady

SPEED = 9.5
MODEL = Path(__file__).parents[2] / "models" / "sprint"
DRAWS, MANY, LONGEST_FLIGHT = 100, 500, 0.3
ANATOMY = model_anatomy("sprint")
MAP = read_yaml(MODEL / "map.yaml", ModelMap)


def within_budget(material: Material) -> list[Row]:
    """B13: a virtual sprinter's second, the same wherever it is measured."""
    del material
    athlete = Athlete("runner", "male", 75.0, 1.80)
    step = interpolated(presets(), reference_speed(athlete, SPEED))
    gait = generated_gait(steady(athlete, SPEED, step)).gait
    fast, slow = np.arange(1000) / 1000.0, np.arange(250) / 250.0
    found = run_levels(gait, slow)
    return [
        Row(
            "B13",
            "levels A, B and C of 1000 frames in memory, three contact models, closures included",
            partial(run_levels, gait, fast),
            None,
            _closures_hold,
            Target("ours_s", "<=", 1.0),
        ),
        Row(
            "B13.2",
            f"the whole uncertainty of a trial of 250 frames: {DRAWS} draws of masses, plates and "
            "bodies for one step of each foot, levels A to C and curves",
            partial(uncertainty, gait, found, slow, DRAWS),
            None,
            _intervals_known,
            Target("ours_s", "<=", 2.0),
        ),
        Row(
            "B13.3",
            f"the same with {MANY} draws",
            partial(uncertainty, gait, found, slow, MANY),
            None,
            _intervals_known,
            Target("ours_s", "<=", 2.0),
        ),
    ]


def run_levels(gait: Gait, times: np.ndarray) -> Levels:
    """Compute levels A, B and C."""
    truth = run_truth(gait, times)
    motion = truth.motion
    moves = segment_kinematics(gait.skeleton, motion.q, motion.u, motion.udot)
    side, _ = gait.stance_foot(times)
    touching = np.stack([side < 0, side > 0], axis=1)
    return levels(gait.skeleton, moves, truth.loads.external(), touching, ANATOMY)


def uncertainty(gait: Gait, found: Levels, times: np.ndarray, count: int) -> xr.Dataset:
    """Intervals of a trial as stage contributions draws them."""
    side, _ = gait.stance_foot(times)
    touching = np.stack([side < 0, side > 0], axis=1)
    line = gait.timeline
    contacts = [
        Contact(
            "right" if number % 2 == 0 else "left",
            float(start := number * line.step[:2].mean()) + 0.001,
            float(start + line.contact[number % 2]),
            complete=True,
            edge_distance=0.2,
        )
        for number in range(4)
    ]
    sampling = Sampling(count, 1, FRAMES, MOTIONS, BODIES)
    draws = TrialDraws(found, ANATOMY, times, 0.0, touching, Spread(), sampling)
    weight = np.ones(len(gait.skeleton.markers))
    window = drawn_window(contacts, times, LONGEST_FLIGHT)
    moved = with_bodies(draws, body_spread(gait), weight, window)
    return intervals_dataset(moved, contacts, LONGEST_FLIGHT)


def body_spread(gait: Gait) -> BodySpread:
    """What a standing trial leaves open of the sprinter's body."""
    skeleton, person = gait.skeleton, Person("male", 1.80, 75.0)
    places = MarkerPlaces(skeleton.markers, skeleton.marker_body, skeleton.marker_position)
    template = Template.of(skeleton, MAP, places)
    sizes = size_prior(template.parts, body_sizes(), person, person)
    sds = np.full((len(gait.skeleton.markers), 3), LANDMARK_SD)
    return standing_spread(template, priors(template, sizes, sds, posture_prior(skeleton, MAP)))


def _closures_hold(mine: Levels, _: object) -> Verdict:
    return Verdict(mine.closure < 1e-6, f"closures hold, worst {mine.closure:.1g}")


def _intervals_known(mine: xr.Dataset, _: object) -> Verdict:
    sds = mine["interval_sd"].values
    good = bool(np.isfinite(sds).all() and (sds >= 0.0).all())
    return Verdict(good, f"{mine.sizes['outcome']} outcomes of both feet have intervals")
