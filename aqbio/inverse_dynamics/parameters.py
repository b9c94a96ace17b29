"""Assumptions of a fit: parameters with their priors, the runner's model, and weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import hypot
from types import MappingProxyType
from typing import Literal

import numpy as np

from aqbio.body.draws import FOOT_MASS, InertiaSpread, centre_covariance, centre_spread, twins
from aqbio.body.priors import SLIDE_SD
from aqbio.body.shape import RIGHT_ANGLE
from aqbio.force_plates.alignment import OFFSET, PIVOT, ROTATION, SCALE
from aqbio.force_plates.single_plates import DISPLACEMENTS, ERRORS, plate_error, plate_parameter
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import AXES
from aqbio.vectors import BoolArray, FloatArray

CLOCK = "clock_offset"
"""Delay of the forces against the markers."""

DRAG = "drag_area"
"""Frontal area times drag coefficient."""

MASS = "mass"
"""Relative change of the whole body's mass."""

LEGS = "leg_share"
"""Relative change of the legs' mass, taken from the torso."""

PELVIS = "pelvis_share"
"""Relative change of the pelvis' mass, taken from the torso."""

FEET = "foot_share"
"""Relative change of the mass of both feet with their shoes, taken from the torso."""

ARMS = "arm_share"
"""Relative change of the mass of both arms, taken from the torso."""

SLIDE = "thigh_slide"
"""Sliding of the thigh's skin towards the knee by the knee's flexion."""

COMPLIANCE = "tissue_compliance"
"""Displacement of markers against the acceleration of the bone, by that acceleration."""

SOFT_TISSUE = (SLIDE, COMPLIANCE)
"""Parameters that displace markers and nothing else (`aqbio.inverse_dynamics.soft_tissue`)."""

CENTRES = "centres_"
"""Prefix of the number of a direction in which the segments' centres of mass are displaced."""

INDEPENDENCE_TIME_S = 0.2
"""Neighbouring frames are strongly correlated: residuals and markers within this time count as one
independent observation of the parameters (50 frames at 250 Hz)."""

STRIDE_SHARE = 0.8
"""Prior share of the soft-tissue artefact that repeats from stride to stride: further strides at
the same speed tell correspondingly less about parameters."""

HALF_WIDTH_SD = 1.645
"""Half-width of a 90 % interval in standard deviations."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that may be fitted."""

    name: str
    unit: str
    prior: float
    prior_sd: float
    """prior, prior_sd: Of a normal distribution."""
    on: bool = True
    """True where it is fitted; otherwise it keeps its prior mean."""


PLATE_ROTATION_SD_RAD = 0.005
"""Rotation of plates against cameras, rad: 1 mm under one end of a calibration frame of 0.4 m is
0.15 degrees."""

PELVIS_SHARE_SD = 0.07
"""Share of the pelvis in the body's mass, relative: that of one segment (`InertiaSpread.mass`)."""

LEG_SHARE_SD = 0.05
"""Share of both legs in the body's mass, relative: thigh, shank and foot are each uncertain by
`InertiaSpread.mass`, and both legs by nearly the same (`InertiaSpread.twin_mass`)."""

ARM_SHARE_SD = 0.05
"""Share of both arms in the body's mass, relative: as that of the legs."""

SLIDE_SD_M = SLIDE_SD["thigh"] / RIGHT_ANGLE
"""Sliding of the thigh's skin by a radian of flexion of the knee, m."""

COMPLIANCE_SD_S2 = 2.5e-4
"""Displacement by acceleration, m per m/s²: a natural frequency of 10 Hz. Accelerations of twelve
recorded runners need 1.2 to 3.2e-4 where nothing else is adjusted."""

CLOCK_SD_S = 0.020
"""Offset of the clocks, s: forces that are later than this by their own evidence are shifted before
any fit, so that it says no more than that. A narrow prior would be obeyed instead of the data: a
run that was 12 ms late came to 10.8 with 3 ms."""

DEVICES = (CLOCK, MASS, *ROTATION, *OFFSET, SCALE)
"""Parameters of devices and of what somebody typed, whose errors have long tails."""

