"""Journal and records in SQL: what was decided, and what was said and by whom."""
