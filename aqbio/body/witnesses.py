"""What others measured of bodies, beside which that of a fit is held: legs, height of the centre.

Numbers of Dempster and Croskey are quoted as textbooks give them, without the papers at hand.
"""

from __future__ import annotations

LEG_SHARE = (0.161, 0.209)
"""Share of one leg in the body's mass, least and most of the published tables: cadavers (Dempster
1955, WADC TR 55-159) and living women (de Leva 1996, J Biomech 29:1223-1230; her men: 0.199)."""

LEG_SHARE_SD = 0.010
"""Between people of one table: 5 % of the leg, as thighs differ in Zatsiorsky's sample."""

STANDING_SHARE = (0.55, 0.57)
"""Height of the centre of mass in standing over stature: women 0.554, men 0.562 on the reaction
board (Croskey et al. 1922, Am J Physiol 61:171-185), rounded to whole percent outwards."""


def leg_share_limits() -> tuple[float, float]:
    """Shares of a leg beyond which it is hardly a person's: two SD of people beyond any table."""
    return LEG_SHARE[0] - 2 * LEG_SHARE_SD, LEG_SHARE[1] + 2 * LEG_SHARE_SD
