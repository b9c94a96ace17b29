"""One format, its files chosen by atheris: ``python -m benchmarks.faults.guided_child TRC 99 F``.

Where `fuzz` changes a sound file at random, atheris (libFuzzer) watches which branches of aqbio a
file takes, keeps the files that take a new one, and changes them further. It is no part of the
environment: there are wheels for Linux alone. Prints what became of the files as JSON.
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["aqbio"]):
    from benchmarks.faults.doors import DOORS, sound_files
    from benchmarks.faults.fuzz import KINDS, Fuzzed, changed, counted

OPTIONS = ("-timeout=60", "-rss_limit_mb=6000", "-seed=1")
"""Of libFuzzer: a file that takes longer, s, or more memory, MB, ends the process."""

OWN_CHANGES = 0.5
"""Share of files that are changed as `fuzz` changes them, the others by libFuzzer alone."""


def serve(name: str, count: int, folder: Path) -> None:
    """Read files of one format until there were enough, and print what became of them."""
    door, content = DOORS[name], sound_files(folder)[name]
    seeds, path, found = folder / "seeds", folder / door.file, Fuzzed()
    seeds.mkdir()
    (seeds / "sound").write_bytes(content)

    def read(mutated: bytes) -> None:
        path.write_bytes(mutated)
        counted(found, door, path, mutated)
        if found.tried >= count:
            told = json.dumps(vars(found), default=lambda file: file.decode("latin-1"))
            sys.stdout.write(told)
            sys.stdout.flush()
            os._exit(0)

    longest = f"-max_len={2 * len(content) + 4096}"
    atheris.Setup([name, *OPTIONS, longest, str(seeds)], read, custom_mutator=mutated_file)
    atheris.Fuzz()


def mutated_file(content: bytes, longest: int, seed: int) -> bytes:
    """A changed file, of as many bytes as are allowed."""
    draw = random.Random(seed)
    if draw.random() > OWN_CHANGES:
        return bytes(atheris.Mutate(content, longest))
    one = (draw.choice(KINDS), draw.random(), draw.random(), draw.randrange(2**16))
    return changed(content, [one])[:longest]


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
