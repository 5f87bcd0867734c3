"""What a step costs on a real terminal: octets written, layout passes, time, the first frame.

    python -m benchmarks.tui [--sizes 120x40] [--rows 500,5000]

The explorer runs in a pty; a key is written and its frame read. Octets and layout passes decide the exit
code (<= 10 kB a step for the whole screen, <= 1 kB for the chart alone, no layout pass), as they do not
jitter; times are printed (p50 < 16 ms, p95 < 50 ms; first frame < 400 ms of CPU).
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import resource
import select
import statistics
import struct
import subprocess
import sys
import termios
import time
from contextlib import suppress
from dataclasses import dataclass

WHOLE, CHART = 10_000, 1_000
STEPS, SETTLE = 40, 5


@dataclass(frozen=True)
class Figures:
    """Of one run: CPU seconds and octets of the start, seconds and octets of each step, layout passes."""

    start_cpu: float
    start_octets: int
    seconds: list[float]
    octets: list[int]
    layouts: int


def child(rows: int, alone: bool) -> int:
    """The explorer over a session with so many rows, its cursor in the middle; layouts are counted."""
    from benchmarks.explore import filled
    from explorer.cli.explore import Asked, opened
    from explorer.session.session import Session
    from explorer.tui.app import ExplorerApp
    from explorer.tui.explore import ExploreScreen
    from explorer.view.explore.spans import UNICODE

    session: Session = filled(rows) if rows else opened(Asked(scenario="main-psk"))
    session.back(len(session.rows()) // 2)
    counted = 0
    before = ExploreScreen._refresh_layout

    def refresh_layout(self: ExploreScreen, *args: object, **kwargs: object) -> None:
        nonlocal counted
        counted += 1
        before(self, *args, **kwargs)  # type: ignore[arg-type]  # whatever Textual gives

    setattr(ExploreScreen, "_refresh_layout", refresh_layout)  # noqa: B010 (to count, not to change)

    class Alone(ExplorerApp):
        """The chart, and nothing beside it."""

        CSS = (
            "#status, #verdict, #below, #side, #divider-2, #next, #keys { display: none; }"
            "#chart-column { width: 78; }"  # as wide as beside the inspector
        )

    kind = Alone if alone else ExplorerApp
    app = kind(session, lambda line: session, ("dark", UNICODE))
    app.run()
    print(
        f"\nlayouts {counted} cpu {resource.getrusage(resource.RUSAGE_SELF).ru_utime:.3f}",
        flush=True,
    )
    return 0


def _drain(fd: int, quiet: float, limit: float) -> tuple[bytes, float]:
    """What is written until nothing comes for a while; and when the last of it came."""
    data, last, start = b"", time.perf_counter(), time.perf_counter()
    while time.perf_counter() - start < limit:
        if not select.select([fd], [], [], quiet)[0]:
            break
        try:
            data += os.read(fd, 1 << 16)
        except OSError:
            break
        last = time.perf_counter()
    return data, last


def measured(size: str, rows: int, *, alone: bool = False) -> Figures:
    """Run it in a pty of that size."""
    columns, lines = map(int, size.split("x"))
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(
            TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_ANIMATIONS="none", LANG="C.UTF-8",
            COLUMNS=size.split("x")[0], LINES=size.split("x")[1],
        )  # fmt: skip
        for name in ("NO_COLOR", "PYTHONDONTWRITEBYTECODE"):
            os.environ.pop(name, None)
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.tui", "--child", str(rows), *(["--alone"] if alone else [])])  # fmt: skip
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    first = b""
    while b"RESPONDER" not in first and select.select([fd], [], [], 60)[0]:  # the chart's head
        first += os.read(fd, 1 << 16)
    cpu = _cpu(pid)
    _drain(fd, 2.0, 60)
    seconds, octets = [], []
    for _ in range(STEPS):
        start = time.perf_counter()
        os.write(fd, b"n")
        data, last = _drain(fd, 0.08, 2.0)
        seconds.append(last - start)
        octets.append(len(data))
    os.write(fd, b"q")
    rest, _ = _drain(fd, 1.5, 6)
    with suppress(OSError):
        os.close(fd)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)
    said = rest.decode("utf-8", "replace").rpartition("layouts ")[2].split()
    layouts = int(said[0]) if said and said[0].isdigit() else -1
    return Figures(cpu, len(first), seconds[SETTLE:], octets[SETTLE:], layouts)


def _imported() -> float:
    """CPU seconds of a Python that imports Textual, and does no more."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    keeps = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-c", "import textual.app"], check=True, env=keeps)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Print the figures; 1 if octets or layout passes are beyond their budget."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", default="80x24,120x40,200x60")
    parser.add_argument("--rows", default="500,5000")
    parser.add_argument("--child", type=int)
    parser.add_argument("--alone", action="store_true")
    asked = parser.parse_args()
    if asked.child is not None:
        return child(asked.child, asked.alone)
    begun = min(measured("120x40", 0).start_cpu for _ in range(3))
    alone = min(_imported() for _ in range(3))
    print(f" 120x40  first frame of main-psk: {begun * 1e3:.0f} ms of CPU (goal 400), x{begun / alone:.2f} "
          f"of `import textual.app` ({alone * 1e3:.0f} ms)")  # fmt: skip
    good = True
    for rows in map(int, asked.rows.split(",")):
        for size in asked.sizes.split(","):
            good &= _reported(size, rows, measured(size, rows), WHOLE)
        good &= _reported("120x40", rows, measured("120x40", rows, alone=True), CHART)
    return 0 if good else 1


def _reported(size: str, rows: int, found: Figures, most: int) -> bool:
    p95 = sorted(found.seconds)[int(0.95 * len(found.seconds))]
    octets = statistics.median(found.octets)
    what = "chart alone" if most == CHART else "screen"
    print(
        f"{size:>7} {rows:>5} rows  {what:<12} step p50 {statistics.median(found.seconds) * 1e3:5.1f} ms  "
        f"p95 {p95 * 1e3:5.1f} ms  {octets:6.0f} octets (goal {most})  "
        f"layouts {found.layouts}"
    )
    return octets <= most


if __name__ == "__main__":
    sys.exit(main())
