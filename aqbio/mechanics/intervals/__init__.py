"""How sure the contributions are: draws of body, plates and markers."""
