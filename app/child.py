"""`python -m app.child MODULE ARGUMENTS`: runs a module for as long as the process lives that started it.

Standard input is a pipe of the parent's, to which nobody writes: it ends with the parent, however that dies. What the
module imports may take long, so this comes before.
"""

import os
import runpy
import sys
import threading


def main() -> None:
    """Run the module that the arguments name, and end at once when standard input does."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with_the_parent() -> None:
    while os.read(0, 1024):
        continue
    os._exit(1)


if __name__ == "__main__":
    main()
