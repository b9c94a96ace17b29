"""G-wave: studies drawn without bodies, as group waveforms and outcomes."""
