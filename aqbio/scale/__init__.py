"""The participant's model, calibrated from all recordings of the person; stage scale."""
