"""The bridge to OpenSim: its models, its files, its check of every trial."""
