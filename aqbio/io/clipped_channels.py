"""What is said about the channels of a force plate that reached the end of their range."""

from __future__ import annotations

import numpy as np

from aqbio.errors import Finding
from aqbio.force_plates.clipping import clipped_samples
from aqbio.vectors import FloatArray


def clipping_findings(
    name: str, channels: FloatArray, rate: float, file: str, where: str
) -> list[Finding]:
    """Finding that channels (T, C) of a plate, ``rate`` in Hz, reached the end of their range."""
    clipped = np.column_stack([clipped_samples(one, rate) for one in channels.T])
    samples = np.flatnonzero(clipped.any(axis=1))
    if not len(samples):
        return []
    numbers = ", ".join(str(channel + 1) for channel in np.flatnonzero(clipped.any(axis=0)))
    seconds = len(samples) / rate
    return [
        Finding(
            rule="plate-clipped",
            severity="error",
            what=f"{name} stays at the largest value of a channel for {seconds:.3f} s in the "
            "middle of a load: it was driven beyond its range, and its forces are too small there.",
            number=seconds,
            unit="s",
            file=file,
            where=f"{where}, channel {numbers} of the plate, first "
            f"{samples[0] / rate:.3f} s after the first sample",
            fix="set a larger range on the amplifier; leave this trial out, or list the plate in "
            "laboratory.ignore_plates.",
        )
    ]
