"""The control socket: JSON lines on a unix socket that its owner alone can open.

A request is one line, and so is its answer: {"ok": true, "result": ...} or {"ok": false, "error": words}.
After `events` every event is a line, until the client goes.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import socket
import stat
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from impl.daemon.requests import Events, Request, RequestError, read_request
from impl.daemon.words import Tree

MOST_CLIENTS = 16
#: octets of a request
LONGEST_LINE = 64 * 1024
#: events that wait for a client; a client that reads too slowly is disconnected
MOST_WAITING = 1000
#: seconds after which an idle client is disconnected
PATIENCE = 60.0
#: seconds between two looks at whether a client still waits for its answer
GLANCE = 0.5


class ControlError(Exception):
    """A control socket that cannot be used: why, and what to do."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem)
        self.problem, self.mend = problem, mend


class Served(Protocol):
    """The daemon behind the socket."""

    async def answer(self, request: Request) -> Tree:
        """Do it; RequestError in words if that cannot be."""
        ...

    def listen(self, sink: Callable[[Tree], None]) -> Callable[[], None]:
        """Give every event to `sink` from now on; what is returned ends that."""
        ...


class Control:
    """The socket, from when it is opened until it is closed."""

    def __init__(self, path: str, served: Served) -> None:
        self.path, self._served = path, served
        self._socket, self._inode = _listening(path)
        self._server: asyncio.AbstractServer | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to answer."""
        self._server = await asyncio.start_unix_server(
            self._client, sock=self._socket, limit=LONGEST_LINE
        )

    async def close(self) -> None:
        """Answer no more; the file goes, if it is still ours."""
        if self._server is None:
            self._socket.close()
        else:
            self._server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        with suppress(OSError):
            status = os.lstat(self.path)
            if (status.st_dev, status.st_ino) == self._inode:
                os.unlink(self.path)

    # ---- clients
    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            if not _may_ask(writer):
                await _say(writer, _refusal("this daemon belongs to another user"))
            elif len(self._clients) >= MOST_CLIENTS:
                await _say(writer, _refusal(f"there are {MOST_CLIENTS} clients already"))
            else:
                self._clients.add(task)
                await self._talk(reader, writer)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # gone, or sent away
        finally:
            self._clients.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                line = await asyncio.wait_for(reader.readline(), PATIENCE)
            except ValueError:
                await _say(writer, _refusal(f"a line of more than {LONGEST_LINE} octets"))
                return
            if not line:
                return
            try:
                request = read_request(line)
                if isinstance(request, Events):
                    await self._events(reader, writer)
                    return
                found = await self._answer(request, writer)
                if found is None:
                    return
                await _say(writer, {"ok": True, "result": found})
            except RequestError as error:
                await _say(writer, _refusal(str(error)))

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> Tree | None:
        """The answer; None if the client goes before it is there, and leaves its place to another."""
        asked = asyncio.ensure_future(self._served.answer(request))
        try:
            while not (await asyncio.wait((asked,), timeout=GLANCE))[0]:
                if _gone(writer):
                    return None
            return asked.result()
        finally:
            asked.cancel()

    async def _events(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting: asyncio.Queue[Tree | None] = asyncio.Queue(MOST_WAITING + 1)

        def sink(event: Tree) -> None:
            if waiting.qsize() < MOST_WAITING:
                waiting.put_nowait(event)
            elif waiting.qsize() == MOST_WAITING:
                waiting.put_nowait(None)

        end = self._served.listen(sink)
        gone = asyncio.ensure_future(_until_gone(reader))
        try:
            await _say(writer, {"ok": True, "result": {}})
            while True:
                following = asyncio.ensure_future(waiting.get())
                await asyncio.wait((following, gone), return_when=asyncio.FIRST_COMPLETED)
                if not following.done():
                    following.cancel()
                    return
                event = following.result()
                if event is None:
                    await _say(writer, _refusal(f"too slow: {MOST_WAITING} events are waiting"))
                    return
                await _say(writer, event)
        finally:
            end()
            gone.cancel()


async def _until_gone(reader: asyncio.StreamReader) -> None:
    with suppress(OSError):
        while await reader.read(4096):
            pass


def _gone(writer: asyncio.StreamWriter) -> bool:
    """Whether a client has closed its end; to have said all that it wants to is not that."""
    poll = select.poll()
    poll.register(writer.get_extra_info("socket").fileno(), 0)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


async def _say(writer: asyncio.StreamWriter, tree: Tree) -> None:
    writer.write(json.dumps(tree).encode() + b"\n")
    await asyncio.wait_for(writer.drain(), PATIENCE)


def _refusal(why: str) -> Tree:
    return {"ok": False, "error": why}


# ---- whose socket it is
def _may_ask(writer: asyncio.StreamWriter) -> bool:
    """The owner and root; the file's mode says so too, but not on every system."""
    sock = writer.get_extra_info("socket")
    found = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", found)
    return user in (0, os.geteuid())


def trusted(path: str) -> str:
    """Why not to use the socket at that path; empty if it belongs to this user or root."""
    try:
        status = os.lstat(path)
    except OSError as error:
        return error.strerror or "it cannot be accessed"
    if not stat.S_ISSOCK(status.st_mode):
        return "it is not a socket"
    return "" if status.st_uid in (0, os.geteuid()) else "it belongs to another user"


def _listening(path: str) -> tuple[socket.socket, tuple[int, int]]:
    """A socket at that path, mode 0600; a stale one of our own is replaced, and nothing else is."""
    _clear(path)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    before = os.umask(0o177)
    try:
        made.bind(path)
        made.listen(MOST_CLIENTS)
        status = os.lstat(path)
    except (OSError, ValueError) as error:
        made.close()
        why = getattr(error, "strerror", None) or str(error)
        raise ControlError(why, "name a path in a folder of your own: --control PATH") from None
    finally:
        os.umask(before)
    return made, (status.st_dev, status.st_ino)


def _clear(path: str) -> None:
    try:
        status = os.lstat(path)
    except OSError:
        return
    mend = "name another one: --control PATH"
    if not stat.S_ISSOCK(status.st_mode):
        raise ControlError("the path exists and is not a socket", mend)
    if status.st_uid != os.geteuid():
        raise ControlError("it belongs to another user", mend)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)  # a stale socket
            return
        except OSError as error:
            raise ControlError(error.strerror or "it cannot be reached", mend) from None
    raise ControlError("another daemon is using it", mend)
