"""What a laboratory sees of a virtual run: plates, cameras, skin, noise and faults."""
