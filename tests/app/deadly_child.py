"""A process that reads mails and that some of them kill."""

import os
import signal

from channels.email.parsing_child import Answer, Request, answered, main

SEGFAULT = b"X-Kills-Its-Reader"
ENDLESS = b"X-Never-Ends"
SILENT = b"X-Is-Waited-For"
HOARDS = b"X-Takes-All-Memory"
BREAKS = b"X-Breaks-Its-Reader"


def read(request: Request, raw: bytes) -> Answer:
    if SEGFAULT in raw:
        os.kill(os.getpid(), signal.SIGSEGV)
    while ENDLESS in raw:
        pass
    if SILENT in raw:
        signal.pause()
    if HOARDS in raw:
        bytearray(1 << 30)
    if BREAKS in raw:
        raise ValueError("no such mail")
    return answered(request, raw)


if __name__ == "__main__":
    main(read, cpu_s=1)
