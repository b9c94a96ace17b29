"""From OpenSim's files to levels A, B and C, against OpenSim, the truth and by linearity."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import aqbio
from aqbio.look.causes import vertical_causes
from aqbio.look.command import look
from aqbio.look.inputs import ModelInMotion, read_model_in_motion
from aqbio.look.levels import MotionLevels, motion_levels
from aqbio.look.tables import contributions_table, steps_table
from aqbio.multibody.motion import Motion
from aqbio.opensim.reference import MovedModel, mobility_slots
from aqbio.opensim.session import array_from_vec3, opensim
from aqbio.vectors import cross
from aqbio.virtual.truth import run_truth
from tests.levels_case import map_of
from tests.look.made_files import FORCE_RATE, SECONDS, START, Files, gait, write_files, write_forces
from tests.look.made_jump import write_jump
from tests.opensim_levels import LIMITS, ROWS, Instant, Referee

pytestmark = pytest.mark.opensim

MAP = Path(aqbio.__file__).parents[1] / "models" / "sprint" / "map.yaml"
FRAMES = (20, 100, 110, 180, 255)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Files:
    return write_files(tmp_path_factory.mktemp("look"))


@pytest.fixture(scope="module")
def moving(files) -> ModelInMotion:
    return read_model_in_motion(files.model, files.motion, files.forces)


@pytest.fixture(scope="module")
def levels(moving) -> MotionLevels:
    return motion_levels(moving)


def opensim_accelerations(
    moved: MovedModel, motion: Motion, frame: int, udot: np.ndarray
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Angular acceleration and that of the centre of mass of every body, by OpenSim."""
    moved.move(motion, frame)
    matter, state = moved.model.getMatterSubsystem(), moved.state
    slots = mobility_slots(state, moved.coordinates)
    moved.move(motion, frame)
    vector = opensim.Vector(len(slots), 0.0)
    for slot, value in zip(slots, udot, strict=True):
        vector.set(slot, float(value))
    moved_bodies = opensim.VectorOfSpatialVec()
    matter.calcBodyAccelerationFromUDot(state, vector, moved_bodies)
    accelerations = {}
    bodies = moved.model.getBodySet()
    for index in range(bodies.getSize()):
        body = bodies.get(index)
        spatial = moved_bodies.get(int(body.getMobilizedBodyIndex()))
        alpha, linear = array_from_vec3(spatial.get(0)), array_from_vec3(spatial.get(1))
        centre = array_from_vec3(body.findStationLocationInGround(state, body.getMassCenter()))
        arm = centre - array_from_vec3(body.getPositionInGround(state))
        velocity = body.getVelocityInGround(state)
        omega = array_from_vec3(velocity.get(0))
        accelerations[body.getName()] = (
            alpha,
            linear + cross(alpha, arm) + cross(omega, cross(omega, arm)),
        )
    return accelerations


def whole_body_acceleration(moved, motion, frame, udot) -> np.ndarray:
    bodies = moved.model.getBodySet()
    masses = {
        bodies.get(index).getName(): bodies.get(index).getMass()
        for index in range(bodies.getSize())
    }
    linear = opensim_accelerations(moved, motion, frame, udot)
    return sum(mass * linear[name][1] for name, mass in masses.items()) / sum(masses.values())


# against OpenSim ----------------------------------------------------------------------------------


def test_every_sum_closes(levels):
    assert len(levels.closures) == 1 + 2 + 4 * len(ROWS) + 1
    assert max(levels.closures.values()) < 1e-11, levels.closures
    assert not [finding for finding in levels.findings if finding.severity == "error"]


def test_momentum_is_opensims_own(files, moving):
    """`Model.calcAngularMomentum` at the filtered motion, and the same from the library."""
    momentum = aqbio.momentum(files.model, files.motion)
    motion = moving.solution.motion
    moved = MovedModel.read(files.model, moving.skeleton.coordinates)
    for frame in FRAMES:
        moved.move(motion, frame)
        theirs = array_from_vec3(moved.model.calcAngularMomentum(moved.state))
        ours = momentum["angular_momentum"].isel(time=frame).sum("segment").values
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8)
        centre = array_from_vec3(moved.model.calcMassCenterPosition(moved.state))
        np.testing.assert_allclose(momentum["com"].isel(time=frame).values, centre, atol=1e-9)
    assert momentum["time"].values[0] == START
    assert momentum["angular_momentum"].attrs["units"] == "kg m2/s"
    by_group = momentum["group_angular_momentum"].sum("group")
    np.testing.assert_allclose(by_group, momentum["angular_momentum"].sum("segment"), atol=1e-12)


