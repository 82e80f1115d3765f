"""Says one line, and goes on until somebody ends it."""

import signal

if __name__ == "__main__":
    print("here I am", flush=True)  # noqa: T201  # it is heard
    signal.pause()
