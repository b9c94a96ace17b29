"""Forces of real runs with a planted fault: a sign-flipped component, a clock, a wrong rate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aqbio.config.settings import Laboratory, Prepare
from aqbio.errors import AqbioError
from aqbio.force_plates.forces import PlateWrench, centre_of_pressure
from aqbio.io.opensim_xml import model_masses
from aqbio.io.study import load_study
from aqbio.io.trial_files import read_recording
from aqbio.prepare.clock import note_rate
from aqbio.prepare.corrections import flip_pressure
from aqbio.prepare.marked_body import SegmentMasses
from aqbio.prepare.notes import Notes
from aqbio.prepare.stated_faults import stated_faults
from aqbio.prepare.trial import prepare_trial
from aqbio.vectors import cross

pytestmark = pytest.mark.real

FOLDER = Path(__file__).parent
RUNS = {"jog": "ja1", "sprint": "ja1", "run": "rajagopal_run"}
"""Trials and their studies."""
EVENT_S, LAG_S = 0.004, 0.004
"""Contacts that were shifted back lie where they were, and lags are known, within this."""


class Run:
    """A recording, and how it is prepared."""

    def __init__(self, name: str) -> None:
        self.study = load_study(FOLDER / RUNS[name] / "study.yaml")
        self.trial = next(trial for trial in self.study.trials if trial.trial_id == name)
        files = self.study.recording(self.trial), self.study.forces(self.trial)
        self.recording = read_recording(*files)
        model = self.study.model_file(self.trial.participant_id)
        self.masses = SegmentMasses(model_masses(model), self.study.model_map.groups)
        self.sound, self.findings = self.prepared(self.recording)
        used = {plate for contact in self.sound.loads.contacts for plate in contact.plates}
        self.plates = [self.sound.plates.numbers[plate] for plate in sorted(used)]

    def prepared(self, recording, fix=""):
        """The prepared trial, and the findings by rule; an error is one of them.

        Column fix may state something.
        """
        trial = self.trial.model_copy(update={"fix": fix or None})
        marker_set = self.study.marker_set
        notes = Notes(trial.trial_id, trial.participant_id, trial.source, "")
        try:
            prepared = prepare_trial(
                recording, trial, marker_set, Laboratory(), Prepare(), notes,
                masses=self.masses, stated=stated_faults(trial, "trials.tsv"),
            )  # fmt: skip
            note_rate(prepared, marker_set, self.masses, notes)
        except AqbioError as error:
            return None, {error.rule: error.finding()}
        return prepared, {finding.rule: finding for finding in notes.findings}

    def sign_flipped(self, component: str, numbers: list[int], *, of_point: bool = True):
        """The recording with a component of the force of some plates sign-flipped.

        As columns of a force and its point of application are flipped, or, not ``of_point``, the
        channels of a plate that records moments.
        """
        forces, rotation = self.recording.forces, self.sound.axes.matrix
        wrench = forces.wrench.rotated(rotation)
        chosen = np.isin(forces.numbers, numbers)
        corners = (forces.corners @ rotation.T)[:, :, 1].mean(axis=1)
        surface = np.where(np.isfinite(corners), corners, wrench.point[:, 1])
        down = np.sign(np.nansum(wrench.force[..., 1], axis=0))[:, None]
        cop, _ = centre_of_pressure(
            down * wrench.force, down * wrench.moment, wrench.point, surface, 20.0
        )
        arm = np.nan_to_num(cop - wrench.point)
        about = wrench.moment - cross(arm, wrench.force)
        axis = "xyz".index(component[-1])
        force = wrench.force.copy()
        force[:, chosen, axis] *= -1.0
        moment = about + cross(arm, force)
        if not of_point:
            moment = wrench.moment + cross(self.lever, wrench.force - force)
        changed = PlateWrench(force, moment, wrench.point).rotated(rotation.T)
        return replace(self.recording, forces=replace(forces, wrench=changed))

    @property
    def lever(self) -> np.ndarray:
        """From the points about which moments were recorded to those of the loads, ground axes."""
        lever = self.recording.forces.lever
        point = self.recording.forces.wrench.point
        turned = np.zeros_like(point) if lever is None else lever @ self.sound.axes.matrix.T
        return turned[None]

    def with_flipped_moments(self, axis: int):
        """The recording with a moment of all plates, as recorded, sign-flipped."""
        forces, rotation = self.recording.forces, self.sound.axes.matrix
        wrench = forces.wrench.rotated(rotation)
        recorded = wrench.moment + cross(self.lever, wrench.force)
        recorded = recorded * np.where(np.arange(3) == axis, -1.0, 1.0)
        moment = recorded - cross(self.lever, wrench.force)
        changed = PlateWrench(wrench.force, moment, wrench.point).rotated(rotation.T)
        return replace(self.recording, forces=replace(forces, wrench=changed))


@pytest.fixture(scope="module", params=RUNS)
def run(request, realdata):
    """Give a run."""
    return Run(request.param)


def test_sound_forces_have_no_findings(run):
    assert not [rule for rule in run.findings if rule.endswith("-sign")]
    assert not {"force-clock", "rate"} & set(run.findings)


def assert_forces_of_the_sound_run(prepared, run):
    """Forces, moments, contacts and their feet, after what was planted is undone."""
    for name in ("force", "moment", "point"):
        load, sound = (getattr(x.plates.wrench, name) for x in (prepared, run.sound))
        np.testing.assert_allclose(load, sound, atol=1e-3 * np.abs(sound).max())
    times, sound = (
        [(contact.foot, contact.touchdown, contact.toe_off) for contact in x.contacts]
        for x in (prepared, run.sound)
    )
    np.testing.assert_allclose(times, sound, atol=1e-6)


@pytest.mark.parametrize("of_point", [True, False])
@pytest.mark.parametrize("component", ["force_x", "force_y", "force_z"])
def test_a_sign_flipped_component_is_named_and_its_cell_undoes_it(run, component, of_point):
    if of_point != (run.recording.forces.lever is None):
        return  # a file records either points of application or moments
    flipped = run.sign_flipped(component, run.recording.forces.numbers, of_point=of_point)
    _, findings = run.prepared(flipped)
    finding = findings[f"{component.replace('_', '-')}-sign"]
    words = {"force_x": "fore-aft", "force_y": "vertical", "force_z": "sideways"}[component]
    assert finding.what.startswith(f"the sign of the {words} force is flipped (all plates)")
    assert_forces_of_the_sound_run(run.prepared(flipped, finding.proposal)[0], run)


@pytest.mark.parametrize("axis", range(3))
def test_sign_flipped_moments_of_plates_are_named_and_their_cell_undoes_it(run, axis):
    """Those of a plate's channels: a table of points of application has none."""
    if run.recording.forces.lever is None:
        return
    flipped, rule = run.with_flipped_moments(axis), f"moment-{'xyz'[axis]}-sign"
    _, findings = run.prepared(flipped)
    assert [x for x in findings if x.startswith("moment-")] == [rule]
    assert_forces_of_the_sound_run(run.prepared(flipped, findings[rule].proposal)[0], run)


