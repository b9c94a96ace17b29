"""What a stage leaves for later ones, and how: manifests, findings, masks, models, loads.

Every stage writes a manifest and its findings by the same hands, contains whatever goes wrong, and
reads what earlier stages wrote from here, never from another stage.
"""
