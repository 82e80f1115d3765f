"""Measurements: each module prints one JSON object with its figures, and the naive way or a peer beside them."""
