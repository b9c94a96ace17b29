"""Recordings altered by chance, and whether the product ends right or says the true cause.

``study`` is a study in memory, ``bases`` those to alter; ``hidden_markers``,
``misplaced_markers``, ``whole_recordings``, ``force_files``, ``angle_files`` and ``statements``
alter them; ``drawn`` draws what is altered; ``runs`` runs the product; ``judged`` compares with
the unaltered run; ``page`` writes what was found.
"""
