"""Wrong inputs of `aqbio look`: each is named in one sentence with what to do, or kept out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import aqbio
from aqbio.body.draws import trunk_gyration
from aqbio.errors import AqbioError
from aqbio.filters import low_pass
from aqbio.io.mot import read_storage, write_storage
from aqbio.look.command import look
from aqbio.look.inputs import SHEET_NAMES, read_model_in_motion
from aqbio.look.levels import motion_levels
from aqbio.multibody.motion import spline_motion
from aqbio.opensim.reference import MovedModel
from aqbio.opensim.session import array_from_vec3, opensim
from aqbio.opensim.skeleton import read_skeleton
from aqbio.virtual.truth import run_truth
from tests.look.made_files import (
    FORCE_RATE,
    SECONDS,
    START,
    Files,
    gait,
    write_files,
    write_forces,
    write_motion,
)

pytestmark = pytest.mark.opensim


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Files:
    return write_files(tmp_path_factory.mktemp("sound"))


class CaseFiles(NamedTuple):
    """Files of a case, in a folder of its own."""

    folder: Path
    files: Files

    def text(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def motion(self, name: str = "changed.mot", *, degrees: bool = True, **changed) -> Path:
        path = self.folder / name
        write_motion(path, self.files.truth, degrees=degrees, **changed)
        return path

    def without(self, *removed_columns: str) -> Path:
        """The motion without some columns."""
        storage, path = read_storage(self.files.motion), self.folder / "without.mot"
        kept_indices = [
            index for index, name in enumerate(storage.columns) if name not in removed_columns
        ]
        names = [storage.columns[index] for index in kept_indices]
        write_storage(path, names, storage.time, storage.values[:, kept_indices], in_degrees=True)
        return path

    def rows(self, count: int, name: str = "rows.mot", first: int = 40, last: int = 1) -> Path:
        """Some rows of the motion, the last one so many times."""
        storage, path = read_storage(self.files.motion), self.folder / name
        chosen = np.concatenate(
            [np.arange(first, first + count), np.full(last - 1, first + count - 1)]
        )
        time, values = storage.time[chosen], storage.values[chosen]
        write_storage(path, storage.columns, time, values, in_degrees=True)
        return path

    def joined(self, first: int, stop: int) -> Path:
        """The motion without some rows, at even times."""
        storage, path = read_storage(self.files.motion), self.folder / "joined.mot"
        values = np.delete(storage.values, np.arange(first, stop), axis=0)
        time = storage.time[: len(values)]
        write_storage(path, storage.columns, time, values, in_degrees=True)
        return path

    def forces(self, change=lambda table: table, start: float = START) -> Path:
        path = self.folder / "changed_grf.mot"
        truth = run_truth(gait(), np.arange(round(SECONDS * FORCE_RATE)) / FORCE_RATE)
        write_forces(path, truth, change, start)
        return path

    def model(self, change) -> Path:
        """The model, changed by OpenSim."""
        model, path = opensim.Model(str(self.files.model)), self.folder / "changed.osim"
        change(model)
        model.finalizeConnections()
        model.printToXML(str(path))
        return path


def _declared(path: Path, word: str) -> Path:
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub("inDegrees=\\w+", f"inDegrees={word}", text), encoding="utf-8")
    return path


def _sign_flipped(files: Files) -> dict[str, np.ndarray]:
    """Angles of knees and elbows with the other sign, degrees."""
    names, q = gait().skeleton.coordinates, np.degrees(files.truth.motion.q)
    flipped = [f"{joint}_{side}" for joint in ("knee_angle", "elbow_flex") for side in "lr"]
    return {name: -q[:, names.index(name)] for name in flipped}


def _folded(files: Files) -> dict[str, np.ndarray]:
    """Angles of a body that is folded up, degrees."""
    folded = 150.0 + 0.1 * np.linspace(0.0, 1.0, len(files.truth.motion.q))
    joints = ("knee_angle", "ankle_angle", "hip_flexion", "elbow_flex")
    return {f"{joint}_{side}": folded for joint in joints for side in "lr"}


def _looped(model) -> None:
    feet = [model.getBodySet().get(name) for name in ("foot_l", "foot_r")]
    zero = opensim.Vec3(0.0, 0.0, 0.0)
    model.addConstraint(opensim.PointConstraint(feet[0], zero, feet[1], zero))


def _arm(folder: Path) -> Path:
    """A model of two bars, no person."""
    model = opensim.Model()
    parent = model.getGround()
    for name in ("upper", "lower"):
        bar = opensim.Body(name, 1.0, opensim.Vec3(0.0), opensim.Inertia(0.1, 0.1, 0.1))
        joint = opensim.PinJoint(
            f"{name}_pin", parent, opensim.Vec3(0, 0.5, 0), opensim.Vec3(0), bar,
            opensim.Vec3(0.0), opensim.Vec3(0.0),
        )  # fmt: skip
        model.addBody(bar)
        model.addJoint(joint)
        parent = bar
    model.finalizeConnections()
    path = folder / "arm.osim"
    model.printToXML(str(path))
    return path


def _moved(table: np.ndarray, by: float) -> np.ndarray:
    """Points of application (columns 3 to 5 and 12 to 14) elsewhere on the floor."""
    moved = table.copy()
    moved[:, [5, 14]] += by
    return moved


def _with_nan(table: np.ndarray) -> np.ndarray:
    broken = table.copy()
    broken[400:420, 1] = np.nan
    return broken


LOADS = """<OpenSimDocument><ExternalLoads><objects><ExternalForce name="r">
<applied_to_body>foot_r</applied_to_body><force_identifier>ground_force_r_v</force_identifier>
</ExternalForce></objects><datafile>gone.mot</datafile></ExternalLoads></OpenSimDocument>"""

OTHER_MOTION = "other\nendheader\ntime\tshoulder_elv\telv_angle\n" + "".join(
    f"{row / 100}\t{row % 7}\t{row % 5}\n" for row in range(60)
)

Case = tuple[str, Callable[[CaseFiles], tuple]]
"""Rule of the error, and model, motion, forces (and muscles) of a case."""

REFUSED: dict[str, Case] = {
    "no such model": ("model-missing", lambda g: ("none.osim", g.files.motion, g.files.forces)),
    "a text for a model": (
        "model-unreadable",
        lambda g: (g.text("bad.osim", "hello"), g.files.motion, None),
    ),
    "motion before model": ("look-order", lambda g: (g.files.motion, g.files.model, None)),
    "two models": ("look-order", lambda g: (g.files.model, g.files.model, None)),
    "no such motion": ("file-missing", lambda g: (g.files.model, "none.mot", None)),
    "forces for a motion": ("coordinates-missing", lambda g: (g.files.model, g.files.forces, None)),
    "another model's motion": (
        "coordinates-missing",
        lambda g: (g.files.model, g.text("other.mot", OTHER_MOTION), g.files.forces),
    ),
    "a model of no person": (
        "model-map",
        lambda g: (_arm(g.folder), g.files.motion, g.files.forces),
    ),
    "no pelvis": (
        "coordinates-missing",
        lambda g: (g.files.model, g.without("pelvis_tx"), g.files.forces),
    ),
    "degrees called radians": (
        "coordinates-unit",
        lambda g: (g.files.model, _declared(g.motion(), "no"), g.files.forces),
    ),
    "radians called degrees": (
        "coordinates-unit",
        lambda g: (g.files.model, _declared(g.motion(degrees=False), "yes"), g.files.forces),
    ),
    "pelvis in millimetres": (
        "coordinates-unit",
        lambda g: (
            g.files.model,
            g.motion(pelvis_tx=1e3 * g.files.truth.motion.q[:, 3]),
            g.files.forces,
        ),
    ),
    "markers instead of coordinates": (
        "motion-of-markers",
        lambda g: (g.files.model, g.text("run.TRC", "PathFileType\t4\t(X/Y/Z)\trun.trc\n"), None),
    ),
    "a damaged table": (
        "storage-columns",
        lambda g: (
            g.files.model,
            g.text("cut.mot", "cut\nendheader\ntime\ta\tb\n0.0\t1\n0.01\t2\n"),
            None,
        ),
    ),
    "forces of another day": (
        "clock-apart",
        lambda g: (g.files.model, g.files.motion, g.forces(start=START + 60.0)),
    ),
    "forces without numbers": (
        "force-no-number",
        lambda g: (g.files.model, g.files.motion, g.forces(_with_nan)),
    ),
    "motion for forces": (
        "force-columns",
        lambda g: (g.files.model, g.files.motion, g.files.motion),
    ),
    "external loads without their file": (
        "external-loads",
        lambda g: (g.files.model, g.files.motion, g.text("loads.xml", LOADS)),
    ),
    "a closed loop": (
        "constraint-not-represented",
        lambda g: (g.model(_looped), g.files.motion, g.files.forces),
    ),
    "z up": (
        "model-gravity",
        lambda g: (
            g.model(lambda model: model.setGravity(opensim.Vec3(0.0, 0.0, -9.81))),
            g.files.motion,
            g.files.forces,
        ),
    ),
    "muscles of a model without any": (
        "muscle-columns",
        lambda g: (g.files.model, g.files.motion, g.files.forces, g.files.forces),
    ),
    **{
        f"a motion of {count} rows": (
            "motion-rows",
            lambda g, count=count: (g.files.model, g.rows(count), g.files.forces),
        )
        for count in (1, 2, 3, 5)
    },
    "five rows and a copy": (
        "motion-rows",
        lambda g: (g.files.model, g.rows(5, last=3), g.files.forces),
    ),
    "rows lost before the file was written": (
        "frames-lost",
        lambda g: (g.files.model, g.joined(100, 108), g.files.forces),
    ),
    "knees of another sign": (
        "pose-impossible",
        lambda g: (
            g.files.model,
            g.motion(**{n: v for n, v in _sign_flipped(g.files).items() if "knee" in n}),
            g.files.forces,
        ),
    ),
    "angles of another sign": (
        "pose-impossible",
        lambda g: (g.files.model, g.motion(**_sign_flipped(g.files)), g.files.forces),
    ),
    "another body's angles": (
        "pose-impossible",
        lambda g: (g.files.model, g.motion(**_folded(g.files)), g.files.forces),
    ),
}

MISSING = (
    ("knee_angle_r",), ("knee_angle_l",), ("hip_flexion_l",), ("ankle_angle_r",),
    ("lumbar_extension",), ("arm_flex_r", "elbow_flex_r"),
    ("knee_angle_l", "knee_angle_r", "arm_flex_l"),
)  # fmt: skip
"""Columns of joints that a file lacks."""

FINDING_CASES: dict[str, Case] = {
    **{
        f"{' and '.join(columns)} missing": (
            "coordinates-missing",
            lambda g, columns=columns: (g.files.model, g.without(*columns), g.files.forces),
        )
        for columns in MISSING
    },
    "forces of another place": (
        "forces-foreign",
        lambda g: (g.files.model, g.files.motion, g.forces(lambda table: _moved(table, 3.0))),
    ),
    "forces of zero": (
        "forces-none",
        lambda g: (g.files.model, g.files.motion, g.forces(lambda t: 0.0 * t)),
    ),
    "no forces": ("forces-none", lambda g: (g.files.model, g.files.motion, None)),
}
"""Inputs that leave something: the finding that names what is wrong."""


def run(case_files: CaseFiles, make) -> list[str]:
    """Lines of the command on a case."""
    model, motion, forces, *muscles = make(case_files)
    lines: list[str] = []
    paths = (Path(model), Path(motion), None if forces is None else Path(forces))
    look(*paths, case_files.folder / "out", lines.append, Path(muscles[0]) if muscles else None)
    return lines


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_input_is_refused_in_one_sentence(name, files, tmp_path):
    rule, make = REFUSED[name]
    with pytest.raises(AqbioError) as caught:
        run(CaseFiles(tmp_path, files), make)
    error = caught.value
    assert error.rule == rule, str(error)
    assert "\n" not in error.what
    assert re.search(r"[.)]$", error.what)
    assert len(error.what) < 600
    assert error.fix.endswith(".")
    assert not SHEET_NAMES.search(f"{error.what} {error.fix}"), str(error)
    assert not (tmp_path / "out" / "index.html").exists()


@pytest.mark.parametrize("name", FINDING_CASES)
def test_a_doubtful_input_is_named_and_its_numbers_left_out(name, files, tmp_path):
    rule, make = FINDING_CASES[name]
    lines = run(CaseFiles(tmp_path, files), make)
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    printed = "\n".join(lines)
    model, motion, forces = make(CaseFiles(tmp_path, files))[:3]
    levels = motion_levels(read_model_in_motion(model, motion, forces))
    [finding, *_] = [finding for finding in levels.findings if finding.rule == rule]
    assert finding.what[1:40] in page
    assert finding.what[1:40] in printed
    assert not SHEET_NAMES.search(finding.fix), finding.fix
    assert finding.fix.endswith(".")
    assert np.isnan(levels.dataset["induced_ground_force"].values).all()
    assert "what each joint causes is not known" in printed


def test_lost_rows_of_a_motion_may_be_angles_of_another_model(files, tmp_path):
    with pytest.raises(AqbioError, match="or the angles are those of another model") as refused:
        run(CaseFiles(tmp_path, files), REFUSED["rows lost before the file was written"][1])
    assert "give the model that these angles were computed with" in refused.value.fix


def test_a_missing_joint_has_no_consequence_that_looks_like_a_cause(files, tmp_path):
    """No gaps of markers, no plates under no foot, no recording that is too short."""
    case_files = CaseFiles(tmp_path, files)
    moving = read_model_in_motion(files.model, case_files.without("knee_angle_l"), files.forces)
    sound = read_model_in_motion(files.model, files.motion, files.forces)
    rules, usual = (
        {finding.rule for finding in those.findings if finding.severity != "info"}
        for those in (moving, sound)
    )
    assert rules - usual == {"coordinates-missing", "parts-unseen"}
    for name in ("contact_foot", "contact_touchdown", "contact_toe_off"):
        np.testing.assert_array_equal(moving.prepared[name], sound.prepared[name])


@pytest.mark.parametrize("count", [6, 7, 8, 12])
def test_a_motion_of_a_few_rows_has_a_page(count, files, tmp_path):
    """In a stance: contacts are cut, and every sum closes."""
    motion = CaseFiles(tmp_path, files).rows(count)
    lines: list[str] = []
    page = look(files.model, motion, files.forces, tmp_path / "out", lines.append)
    assert f"{count} frames" in page.read_text(encoding="utf-8")
    assert any("every sum closes" in line for line in lines)
    assert any(line.startswith("what each joint causes is not known") for line in lines)
    moving = read_model_in_motion(files.model, motion, files.forces)
    [finding] = [finding for finding in moving.findings if finding.rule == "motion-short"]
    assert "less than 0.100 s" in finding.what
    assert finding.what in "".join(lines)
    assert not re.search("noise|do not agree", "".join(lines))
    assert aqbio.momentum(files.model, motion).sizes["time"] == count


@pytest.mark.parametrize("last", [2, 3])
def test_a_last_row_that_is_repeated_is_read_once_and_said(last, files, tmp_path):
    case_files = CaseFiles(tmp_path, files)
    motions = case_files.rows(200, "once.mot"), case_files.rows(200, "copied.mot", last=last)
    once, copied = (read_model_in_motion(files.model, path, files.forces) for path in motions)
    motion = once.solution.motion, copied.solution.motion
    np.testing.assert_allclose(motion[0].q, motion[1].q, rtol=0, atol=1e-12)
    [finding] = [finding for finding in copied.findings if finding.rule == "rows-repeated"]
    assert finding.number == last - 1
    assert "201" in finding.what
    momenta = [aqbio.momentum(files.model, path)["angular_momentum"] for path in motions]
    np.testing.assert_allclose(*momenta, rtol=0, atol=1e-9)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_the_library_refuses_motions_of_too_few_rows_as_the_page_does(count, files, tmp_path):
    with pytest.raises(AqbioError, match="at least 6 are needed") as refused:
        aqbio.momentum(files.model, CaseFiles(tmp_path, files).rows(count))
    assert refused.value.rule == "motion-rows"


def _heavier(model) -> None:
    for index in range(model.getBodySet().getSize()):
        body = model.updBodySet().get(index)
        body.setMass(1.2 * body.getMass())


def test_a_model_of_another_weight_is_named(files, tmp_path):
    """A generic model instead of the scaled one; its motion and causes are given all the same."""
    model = CaseFiles(tmp_path, files).model(_heavier)
    moving = read_model_in_motion(model, files.motion, files.forces)
    [finding] = [finding for finding in moving.findings if finding.rule == "mass-disagreement"]
    assert finding.number == pytest.approx(1.0 / 1.2 - 1.0, abs=0.02)


def _slow_trunk(model) -> None:
    """As models whose torso has the inertia of head, arms and trunk in one."""
    torso = model.updBodySet().get("torso")
    inertia = torso.getInertia()
    parts = [array_from_vec3(part) for part in (inertia.getMoments(), inertia.getProducts())]
    torso.setInertia(opensim.Inertia(*(2.5 * np.concatenate(parts)).tolist()))


def test_a_trunk_that_no_person_has_is_named(files, tmp_path):
    model = CaseFiles(tmp_path, files).model(_slow_trunk)
    moving = [read_model_in_motion(x, files.motion, files.forces) for x in (files.model, model)]
    widths = [trunk_gyration(x.skeleton, ("torso",)) for x in moving]
    numbers = [[x.number for x in y.findings if x.rule == "trunk-inertia"] for y in moving]
    assert numbers == [[], [widths[1]]]
    assert widths[1] == pytest.approx(2.5**0.5 * widths[0])


def test_forces_of_another_clock_are_shifted_and_named_with_a_remedy_that_looking_has(
    files, tmp_path
):
    """Eighty milliseconds late: by the body, as in a study."""
    late = CaseFiles(tmp_path, files).forces(start=START + 0.08)
    moving = read_model_in_motion(files.model, files.motion, late)
    [finding] = [finding for finding in moving.findings if finding.rule == "force-clock"]
    assert finding.number == pytest.approx(0.08, abs=0.004)
    assert "the times in the file of forces" in finding.fix
    assert finding.fix.endswith(".")
    assert not SHEET_NAMES.search(finding.fix)


def test_a_small_delay_of_the_forces_is_left_to_the_fit(files, tmp_path):
    late = CaseFiles(tmp_path, files).forces(start=START + 0.012)
    moving = read_model_in_motion(files.model, files.motion, late)
    assert not [finding for finding in moving.findings if finding.rule.startswith("force-")]
    assert not moving.prepared.attrs["force_shift"]


@pytest.mark.parametrize(
    ("cutoff", "rule"), [(0.0, "cutoff"), (-6.0, "cutoff"), (200.0, "cutoff-too-high")]
)
def test_cut_offs_that_no_filter_has_are_refused(cutoff, rule, files, tmp_path):
    with pytest.raises(AqbioError) as caught:
        read_model_in_motion(files.model, files.motion, files.forces, cutoff)
    assert caught.value.rule == rule
    assert not SHEET_NAMES.search(caught.value.fix)
    with pytest.raises(AqbioError):
        aqbio.momentum(files.model, files.motion, cutoff_hz=cutoff)


def test_momentum_needs_no_person(tmp_path):
    """Two bars: every segment's, and the sum is OpenSim's."""
    model, motion = _arm(tmp_path), tmp_path / "swing.mot"
    skeleton = read_skeleton(model)
    time = np.arange(0.0, 1.0, 0.005)
    q = np.column_stack([np.sin(5.0 * time), 0.7 * np.cos(4.0 * time)])
    write_storage(motion, skeleton.coordinates, time, q, in_degrees=False)
    momentum = aqbio.momentum(model, motion)
    assert list(momentum["segment"].values) == ["upper", "lower"]
    assert "group" not in momentum.dims
    moved = MovedModel.read(model, skeleton.coordinates)
    smooth = spline_motion(skeleton, time, low_pass(q, 200.0, 20.0))
    for frame in (50, 120):
        moved.move(smooth, frame)
        theirs = array_from_vec3(moved.model.calcAngularMomentum(moved.state))
        ours = momentum["angular_momentum"].isel(time=frame).sum("segment")
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)
