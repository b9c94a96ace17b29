"""What all arms of a trial start from: its files, and the motions that are known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aqbio.errors import AqbioError
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.mechanics.multibody.motion import Motion, spline_motion
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.recordings.filters import low_pass
from aqbio.mechanics.vectors import FloatArray
from aqbio.stages.arms.choices import Arm
from aqbio.stages.contributions import final_model
from aqbio.stages.fitting.session import fitted_session
from aqbio.stages.fitting.static import static_stance
from aqbio.stages.fitting.trials import FITTED, SolvedTrial
from aqbio.stages.solve import ParticipantModel

if TYPE_CHECKING:
    import xarray as xr

LOOSE = (100.0, 30.0)
"""Standard deviations of residual force and moment of the arm ``loose``, N and N m."""


@dataclass(frozen=True, slots=True)
class MotionSource:
    """A motion, the body that moves, and what was found of clocks and plates with it.

    Attributes
    ----------
    motion : Motion
    skeleton : Skeleton
    parameters : mapping
        Of the consistency fit, by name; empty for the plain way.
    """

    motion: Motion
    skeleton: Skeleton
    parameters: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CachedTrial:
    """Files of one trial, and its motion under other weights of the consistency fit.

    Attributes
    ----------
    prepared, solved, consistent, contributions : xarray.Dataset
    scaled, final : Skeleton
        Before and after stage consistency.
    loose : MotionSource or None
        None where the trial was not fitted that way.
    """

    prepared: xr.Dataset
    solved: xr.Dataset
    consistent: xr.Dataset
    contributions: xr.Dataset
    scaled: Skeleton
    final: Skeleton
    loose: MotionSource | None = None

    @property
    def time(self) -> FloatArray:
        """Clock of the solved motion, s."""
        time: FloatArray = self.solved["time"].values
        return time

    @property
    def fitted(self) -> bool:
        """Whether motion and forces were made to agree."""
        return bool(self.consistent.attrs["motion"] == FITTED)

    @property
    def own_motion(self) -> Motion:
        """Motion under the study's own settings."""
        return Motion(*(self.consistent[name].values for name in ("q", "u", "udot")))

    @classmethod
    def read(
        cls, study: Study, participant_id: str, trial_id: str, loose: MotionSource | None
    ) -> CachedTrial:
        """Read a trial."""
        prepared, solved, consistent, contributions = (
            read_dataset(study.folder(participant_id, stage) / f"{trial_id}.nc")
            for stage in ("prepare", "solve", "consistency", "contributions")
        )
        models = (ParticipantModel.of(study, participant_id), final_model(study, participant_id))
        scaled, final = (load_skeleton(model.table) for model in models)
        return cls(prepared, solved, consistent, contributions, scaled, final, loose)


def motion_source(cached: CachedTrial, arm: Arm) -> MotionSource:
    """Give the motion of an arm.

    Raises
    ------
    AqbioError
        When the trial was not fitted that way.

    Notes
    -----
    The cut-off acts on a plain motion; a fitted one keeps its splines, and the cut-off acts on the
    forces beside it. A trial that stays plain among fitted ones stays plain under looser weights
    too, with the body of the session; the arm ``off`` takes that body away as well.
    """
    if arm.consistency == "loose" and cached.fitted:
        if cached.loose is None:
            raise AqbioError(
                "the consistency fit with looser forces is not believed for this trial.",
                rule="arm-unavailable",
                fix="see the findings of stage consistency.",
            )
        return cached.loose
    if arm.consistency == "default" and cached.fitted:
        given = cached.consistent.attrs
        found = {n.removeprefix("fit_"): float(x) for n, x in given.items() if n.startswith("fit_")}
        return MotionSource(cached.own_motion, cached.final, found)
    skeleton = cached.scaled if arm.consistency == "off" else cached.final
    rate = float(cached.prepared.attrs["marker_rate"])
    smooth = low_pass(cached.solved["q_unfiltered"].values, rate, arm.cutoff_hz)
    return MotionSource(spline_motion(skeleton, cached.time, smooth), skeleton)


def loose_motions(study: Study, participant_id: str) -> dict[str, MotionSource]:
    """Fit a participant's session again, forces and moments trusted a third as much.

    Returns
    -------
    dict of MotionSource
        By trial; those whose fit is not believed are left out. Empty where the study does not
        look at that arm, or no trial is fitted under its own settings.
    """
    manifest = study.read_manifest(participant_id, "consistency")
    names = [one["trial_id"] for one in manifest["trials"] if one.get("motion") == FITTED]
    settings = study.settings.multiverse
    if not (names and settings.enabled and "loose" in settings.consistency):
        return {}
    skeleton = load_skeleton(ParticipantModel.of(study, participant_id).table)
    trials = [SolvedTrial.read(study, participant_id, name) for name in names]
    static = static_stance(study, participant_id, skeleton)
    session = fitted_session(study, skeleton, trials, static, weights=LOOSE)
    return {
        name: MotionSource(fit.motion, fit.skeleton, fit.values)
        for name, fit in session.fits.items()
        if name in session.believed
    }
