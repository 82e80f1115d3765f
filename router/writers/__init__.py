"""One writer for each event; `router.evolve` puts them together."""
