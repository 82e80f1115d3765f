"""Simulated days: who comes when, how patient, and what agents do. Draws come from a generator with its seed."""
