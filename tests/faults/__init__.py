"""Real faults: processes that are killed, disks that fill up, clocks that jump. `python -m tests.faults` prints it."""
