"""The demonstration: synthetic customers and agents on the real channels, and a sandbox for outgoing mail."""
