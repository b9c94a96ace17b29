"""Stage scale: the participant's model, the generic one calibrated from all recordings."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.body.anatomy import BodyPoint
from aqbio.body.posterior import freed_coordinates
from aqbio.body.records import posterior_path, write_posterior
from aqbio.body.segment_masses import trunk_findings
from aqbio.body.statements import (
    MASS_UNKNOWN,
    MAX_SHEET_MASS_SHARE,
    Statement,
    blocking_failure,
    contradiction,
    measured_masses,
)
from aqbio.errors import Finding, Severity
from aqbio.io.provenance import given_files, study_provenance
from aqbio.io.skeleton import save_skeleton
from aqbio.io.study import Study, is_own_model
from aqbio.labels.marker_set import stand_ins
from aqbio.multibody.skeleton import Skeleton
from aqbio.opensim.audit import audit_model
from aqbio.opensim.child_process import with_model
from aqbio.opensim.models import corrected_model, generic_skeleton, write_calibrated_model
from aqbio.opensim.session import quiet
from aqbio.opensim.skeleton import read_skeleton
from aqbio.scale.calibration import (
    calibrate_body,
    calibration_findings,
    label_errors,
    session_findings,
)
from aqbio.scale.findings import excluded_labels, label_findings, unplaced_segments
from aqbio.study.manifest import Report, participant_stage, write_manifest

STAGE = "scale"


@participant_stage(STAGE)
def scale_participant(study: Study, participant_id: str, report: Report) -> None:
    """Calibrate a participant's model.

    Writes ``model/<participant>.osim``, ``<participant>.skeleton.npz`` and
    ``<participant>_body.nc``, and ``scale.json`` last. A participant whose model cannot be made is
    recorded with the reason.
    """
    if reason := _not_prepared(study, participant_id):  # reported by stage prepare
        report(f"{participant_id}: not possible ({reason})")
        write_manifest(study, participant_id, STAGE, [], reason=reason)
        return
    has_own_model = study.participant(participant_id).model_file is not None
    numbers, findings = (_own_model if has_own_model else _calibrated)(study, participant_id)
    rms = numbers["marker_rms_m"]
    fit = "the participant's own" if has_own_model else f"markers within {1000 * rms:.1f} mm RMS"
    report(f"{participant_id}: {numbers['mass_kg']:.2f} kg, {fit}")
    write_manifest(study, participant_id, STAGE, [], findings=findings, **numbers)


def _not_prepared(study: Study, participant_id: str) -> str:
    """Reason why stage prepare provides no data to calibrate from, or "". It has the findings."""
    before = study.read_manifest(participant_id, "prepare")
    has_own_model = study.participant(participant_id).model_file is not None
    weighed = has_own_model or before["mass_kg"] is not None
    blocked = blocking_failure(study, participant_id, before["trials"], weighed=weighed)
    reason = before["reason"] or blocked
    if not reason and not weighed:
        reason = next(
            finding["what"] for finding in before["findings"] if finding["rule"] == MASS_UNKNOWN
        )
    return f"prepare: {reason}" if reason else ""


def _calibrated(study: Study, participant_id: str) -> tuple[dict[str, Any], list[Any]]:
    """Calibrate the body from all recordings; give numbers for the manifest and findings."""
    folder, generic = study.folder(participant_id, STAGE), study.model_file(participant_id)
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / f"{participant_id}.osim"
    mass = float(study.read_manifest(participant_id, "prepare")["mass_kg"])
    with (
        tempfile.TemporaryDirectory(prefix="aqbio-scale-", ignore_cleanup_errors=True) as scratch,
        quiet(Path(scratch) / "opensim.log"),
    ):
        corrections = study.settings.model.corrections
        (skeleton, corrected, noted), audited = with_model(
            generic,
            lambda: (
                generic_skeleton(generic, corrections, Path(scratch)),
                audit_model(generic, study.model_map.held, corrections),
            ),
        )
        body = calibrate_body(study, participant_id, skeleton)
        template = body.template
        if is_own_model(study.settings.model.file) and not _on_plates(study, participant_id):
            template = replace(template, skeleton=with_lateral_centres(template.skeleton))
        write_calibrated_model(corrected, output, template, body.shape, body.names, mass)
    save_skeleton(read_skeleton(output), folder / f"{participant_id}.skeleton.npz")
    attributes = study_provenance(study, STAGE, [generic])
    write_posterior(body.fit, posterior_path(study, participant_id), attributes)
    unplaced, findings = unplaced_segments(study, participant_id, body)
    errors, rms = label_errors(body)
    numbers = {
        "generic": given_files(study).get(generic, generic.name),
        "mass_kg": mass,
        "factors": body.template.factors_by_body(body.shape),
        "shown": list(freed_coordinates(body.fit, study.model_map.held)),
        "lengths_m": {length.name: [length.length, length.sd] for length in body.lengths},
        "marker_rms_m": rms,
        "marker_error_m": errors,
        "lost": unplaced,
        "labels_off": excluded_labels(body.fit, body.trials),
    }
    findings += trunk_findings(
        read_skeleton(output), study.model_map.groups, participant=participant_id
    )
    findings += calibration_findings(body, study.model_map, participant_id)
    findings += session_findings(study, participant_id)
    findings += label_findings(body.fit, body.trials, participant_id)
    return numbers, [*noted, *audited, *findings]


LATERAL_CENTRES = {"femur": 0.12, "tibia": 0.08}
"""Centres of mass lateral of the line between the joints, share of the segment's largest radius of
gyration: where forces put them in eleven runners on force plates (Hamner and Delp 2013; Dorn et al.
2012), between whom they differ by 0.04 and 0.02 (SD). De Leva has 0, Dumas et al. 0.11 and 0.03."""


def with_lateral_centres(skeleton: Skeleton) -> Skeleton:
    """A sprint model whose thighs and shanks have their centres of mass where forces put them.

    For sessions in which no force shows where they are.
    """
    com = skeleton.com.copy()
    for side, sign in (("r", 1), ("l", -1)):
        for name, share in LATERAL_CENTRES.items():
            body = skeleton.bodies.index(f"{name}_{side}")
            largest = float(np.linalg.eigvalsh(skeleton.inertia[body])[-1])
            com[body, 2] += sign * share * np.sqrt(largest / skeleton.mass[body])
    return replace(skeleton, com=com)


def _on_plates(study: Study, participant_id: str) -> bool:
    """Tell whether forces of a moving trial can correct where the mass of the body sits."""
    trials = study.read_manifest(participant_id, "prepare")["trials"]
    return any(trial.get("events") == "plates" for trial in trials)


def _own_model(study: Study, participant_id: str) -> tuple[dict[str, Any], list[Any]]:
    """Adopt a model that is already scaled to the participant."""
    folder, source = study.folder(participant_id, STAGE), study.model_file(participant_id)
    output = folder / f"{participant_id}.osim"
    corrections = study.settings.model.corrections

    def taken_over() -> tuple[float, list[Finding], Skeleton, list[Finding]]:
        with quiet(level="Off"):
            points = _stand_ins(study, participant_id, read_skeleton(source))
            mass, findings = corrected_model(source, output, corrections, points)
            audited = audit_model(source, study.model_map.held, corrections)
            return mass, findings, read_skeleton(output), audited

    mass, findings, skeleton, audited = with_model(source, taken_over)
    save_skeleton(skeleton, folder / f"{participant_id}.skeleton.npz")
    numbers = {
        "generic": given_files(study)[source],
        "mass_kg": mass,
        "factors": {},
        "shown": [],
        "lengths_m": {},
        "marker_rms_m": None,
        "marker_error_m": {},
        "lost": {},
        "labels_off": {},
    }
    findings += check_mass(study, participant_id, mass, source)
    findings += trunk_findings(skeleton, study.model_map.groups, participant=participant_id)
    return numbers, [*audited, *findings]


def _stand_ins(study: Study, participant_id: str, skeleton: Skeleton) -> tuple[BodyPoint, ...]:
    """Points of a model that replace markers for trials from joint angles."""
    angles = any(trial.coordinates_file for trial in study.moving_of(participant_id))
    return stand_ins(skeleton, study.model_map) if angles else ()


def check_mass(study: Study, participant_id: str, mass: float, model: Path) -> list[Finding]:
    """Compare the mass of a participant's own model with sheet, plates and strides."""
    statement = Statement(
        "mass-disagreement",
        "the participant's model weighs",
        mass,
        "kg",
        digits=1,
        file=str(model),
        fix="check that it is the model of this participant, or write yes into column "
        "mass_confirmed.",
    )
    masses = study.read_manifest(participant_id, "prepare")["masses_kg"]
    measured = measured_masses(masses, MAX_SHEET_MASS_SHARE)
    confirmed = study.participant(participant_id).mass_confirmed == "yes"
    finding = contradiction(statement, measured, "", confirmed=confirmed)
    if finding is None:
        return []
    severity: Severity = "info" if confirmed else "warning"
    return [replace(finding, participant=participant_id, severity=severity)]
