"""All trials of a participant fitted together: from what stages wrote to the fit of mechanics.

Stage consistency fits a session with the study's weights, stage evidence again with looser ones.
"""