def test_of_one_sign_flipped_plate_only_its_own_force_is_turned_back(run):
    """Drawn: a plate and the sign-flipped component."""
    rng = np.random.default_rng(run.recording.positions.shape[0])
    number = int(rng.choice(run.plates[:-1] if len(run.plates) > 2 else run.plates))
    of_point = run.recording.forces.lever is None
    flipped = run.sign_flipped("force_x", [number], of_point=of_point)
    _, findings = run.prepared(flipped)
    assert f"plate {number}" in findings["force-x-sign"].what
    proposal = findings["force-x-sign"].proposal
    assert_forces_of_the_sound_run(run.prepared(flipped, proposal)[0], run)


def test_a_wrong_sign_of_pressure_on_one_belt_is_no_mirror(run):
    """Beside it, forces that are mirrored along the run are another fault, and told from it."""
    forces, rotation = run.recording.forces, run.sound.axes.matrix
    if forces.lever is not None or len(forces.numbers) > 2:
        return
    ground, second = replace(forces, wrench=forces.wrench.rotated(rotation)), np.array([0, 1]) > 0
    changed = flip_pressure(ground, second, np.nan, 0).wrench.rotated(rotation.T)
    faulty = replace(run.recording, forces=replace(forces, wrench=changed))
    _, findings = run.prepared(faulty)
    assert f"plate {forces.numbers[1]}" in findings["pressure-x-sign"].what
    assert not {"coordinates-mirrored", "force-x-sign"} & set(findings)
    proposal = findings["pressure-x-sign"].proposal
    assert_forces_of_the_sound_run(run.prepared(faulty, proposal)[0], run)


def test_late_and_early_forces_are_shifted_back_by_their_cell(run):
    """Drawn to 100 ms and to two fifths of the recording: contacts are where they were."""
    longest = 0.4 * len(run.recording.positions) / run.recording.rate
    rng = np.random.default_rng(run.recording.positions.shape[1])
    for lag in (
        rng.uniform(0.026, 0.1),
        rng.uniform(-0.1, -0.026),
        *rng.uniform(0.3, longest, 2) * [-1, 1],
    ):
        forces = run.recording.forces
        late = replace(run.recording, forces=replace(forces, start=forces.start + lag))
        _, findings = run.prepared(late)
        assert findings["force-clock"].number == pytest.approx(lag, abs=LAG_S)
        prepared, findings = run.prepared(late, findings["force-clock"].proposal)
        times = [
            (contact.foot, contact.touchdown, contact.toe_off)
            for contact in prepared.loads.contacts
        ]
        sound = [
            (contact.foot, contact.touchdown, contact.toe_off)
            for contact in run.sound.loads.contacts
        ]
        np.testing.assert_allclose(times, sound, atol=EVENT_S)
        assert "rate" not in findings


@pytest.mark.parametrize("factor", [0.96, 1.04])
def test_a_rate_that_the_clock_of_the_forces_contradicts_is_named(run, factor):
    """240 for 250 Hz: gravity cannot tell, people fall at 9.7 to 12.9 m/s² by their markers."""
    _, findings = run.prepared(replace(run.recording, rate=factor * run.recording.rate))
    way = "slower" if factor < 1.0 else "faster"
    assert f"{way} than that of the markers" in findings["rate"].what


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_a_rate_that_is_wrong_for_markers_and_forces_alike_is_named(run, factor):
    """The centre of mass then moves by factor² times as much as the forces can move it."""
    forces = run.recording.forces
    forces = replace(forces, rate=factor * forces.rate, start=forces.start / factor)
    changed = replace(run.recording, rate=factor * run.recording.rate, forces=forces)
    _, findings = run.prepared(changed)
    assert "rate" in findings


def test_markers_on_a_clock_that_runs_twice_as_fast_are_refused(run):
    """Though forces are right, and their contacts share no flight with those of the markers."""
    twice = replace(run.recording, rate=2.0 * run.recording.rate)
    prepared, findings = run.prepared(twice)
    assert prepared is None
    assert "rate" in findings
