"""What recordings show of each person, for the sheets of a new study."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from aqbio.body.statements import MAX_SHEET_MASS_SHARE
from aqbio.config import MarkerSet, Participant
from aqbio.intake.models import ChosenModel
from aqbio.intake.rows import MASS_MAYBE_NEEDED, MASS_NEEDED, Rows, TrialRow
from aqbio.intake.trial_preview import TrialPreview
from aqbio.prepare.session import Session, session_remarks
from aqbio.prepare.stage import limbs_of_labels


def session_doubts(
    rows: Rows,
    previews: Mapping[str, TrialPreview],
    marker_set: MarkerSet | None,
    model: ChosenModel,
) -> Iterator[str]:
    """Remarks on the recordings of each person together, as stage prepare makes them."""
    if marker_set is None:
        return
    limbs = limbs_of_labels(model.model_map, marker_set)
    for person in rows.people:
        previewed = {
            row.trial_id: preview
            for row in rows.trials
            if row.participant_id == person.participant_id
            and (preview := previews.get(row.file)) is not None
            and preview.lengths is not None
        }
        session = Session.of(
            {name: x.lengths for name, x in previewed.items() if x.lengths is not None},
            limbs,
            {name: x.entry for name, x in previewed.items()},
            float(person.mass_kg or "nan"),
        )
        participant = Participant(participant_id=person.participant_id)
        for remark in session_remarks(session, participant, (), ("participants.tsv", "trials.tsv")):
            yield f"{person.participant_id}: {remark.what} To settle it, {remark.fix}"


def described_rows(
    rows: Rows, previews: Mapping[str, TrialPreview], laboratory_fix: Collection[str]
) -> Rows:
    """Add observations to the rows: number of trials and body mass of every participant."""
    people = []
    for person in rows.people:
        person_rows = [row for row in rows.trials if row.participant_id == person.participant_id]
        person_previews = [previews[row.file] for row in person_rows if row.file in previews]
        moving = sum(row.task != "static" for row in person_rows)
        words = [f"{moving} moving trial{'s' if moving != 1 else ''}"]
        if not person.static_trial:
            words.append("no static trial: the body is calibrated from the runs alone")
        standing = [x.standing_mass for x in person_previews if x.standing_mass is not None]
        strides = [mass for preview in person_previews for mass in preview.stride_masses]
        if standing:
            words.append(f"{standing[0]:.1f} kg by the static trial's plates")
        if strides:
            plural = "s" if len(strides) > 1 else ""
            words.append(f"{np.median(strides):.1f} kg by {len(strides)} whole stride{plural}")
        weighed = [*standing[:1], *([float(np.median(strides))] if strides else [])]
        words += in_files_words(person.in_files, weighed)
        if person.model_file:
            words.append(f"model {person.model_file}, taken as scaled to this person")
        elif not standing and not strides and not person.mass_kg:
            # plates of a trial that was not understood yet may show it
            understood = bool(person_previews) and all(
                preview.prepared for preview in person_previews
            )
            words.append(MASS_NEEDED if understood else MASS_MAYBE_NEEDED)
        people.append(replace(person, found="; ".join(words)))
    return Rows(tuple(people), described_trials(rows.trials, previews, laboratory_fix))


def described_trials(
    rows: Sequence[TrialRow], previews: Mapping[str, TrialPreview], laboratory_fix: Collection[str]
) -> tuple[TrialRow, ...]:
    """Add to the rows what their previews show, and proposals that are not the laboratory's."""
    described = []
    for row in rows:
        preview = previews.get(row.motion, TrialPreview(row.found))
        fix = "; ".join(words for words in preview.proposals if words not in laboratory_fix)
        described.append(replace(row, found=preview.words, please_fill=preview.to_fill, fix=fix))
    return tuple(described)


def in_files_words(in_files: Mapping[str, float], weighed: Sequence[float]) -> list[str]:
    """Report mass and stature in parameters of the recordings, and whether plates (kg) agree."""
    words = []
    if (mass := in_files.get("mass_kg")) is not None:
        contradicting = [
            plate_mass
            for plate_mass in weighed
            if abs(mass - plate_mass) > MAX_SHEET_MASS_SHARE * plate_mass
        ]
        contradicted = (
            f", which the plates contradict ({contradicting[0]:.1f} kg)" if contradicting else ""
        )
        words.append(f"the C3D states {mass:.1f} kg{contradicted}: not used unless you write it")
    if (height := in_files.get("height_m")) is not None:
        words.append(f"the C3D states a stature of {height:.2f} m: not used unless you write it")
    return words
