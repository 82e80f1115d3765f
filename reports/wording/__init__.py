"""Explanations in words: sentences in five languages for the codes that the core gives as reasons."""
