"""Other choices are gone through side by side, each on its own."""

from __future__ import annotations

from aqbio.hypotheses import multiverse as choices
from aqbio.hypotheses.gathered import Gathered, gathered
from aqbio.stats.registry import read_registry
from aqbio.stats.verdict import verdicts
from aqbio.study.internal import Parts
from tests.stages.hypotheses.made_evidence import drawn_study


def test_several_processes_find_what_one_finds(tmp_path, monkeypatch):
    """Also where a choice cannot be computed: it alone is left out, with a finding."""
    study, registry = drawn_study(tmp_path, "W0", athletes=2), read_registry()
    found = gathered(study)
    given, under = verdicts(found.evidence, registry), Gathered.under

    def broken(self, name, **options):
        if name == "cutoff=15":
            raise ZeroDivisionError(name)
        return under(self, name, **options)

    monkeypatch.setattr(Gathered, "under", broken)
    told = {}
    for cores in (1, 2):
        parts = Parts(study, "hypotheses")
        arms = choices.multiverse(found, given, registry, parts, cores)
        told[cores] = [repr(one) for one in arms], [one.what for one in parts.findings]
    assert told[1] == told[2]
    names = {arm.specification for arm in arms}
    assert "cutoff=30" in names
    assert "cutoff=15" not in names
    assert len(parts.findings) == 1
