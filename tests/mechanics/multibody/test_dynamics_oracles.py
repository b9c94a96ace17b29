"""Recursive Newton-Euler against two other engines, on trees of plain hinges and slides."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.multibody.dynamics import inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.skeleton import GROUND

FRAMES = 3
SEEDS = range(12)


def _case(random_tree, random_motion, seed):
    skeleton = random_tree(seed, 7, plain=True)
    motion = random_motion(skeleton, FRAMES, seed)
    return skeleton, motion, inverse_dynamics(skeleton, segment_kinematics(skeleton, *motion))


def _in_child_frame(skeleton, body, position):
    return skeleton.child_position[body] + skeleton.child_rotation[body] @ position


def _joints(skeleton, body):
    """Axes of a body in the order in which they act: shifts, then turns."""
    return [
        *skeleton.translations[body],
        *skeleton.rotations[body],
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_pinocchio(random_tree, random_motion, seed):
    pin = pytest.importorskip("pinocchio")
    skeleton, motion, ours = _case(random_tree, random_motion, seed)
    model = pin.Model()
    model.gravity.linear = skeleton.gravity
    carrier, place = {}, {}
    order = []
    for body, parent in enumerate(skeleton.parent):
        frame = pin.SE3(skeleton.parent_rotation[body], skeleton.parent_position[body])
        joint = 0
        if parent != GROUND:
            joint, frame = carrier[parent], place[parent] * frame
        for axis in _joints(skeleton, body):
            turns = skeleton.axes.is_rotation[axis]
            kind = pin.JointModelRevoluteUnaligned if turns else pin.JointModelPrismaticUnaligned
            direction = skeleton.axes.direction[axis]
            joint = model.addJoint(joint, kind(direction), frame, f"{body}.{axis}")
            frame = pin.SE3.Identity()
            order.append(skeleton.axes.coordinate[axis])
        carrier[body] = joint
        place[body] = frame * pin.SE3(skeleton.child_rotation[body], skeleton.child_position[body])
        own = pin.Inertia(skeleton.mass[body], skeleton.com[body], skeleton.inertia[body])
        model.appendBodyToJoint(joint, own, place[body])
    data = model.createData()
    for frame in range(FRAMES):
        tau = pin.rnea(model, data, *(values[frame, order] for values in motion))
        limit = 1e-12 * np.abs(ours).max()
        np.testing.assert_allclose(ours[frame, order], tau, rtol=0, atol=limit)


def _mjcf(skeleton):
    """Write a skeleton as a MuJoCo model; each body frame is the child frame of its joint."""

    def numbers(values):
        return " ".join(repr(float(value)) for value in np.ravel(values))

    def element(mujoco, body):
        parent = skeleton.parent[body]
        position, rotation = skeleton.parent_position[body], skeleton.parent_rotation[body]
        if parent != GROUND:
            position = _in_child_frame(skeleton, parent, position)
            rotation = skeleton.child_rotation[parent] @ rotation
        turn = skeleton.child_rotation[body]
        inertia = turn @ skeleton.inertia[body] @ turn.T
        full = inertia[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
        quaternion = np.zeros(4)
        mujoco.mju_mat2Quat(quaternion, rotation.ravel())
        axes = "".join(
            f'<joint name="{skeleton.coordinates[skeleton.axes.coordinate[axis]]}"'
            f' type="{"hinge" if skeleton.axes.is_rotation[axis] else "slide"}"'
            f' axis="{numbers(skeleton.axes.direction[axis])}"/>'
            for axis in _joints(skeleton, body)
        )
        children = "".join(element(mujoco, c) for c in np.flatnonzero(skeleton.parent == body))
        com = _in_child_frame(skeleton, body, skeleton.com[body])
        return (
            f'<body pos="{numbers(position)}" quat="{numbers(quaternion)}">{axes}'
            f'<inertial pos="{numbers(com)}" mass="{float(skeleton.mass[body])!r}"'
            f' fullinertia="{numbers(full)}"/>{children}</body>'
        )

    mujoco = pytest.importorskip("mujoco")
    roots = "".join(element(mujoco, root) for root in np.flatnonzero(skeleton.parent == GROUND))
    return (
        '<mujoco><compiler angle="radian"/>'
        f'<option gravity="{numbers(skeleton.gravity)}"><flag contact="disable"/></option>'
        f"<worldbody>{roots}</worldbody></mujoco>"
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_mujoco(random_tree, random_motion, seed):
    mujoco = pytest.importorskip("mujoco")
    skeleton, (q, u, udot), ours = _case(random_tree, random_motion, seed)
    model = mujoco.MjModel.from_xml_string(_mjcf(skeleton))
    data = mujoco.MjData(model)
    order = [skeleton.coordinates.index(model.joint(j).name) for j in range(model.njnt)]
    limit = 1e-12 * np.abs(ours).max()
    for frame in range(FRAMES):
        data.qpos[:], data.qvel[:], data.qacc[:] = (
            q[frame, order],
            u[frame, order],
            udot[frame, order],
        )
        mujoco.mj_inverse(model, data)
        np.testing.assert_allclose(ours[frame, order], data.qfrc_inverse, rtol=0, atol=limit)
