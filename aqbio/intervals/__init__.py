"""How sure contributions are: draws of body, plates and markers."""
