"""Forces from storage files: by the names of columns, or by external loads of OpenSim."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqbio.io.mot import write_storage
from aqbio.io.mot_forces import (
    TRUSTED_FORCE_N,
    is_external_loads,
    read_external_loads,
    read_force_storage,
)
from aqbio.io.opensim_xml import LoadColumns, write_external_loads
from aqbio.io.trial_files import read_forces
from tests.golden import differences
from tests.outcome_lines import outcome_lines, texts

FAMILIES = {
    "plain": ("ground_force_v{}", "ground_force_p{}", "ground_torque_{}", ""),
    "number before": ("1_ground_force_v{}", "1_ground_force_p{}", "1_ground_torque_{}", ""),
    "side before": ("R_ground_force_v{}", "R_ground_force_p{}", "R_ground_torque_{}", "right"),
    "side inside": ("ground_force_r_v{}", "ground_force_r_p{}", "ground_torque_r_{}", "right"),
    "moment letter": ("ground_force_1_v{}", "ground_force_1_p{}", "ground_force_1_m{}", ""),
    "body inside": (*(f"ground_force_calcn_l_{quantity}{{}}" for quantity in "vpm"), "left"),
    "short": ("f_r_{}", "p_r_{}", "m_r_{}", "right"),
    "shorter": ("l_f{}", "l_p{}", "l_m{}", "left"),
    "channel": ("F{}1", "P{}1", "M{}1", ""),
    "words": ("left_force_{}", "left_cop_{}", "left_moment_{}", "left"),
    "flattened": ("f2_{n}", "p2_{n}", "m2_{n}", ""),
    "vectors": ("f2", "p2", "m2", ""),
}
SAMPLES = 300


def contact(seed: int = 0) -> np.ndarray:
    """One contact: force, point and free moment (3, T, 3) of 300 samples at 1 kHz."""
    rng, share = np.random.default_rng(seed), np.linspace(0.0, 1.0, 200)[:, None]
    arrays = np.zeros((3, SAMPLES, 3))
    arrays[0, 50:250] = np.sin(np.pi * share) * [100.0, 1800.0, -40.0] * rng.uniform(0.8, 1.2, 3)
    arrays[1, 50:250] = rng.uniform(0.5, 3.0, 3) * [-1, 0, 1] + 0.2 * share * rng.normal(size=3)
    arrays[2, 50:250, 1:2] = share * rng.choice([-6.0, 6.0])
    return arrays


def write(path, families, contacts, start=0.23, parts=(0, 1, 2)):
    """Write forces, points and moments of each contact under the names of its family."""
    names = [family[part] for family in families for part in parts]
    columns = [name.format(axis, n="xyz".index(axis) + 1) for name in names for axis in "xyz"]
    time = start + np.arange(SAMPLES) / 1000.0
    arrays = [arrays_of_contact[part] for arrays_of_contact in contacts for part in parts]
    if len(set(columns)) == len(columns):
        write_storage(path, columns, time, np.concatenate(arrays, axis=1), in_degrees=False)
        return path
    cells = [[",".join(map(repr, row)) for row in array.tolist()] for array in arrays]
    rows = ["\t".join(row) for row in zip(map(repr, time.tolist()), *cells, strict=True)]
    head = ("DataRate=1000", "DataType=Vec3", "endheader", "\t".join(("time", *names)))
    path.write_text("\n".join((*head, *rows)))
    return path


@settings(max_examples=40)
@given(
    st.sampled_from(list(FAMILIES)), st.integers(0, 99), st.sampled_from([0.0, 0.23, 7.7]),
    st.sampled_from(["whole", "mm", "no point", "no moment", "about a point", "about it in N mm"]),
)  # fmt: skip
def test_every_family_gives_the_same_wrench(tmp_path_factory, family, seed, start, form):
    force, pressure, free = written = contact(seed)
    about = free + np.cross(pressure, force)
    parts = {"no point": (0, 2), "no moment": (0, 1)}.get(form, (0, 1, 2))
    if form == "mm":
        written = np.stack((force, 1e3 * pressure, 1e3 * free))
    elif form == "no point":  # moments are those about the origin then
        written = np.stack((force, pressure, about))
    elif form.startswith("about"):  # the centre of a plate, say, or the origin
        point = np.random.default_rng(seed).normal(size=3) * (seed % 2)
        of_point = free + np.cross(pressure - point, force)
        written = np.stack((force, pressure, of_point * (1e3 if "mm" in form else 1.0)))
    elif form == "no moment":
        about = np.cross(pressure, force)
    path = tmp_path_factory.mktemp("mot") / "a.mot"
    forces, findings = read_force_storage(
        write(path, [FAMILIES[family]], [written], start, parts), 0.2
    )
    np.testing.assert_allclose(forces.wrench.force[:, 0], force, atol=1e-12)
    np.testing.assert_allclose(forces.wrench.moment_about_origin()[:, 0], about, atol=1e-9)
    assert (forces.start, forces.rate) == (pytest.approx(start - 0.2), pytest.approx(1000.0))
    assert forces.feet == (FAMILIES[family][3],)
    rules = {
        "mm": ["force-unit"] * 2, "no moment": ["force-no-moment"],
        "no point": ["force-point-origin"], "about a point": ["force-moment-point"],
        "about it in N mm": ["force-moment-point"],
    }  # fmt: skip
    assert [finding.rule for finding in findings] == rules.get(form, [])


def altered(alter, family="plain", parts=(0, 1, 2)):
    """A file of one contact that was changed in place."""

    def write_altered(folder):
        arrays = contact()
        alter(*arrays)
        return write(folder / "a.mot", [FAMILIES[family]], [arrays], parts=parts)

    return write_altered


def at(part, samples, value):
    def alter(*arrays):
        arrays[part][samples] = value

    return altered(alter)


def several(*families, alter=lambda contacts: None):
    def write_several(folder):
        contacts = [contact(seed) for seed in range(len(families))]
        alter(contacts)
        return write(folder / "a.mot", [FAMILIES[family] for family in families], contacts)

    return write_several


def columns(*names):
    def write_columns(folder):
        values = np.tile(np.arange(1.0, len(names) + 1.0), (50, 1))
        write_storage(folder / "a.mot", names, np.arange(50) / 1e3, values, in_degrees=False)
        return folder / "a.mot"

    return write_columns


def scaled(*factors):
    def alter(*arrays):
        for array, factor in zip(arrays, factors, strict=True):
            array *= factor

    return altered(alter)


def flat(force, pressure, free):
    force[:, 1] = np.minimum(force[:, 1], 900.0)


def one_channel(*arrays):
    """All columns of a load take the sideways force."""
    for array in arrays[1:]:
        array[:] = arrays[0][:, 2:]
    arrays[0][:, :2] = arrays[0][:, 2:]


FORCES = {
    "both feet": several("side before", "shorter"),
    "one side is empty": several("side inside", "body inside", alter=lambda x: x[1].fill(0.0)),
    "three plates": several("number before", "channel", "plain"),
    "points in mm": scaled(1.0, 1e3, 1.0),
    "moments in N mm": scaled(1.0, 1.0, 1e3),
    "kilonewtons": scaled(1e-3, 1.0, 1e-3),
    "far too strong": scaled(1e2, 1.0, 1.0),
    "points gone where nobody stands": at(1, slice(0, 40), np.nan),
    "points gone in a stance": at(1, slice(100, 110), np.nan),
    "points too far to be any": at(1, slice(100, 110), 1e9),
    "one channel in all columns": several("plain", "channel", alter=lambda x: one_channel(*x[0])),
    "forces gone": at(0, slice(100, 110), np.nan),
    "moments gone": at(2, slice(100, 110), np.nan),
    "moments impossible": at(2, slice(100, 110), 1e12),
    "driven beyond its range": altered(flat),
    "no moments": altered(lambda *arrays: None, parts=(0, 1)),
    "nothing but zeros": scaled(0.0, 1.0, 1.0),
    "an axis is missing": columns("ground_force_vx", "ground_force_vz"),
    "an axis of the point is missing": columns(*(f"ground_force_{x}" for x in
                                                 ("vx", "vy", "vz", "px", "py"))),
    "no forces": columns("knee_angle", "pelvis_tx"),
    "other columns beside": columns("EMG1", "ground_force_vx", "ground_force_vy",
                                    "ground_force_vz", "pelvis_tx", "state"),
    **{f"a point gone at {newtons} N": altered(
        lambda force, pressure, free, newtons=newtons: (
            force.__setitem__(40, [0.0, newtons, 0.0]), pressure.__setitem__(40, np.nan)))
       for newtons in (TRUSTED_FORCE_N - 1.0, TRUSTED_FORCE_N + 1.0)},
}  # fmt: skip


def described(text):
    """External loads beside a file of three plates whose columns say nothing of a foot."""

    def write_description(folder):
        starts = [f"{n}ground_force_{part}" for n in ("", "1_") for part in "vp"]
        names = [a + b for a, b in product([*starts, "belt_b_load_", "belt_b_at_"], "xyz")]
        columns(*names)(folder).rename(folder / "grf.mot")
        (folder / "elsewhere").mkdir(exist_ok=True)
        (folder / "a.xml").write_text(text)
        return folder / "a.xml"

    return write_description


TEXTS = texts(Path(__file__).with_name("odd_files.txt"))["loads"]
LOADS = {name: described(text) for name, text in TEXTS.items()}


def test_golden_words_of_odd_files(tmp_path):
    lines = []
    for name, write_file in (FORCES | LOADS).items():
        path = write_file(tmp_path)
        lines += outcome_lines(name, lambda path=path: read_forces(path, 0.0), tmp_path)
        if path.suffix == ".xml":
            lines.append(f"{name} | external loads: {is_external_loads(path)}")
    assert differences("io/forces", lines) == []


def test_loads_are_read_as_they_were_written(tmp_path):
    (tmp_path / "run_grf.mot").touch()
    loads = [LoadColumns("ground", "r", "calcn_r"), LoadColumns("ground", "l", "calcn_l")]
    loads.append(LoadColumns("air", "", "torso"))
    write_external_loads(tmp_path / "run.xml", "run_grf.mot", loads)
    external_loads = read_external_loads(tmp_path / "run.xml")
    assert external_loads.data == tmp_path / "run_grf.mot"
    assert [load.foot for load in external_loads.loads] == ["right", "left", ""]
    groups = external_loads.groups([name for load in loads for name in load.columns])
    assert [(*group.force, *group.point, *group.moment) for group in groups] == [
        x.columns for x in loads
    ]
