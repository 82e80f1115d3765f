"""The shell: command line, composition, the writer, intake, effects, alarm."""
