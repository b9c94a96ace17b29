"""Recordings altered by chance: does the product end right, masked or refused with the true cause?

``study`` is a study in memory, ``bases`` those to alter; ``marker_files``, ``force_files``,
``angle_files`` and ``statements`` alter them; ``drawn`` draws what is altered; ``runs`` runs the
product; ``judged`` compares with the unaltered run; ``page`` writes what was found.
"""
