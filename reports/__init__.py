"""Metrics: functions of the event log (semantics.md section 19)."""
