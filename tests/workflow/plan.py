"""Runs snakemake and prints what it says about each job as JSON, one line per job.

Where rules have messages, snakemake's own output leaves out rule, threads and resources.
"""

from __future__ import annotations

import json
import logging
import sys

from snakemake.cli import main
from snakemake_interface_logger_plugins.common import LogEvent

FIELDS = (
    "rule_name", "wildcards", "input", "output", "threads", "resources", "log", "benchmark",
    "rule_msg",
)  # fmt: skip


def note_job(record: logging.LogRecord) -> bool:
    """Print the fields of a job; a filter, because snakemake removes foreign handlers."""
    if getattr(record, "event", None) == LogEvent.JOB_INFO:
        job = {name: _plain(getattr(record, name, None)) for name in FIELDS}
        sys.stdout.write(f"JOB {json.dumps(job, default=str)}\n")
    return True


def _plain(value: object) -> object:
    return dict(value.items()) if hasattr(value, "items") else value


if __name__ == "__main__":
    logging.getLogger("snakemake.logging").addFilter(note_job)
    main(sys.argv[1:])
