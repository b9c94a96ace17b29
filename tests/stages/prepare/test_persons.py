"""Files that cannot be read tell what is wrong with them without the names in them."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.mot import write_storage
from aqbio.io.trc import write_trc
from tests.planted import NAME, files_with
from tests.stages import made_run


def _damaged_trc(data):
    write_trc(data / f"{NAME}.trc", made_run.LABELS, made_run.markers(), 250.0)
    text = (data / f"{NAME}.trc").read_text()
    lines = text.splitlines()
    cells = lines[8].split("\t")
    lines[8] = "\t".join([*cells[:3], NAME, *cells[4:]])
    (data / f"{NAME}.trc").write_text("\n".join(lines) + "\n")
    return f"fast\trun\t{NAME}.trc\tn/a\tn/a"


def _missing(data):
    return f"fast\trun\t{NAME}/{NAME}.c3d\tn/a\tn/a"


def _labels_twice(data):
    labels = [*made_run.LABELS[:-2], f"{NAME}_again", f"{NAME}_again"]
    write_trc(data / f"{NAME}.trc", tuple(labels), made_run.markers(), 250.0)
    return f"fast\trun\t{NAME}.trc\tn/a\tn/a"


def _forces(data, columns):
    made_run.write_trc_run(data, NAME)
    time, values = np.arange(1000) / 1000.0, np.ones((1000, len(columns)))
    write_storage(data / f"{NAME}.mot", columns, time, values, in_degrees=False)
    return f"fast\trun\t{NAME}.trc\t{NAME}.mot\tn/a"


def _no_force_columns(data):
    return _forces(data, [f"{NAME}_a", f"{NAME}_b"])


def _loads_elsewhere(data):
    made_run.write_trc_run(data, NAME)
    (data / f"{NAME}.xml").write_text(
        "<OpenSimDocument><ExternalLoads><objects><ExternalForce>"
        "<applied_to_body>calcn_r</applied_to_body><force_identifier>a_v</force_identifier>"
        f"</ExternalForce></objects><datafile>C:\\{NAME}\\{NAME}.mot</datafile>"
        "</ExternalLoads></OpenSimDocument>"
    )
    return f"fast\trun\t{NAME}.trc\t{NAME}.xml\tn/a"


@pytest.mark.parametrize(
    "write", [_damaged_trc, _missing, _labels_twice, _no_force_columns, _loads_elsewhere]
)
def test_names_stay_out_of_reasons_and_findings(prepared_study, write):
    done = prepared_study([write(prepared_study.data)])
    entry = done.entry("fast")
    assert entry["reason"] or entry["findings"]
    assert files_with(done.folder.parent, NAME) == []
    assert NAME not in "\n".join(done.said)