LEVEL_OFFSETS = (OFFSET[0], OFFSET[2])
"""Displacements of the plates that are fitted even where their rotation is undetermined."""

PARAMETERS: tuple[Parameter, ...] = (
    Parameter(CLOCK, "s", 0.0, CLOCK_SD_S),
    Parameter(DRAG, "m2", 0.45, 0.15, on=False),
    Parameter(MASS, "relative", 0.0, 0.01),
    *(Parameter(name, "rad", 0.0, PLATE_ROTATION_SD_RAD, on=False) for name in ROTATION),
    *(Parameter(name, "m", 0.0, 0.003, on=name in LEVEL_OFFSETS) for name in OFFSET),
    Parameter(SCALE, "relative", 0.0, 0.002, on=False),
    Parameter(LEGS, "relative", 0.0, LEG_SHARE_SD),
    Parameter(PELVIS, "relative", 0.0, PELVIS_SHARE_SD),
    Parameter(FEET, "relative", 0.0, FOOT_MASS),
    Parameter(ARMS, "relative", 0.0, ARM_SHARE_SD),
    Parameter(SLIDE, "m/rad", 0.0, SLIDE_SD_M),
    Parameter(COMPLIANCE, "s2", 0.0, COMPLIANCE_SD_S2),
)
"""Every parameter except the positions of the segments' centres of mass, in order.

clock_offset
    Delay of the forces: the force at ``t + clock_offset`` belongs to the frame at ``t``.
drag_area
    Frontal area times drag coefficient; fixed by default, since the data hardly determine it.
mass
    Of the whole body, relative change.
plate_roll, plate_yaw, plate_pitch
    Rotation of the plates, as the file places them, to the cameras' frame, about x, y and z of the
    ground; fitted, as the scale, where planted feet along a runway determine it.
cop_offset_x, _y, _z
    Displacement of the plates at their pivot (`pivot_parameters`).
plate_scale
    Of the plates' distances from it: errors of a wand and of surveyed corners.
leg_share, pelvis_share, foot_share, arm_share
    Relative change of the mass of the legs (feet included), the pelvis, the feet alone and the
    arms, taken from the torso.
thigh_slide, tissue_compliance
    Of soft tissue under the markers (`aqbio.inverse_dynamics.soft_tissue`).
"""


def pivot_parameters(pivot: FloatArray) -> tuple[Parameter, ...]:
    """Fixed parameters of the pivot, (3,), m, about which plates rotate and scale."""
    at = zip(PIVOT, pivot.tolist(), strict=True)
    return tuple(Parameter(name, "m", position, 1.0, on=False) for name, position in at)


def single_plate_parameters(centres: Mapping[str, FloatArray]) -> tuple[Parameter, ...]:
    """Errors of single plates, and their fixed centres, (3,), m, by plate."""
    parameters = list[Parameter]()
    for plate, centre in centres.items():
        for error in ERRORS:
            is_moved = error in DISPLACEMENTS
            unit, sd = ("m", PLATE_SPREAD.position) if is_moved else ("rad", PLATE_ROTATION_SD_RAD)
            parameters.append(Parameter(plate_parameter(error, plate), unit, 0.0, sd))
        for axis, position in zip(AXES, centre.tolist(), strict=True):
            parameters.append(Parameter(plate_parameter(axis, plate), "m", position, 1.0, on=False))
    return tuple(parameters)


def with_place_error(parameters: Iterable[Parameter], error: float) -> tuple[Parameter, ...]:
    """Parameters with displacements of plates that may be as large as an error, m."""
    return tuple(
        replace(parameter, prior_sd=hypot(parameter.prior_sd, error))
        if parameter.name in LEVEL_OFFSETS or plate_error(parameter.name)[0] in DISPLACEMENTS
        else parameter
        for parameter in parameters
    )


def is_device(name: str) -> bool:
    """Tell whether a parameter is that of a device or of what somebody typed."""
    return name in DEVICES or bool(plate_error(name)[1])


