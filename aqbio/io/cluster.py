"""What a cluster's scheduler (SLURM) wrote about a job that it ended, in one line."""

from __future__ import annotations

import re
from pathlib import Path

LOGS = Path(".snakemake") / "slurm_logs"
"""Where Snakemake has SLURM write, in the folder that a run was started in."""

MEMORY = re.compile(r"exceeded (?:job )?memory limit|oom.?kill|out of memory", re.IGNORECASE)
AMOUNT = re.compile(r"exceeded memory limit \((\d+) > (\d+)\)")

ENDED = (
    (re.compile(r"TIME LIMIT"), "it ran longer than the time that it had asked for", "runtime"),
    (re.compile(r"NODE[_ ]FAIL|DUE TO NODE"), "its node failed", ""),
    (re.compile(r"PREEMPT"), "another job took its place", ""),
    (re.compile(r"CANCELLED AT"), "it was cancelled", ""),
)  # fmt: skip
"""How SLURM says why, what that means, and the resource that there has to be more of."""

MEGABYTE = 2**20


def scheduler_reason(rule: str, value: str, started: float, folder: Path = Path()) -> str:
    """Why the scheduler ended the last try of a job; empty where it did not say so.

    Parameters
    ----------
    rule, value : str
        The workflow's rule and its wildcard: participants and an id, study and a stage.
    started : float
        Beginning of the run, s of the system's clock: older logs are of other runs.
    folder : Path
        In which the run was started.
    """
    logs = (folder / LOGS / f"rule_{rule}" / value).glob("*.log")
    recent = [path for path in logs if path.stat().st_mtime >= started]
    if not recent:
        return ""
    last = max(recent, key=lambda path: path.stat().st_mtime)
    said = last.read_text(encoding="utf-8", errors="replace")
    if MEMORY.search(said):
        return _more(_memory(said), rule, "mem_mb")
    for pattern, words, resource in ENDED:
        if pattern.search(said):
            return _more(words, rule, resource)
    return ""


def _memory(said: str) -> str:
    if amount := AMOUNT.search(said):
        used, asked = (int(one) / MEGABYTE for one in amount.groups())
        return f"it needed {used:.0f} MB of memory, more than the {asked:.0f} MB that it asked for"
    return "it needed more memory than it had asked for"


def _more(words: str, rule: str, resource: str) -> str:
    """What happened, and how a person gives a job more of something."""
    more = f"--set-resources {rule}:{resource}=..." if resource else ""
    return f"SLURM ended it: {words}" + (f" (more of it: `-- {more}`)." if more else ".")
