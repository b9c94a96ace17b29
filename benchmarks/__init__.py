"""Speed against OpenSim and against the usual way, correctness first: ``python -m benchmarks``.

One thread per library, as the workflow gives every job; set before NumPy is imported.
"""

import os

for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"
