"""Steps as labelled arrays: cut once, canonical, in roles; everything behind reads these."""
