"""Tests by mechanics: residual against its limits, total in flight, masses of segments."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.body.de_leva import DE_LEVA
from aqbio.body.segment_masses import SEGMENTS, segment_shares
from aqbio.look.causes import causes_sentence
from aqbio.look.command import look
from aqbio.look.inputs import read_model_in_motion
from aqbio.look.levels import MotionLevels, motion_levels
from aqbio.look.model_findings import segment_masses
from aqbio.look.trust import along_run
from aqbio.multiverse.body_tables import DUMAS
from aqbio.opensim.session import opensim
from aqbio.virtual.truth import run_truth
from tests.look.made_files import FORCE_RATE, SECONDS, Files, gait, write_files, write_forces

pytestmark = pytest.mark.opensim


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Files:
    return write_files(tmp_path_factory.mktemp("trust"))


@pytest.fixture(scope="module")
def levels(files) -> MotionLevels:
    return motion_levels(read_model_in_motion(files.model, files.motion, files.forces))


def rules(trial_levels: MotionLevels) -> set[str]:
    return {finding.rule for finding in trial_levels.findings}


def with_forces(files: Files, folder, change) -> MotionLevels:
    path = folder / "changed_grf.mot"
    write_forces(
        path, run_truth(gait(), np.arange(round(SECONDS * FORCE_RATE)) / FORCE_RATE), change
    )
    return motion_levels(read_model_in_motion(files.model, files.motion, path))


def test_a_motion_that_obeys_its_forces_is_within_the_limits(levels):
    """Newton's law from the file itself: force less m (a + g) of every frame, along the run."""
    assert levels.residual is not None
    assert levels.residual.is_tolerated
    run = along_run(levels.dataset, levels.heading)
    mass = float(run.attrs["mass"])
    gravity = levels.moving.skeleton.gravity
    needed = mass * (run["com_acceleration"].values - gravity)
    unexplained = needed - run["ground_force"].sum("foot").values
    rms = np.sqrt(np.nanmean(unexplained**2, axis=0))
    np.testing.assert_allclose(levels.residual.force, rms, rtol=1e-6, atol=1e-6)
    peak = np.nanmax(np.linalg.norm(run["ground_force"].sum("foot").values, axis=1))
    assert levels.residual.max_force == pytest.approx(0.05 * peak)
    assert "residual-large" not in rules(levels)


def test_forces_that_are_too_large_are_named_with_the_limit(files, tmp_path):
    """The force by a fifth: the residual grows by a fifth of what the motion needs."""

    def larger(table):
        table = table.copy()
        table[:, [0, 1, 2, 9, 10, 11]] *= 1.2
        return table

    changed = with_forces(files, tmp_path, larger)
    [finding] = [finding for finding in changed.findings if finding.rule == "residual-large"]
    assert finding.what.startswith("forces and motion do not agree")
    assert finding.number > finding.limit
    assert "Hicks 2015" in finding.what
    assert causes_sentence(changed).endswith("because forces and motion do not agree")


def test_the_headline_claims_causes_where_forces_and_motion_agree(levels):
    assert "not to be relied on" not in causes_sentence(levels)


def test_the_headline_holds_residual_and_total_in_flight(files, tmp_path):
    lines: list[str] = []
    page = look(files.model, files.motion, files.forces, tmp_path / "out", lines.append)
    text = page.read_text(encoding="utf-8")
    head = text[text.index("<h1>") : text.index('id="replay"')]
    assert "Forces and motion agree: they leave" in head
    assert "\N{NO-BREAK SPACE}%" in head
    assert " %" not in head
    assert "must stand still" in head
    assert any("must stand still" in line for line in lines)
    assert "no residual is left" not in text


def test_the_total_of_a_body_in_the_air_hardly_moves_and_is_stated_as_it_is(levels):
    """By the file: range of the sum over all parts between contacts."""
    drift, data = levels.drift, along_run(levels.dataset, levels.heading)
    assert drift is not None
    assert drift.is_tolerated
    assert "flight-drift" not in rules(levels)
    time, total = data["time"].values, data["group_angular_momentum"].sum("group").values
    off, landed = data["contact_toe_off"].values[:-1], data["contact_touchdown"].values[1:]
    margin = 0.5 / levels.moving.cutoff_hz
    ranges = [
        np.ptp(total[(time >= begin + margin) & (time <= end - margin)], axis=0)
        for begin, end in zip(off, landed, strict=True)
    ]
    np.testing.assert_allclose(drift.drift, np.max(ranges, axis=0))
    assert drift.flights == len(ranges)


def test_masses_of_another_body_move_the_total_in_flight(files, tmp_path):
    """Hands of 4 kg: the arms' momentum is not balanced, and the model is called no person's."""

    def heavy_hands(model) -> None:
        for side in "lr":
            model.updBodySet().get(f"hand_{side}").setMass(4.0)

    changed = motion_levels(
        read_model_in_motion(_changed(files, tmp_path, heavy_hands), files.motion, files.forces)
    )
    assert {"flight-drift", "segment-masses"} <= rules(changed)
    [finding] = [finding for finding in changed.findings if finding.rule == "segment-masses"]
    assert finding.number == 2.0
    assert "left forearm and hand" in finding.what


def _changed(files: Files, folder, change):
    model, path = opensim.Model(str(files.model)), folder / "changed.osim"
    change(model)
    model.finalizeConnections()
    model.printToXML(str(path))
    return path


@pytest.mark.parametrize(("body", "mass"), [("femur", 3.0), ("tibia", 8.0), ("humerus", 0.3)])
def test_a_segment_that_no_person_has_is_named_on_both_sides(files, tmp_path, body, mass):
    def change(model) -> None:
        for side in "lr":
            model.updBodySet().get(f"{body}_{side}").setMass(mass)

    moving = read_model_in_motion(_changed(files, tmp_path, change), files.motion, files.forces)
    [finding] = [finding for finding in moving.findings if finding.rule == "segment-masses"]
    assert finding.number == 2.0
    assert f"{mass:.1f} kg" in finding.what


def test_published_tables_lie_within_what_people_have():
    """de Leva's and Dumas's women and men, and the sprint model: at least a standard deviation."""
    for segment, parts in SEGMENTS.items():
        low, high = segment_shares()[segment]
        for table in DE_LEVA.values():
            assert low * 1.2 < sum(table[part].mass for part in parts) < high / 1.2
        if segment != "foot":
            for dumas in DUMAS.values():
                share = sum(dumas[part].mass for part in parts) / 100.0
                assert low * 1.1 < share < high / 1.1


def test_masses_of_segments_are_those_between_their_joints(levels):
    skeleton, model_map = levels.moving.skeleton, levels.moving.model_map
    masses = segment_masses(skeleton, model_map)
    index = skeleton.bodies.index
    assert masses["left thigh"] == pytest.approx(skeleton.mass[index("femur_l")])
    foot = skeleton.mass[[index("foot_r"), index("toes_r")]].sum()
    assert masses["right foot"] == pytest.approx(foot)
    legs = sum(mass for name, mass in masses.items() if "arm" not in name)
    groups = [name for name in model_map.groups if name.startswith("leg")]
    bodies = [index(body) for group in groups for body in model_map.groups[group]]
    assert legs == pytest.approx(skeleton.mass[bodies].sum())
    assert "segment-masses" not in rules(levels)
