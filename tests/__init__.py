"""The tests: parts on their own, parts together, and the house from outside (acceptance)."""
