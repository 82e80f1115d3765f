"""Agents: what they can do, whether they are there, and what they hold."""
