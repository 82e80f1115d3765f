"""A process that lives no longer than the one that started it."""

import subprocess
import sys


def test_a_child_ends_when_the_pipe_of_its_parent_does() -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "app.child", "http.server", "0", "--bind", "127.0.0.1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONUNBUFFERED": "1"},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    # It serves for ever, until the kernel closes the pipe, which it does with any death of the parent.
    assert child.stdout.readline().startswith(b"Serving HTTP")
    child.stdin.close()
    assert child.wait(20) == 1
    child.stdout.close()
