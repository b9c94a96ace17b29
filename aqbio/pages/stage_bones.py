"""Bones of an athlete's model, where files of them lie beside the model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from aqbio.body.participant_model import final_model
from aqbio.errors import AqbioError, Finding
from aqbio.io.atomic import write_text
from aqbio.io.meshes import Mesh, attached_meshes, mesh_files, read_mesh
from aqbio.io.study import Study
from aqbio.pages.bones import BONES, bones_script, joined


def write_bones(study: Study, participant_id: str, folder: Path) -> tuple[str, list[Finding]]:
    """Write an athlete's scaled surfaces: their address, and findings of unreadable ones."""
    bones, findings = model_bones(study, participant_id)
    text = bones_script(bones)
    if text:
        write_text(folder / BONES, text)
    else:
        (folder / BONES).unlink(missing_ok=True)
    return (BONES if text else ""), findings


def model_bones(study: Study, participant_id: str) -> tuple[dict[str, Mesh], list[Finding]]:
    """Surfaces by segment, on its axes, and what could not be read of them."""
    files = mesh_files(study.model_file(participant_id))
    read: dict[str, Mesh] = {}
    findings = []
    for name, path in sorted(files.items()):
        try:
            read[name] = read_mesh(path)
        except AqbioError as error:
            found = error.finding(participant=participant_id)
            findings.append(replace(found, severity="warning"))
    bones: dict[str, list[Mesh]] = {}
    attached = attached_meshes(final_model(study, participant_id).osim) if read else ()
    for one in attached:
        if (mesh := read.get(one.file)) is not None:
            own = Mesh(one.on_body(mesh.points), mesh.triangles)
            bones.setdefault(one.body, []).append(own)
    return {body: joined(meshes) for body, meshes in bones.items()}, findings
