"""Configuration: one TOML file, checked as a whole; every fault with its line."""
