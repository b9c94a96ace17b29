"""TSV files of Qualisys Track Manager: markers are read; other content is refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqbio.errors import AqbioError
from aqbio.intake.folder import folder_content
from aqbio.io.trial_files import read_recording
from tests import made_run

HEADER = (
    "NO_OF_FRAMES\t{frames}", "NO_OF_CAMERAS\t12", "NO_OF_MARKERS\t{markers}", "FREQUENCY\t{rate}",
    "NO_OF_ANALOG\t0", "ANALOG_FREQUENCY\t0", "DESCRIPTION\t--",
    "TIME_STAMP\t2024-01-01, 10:00:00.000\t1.5", "DATA_INCLUDED\t{kind}", "EVENT\tstart\t10\t0.05",
)  # fmt: skip


def write_qtm(path, positions, rate, *, columns=False, with_names=True, comma=False, gap="0.000"):
    """Write positions (T, M, 3), m, as QTM does; ``columns`` of frame and time come first."""
    frames, count = positions.shape[:2]
    lines = [line.format(frames=frames, markers=count, rate=rate, kind="3D") for line in HEADER]
    names = made_run.LABELS[:count]
    lines.append("MARKER_NAMES\t" + "\t".join(names))
    first = ["Frame", "Time"] if columns else []
    if with_names:
        lines.append("\t".join([*first, *(f"{name} {axis}" for name in names for axis in "XYZ")]))
    for number, row in enumerate(positions.reshape(frames, -1)):
        cells = [gap if np.isnan(coordinate) else f"{1e3 * coordinate:.3f}" for coordinate in row]
        before = [str(number + 1), f"{number / rate:.5f}"] if columns else []
        lines.append("\t".join([*before, *cells]))
    text = "\n".join(lines) + "\n"
    path.write_text(text.replace(".", ",") if comma else text, encoding="utf-8")
    return path


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000), columns=st.booleans(), with_names=st.booleans(), comma=st.booleans(),
    gap=st.sampled_from(["0.000", "", "NULL", "NaN"]), rate=st.sampled_from([100, 200, 250]),
)  # fmt: skip
def test_positions_are_read_as_they_were_written(
    tmp_path_factory, seed, columns, with_names, comma, gap, rate
):
    """With or without columns of frame and time, names of columns, decimal commas, gaps."""
    positions, random = made_run.markers()[:60], np.random.default_rng(seed)
    positions += random.normal(0.5, 1e-3, positions.shape)
    positions[random.random(positions.shape[:2]) < 0.1] = np.nan
    path = tmp_path_factory.mktemp("qtm") / "run.tsv"
    form = {"columns": columns, "with_names": with_names, "comma": comma, "gap": gap}
    recording = read_recording(write_qtm(path, positions, rate, **form))
    assert recording.labels == made_run.LABELS
    assert (recording.rate, recording.length_unit) == (rate, 0.001)
    np.testing.assert_allclose(recording.positions, positions, atol=1e-6)
    assert recording.findings == ()


SIX = [line.format(frames=2, markers=0, rate=100, kind="6D") for line in HEADER]
OTHER_TABLES = {
    "bodies": ("\n".join([*SIX, "BODY_NAMES\tpelvis", "0\t" * 16]), "rigid bodies"),
    "forces": ("NO_OF_SAMPLES\t10\nFORCE_PLATE_NAME\tA\n1\t2\t3", "forces of plates as text"),
    "something": ("a\tb\n1\t2\n", "a table of another kind"),
}


@pytest.mark.parametrize("name", OTHER_TABLES)
def test_tables_without_markers_are_refused_with_a_fix(tmp_path, name):
    text, words = OTHER_TABLES[name]
    (tmp_path / f"{name}.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(AqbioError, match=words) as refused:
        read_recording(tmp_path / f"{name}.tsv")
    assert refused.value.rule == "tsv-kind"
    assert refused.value.fix
    (unusable,) = folder_content(tmp_path).unusable
    assert words in unusable.why
    assert unusable.fix


def test_a_new_study_reads_them_and_leaves_sheets_alone(tmp_path):
    write_qtm(tmp_path / "run.tsv", made_run.markers(), 250)
    (tmp_path / "participants.tsv").write_text("participant_id\tsex\nA\tmale\n", encoding="utf-8")
    content = folder_content(tmp_path)
    assert [recording.file.name for recording in content.markers] == ["run.tsv"]
    assert (content.unusable, content.other_files) == ((), 1)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda text: text.replace("FREQUENCY\t250", "FREQUENCY\t"), "tsv-rate"),
        (lambda text: text.replace("NO_OF_FRAMES\t60", "NO_OF_FRAMES\t61"), ""),
        (lambda text: text.rstrip() + "\t1\t2\t3\t4\n", "tsv-columns"),
        (lambda text: text.replace("0.0", "0.O"), "tsv-number"),
    ],
)
def test_files_that_are_not_whole_are_named(tmp_path, change, rule):
    path = write_qtm(tmp_path / "run.tsv", made_run.markers()[:60], 250)
    path.write_text(change(path.read_text("utf-8")), encoding="utf-8")
    if rule:
        with pytest.raises(AqbioError) as refused:
            read_recording(path)
        assert refused.value.rule == rule
    else:
        assert [finding.rule for finding in read_recording(path).findings] == ["trc-count"]