def centre_parameters(count: int) -> tuple[Parameter, ...]:
    """Displacements of the centres of mass in independent directions, in prior sds."""
    names = [f"{CENTRES}{number + 1}" for number in range(count)]
    return tuple(Parameter(name, "sd", 0.0, 1.0) for name in names)


def centre_direction(name: str) -> int:
    """Index of a direction of the centres of mass: 1 for ``centres_2``."""
    return int(name.removeprefix(CENTRES)) - 1


@dataclass(frozen=True, slots=True)
class ParameterEstimate:
    """Estimate of one parameter with its standard deviation."""

    parameter: Parameter
    estimate: float
    """The prior, where it is not fitted."""
    sd: float
    """Posterior standard deviation, data counted as by `frames_per_observation`. 0 where it is not
    fitted."""

    @property
    def name(self) -> str:
        """Name of the parameter."""
        return self.parameter.name

    @property
    def low(self) -> float:
        """Lower end of the 90 % interval."""
        return self.estimate - HALF_WIDTH_SD * self.sd

    @property
    def high(self) -> float:
        """Upper end of the 90 % interval."""
        return self.estimate + HALF_WIDTH_SD * self.sd


def estimates(
    parameters: Sequence[Parameter], values: Mapping[str, float], covariance: FloatArray
) -> tuple[ParameterEstimate, ...]:
    """Combine parameters with values (SI) and the covariance (P, P) of fitted ones."""
    spread = iter(np.sqrt(np.diag(covariance)).tolist())
    return tuple(
        ParameterEstimate(parameter, values[parameter.name], next(spread) if parameter.on else 0.0)
        for parameter in parameters
    )


def priors(parameters: Sequence[Parameter]) -> dict[str, float]:
    """Prior means by name."""
    return {parameter.name: parameter.prior for parameter in parameters}


def prior_precision(parameters: Sequence[Parameter]) -> FloatArray:
    """Inverse variances of the fitted parameters' priors, (P,)."""
    return np.array([1.0 / parameter.prior_sd**2 for parameter in parameters if parameter.on])


def frames_per_observation(rate: float, strides: float = 1.0) -> float:
    """Number of frames at a rate, Hz, that count as one independent observation of the parameters.

    Errors of which the share ρ repeats in each of n strides have a mean of variance ``(1 + (n − 1)
    ρ) / n``: the n strides count as ``n / (1 + (n − 1) ρ)``, at most as 1.25 for ρ = 0.8.
    """
    repeats = 1.0 + max(strides - 1.0, 0.0) * STRIDE_SHARE
    return rate * INDEPENDENCE_TIME_S * repeats


def share_of_own_error(strides: float = 1.0) -> float:
    """Share of a trial's variance that is its own: not that of errors which repeat in each stride.

    These repeat in a runner's other trials, too, and cancel where trials are compared: clocks of
    four trials of one runner, each known to 3 ms, lie within 1 ms.
    """
    return (1.0 - STRIDE_SHARE) / (1.0 + max(strides - 1.0, 0.0) * STRIDE_SHARE)


Tissue = Literal["pelvis", "torso", "thigh", "shank", "foot", "upper_arm", "forearm"]
"""Classes of segments with similar soft-tissue artefact."""

CENTRE_VARIANCE_SHARE = 0.999
"""Share of the mass-weighted variance of the centres of mass that fitted directions explain."""


