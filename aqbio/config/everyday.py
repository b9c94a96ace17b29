"""The settings that people change, and what became of settings that are none any more."""

EVERYDAY = {
    "files.data": "the recordings lie in another folder",
    "model.file": "you use a generic model of your own instead of our sprint model",
    "model.map": "that model is none of those that aqbio knows (`aqbio map-model` proposes a map)",
    "model.markers": "the labels of your recordings are not those of the model",
    "laboratory.axes": "the axes are not recognised, or wrongly: signs and sides depend on them",
    "laboratory.ignore_plates": "a plate is defective or stands beside the runway",
    "laboratory.ignore_markers": "a marker is worse than none",
    "laboratory.force_delay_s": "a filter before export delayed the forces",
    "prepare.cutoff_hz": "your signals ask for another low-pass than 20 Hz",
    "roles.pelvis": "the pelvis shall count to a leg, to both legs or to no side",
    "consistency.enabled": "you want motion and forces as they were measured, not made consistent",
    "hypotheses.registry": "you test hypotheses of your own, written before the data were read",
}
"""Settings by name, and when to change them; every other one is for experts."""

_SEED = "one seed stands for intervals, samples and surrogates: write random.seed."
_STEP = "steps are marked beyond 1.5 times {}, as they were by default; change that setting."
_TOLERANCE = "it judged the program, not your data, and is fixed at its default"
_SPLINES = "the splines follow the frame rate and one belief, as they did by default"
_CALIBRATED = "the body is calibrated from all recordings; a static pose is no longer judged"

_NOT_DRAWN = "is not drawn any more; its numbers are in the results"

REMOVED = {
    "figures.ground_force_trials": f"the ground force of single trials {_NOT_DRAWN}.",
    "figures.published": f"what others published {_NOT_DRAWN.partition(';')[0]}.",
    "consistency.seed": _SEED,
    "contributions.seed": _SEED,
    "hypotheses.seed": _SEED,
    "hypotheses.surrogates": "secondary statistics are not computed any more.",
    "contributions.closure_a2": f"{_TOLERANCE}, 1e-6.",
    "contributions.closure_a3": f"{_TOLERANCE}, 0.05.",
    "consistency.knot_s": f"{_SPLINES} (0).",
    "consistency.jerk_sd": f"{_SPLINES} (40000).",
    "solve.solver": "our engine solves, and OpenSim checks every trial.",
    "solve.accuracy": "it was for OpenSim as solver, which is gone.",
    "solve.reject_rms_m": _STEP.format("marker_rms_m"),
    "solve.reject_max_m": _STEP.format("marker_max_m"),
    "model.landmark_rms_m": f"{_CALIBRATED}.",
    "model.landmark_max_m": f"{_CALIBRATED}.",
}
"""Settings that were, and what stands for them: a study that names one is told so."""
