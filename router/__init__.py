"""The routing core: commands in, events out, nothing else. No I/O, no clock, no chance."""
