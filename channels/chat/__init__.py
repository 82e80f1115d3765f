"""The chat widget's channel: one socket a tab, one conversation a visitor, nothing said twice or lost."""
