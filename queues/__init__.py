"""Queues: the interaction and its lifecycle, order, backlog, policy."""
