"""`centrala doctor`: everything that a site needs, looked at one after the other, each with its remedy."""

import asyncio
from pathlib import Path

from app import doctor_local, doctor_reach, doctor_store
from app.findings import Finding


def examined(path: Path) -> list[Finding]:
    """Return what is found of the site whose configuration is at `path`."""
    found: list[Finding] = [doctor_local.python()]
    settings, of_configuration = doctor_local.configuration(path)
    found += of_configuration
    if settings is None:
        return found
    folder = path.resolve().parent
    found += doctor_local.of_machine(settings, folder)
    found += doctor_store.of_store(settings, folder)
    found += asyncio.run(doctor_reach.of_neighbours(settings))
    return found
