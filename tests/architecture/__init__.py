"""The rules of the repository that a tool can check."""
