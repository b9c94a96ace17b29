"""Stage scale: the participant's model from the generic one and the static trial, audited."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from aqbio.errors import AqbioError
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import save_skeleton
from aqbio.io.study import Study
from aqbio.stages.manifest import OK, Report, write_manifest

STAGE = "scale"


def scale_participant(study: Study, participant_id: str, report: Report) -> None:
    """Scale a participant's model.

    Writes ``model/<participant>.osim`` and ``<participant>.skeleton.npz``, and ``scale.json`` last.
    A participant whose model cannot be scaled is recorded with the reason.
    """
    try:
        numbers, findings = _scaled(study, participant_id)
    except AqbioError as error:
        report(f"{participant_id}: failed: {error.what}")
        finding = error.finding(participant=participant_id)
        write_manifest(study, participant_id, STAGE, [], reason=error.what, findings=[finding])
        return
    report(
        f"{participant_id}: {numbers['mass_kg']:.2f} kg, static pose within "
        f"{1000 * numbers['landmark_rms_m']:.1f} mm RMS"
    )
    write_manifest(study, participant_id, STAGE, [], findings=findings, **numbers)


def _scaled(study: Study, participant_id: str) -> tuple[dict[str, Any], list[Any]]:
    """Scale and audit; give numbers for the manifest and findings."""
    from aqbio.osim.audit import audit_model
    from aqbio.osim.scaling import ScaleTask, scale_model
    from aqbio.osim.session import quiet
    from aqbio.osim.skeleton import read_skeleton

    folder = study.folder(participant_id, STAGE)
    generic = study.model_file(participant_id)
    static, mass = _static_and_mass(study, participant_id)
    task = ScaleTask(
        generic=generic,
        model_map=study.model_map,
        marker_set=study.marker_set,
        static=static,
        mass=mass,
        settings=study.settings.model,
    )
    output = folder / f"{participant_id}.osim"
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".scale-", dir=folder) as scratch,
        quiet(Path(scratch) / "opensim.log"),
    ):
        scaled = scale_model(task, output, Path(scratch))
    skeleton = read_skeleton(output)
    save_skeleton(skeleton, folder / f"{participant_id}.skeleton.npz")
    numbers = {
        "generic": generic.name,
        "mass_kg": scaled.mass,
        "factors": {body: list(factors) for body, factors in scaled.factors.items()},
        "landmark_rms_m": scaled.rms,
        "landmark_max_m": scaled.largest,
        "landmark_error_m": scaled.marker_error,
    }
    return numbers, [*audit_model(generic), *scaled.findings]


def _static_and_mass(study: Study, participant_id: str) -> tuple[Any, float]:
    """Read the prepared static trial and the body mass.

    Raises
    ------
    AqbioError
        When there is no static trial, it could not be prepared, or no body mass is known.
    """
    from aqbio.osim.static_trial import StaticTrial

    static = study.static_of(participant_id)
    if static is None:
        raise AqbioError(
            "there is no static trial, which scaling needs.",
            file=study.settings.files.participants,
            where=f"participant {participant_id}, column static_trial",
            fix="name a trial with task static.",
            rule="static-missing",
        )
    manifest = study.read_manifest(participant_id, "prepare")
    entry = next(done for done in manifest["trials"] if done["trial_id"] == static.trial_id)
    if entry["status"] != OK:
        raise AqbioError(
            f"the static trial could not be prepared: {entry['reason']}",
            trial=static.trial_id,
            fix="correct that file, or name another static trial.",
            rule="static-failed",
        )
    if manifest.get("mass_kg") is None:
        raise AqbioError(
            "no body mass is known: none in the sheet, no static trial on a plate, no whole "
            "stride.",
            file=study.settings.files.participants,
            where=f"participant {participant_id}, column mass_kg",
            fix="write the body mass in kilograms.",
            rule="mass-unknown",
        )
    prepared = read_dataset(study.folder(participant_id, "prepare") / f"{static.trial_id}.nc")
    trial = StaticTrial(
        labels=tuple(map(str, prepared["marker"].values)),
        positions=prepared["marker_raw"].values,
        rate=float(prepared.attrs["marker_rate"]),
    )
    return trial, float(manifest["mass_kg"])
