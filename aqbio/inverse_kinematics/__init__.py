"""From markers to joint angles, all frames at once; stage inverse_kinematics."""