@dataclass(frozen=True, eq=False)
class Runner:
    """A skeleton and its anatomical groups."""

    skeleton: Skeleton
    groups: Mapping[str, Sequence[str]]
    """Segments of pelvis, torso, leg_left, leg_right, arm_left, arm_right: a partition. Arms may be
    missing."""
    com_posterior_covariance: FloatArray | None = None
    """(3 B, 3 B) array, m², optional. Posterior covariance of the segments' centres of mass
    relative to the markers, after the body's calibration; segment axes."""

    def __post_init__(self) -> None:
        """Refuse groups that are not a partition or lack the trunk or a leg."""
        members = sorted(name for members in self.groups.values() for name in members)
        if members != sorted(self.skeleton.bodies):
            raise ValueError(f"groups {members} are no partition of {self.skeleton.bodies}.")
        missing = {"pelvis", "torso", "leg_left", "leg_right"} - set(self.groups)
        if missing:
            raise ValueError(f"groups {sorted(missing)} are missing.")

    def members(self, *groups: str) -> BoolArray:
        """Segments of the named groups, (B,) bool."""
        names = {name for group in groups for name in self.groups.get(group, ())}
        return np.array([body in names for body in self.skeleton.bodies])

    @cached_property
    def parts(self) -> Mapping[str, BoolArray]:
        """(B,) bool: segments whose mass a parameter changes, by its name."""
        return {
            LEGS: self.members("leg_left", "leg_right"),
            PELVIS: self.pelvis,
            FEET: self._of_tissue("foot"),
            ARMS: self.members("arm_left", "arm_right"),
        }

    def _of_tissue(self, *classes: Tissue) -> BoolArray:
        """(B,) bool: segments of the named classes."""
        return np.isin(self.tissue, classes)

    @cached_property
    def feet(self) -> tuple[str, ...]:
        """Names of the segments next to the shanks, beyond which the toes are."""
        skeleton = self.skeleton
        first = [
            tissue == "foot" and self.tissue[parent] != "foot"
            for tissue, parent in zip(self.tissue, skeleton.parent, strict=True)
        ]
        return tuple(np.array(skeleton.bodies)[first].tolist())

    @cached_property
    def pelvis(self) -> BoolArray:
        """(B,) bool: segments of the pelvis."""
        return self.members("pelvis")

    @cached_property
    def torso(self) -> BoolArray:
        """(B,) bool: segments of the torso."""
        return self.members("torso")

    @cached_property
    def root(self) -> BoolArray:
        """(C,) bool: coordinates that move the whole body."""
        skeleton = self.skeleton
        moves_all = np.asarray(skeleton.lineage[:, skeleton.axes.body].all(axis=0))
        number = np.arange(len(skeleton.coordinates))
        return np.array([moves_all[skeleton.driver == coordinate].any() for coordinate in number])

    @cached_property
    def grouping(self) -> FloatArray:
        """(G, B) array of zeros and ones: segments of each group."""
        return np.array([self.members(group) for group in self.groups], dtype=float)

    @cached_property
    def centre_covariance(self) -> FloatArray:
        """(3 B, 3 B) array, m²: prior covariance of the centres of mass; segment axes."""
        twin = twins(self.skeleton.bodies, self.groups)
        spread = InertiaSpread(centre=centre_spread(self._of_tissue("thigh", "shank")))
        table = centre_covariance(self.skeleton, spread, twin)
        return (
            table
            if self.com_posterior_covariance is None
            else table + self.com_posterior_covariance
        )

    @cached_property
    def _leading(self) -> tuple[FloatArray, FloatArray]:
        """Leading directions of the centres' covariance, (D, 3 B) unit rows, and sizes, (D,).

        Segments are weighted by the root of their mass, kg½ m: a hand's centre matters less to
        momentum than a torso's.
        """
        weight = self._weight
        values, directions = np.linalg.eigh(weight[:, None] * self.centre_covariance * weight)
        values, directions = np.maximum(values[::-1], 0.0), directions[:, ::-1]
        count = int(np.searchsorted(np.cumsum(values), CENTRE_VARIANCE_SHARE * values.sum())) + 1
        return directions[:, :count].T, np.sqrt(values[:count])

    @property
    def _weight(self) -> FloatArray:
        root: FloatArray = np.repeat(np.sqrt(self.skeleton.mass), 3)
        return root

    @cached_property
    def centres(self) -> FloatArray:
        """(D, B, 3) array, m: independent displacements of one standard deviation."""
        axes, sizes = self._leading
        moved, weight = sizes[:, None] * axes, self._weight
        displacements: FloatArray = np.divide(moved, weight, out=0.0 * moved, where=weight > 0.0)
        return displacements.reshape(len(sizes), -1, 3)

    @property
    def centre_axes(self) -> FloatArray:
        """(D, 3 B) array: directions of `centres` as unit vectors over the segments' axes.

        Signs are those of eigenvectors, which depend on round-off; draws along the segments' axes,
        projected on these directions, do not depend on them.
        """
        return self._leading[0]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """All global parameters with their default priors, centres of mass last."""
        return (*PARAMETERS, *centre_parameters(len(self.centres)))

    @cached_property
    def tissue(self) -> tuple[Tissue, ...]:
        """Class of each of the B segments.

        In a limb, the segment next to the trunk is the thigh or the upper arm; the next one that
        carries others of the limb is the shank, all beyond it the foot; a patella counts as thigh.
        All beyond an upper arm is forearm.
        """
        return tuple(map(self._tissue, range(len(self.skeleton.bodies))))

    def _tissue(self, body: int) -> Tissue:
        if self.pelvis[body]:
            return "pelvis"
        if self.torso[body]:
            return "torso"
        limb = next(g for g in self.groups if self.skeleton.bodies[body] in self.groups[g])
        segments_of_limb = self.members(limb)
        depth = int((self.skeleton.lineage[body] & segments_of_limb).sum())
        if not limb.startswith("leg"):
            return "upper_arm" if depth == 1 else "forearm"
        carries = int((self.skeleton.lineage[:, body] & segments_of_limb).sum()) > 1
        if depth == 1 or (depth == 2 and not carries):
            return "thigh"
        return "shank" if depth == 2 else "foot"


