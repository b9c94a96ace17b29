"""Faults put into the labels of a calibrated body's frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aqbio.body.fit import FlexionStarts, body_fit
from aqbio.multibody.poses import segment_poses
from tests.mechanics.calibration.made import MAP


def refitted(fit, change, trials):
    """Fit anew with the fitted frames of some trials changed."""
    frames = fit.problem.frames
    rows = np.flatnonzero(np.isin(frames.trial, trials))
    position = frames.position.copy()
    change(position, rows)
    problem = replace(fit.problem, frames=replace(frames, position=position))
    return body_fit(problem, flexions=FlexionStarts.of(fit.problem.template, MAP))


def marker_of(fit, label):
    """Give the column of a label."""
    return fit.problem.template.markers.labels.index(label)


def exchanged(fit, first, second, trials):
    """Fit with two labels exchanged in some trials."""
    one, two = marker_of(fit, first), marker_of(fit, second)

    def change(position, rows):
        position[rows[:, None], [one, two]] = position[rows[:, None], [two, one]]

    return refitted(fit, change, trials)


def poses_of(fit):
    """Give the poses of the fitted frames."""
    template = fit.problem.template
    shape = template.shape(fit.state.theta[: fit.problem.shape_size])
    return segment_poses(template.skeleton_of(shape), fit.problem.full(fit.state.q))


def moved(fit, label, shift, trials):
    """Fit with a marker elsewhere on its segment, by so much in the body's frame, m."""
    marker, poses = marker_of(fit, label), poses_of(fit)
    body = fit.problem.template.markers.body[marker]

    def change(position, rows):
        position[rows, marker] += poses.rotation[rows, body] @ np.array(shift)

    return refitted(fit, change, trials)


def carried(fit, label, body, place, trials):
    """Fit with a marker at a place on another body, m."""
    poses, at = poses_of(fit), fit.problem.template.skeleton.bodies.index(body)

    def change(position, rows):
        carried = poses.origin[rows, at] + poses.rotation[rows, at] @ np.array(place)
        position[rows, marker_of(fit, label)] = carried

    return refitted(fit, change, trials)
