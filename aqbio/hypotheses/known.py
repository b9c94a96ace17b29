"""The evidence of a study without the trials that cannot be gathered."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from aqbio.errors import AqbioError
from aqbio.hypotheses.gathered import Gathered, gathered
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.study.internal import Parts, contained
from aqbio.study.manifest import OK


def known_evidence(study: Study, parts: Parts) -> Gathered:
    """Evidence of all participants without trials that failed or cannot be gathered."""
    table = read_table(study.table("trials.tsv"))
    failed = table[table["status"] != OK]
    without = set(zip(failed["participant_id"], failed["trial_id"], strict=True))
    every = set(zip(table["participant_id"], table["trial_id"], strict=True)) - without
    try:
        with contained(study, parts.stage, "gathered"):
            return gathered(study, without)
    except AqbioError:
        for one in sorted(every):  # with nobody beside it, who fails is at fault
            alone = partial(gathered, _study_of(study, one[0]), without | every - {one})
            if parts.part("-".join(one), alone, None) is None:
                without.add(one)
    return gathered(study, without)


def _study_of(study: Study, participant_id: str) -> Study:
    """The study of one participant: nobody else's files are read for each trial."""
    return replace(
        study,
        participants=(study.participant(participant_id),),
        trials=study.trials_of(participant_id),
    )
