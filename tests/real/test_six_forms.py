"""One sprint in six other forms, two in each file: the same steps, whatever the habits."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.c3d import read_c3d
from aqbio.io.netcdf import read_dataset
from aqbio.io.tables import read_table
from aqbio.io.trc import write_trc
from aqbio.recordings.notes import Notes
from aqbio.recordings.trial import prepare_trial
from tests.real.altered import rewritten, write_foot_columns
from tests.real.staged import run_stages, write_study

pytestmark = [pytest.mark.real, pytest.mark.opensim]

Y_UP_TOWARDS_MINUS_X = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]])
"""A laboratory with y up in which he runs towards -x; at home z is up and he runs towards +y."""

LATE = 2.0
"""How far one clock is ahead, s."""

FORMS = ("axes_units", "labels_order", "feet_clock")

FILES = {
    "home": ("static.c3d", "sprint.c3d", "n/a"),
    "axes_units": ("axes_units_static.c3d", "axes_units.c3d", "n/a"),
    "labels_order": ("labels_order_static.c3d", "labels_order.c3d", "n/a"),
    "feet_clock": ("static.c3d", "feet_clock.trc", "feet_clock.mot"),
}
"""Static trial, sprint and force file of every form."""


def write_forms(source, data):
    """Write all forms into a folder."""
    static, sprint = (source / "c3d" / name for name in ("JA1Static05.c3d", "JA1Gait35.c3d"))
    order = np.array([4, 0, 7, 2, 6, 1, 5, 3])
    for name, options in {
        "": {},
        "axes_units": {"rotation": Y_UP_TOWARDS_MINUS_X, "metres": True},
        "labels_order": {"prefix": "Somebody:", "shuffle": 7},
    }.items():
        rewritten(static, data / f"{name}{'_' if name else ''}static.c3d", **options)
        plates = {"order": order} if "order" in name else {}
        rewritten(sprint, data / f"{name or 'sprint'}.c3d", **options, **plates, first_frame=300)


def write_text_forms(study, data):
    """Write the sprint as TRC and MOT, forces by foot, with a clock that is 2 s ahead."""
    trial = study.moving_of("home")[0]
    recording = read_c3d(data / "sprint.c3d")
    settings = (study.settings.laboratory, study.settings.prepare)
    notes = Notes("sprint", "home", "", "")
    prepared = prepare_trial(recording, trial, study.marker_set, settings, notes)
    dataset = read_dataset(study.folder("home", "prepare") / "sprint.nc")
    trc, mot = (data / f"feet_clock.{suffix}" for suffix in ("trc", "mot"))
    write_trc(trc, recording.labels, recording.positions, recording.rate)
    shifted(trc, LATE)
    write_foot_columns(mot, dataset, prepared.loads, prepared.axes.matrix, LATE)


def shifted(path, start):
    """Let the clock of a TRC file begin at another time."""
    lines = path.read_text(encoding="utf-8").split("\n")
    for number in range(5, len(lines)):
        cells = lines[number].split("\t")
        if len(cells) > 1:
            cells[1] = f"{float(cells[1]) + start:.8f}"
            lines[number] = "\t".join(cells)
    path.write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def steps(tmp_path_factory, realdata):
    """Steps of every form by its name, and the study."""
    folder = tmp_path_factory.mktemp("forms")
    data = folder / "data"
    data.mkdir()
    write_forms(realdata / "ja1_dorn2012", data)
    people = [f"{name}\tmale\tn/a\tn/a\tstatic" for name in FILES]
    rows = [
        row
        for name, (static, sprint, forces) in FILES.items()
        for row in (
            f"{name}\tstatic\tstatic\t{static}\tn/a",
            f"{name}\tsprint\trun\t{sprint}\t{forces}",
        )
    ]
    first = write_study(folder / "first", people[:1], rows[:2], data=data.as_posix())
    write_text_forms(run_stages(first, until="prepare"), data)
    study = run_stages(write_study(folder / "all", people, rows, data=data.as_posix()))
    table = read_table(study.table("steps.tsv"))
    return {
        name: own.reset_index(drop=True) for name, own in table.groupby("participant_id")
    }, study


@pytest.mark.parametrize("form", FORMS)
def test_same_steps_to_rounding(steps, form):
    """Words and numbers.

    A C3D file holds 32-bit numbers: places of up to 12 m are rounded by 0.4 µm, and a scale of
    0.001 is not exact in binary. Low-passed at 20 Hz, that is 1e-5 of the sprint's accelerations.
    """
    home, other = steps[0]["home"], steps[0][form]
    words = ["step", "side", "status", "reason", "step_flags", "events"]
    assert home[words].equals(other[words])
    numbers = [name for name in home.columns if home[name].dtype.kind == "f"]
    assert len(numbers) > 40
    scale = home[numbers].abs().max()
    difference = (home[numbers] - other[numbers]).abs().max() / scale.where(scale > 0.0, 1.0)
    assert difference.max() < 1e-4, difference.sort_values().tail(5)
    assert difference.median() < 1e-5


def test_findings_are_those_of_home(steps):
    """No form makes a trial worse: only what each is known for is said beyond."""
    _, study = steps
    known = {"labels_order": {"labels-prefix"}, "feet_clock": {"cop-unloaded"}}

    def rules(name):
        manifest = study.read_manifest(name, "prepare")
        return {one["rule"] for trial in manifest["trials"] for one in trial["findings"]}

    for form in FORMS:
        new = rules(form) - rules("home")
        assert new <= known.get(form, set()), (form, new)
