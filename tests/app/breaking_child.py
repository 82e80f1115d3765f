"""Says more on standard error than a pipe holds, and breaks."""

import sys

if __name__ == "__main__":
    sys.stderr.write("a line of no use\n" * 20_000)
    raise ValueError(sys.argv[1])