TISSUE_SD: Mapping[Tissue, float] = MappingProxyType(
    {
        "thigh": 0.014,
        "pelvis": 0.009,
        "torso": 0.009,
        "upper_arm": 0.008,
        "shank": 0.008,
        "forearm": 0.006,
        "foot": 0.005,
    }
)
"""Soft-tissue artefact in running: standard deviation by segment, m."""

SENSOR_SD = 0.010
"""Independent error of each marker: placement, scaling, camera, m. With 4 mm the feet, whose skin
hardly moves but whose markers are misplaced like all others, bent the legs: left-out markers of
recorded runs were predicted 3 to 4 mm worse, virtual sprints no better."""

KNOT_SPACING_S = 0.010
"""Time between knots of the splines, s: dense enough for the first milliseconds of a contact.
Knots of 20 ms cannot follow these, which costs accuracy in the rates of torso and arms
(docs/consistency.md)."""

FRAMES_PER_KNOT = 2.0
"""Minimum number of frames per knot."""

MIN_ACCELERATION = 1.0
"""Minimum prior acceleration, for coordinates that hardly move, rad/s² or m/s²."""


@dataclass(frozen=True)
class Weights:
    """Standard deviations by which the rows of the cost are divided."""

    sigma_force_n: float = 30.0
    sigma_moment_nm: float = 5.0
    """sigma_force_n, sigma_moment_nm: Of the residual force and moment in each frame. With bodies
    that keep to the tables, 5 N m serve momentum and totals better than 10 and conserve momentum
    in flight (docs/decisions/0034-bodies-that-no-fit-deforms.md); tighter ones bend the motion."""
    correlation: float = 0.4
    """Between soft-tissue errors of the markers of one segment, 0 to less than 1."""
    tissue_sd_m: Mapping[Tissue, float] = field(default_factory=lambda: dict(TISSUE_SD))
    """Soft-tissue error by class of segment."""
    knot_s: float = KNOT_SPACING_S
    """Time between knots of the splines."""
    coordinate_sd: float = 0.5
    """Of a coordinate from inverse kinematics, rad or m: constrains what nothing else does."""
    roughness: float = 0.65
    """Fifth derivatives of coordinates over those of a motion whose acceleration, that of plain
    inverse kinematics, oscillates at the cut-off (docs/decisions/0023-matched-filters.md)."""


@dataclass(frozen=True, slots=True)
class LoadSpread:
    """Errors of a force plate: standard deviations."""

    position: float = 0.003
    """Of its position along x and along z, m."""
    gain: float = 0.005
    """Of its force, relative."""
    turn: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Of its direction about x, y and z, rad."""


PLATE_SPREAD = LoadSpread()
"""Assumed errors of plates: a fit follows them, so that residuals do not reveal them; crosstalk
between force channels is as large as the gain error."""
