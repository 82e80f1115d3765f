"""What reading a mail costs: mails made to hurt, each in a fresh process as a site starts it, and ordinary ones.

Processor time and memory are the reading process's own, told by the kernel; its start is measured with a small mail and
subtracted from the time, not from the memory. The limits that would kill it are on (5 s, 512 MB); the goals are lower.
Ordinary mails go through the processes of a site, four at once; beside it the same mails read without processes. Their
goal counts processor time, the start of four processes included, so that a busy machine changes it little.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
from base64 import encodebytes
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter, process_time
from typing import Any

import msgspec

from app.parsing import CHILD, ParsingChildren, read_in_thread
from benchmarks.mail_bombs import BOMBS
from channels.email.parsing_child import ANSWER, FRAME, READY, Answer, Failed, Inspect, Parse, Request

CPU_GOAL_S = 2.0
MEMORY_GOAL_MB = 256
RATE_GOAL = 500
OWN = frozenset({"support@desk.example"})
ORDINARY = 2_000
CHEAP = b"Subject: x\r\n\r\nx"
QUESTIONS: tuple[Request, ...] = (Parse("mail", 0, OWN, None, remote_images=False), Inspect())


def asked(raw: bytes, request: Request) -> tuple[float, float, str]:
    """Return processor seconds and the most memory in MB of a fresh process that reads `raw`, and how that ended."""
    header = msgspec.msgpack.encode(request)
    command = [sys.executable, "-m", CHILD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603  # our own module
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(FRAME.pack(len(header), len(raw)) + header + raw)
            process.stdin.flush()
            size = process.stdout.read(len(READY) + ANSWER.size)[len(READY) :]
            answer = process.stdout.read(ANSWER.unpack(size)[0]) if size else b""
            # The peak that the kernel tells at the end counts what this process had when it forked.
            status = Path(f"/proc/{process.pid}/status").read_text("ascii")
            process.stdin.close()
        except BrokenPipeError:
            answer, status = b"", ""
        _, code, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(code)
    peak = next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)
    return used.ru_utime + used.ru_stime, peak, _ending(answer, process.returncode)


def _ending(answer: bytes, code: int) -> str:
    if not answer:
        return f"killed: {code}"
    read: Answer = msgspec.msgpack.decode(answer, type=Answer)
    return read.error if isinstance(read, Failed) else "read"


def bombs(names: list[str]) -> list[dict[str, Any]]:
    """Return what each mail cost, as a message and as `mail inspect` wants it; the dearer of both counts."""
    start = min(asked(CHEAP, request)[0] for request in QUESTIONS for _ in range(3))
    rows = []
    for name in names:
        raw = BOMBS[name]()
        found = [asked(raw, request) for request in QUESTIONS]
        rows.append(
            {
                "mail": name,
                "megabytes": round(len(raw) / 1e6, 2),
                "cpu_s": round(max(0.0, *(cpu - start for cpu, _, _ in found)), 2),
                "memory_mb": round(max(peak for _, peak, _ in found)),
                "ended": sorted({ending for _, _, ending in found}),
            }
        )
    return rows


def ordinary(count: int) -> list[bytes]:
    """Return mails as people send them: plain, formatted, with a quote, with a file; none like another."""
    quote = "\r\n".join(f"> Line {at} of what was written before, and a little more." for at in range(12))
    text = "Dzień dobry,\r\n\r\n" + "where is my parcel, and when will it come? " * 12
    picture = encodebytes(bytes(range(256)) * 120).replace(b"\n", b"\r\n").decode("ascii")
    made = []
    for number in range(count):
        head = (
            f"Received: from mx.first.example by mx.desk.example; Mon, 2 Mar 2026 10:00:00 +0100\r\n"
            f"From: =?utf-8?q?Za=C5=BC=C3=B3=C5=82=C4=87?= <anna{number}@first.example>\r\nTo: support@desk.example\r\n"
            f"Subject: =?utf-8?b?WmFtw7N3aWVuaWU=?= {number}\r\nMessage-ID: <{number}@first.example>\r\n"
            f"Date: Mon, 2 Mar 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n"
        )
        plain = f"{text}\r\n\r\nOn Mon, 2 Mar 2026 at 09:00, Support <support@desk.example> wrote:\r\n{quote}\r\n"
        html = f"<html><body><p style='color: #222'>{text}</p><blockquote>{quote}</blockquote></body></html>"
        parts = (
            f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{plain}\r\n"
            f"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n"
        )
        file = f"--b\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n{picture}\r\n"
        mail = (
            f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{plain}",
            f"{head}Content-Type: multipart/alternative; boundary=b\r\n\r\n{parts}--b--\r\n",
            f"{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}{file}--b--\r\n",
        )[number % 3]
        made.append(mail.encode())
    return made


async def rates(mails: list[bytes]) -> dict[str, float]:
    """Return how many mails are read in a second, with and without processes, and what of it this process pays."""

    async def run(read: Any) -> tuple[float, float]:
        left = list(mails)

        async def work() -> None:
            while left:
                await read(
                    left.pop(),
                    channel="mail",
                    received_at=0,
                    own_addresses=OWN,
                    envelope_sender="",
                    is_own_message_id=lambda _: False,
                )

        begun, paid = perf_counter(), process_time()
        await asyncio.gather(*(work() for _ in range(4)))
        return perf_counter() - begun, process_time() - paid

    children = ParsingChildren()
    await asyncio.gather(*(children.inspected(CHEAP) for _ in range(4)))
    before = getrusage(RUSAGE_CHILDREN)
    outside, outside_paid = await run(children.read)
    await children.close()
    after = getrusage(RUSAGE_CHILDREN)
    readers_paid = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    inside, inside_paid = await run(read_in_thread)
    count = len(mails)
    return {
        "mails": count,
        "bytes_mean": round(statistics.fmean(map(len, mails))),
        "mails_a_second": round(count / outside),
        "site_us_a_mail": round(outside_paid / count * 1e6),
        "reader_us_a_mail": round(readers_paid / count * 1e6),
        "mails_a_processor_second": round(count / (outside_paid + readers_paid)),
        "mails_a_second_without_processes": round(count / inside),
        "site_us_a_mail_without_processes": round(inside_paid / count * 1e6),
    }


def goals(rows: list[dict[str, Any]], rate: dict[str, float]) -> list[dict[str, Any]]:
    """Return what was promised beside what was measured."""
    cpu, memory = max(row["cpu_s"] for row in rows), max(row["memory_mb"] for row in rows)
    ordinary_ = rate["mails_a_processor_second"]
    killed = sum(row["ended"] != ["read"] for row in rows)
    told = (
        ("processor time for any mail", cpu, CPU_GOAL_S, "s", cpu <= CPU_GOAL_S),
        ("memory for any mail", memory, MEMORY_GOAL_MB, "MB", memory <= MEMORY_GOAL_MB),
        ("mails that could not be read", killed, 0, "mails", killed == 0),
        ("ordinary mails a second of one processor", ordinary_, RATE_GOAL, "1/s", ordinary_ >= RATE_GOAL),
    )
    return [
        {"name": name, "value": value, "goal": goal, "unit": unit, "holds": holds}
        for name, value, goal, unit, holds in told
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mail", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--quick", action="store_true", help="each tenth of the mails made to hurt, fewer ordinary ones"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="mails made to hurt with TEXT in their names")
    options = parser.parse_args()
    names = [name for name in BOMBS if options.only in name]
    rows = bombs(names[::10] if options.quick else names)
    rate = asyncio.run(rates(ordinary(ORDINARY // 10 if options.quick else ORDINARY)))
    result = {
        "benchmark": "mail",
        "unit": "s and MB",
        "figures": {
            "load_average": round(os.getloadavg()[0], 1),
            "ordinary": rate,
            "dearest": sorted(rows, key=lambda row: -row["cpu_s"])[:5],
            "largest": sorted(rows, key=lambda row: -row["memory_mb"])[:5],
            "hurtful": len(rows),
        },
        "goals": goals(rows, rate),
    }
    print(json.dumps(result) if options.json else json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
