"""The person's body: parts of a model, calibration from all recordings; stage scale."""
