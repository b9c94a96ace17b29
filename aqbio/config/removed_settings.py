"""Settings that a study may still name from an earlier version, and what replaces each."""

from __future__ import annotations

_SEED = "one seed stands for intervals and samples: write random.seed."
_STEP = "steps are marked beyond 1.5 times {}, as they were by default; change that setting."
_TOLERANCE = "it judged the program, not your data, and is fixed at its default"
_SPLINES = "the splines follow the frame rate and one belief, as they did by default"
_CALIBRATED = "the body is calibrated from all recordings; a static pose is no longer judged"

_CHECKED = "left-out markers and contacts are predicted by `python -m validation.fit_checks`"
_NOT_DRAWN = "is not drawn any more; its numbers are in the results"

CONSTANTS = {
    "consistency.sigma_force_n": "30 N, in aqbio/inverse_dynamics/parameters.py",
    "consistency.sigma_moment_nm": "5 N m, in aqbio/inverse_dynamics/parameters.py",
    "consistency.sigma_marker_m": "0.010 m, in aqbio/inverse_dynamics/parameters.py",
    "consistency.correlation": "0.4, in aqbio/inverse_dynamics/parameters.py",
    "consistency.parameters": "in aqbio/inverse_dynamics/parameters.py (PARAMETERS); the drag area "
    "of the runner is consistency.drag_area_m2, 0 without air",
    "hypotheses.speed_gap": "0.04, in aqbio/hypotheses/gathered.py (SPEED_GAP)",
    "multiverse.contact_models": "C1 to C3, in aqbio/hypotheses/contact_models.py (CONTACT_MODELS)",
    "multiverse.flight_roles": "R1 to R3, in aqbio/gait/roles.py (FlightRule)",
    "model.static_window_s": "0.5 s, in aqbio/io/movement.py (STATIC_WINDOW_S)",
    "prepare.event_minimum_s": "0.010 s, in aqbio/prepare/contacts.py (MIN_ABOVE_THRESHOLD_S)",
    "prepare.cop_threshold_n": "100 N, in aqbio/prepare/contacts.py (COP_THRESHOLD_N)",
    "prepare.edge_distance_m": "0.015 m, in aqbio/gait/steps.py (EDGE_DISTANCE_M)",
    "prepare.mass_disagreement": "0.05, in aqbio/body/statements.py (MASS_DISAGREEMENT)",
    "prepare.max_missing": "0.10, in aqbio/prepare/trial.py (MAX_MISSING)",
    "solve.jump_degrees": "15 degrees, in aqbio/inverse_kinematics/solution.py (MIN_JUMP_DEG)",
    "steps.maximum_flight_s": "0.30 s, in aqbio/gait/steps.py (MAXIMUM_FLIGHT_S)",
    "steps.steady_speed_change": "0.03, in aqbio/contributions/stage.py (STEADY_SPEED_CHANGE)",
}
"""Settings that became constants, with value and file of each."""

REMOVED = {
    **{name: f"it is a constant now, {description}." for name, description in CONSTANTS.items()},
    "multiverse.normalisation": "every verdict is tried in both units, as it was by default.",
    "figures.ground_force_trials": f"the ground force of single trials {_NOT_DRAWN}.",
    "figures.speed_edges_mps": "speeds that were run form the classes (docs/decisions/0048).",
    "figures.published": f"what others published {_NOT_DRAWN.partition(';')[0]}.",
    "consistency.held_out_folds": f"{_CHECKED}.",
    "consistency.held_out_trials": f"{_CHECKED}.",
    "quality.held_out_change_m": f"{_CHECKED}.",
    "consistency.seed": _SEED,
    "contributions.seed": _SEED,
    "hypotheses.seed": _SEED,
    "hypotheses.capacities": "strengths are in strength.tsv, by leg and movement.",
    "hypotheses.surrogates": "secondary statistics are not computed any more.",
    "contributions.closure_a2": f"{_TOLERANCE}, 1e-6.",
    "contributions.closure_a3": f"{_TOLERANCE}, 0.05.",
    "consistency.knot_s": f"{_SPLINES} (0).",
    "consistency.jerk_sd": f"{_SPLINES}.",
    "consistency.skin": "errors of markers are new in every frame (docs/consistency.md).",
    "solve.solver": "our engine solves, and OpenSim checks every trial.",
    "solve.accuracy": "it was for OpenSim as solver, which is gone.",
    "solve.reject_rms_m": _STEP.format("marker_rms_m"),
    "solve.reject_max_m": _STEP.format("marker_max_m"),
    "model.landmark_rms_m": f"{_CALIBRATED}.",
    "model.landmark_max_m": f"{_CALIBRATED}.",
}
"""Former settings, and what replaces them: a study that names one is refused with this text."""