def test_induced_accelerations_move_the_body_as_opensim_says(files, moving):
    """calcBodyAccelerationFromUDot of every source's accelerations, less that of none."""
    force = aqbio.joint_contributions(files.model, files.motion, files.forces)
    moves = aqbio.induced(files.model, files.motion, files.forces)
    motion, free = moving.solution.motion, moving.skeleton.free
    assert list(moves["coordinate"].values) == [moving.skeleton.coordinates[i] for i in free]
    moved = MovedModel.read(files.model, moving.skeleton.coordinates)
    for frame in FRAMES[1:3]:
        none = whole_body_acceleration(moved, motion, frame, np.zeros(motion.q.shape[1]))
        for source in moves["source"].values:
            udot = np.zeros(motion.q.shape[1])
            udot[free] = moves.isel(time=frame).sel(source=source).values
            theirs = whole_body_acceleration(moved, motion, frame, udot)
            theirs = theirs if source == "velocity" else theirs - none
            ours = force["com_acceleration"].isel(time=frame).sel(source=source).values
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-7)
    np.testing.assert_allclose(moves.sum("source"), moves["measured"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(force["force"].sum("source"), force["measured_force"], atol=1e-8)


def test_a_referee_with_opensim_alone_finds_the_same(files, moving, levels):
    """Momentum, hub and causes of every joint under every contact model, written anew."""
    hold_against_referee(files.model, MAP, moving, levels, FRAMES)


def hold_against_referee(model: Path, model_map: Path, moving, levels, frames) -> None:
    """Levels of some frames against `tests.opensim_levels.Referee`."""
    referee, data = Referee(model, model_map), levels.dataset
    names, motion, checked = moving.skeleton.coordinates, moving.solution.motion, 0
    locked_coordinates = moving.skeleton.coordinate_locked  # by the model, or by the file
    referee.locked = [
        name for name, locked in zip(names, locked_coordinates, strict=True) if locked
    ]
    for frame in frames:
        product = data.isel(time=frame)
        feet = [side for side in ("left", "right") if product["foot_held"].sel(foot=side)]
        if len(feet) != 1:
            continue
        checked += 1
        loads = {
            side: tuple(
                moving.data[name].isel(time=frame).sel(foot=side).values
                for name in ("foot_force", "foot_moment")
            )
            for side in ("left", "right")
        }
        referee.set(
            Instant(
                *(
                    dict(zip(names, values[frame].tolist(), strict=True))
                    for values in (motion.q, motion.u, motion.udot)
                ),
                force={side: wrench[0] for side, wrench in loads.items()},
                moment={side: wrench[1] for side, wrench in loads.items()},
                height=float(data.attrs["surface_height"]),
            )
        )
        for group, value in referee.momentum().items():
            ours = product["group_angular_momentum"].sel(group=group)
            np.testing.assert_allclose(ours, value, rtol=0, atol=1e-7)
        for contact, sources in referee.caused(feet[0]).items():
            for source, (force, rates) in sources.items():
                cause = {"contact_model": contact, "source": source}
                ours = product["induced_ground_force"].sel(foot=feet[0], **cause)
                np.testing.assert_allclose(ours, force, rtol=0, atol=LIMITS["caused force"])
                for group, rate in rates.items():
                    ours = product["induced_momentum_rate"].sel(group=group, **cause)
                    np.testing.assert_allclose(ours, rate, rtol=0, atol=LIMITS["caused rate"])
    assert checked >= 3


# against the truth --------------------------------------------------------------------------------


def test_contacts_steps_and_speed_are_those_of_the_gait(files, levels):
    run, table = gait(), steps_table(levels)
    truth = run.timeline
    whole_steps = table[table["whole"]]
    assert len(whole_steps) >= 3
    assert (whole_steps["foot"].iloc[:-1].values != whole_steps["foot"].iloc[1:].values).all()
    np.testing.assert_allclose(whole_steps["contact_s"], float(truth.contact[0]), atol=0.012)
    np.testing.assert_allclose(whole_steps["flight_s"].dropna(), float(truth.flight[0]), atol=0.012)
    np.testing.assert_allclose(whole_steps["speed_mps"], truth.speed, rtol=0.02)
    assert (whole_steps["double_support_s"].dropna() == 0).all()


def test_the_residual_is_what_the_filter_leaves(files, levels):
    """Motion, forces and body agree exactly: the low-pass of both leaves little."""
    data, weight = levels.dataset, float(levels.dataset.attrs["mass"]) * 9.80665
    inner = data.isel(time=slice(40, -40))
    assert np.sqrt(float((inner["residual_force"] ** 2).mean())) < 0.02 * weight
    assert np.sqrt(float((inner["residual_moment"] ** 2).mean())) < 4.0


def test_radians_and_degrees_say_the_same(files, tmp_path):
    radian_files = write_files(tmp_path, degrees=False)
    degrees, radians = (
        aqbio.momentum(paths.model, paths.motion) for paths in (files, radian_files)
    )
    xr.testing.assert_allclose(degrees, radians, atol=1e-9)


def test_the_heading_turns_tables_and_leaves_signals(levels):
    """Signals stay in the axes of the files; rows are along the run."""
    rows = contributions_table(levels)
    up = rows[(rows["level"] == "C") & (rows["quantity"] == "force")]
    sums = up.groupby(["contact", "axis"])["mean"].sum()
    measured = rows[(rows["level"] == "force") & (rows["target"] == "whole_body")]
    measured_force = measured.groupby(["contact", "axis"])["mean"].sum()
    pd.testing.assert_series_equal(sums, measured_force, check_names=False, atol=1e-6)
    assert levels.dataset.attrs["heading"] == pytest.approx(0.0, abs=0.02)


# frames and joints without numbers ----------------------------------------------------------------


def test_a_foot_that_stands_unmeasured_has_no_causes(files, tmp_path, levels):
    """One contact beside the plates: what needs a force is n/a then, everything else the same."""
    third = levels.result.contacts[2]
    run = run_truth(gait(), np.arange(round(1.3 * FORCE_RATE)) / FORCE_RATE)

    def without_contact(table):
        time = np.arange(len(table)) / FORCE_RATE
        inside = (time > third.touchdown - 0.03) & (time < third.toe_off + 0.03)
        return np.where(inside[:, None], 0.0, table)

    forces = tmp_path / "lost.mot"
    write_forces(forces, run, without_contact)
    partial = motion_levels(read_model_in_motion(files.model, files.motion, forces))
    assert [finding.rule for finding in partial.findings if "stance" in finding.rule] == [
        "stance-unmeasured"
    ]
    time = partial.dataset["time"].values - START
    middle = (time > third.touchdown + 0.03) & (time < third.toe_off - 0.03)
    force = partial.dataset["induced_ground_force"].values
    assert np.isnan(force[middle]).all()
    assert np.isfinite(partial.dataset["group_angular_momentum"].values).all()
    away = (time < third.touchdown - 0.25) | (time > third.toe_off + 0.25)
    np.testing.assert_allclose(
        force[away], levels.dataset["induced_ground_force"].values[away], rtol=0, atol=2.0
    )
    with_causes = [
        set(contributions_table(run_levels).query("level == 'C'").dropna(subset="mean")["contact"])
        for run_levels in (levels, partial)
    ]
    assert len(with_causes[0]) == len(with_causes[1]) + 1


def test_joints_that_the_file_holds_are_locked(files, tmp_path, moving):
    from tests.look.made_files import write_motion

    path = tmp_path / "held.mot"
    write_motion(path, files.truth, mtp_angle_r=12.0, mtp_angle_l=12.0)
    locked = read_model_in_motion(files.model, path, files.forces)
    rules = {finding.rule: finding for finding in locked.findings}
    assert {"mtp_angle_r", "mtp_angle_l"} < {*rules["coordinates-held"].label.split(", ")}
    names = [locked.skeleton.coordinates[index] for index in locked.skeleton.free]
    assert "mtp_angle_r" not in names
    index = locked.skeleton.coordinates.index("mtp_angle_r")
    np.testing.assert_allclose(locked.solution.motion.q[:, index], np.radians(12.0), atol=1e-9)
    locked_levels = motion_levels(locked)
    assert max(locked_levels.closures.values()) < 1e-11
    source = locked_levels.dataset["induced_ground_force"].sel(source="mtp_right")
    assert not float(np.nanmax(np.abs(source)))


# muscles ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_muscle(files, tmp_path_factory) -> tuple[Path, Path]:
    """The model with a muscle across knee and ankle of each leg, and forces of it over time."""
    folder = tmp_path_factory.mktemp("muscles")
    model = opensim.Model(str(files.model))
    bodies = model.getBodySet()
    for side in "lr":
        muscle = opensim.Millard2012EquilibriumMuscle(f"calf_{side}", 1500.0, 0.08, 0.30, 0.0)
        for name, (body, position) in enumerate(
            (
                ("femur", (0.0, -0.36, -0.02)),
                ("tibia", (-0.04, -0.2, 0.0)),
                ("foot", (-0.05, 0.02, 0.0)),
            )
        ):
            segment = bodies.get(f"{body}_{side}")
            muscle.addNewPathPoint(f"p{name}", segment, opensim.Vec3(*position))
        model.addForce(muscle)
    model.finalizeConnections()
    path = folder / "muscles.osim"
    model.printToXML(str(path))
    time = START + np.arange(0, 1.3, 0.01)
    pull = 800.0 + 400.0 * np.sin(7.0 * time)
    from aqbio.io.mot import write_storage

    forces = folder / "so_force.sto"
    columns = np.column_stack([pull, 0.5 * pull])
    write_storage(forces, ["calf_l", "/forceset/calf_r|actuation"], time, columns, in_degrees=False)
    return path, forces


def test_a_muscle_acts_by_its_moment_arms_and_takes_from_its_joints(files, with_muscle, levels):
    """Its generalised force is OpenSim's arm times its tension, and sums stay the same."""
    from aqbio.look.muscles import read_muscles

    model, sto = with_muscle
    moving = read_model_in_motion(model, files.motion, files.forces)
    muscles = read_muscles(sto, moving)
    motion = moving.solution.motion
    moved = MovedModel.read(model, moving.skeleton.coordinates, muscles=True)
    muscle = moved.model.getMuscles().get("calf_r")
    for frame in (70, 200):
        moved.move(motion, frame)
        tension = 0.5 * (800.0 + 400.0 * np.sin(7.0 * (START + frame / 250.0)))
        for name in ("knee_angle_r", "ankle_angle_r", "hip_flexion_r"):
            index = moving.skeleton.coordinates.index(name)
            arm = muscle.computeMomentArm(moved.state, moved.coordinates[index])
            force = muscles.forces["calf_r"][frame, index]
            assert force == pytest.approx(arm * tension, rel=1e-3, abs=1e-6), name
    muscle_levels = motion_levels(moving, muscles)
    assert max(muscle_levels.closures.values()) < 1e-11
    ours, before = (
        run_levels.dataset["induced_ground_force"].sel(contact_model="C2")
        for run_levels in (muscle_levels, levels)
    )
    crossed = ["knee_right", "ankle_right", "knee_left", "ankle_left"]
    joints_and_muscles = ours.sel(source=[*crossed, "calf_l", "calf_r"]).sum("source", skipna=False)
    joints = before.sel(source=crossed).sum("source", skipna=False)
    finite = np.isfinite(joints_and_muscles)
    np.testing.assert_allclose(
        joints_and_muscles.where(finite, 0), joints.where(finite, 0), rtol=0, atol=1e-6
    )
    assert float(np.abs(ours.sel(source="calf_r")).max()) > 50.0


def test_activations_become_tensions_of_muscles_in_equilibrium(files, with_muscle, tmp_path):
    """Tendon forces obey the tendon's own curve at the length that is left for it."""
    from aqbio.io.mot import write_storage
    from aqbio.look.muscles import read_muscles

    model, _ = with_muscle
    moving = read_model_in_motion(model, files.motion, files.forces)
    path = tmp_path / "activation.sto"
    time = START + np.arange(0, 0.4, 0.02)
    values = np.full((len(time), 1), 0.5)
    write_storage(path, ["/forceset/calf_r/activation"], time, values, in_degrees=False)
    muscles = read_muscles(path, moving)
    assert [finding.rule for finding in muscles.findings] == ["muscles-missing", "muscles-rest"]
    assert muscles.covered.sum() == pytest.approx(0.38 * 250, abs=2)
    index = moving.skeleton.coordinates.index("ankle_angle_r")
    force = muscles.forces["calf_r"][:, index]
    assert not force[~muscles.covered].any()
    assert (np.abs(force[muscles.covered]) > 1.0).all()
    force_causes = motion_levels(moving, muscles).dataset["induced_ground_force"]
    assert np.isnan(force_causes.values[~muscles.covered]).all()


# the command --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(files, tmp_path_factory) -> tuple[Path, list[str]]:
    folder, lines = tmp_path_factory.mktemp("command") / "out", []
    look(files.model, files.motion, files.forces, folder, lines.append)
    return folder, lines


def test_files_say_the_same_as_the_library(files, written):
    folder, lines = written
    assert any("every sum closes" in line for line in lines)
    library = aqbio.joint_contributions(files.model, files.motion, files.forces)
    with xr.open_dataset(folder / "levels.nc") as opened:
        stored = opened["induced_ground_force"].sel(contact_model="C2").load()
        assert opened["induced_coordinate_acceleration"].attrs["units"] == "rad/s2 or m/s2"
    np.testing.assert_allclose(stored, library["force"], rtol=0, atol=2e-2)
    table = opensim.TimeSeriesTable(str(folder / "ground_reaction_contributions.sto"))
    labels = list(table.getColumnLabels())
    total = np.array(table.getDependentColumn("sum_y").to_numpy())
    contributions_sum = sum(
        np.array(table.getDependentColumn(label).to_numpy())
        for label in labels
        if label.endswith("_y") and label != "sum_y"
    )
    np.testing.assert_allclose(contributions_sum, total, atol=1e-6)
    vertical = library["measured_force"].sum("foot").sel(axis="y")
    np.testing.assert_allclose(total, vertical, rtol=0, atol=1e-6)
    rows = pd.read_csv(folder / "contributions.tsv", sep="\t", na_values="n/a")
    assert set(rows["level"]) == {"A", "B", "C", "force", "joint"}
    assert not (folder / "map.yaml").exists()  # a shipped map fits


def test_sentences_and_tables_are_on_one_clock(files, written, tmp_path):
    """That of the motion file: instants of findings are touchdowns of the table of contacts."""

    def broken(table):
        """A plate that fails in the middle of each left contact."""
        loaded = np.flatnonzero(np.diff(table[:, 1] > 0.0, prepend=False))
        for first, stop in loaded[: len(loaded) // 2 * 2].reshape(-1, 2):
            table[(first + stop) // 2 : stop, :9] = 0.0
        return table

    forces = tmp_path / "run_grf.mot"
    truth = run_truth(gait(), np.arange(round(SECONDS * FORCE_RATE)) / FORCE_RATE)
    write_forces(forces, truth, broken)
    levels = motion_levels(read_model_in_motion(files.model, files.motion, forces))
    instants = [
        float(match[1])
        for finding in levels.findings
        if (match := re.search(r"contact at ([\d.]+) s", finding.what))
    ]
    assert instants
    touchdowns = steps_table(levels)["touchdown_s"].to_numpy()
    for instant in instants:
        assert np.abs(touchdowns - instant).min() < 6e-4
    text = (written[0] / "index.html").read_text(encoding="utf-8")
    assert "from the first instant" not in text


def test_the_page_is_one_file_and_its_sentence_is_that_of_the_table(written):
    folder, lines = written
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', page)
    rows = pd.read_csv(folder / "contributions.tsv", sep="\t", na_values="n/a")
    force = rows.query("level == 'C' and quantity == 'force' and axis == 'y'")
    shares = force.groupby("source")["mean"].sum() / force["mean"].sum()
    feet = ("ankle_left", "ankle_right", "mtp_left", "mtp_right")
    stance = sum(shares[joint] for joint in feet)
    [sentence] = [line for line in lines if "largest causes" in line]
    share = re.search(r"stance ankle and toes (\d+) %", sentence)
    assert share is not None
    assert float(share[1]) == pytest.approx(100 * stance, abs=2.0)  # the other leg adds next to 0


@pytest.mark.browser
def test_the_page_plays_fits_and_asks_for_nothing(written):
    from tests.chromium import axe, chromium, heard

    with chromium() as browser:
        view = browser.new_page(viewport={"width": 1200, "height": 900}, reduced_motion="reduce")
        messages, addresses = heard(view)
        view.goto((written[0] / "index.html").as_uri())
        view.wait_for_selector("#replay[data-ready=yes]", timeout=60_000)
        view.select_option("[name=quantity]", "cause")
        assert view.locator(".plot.second .u-legend tr").count() > 5
        for width in (1200, 390):
            view.set_viewport_size({"width": width, "height": 900})
            assert view.evaluate("document.documentElement.scrollWidth") <= width
        assert [
            address for address in addresses if not address.startswith(("file:", "blob:", "data:"))
        ] == []
        assert len([address for address in addresses if address.startswith("file:")]) == 1
        assert not [message for message in messages if "rror" in message]
        violations = axe.Axe().run(view).response["violations"]
    assert not [
        (violation["id"], [node["html"][:200] for node in violation["nodes"]])
        for violation in violations
    ]


# other motions and bodies -------------------------------------------------------------------------


def test_a_jump_from_standing_has_its_causes(tmp_path):
    """Both feet at once, contacts cut by both ends of the file, a flight, straight legs."""
    levels = motion_levels(read_model_in_motion(*write_jump(tmp_path)))
    assert max(levels.closures.values()) < 1e-6
    contacts = levels.result.contacts
    assert [contact.side for contact in contacts] == ["left", "right", "left", "right"]
    take_off = np.nanmax([contact.toe_off for contact in contacts[:2]])
    assert take_off == pytest.approx(1.2, abs=0.03)
    causes = vertical_causes(levels)
    assert causes is not None
    assert causes["stance knee"] == pytest.approx(causes["other knee"], rel=0.02)
    assert sum(causes.values()) == pytest.approx(1.0)
    time = levels.dataset["time"].values
    air = (time > 1.3) & (time < 1.55)
    force = levels.dataset["ground_force"].values[air]
    assert np.abs(force).max() < 5.0
    total = levels.dataset["group_angular_momentum"].sum("group").values[air]
    assert np.ptp(total, axis=0).max() < 2.0  # nothing turns a body in the air


@pytest.mark.parametrize("removed_groups", [("arm",), ("arm", "torso")])
def test_a_model_without_arms_or_torso_is_taken_as_it_is(files, tmp_path, removed_groups):
    """Gait models have neither; the map is guessed, and every sum closes."""
    path = tmp_path / "without.osim"
    without_parts(files.model, path, removed_groups)
    moving = read_model_in_motion(path, files.motion, files.forces)
    assert moving.map_name == "guessed"
    assert "arm_left" not in moving.model_map.groups
    levels = motion_levels(moving)
    assert max(levels.closures.values()) < 1e-11
    assert {finding.rule for finding in levels.findings} >= {"groups-missing"}
    causes = vertical_causes(levels)
    assert causes is not None
    assert max(causes, key=lambda name: causes[name]).startswith("stance ankle")


def without_parts(model: Path, path: Path, removed_groups: tuple[str, ...]) -> None:
    """Write a model without the bodies of some groups, their joints, markers and actuators."""
    document = ElementTree.parse(model)
    root = document.getroot()
    removed_bodies = {
        body
        for group, members in map_of("sprint").groups.items()
        if group.startswith(removed_groups)
        for body in members
    }
    for tag in ("ForceSet", "MarkerSet"):
        objects = root.find(f".//{tag}/objects")
        for node in list(objects):
            objects.remove(node)
    for tag in ("BodySet", "JointSet"):
        objects = root.find(f".//{tag}/objects")
        for node in list(objects):
            frames = {
                frame.get("name"): frame.findtext("socket_parent", "").split("/")[-1]
                for frame in node.iter("PhysicalOffsetFrame")
            }
            child = node.findtext("socket_child_frame", "")
            if (
                node.get("name") in removed_bodies
                or frames.get(child, child.split("/")[-1]) in removed_bodies
            ):
                objects.remove(node)
    document.write(path)
