"""What pages say where the estimate of a statistic is above 0, and where it is below."""

from __future__ import annotations

UPWARD = {
    "opposition_difference": "the swing leg against the rest of the body balanced better than both "
    "legs against arms, torso and pelvis",
    "arms_push_cosine": "seen from above, the arms turned with the push leg",
    "imbalance_cost": "of athletes with the same mean strength those with unequal sides were "
    "slower",
    "push_leg_slope": "the leg whose extensors tested stronger carried more in its own contacts",
    "swing_leg_slope": "the leg whose hip flexors tested stronger was swung harder",
    "next_step_slope": "after a step that turned the body unusually the next one took a more unusual "
    "time",
    "unequal_gain_cost": "of athletes who gained the same strength in the mean those whose sides "
    "gained unequally gained less speed",
    "push_gain_slope": "the leg whose extensors gained more strength than the other's also gained "
    "more in its own contacts",
    "swing_gain_slope": "the leg whose hip flexors gained more strength than the other's was swung "
    "harder than before",
    "next_step_speed": "after a step that turned the body unusually the next one gained more "
    "speed, or lost less",
    "next_step_frequency": "after a step that turned the body unusually the next one came at a "
    "higher frequency",
    "next_step_lateral": "after a step that turned the body unusually the next one pushed more to "
    "the sides",
    "next_step_heading": "after a step that turned the body unusually the next one changed course "
    "by a more unusual angle",
    "next_step_transfer": "after a step that turned the body unusually the next one had a larger "
    "share of its push from swing leg, arms and torso",
    "next_step_movement": "after a step that turned the body unusually the next one moved less "
    "like the athlete's own steps",
    "caused_share": "joint moments of swing leg, lower back and arms added to the upward push",
    "lag_slope": "at higher speed the swing leg's turn peaked later within the step",
    "lag_spread_slope": "at higher speed the swing leg's timing scattered more from step to step",
    "lateral_slope": "athletes who pushed more to the sides than others at the same speed had a "
    "higher highest speed",
    "vertical_slope": "athletes who flew longer than others at the same speed had a higher highest "
    "speed",
    "attack_slope": "athletes who drove the swing leg harder than others at the same speed had a "
    "higher highest speed",
}
DOWNWARD = {
    "opposition_difference": "both legs against arms, torso and pelvis balanced better than the "
    "swing leg against the rest of the body",
    "arms_push_cosine": "seen from above, the arms turned against the push leg",
    "imbalance_cost": "of athletes with the same mean strength those with unequal sides were "
    "faster",
    "push_leg_slope": "the leg whose extensors tested stronger carried less in its own contacts",
    "swing_leg_slope": "the leg whose hip flexors tested stronger was swung less hard",
    "next_step_slope": "after a step that turned the body unusually the next one took a less unusual "
    "time",
    "unequal_gain_cost": "of athletes who gained the same strength in the mean those whose sides "
    "gained unequally gained more speed",
    "push_gain_slope": "the leg whose extensors gained more strength than the other's gained less "
    "in its own contacts",
    "swing_gain_slope": "the leg whose hip flexors gained more strength than the other's was swung "
    "less hard than before",
    "next_step_speed": "after a step that turned the body unusually the next one gained less "
    "speed, or lost more",
    "next_step_frequency": "after a step that turned the body unusually the next one came at a "
    "lower frequency",
    "next_step_lateral": "after a step that turned the body unusually the next one pushed less to "
    "the sides",
    "next_step_heading": "after a step that turned the body unusually the next one changed course "
    "by a less unusual angle",
    "next_step_transfer": "after a step that turned the body unusually the next one had a smaller "
    "share of its push from swing leg, arms and torso",
    "next_step_movement": "after a step that turned the body unusually the next one moved more "
    "like the athlete's own steps",
    "caused_share": "joint moments of swing leg, lower back and arms took away from the upward "
    "push",
    "lag_slope": "at higher speed the swing leg's turn peaked earlier within the step",
    "lag_spread_slope": "at higher speed the swing leg's timing scattered less from step to step",
    "lateral_slope": "athletes who pushed more to the sides than others at the same speed had a "
    "lower highest speed",
    "vertical_slope": "athletes who flew longer than others at the same speed had a lower highest "
    "speed",
    "attack_slope": "athletes who drove the swing leg harder than others at the same speed had a "
    "lower highest speed",
}
"""UPWARD, DOWNWARD: words where an estimate is above 0 and below it, by statistic."""
