"""What the documentation says is tried: blocks run, links lead somewhere, generated pages are up to date."""
