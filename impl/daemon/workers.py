"""Where steps are done that may not hold the event loop up: threads, and other processes (DESIGN.md section 6)."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.process import BaseProcess
from typing import TypeVar

from impl.auth.interface import Outcome, Refused, Work
from impl.crypto.groups import group_of
from impl.ike.settings import ConnectionSettings

T = TypeVar("T")
#: processes at most: they are for bursts of rekeying
_MOST = 4
#: threads at most: they mostly wait
_MOST_THREADS = 16


class Workers:
    """Threads, and processes that are started when first needed. `close` ends the processes.

    A thread cannot be ended. So that a KDC which does not answer holds up no end of the program, they are
    not an executor's, which would wait for them.
    """

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._threads = asyncio.Semaphore(_MOST_THREADS)

    async def run(self, work: Work[T]) -> Outcome[T]:
        """Do it; never raises. Of a process that is ended from outside the work is done once more."""
        loop = asyncio.get_running_loop()
        if not work.apart:
            return await self._in_thread(loop, work)
        for _ in range(2):
            pool = self._processes()
            try:
                return await loop.run_in_executor(pool, work.run)
            except BrokenProcessPool:
                self._drop(pool)
        why = f"could not {work.what}: the process that was to do it has ended"
        return Outcome(failure=Refused("internal", why))

    async def _in_thread(self, loop: asyncio.AbstractEventLoop, work: Work[T]) -> Outcome[T]:
        made: asyncio.Future[Outcome[T]] = loop.create_future()

        def tell(outcome: Outcome[T]) -> None:
            if not made.done():  # given up
                made.set_result(outcome)

        def do() -> None:
            outcome = work.run()
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(tell, outcome)

        async with self._threads:
            threading.Thread(target=do, name=work.what, daemon=True).start()
            return await made

    def prepare(self, connections: Iterable[ConnectionSettings]) -> None:
        """Start the processes now if a connection may have work for them, as that takes a while."""
        groups = [group_of(number) for item in connections for number in _groups(item)]
        if any(group is not None and group.large for group in groups):
            pool = self._processes()
            for _ in range(_count()):
                pool.submit(_nothing)

    def close(self) -> None:
        """No more work; what is under way is not waited for."""
        if self._pool is not None:
            self._drop(self._pool)

    def _processes(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Not forked: this process has threads.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(_count(), context, initializer=_beside)
        return self._pool

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        if self._pool is pool:
            self._pool = None
        pool.shutdown(wait=False, cancel_futures=True)


def _groups(connection: ConnectionSettings) -> Iterator[int]:
    """The groups that an exchange may take, in either phase."""
    yield from (choice.group for rank in connection.takes for choice in rank)
    for child in connection.children:
        every = (bundle[0].group for rank in child.takes for bundle in rank)
        yield from (group for group in every if group is not None)


def _count() -> int:
    return max(1, min(_MOST, len(os.sched_getaffinity(0)) - 1))


# ---- in such a process
def _nothing() -> None:
    """What a process can do only when it is ready."""


def _beside() -> None:
    """It ends with the daemon: not before, when a terminal's Ctrl-C reaches it too, and not after."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(0)
