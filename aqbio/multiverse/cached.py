"""What all specifications of a trial start from: its files, and the motions known of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from aqbio.body.records import ParticipantModel, final_model
from aqbio.consistency.fits_record import fit_values, read_start
from aqbio.consistency.session_fit import fitted_session
from aqbio.consistency.session_held import held_fits
from aqbio.consistency.session_static import static_stances
from aqbio.consistency.trial_fit import TrialFit
from aqbio.contributions.files import sampled_contributions
from aqbio.errors import AqbioError
from aqbio.inverse_kinematics.solution import FITTED, SolvedTrial
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.multibody.motion import Motion, spline_motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.multiverse.specifications import Specification, lower_rate
from aqbio.signals.filters import low_pass
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr

Made = TypeVar("Made")

LOOSE = (100.0, 30.0)
"""Standard deviations of residual force and moment of the specification ``loose``, N and N m."""


@dataclass(frozen=True, slots=True)
class MotionSource:
    """A motion, the body that moves, and what was found of clocks and plates with it."""

    motion: Motion
    skeleton: Skeleton
    parameters: Mapping[str, float] = field(default_factory=dict)
    """Of the consistency fit, by name; empty for the plain way."""


@dataclass(frozen=True, slots=True)
class OtherFits:
    """Trials of a session fitted in other ways than the study's."""

    trials: Mapping[str, SolvedTrial] = field(default_factory=dict)
    """What was read, by trial."""
    motions: Mapping[str, Mapping[str, MotionSource]] = field(default_factory=dict)
    """By trial, then by way; those whose fit is not believed are left out."""


@dataclass(frozen=True, slots=True)
class CachedTrial:
    """Files of one trial, and its motion under other weights of the consistency fit."""

    prepared: xr.Dataset
    solved: xr.Dataset
    consistent: xr.Dataset
    contributions: xr.Dataset
    scaled: Skeleton
    final: Skeleton
    """scaled, final: Before and after stage consistency."""
    fits: Mapping[str, MotionSource] = field(default_factory=dict)
    """By other ways of the consistency fit in which it was fitted."""
    kept: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)
    """What several specifications have in common, from the first that needed it."""

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Make what a key stands for, or give what was made before."""
        if key not in self.kept:
            self.kept[key] = make()
        made: Made = self.kept[key]
        return made

    @property
    def time(self) -> FloatArray:
        """Clock of the solved motion, s."""
        time: FloatArray = self.solved["time"].values
        return time

    @property
    def rate(self) -> float:
        """The lower rate of markers and, where there are any, forces, Hz."""
        return lower_rate(self.prepared.attrs)

    @property
    def fitted(self) -> bool:
        """Whether motion and forces were made to agree."""
        return bool(self.consistent.attrs["motion"] == FITTED)

    @property
    def own_motion(self) -> Motion:
        """Motion under the study's own settings."""
        return Motion(*(self.consistent[name].values for name in ("q", "u", "udot")))

    @classmethod
    def read(cls, study: Study, participant_id: str, trial_id: str, fits: OtherFits) -> CachedTrial:
        """Read what was not read already for the other fits of the session."""
        before = fits.trials.get(trial_id) or SolvedTrial.read(study, participant_id, trial_id)
        contributions, consistent = sampled_contributions(study, participant_id, trial_id)
        models = (ParticipantModel.of(study, participant_id), final_model(study, participant_id))
        scaled, final = (load_skeleton(model.table) for model in models)
        own = fits.motions.get(trial_id, {})
        results = (before.recorded, before.solved, consistent, contributions)
        return cls(*results, scaled, final, own)


def motion_source(cached: CachedTrial, specification: Specification) -> MotionSource:
    """The motion of a specification.

    Raises
    ------
    AqbioError
        When the trial was not fitted that way.

    Notes
    -----
    The cut-off acts on a plain motion; a fitted one keeps its splines, and the cut-off acts on the
    forces beside it. A trial that stays plain among fitted ones stays plain under looser weights
    too, with the body of the session; the specification ``off`` takes that body away as well.
    """
    way = specification.consistency
    if way not in ("default", "off") and cached.fitted:
        if way not in cached.fits:
            raise AqbioError(
                f"the consistency fit of another kind ({way}) is not believed for this trial.",
                rule="specification-unavailable",
                fix="see the findings of stage consistency.",
            )
        return cached.fits[way]
    if specification.consistency == "default" and cached.fitted:
        return MotionSource(cached.own_motion, cached.final, fit_values(cached.consistent))
    return cached.once(
        motion_key(cached, specification), lambda: _plain_source(cached, specification)
    )


def motion_key(cached: CachedTrial, specification: Specification) -> tuple[str, float]:
    """What tells the motions of specifications apart; the cut-off of a plain one only."""
    fitted = cached.fitted and specification.consistency != "off"
    return specification.consistency, 0.0 if fitted else specification.cutoff_hz


def _plain_source(cached: CachedTrial, specification: Specification) -> MotionSource:
    skeleton = cached.scaled if specification.consistency == "off" else cached.final
    rate = float(cached.prepared.attrs["marker_rate"])
    smooth = low_pass(cached.solved["q_unfiltered"].values, rate, specification.cutoff_hz)
    return MotionSource(spline_motion(skeleton, cached.time, smooth), skeleton)


def other_fits(study: Study, participant_id: str) -> OtherFits:
    """Fit a participant's session again in every other way that the study looks at.

    Forces and moments trusted a third as much, and with one choice of the fit held
    (`session_held`). Nothing where no trial is fitted under the study's own settings.
    """
    manifest = study.read_manifest(participant_id, "inverse_dynamics")
    names = [one["trial_id"] for one in manifest["trials"] if one.get("motion") == FITTED]
    ways = study.settings.multiverse.consistency if study.settings.multiverse.enabled else ()
    held = {way: values for way, values in manifest["held"].items() if way in ways}
    if not names or not (held or "loose" in ways):
        return OtherFits()
    skeleton = load_skeleton(ParticipantModel.of(study, participant_id).table)
    trials = [SolvedTrial.read(study, participant_id, name) for name in names]
    folder = study.folder(participant_id, "inverse_dynamics")
    near = {name: read_start(read_dataset(folder / f"{name}.nc")) for name in names}
    motions: dict[str, dict[str, MotionSource]] = {name: {} for name in names}
    if "loose" in ways:
        still = static_stances(study, participant_id, skeleton)
        session = fitted_session(study, skeleton, trials, still, weights=LOOSE, near=near)
        for name in session.believed:
            motions[name]["loose"] = _source(session.fits[name])
    for name, way, fit in held_fits(study, skeleton, trials, near, held):
        motions[name][way] = _source(fit)
    return OtherFits({trial.trial_id: trial for trial in trials}, motions)


def _source(fit: TrialFit) -> MotionSource:
    return MotionSource(fit.motion, fit.skeleton, fit.values)
