"""The control socket: whose it is, and what it makes of bad requests (R22)."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from impl.daemon.control import (
    LONGEST_LINE,
    MOST_CLIENTS,
    MOST_WAITING,
    Control,
    ControlError,
    trusted,
)
from impl.daemon.requests import Request, RequestError
from impl.daemon.words import Tree
from tests.impl.daemon.conftest import DEADLINE, ask, run, two


class Echo:
    """Answers with what was asked, to `rekey` when it is told to; events come from the test."""

    def __init__(self) -> None:
        self.sinks: list[Callable[[Tree], None]] = []
        self.go_on = asyncio.Event()

    async def answer(self, request: Request) -> Tree:
        if request.command == "up" and request.connection == "no":
            raise RequestError("there is no such connection")
        if request.command == "rekey":
            await asyncio.wait_for(self.go_on.wait(), DEADLINE)
        return request.model_dump()

    def listen(self, sink: Callable[[Tree], None]) -> Callable[[], None]:
        self.sinks.append(sink)
        return lambda: self.sinks.remove(sink)


BAD = [
    (b"{", "not a valid request"),
    (b"[]", "not a valid request"),
    (b"\xff\xfe", "not a valid request"),
    (b"{}", "not a valid request"),
    (b'{"command": "destroy"}', "not a valid request"),
    (b'{"command": "up"}', "connection: Field required"),
    (b'{"command": "up", "connection": 3}', "connection"),
    (b'{"command": "up", "connection": "a", "wait": 1e9}', "wait"),
    (b'{"command": "up", "connection": "a", "wait": NaN}', "not a valid request"),
    (b'{"command": "status", "more": 1}', "more"),
    (b'{"command": "up", "connection": "no"}', "there is no such connection"),
    (b"[" * 60_000, "not a valid request"),
]


@pytest.mark.parametrize(("line", "words"), BAD)
def test_a_bad_request_is_answered_with_words_and_the_next_one_is_served(
    tmp_path: Path, line: bytes, words: str
) -> None:
    async def test() -> None:
        control = Control(str(tmp_path / "s"), Echo())
        await control.open()
        bad, good = await ask(tmp_path / "s", line, {"command": "down"})
        assert not bad["ok"] and words in bad["error"] and len(bad["error"]) < 500
        assert good == {"ok": True, "result": {"command": "down", "connection": None}}
        await control.close()

    run(test)


def test_a_request_that_is_too_long_ends_the_talk_with_words(tmp_path: Path) -> None:
    async def test() -> None:
        control = Control(str(tmp_path / "s"), Echo())
        await control.open()
        (answer,) = await ask(tmp_path / "s", b" " * (LONGEST_LINE + 10))
        assert not answer["ok"] and str(LONGEST_LINE) in answer["error"]
        (next_one,) = await ask(tmp_path / "s", {"command": "status"})
        assert next_one["ok"]
        await control.close()

    run(test)


def test_no_more_clients_than_there_may_be(tmp_path: Path) -> None:
    async def test() -> None:
        control = Control(str(tmp_path / "s"), Echo())
        await control.open()
        clients = []
        for _ in range(MOST_CLIENTS):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            writer.write(b'{"command": "status"}\n')
            assert await reader.readline()
            clients.append(writer)
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        refused = json.loads(await asyncio.wait_for(reader.readline(), DEADLINE))
        assert not refused["ok"] and "clients already" in refused["error"]
        for client in (*clients, writer):
            client.close()
        await control.close()

    run(test)


def test_who_goes_without_an_answer_leaves_its_place_and_who_has_said_all_does_not(
    tmp_path: Path,
) -> None:
    async def test() -> None:
        served = Echo()
        control = Control(str(tmp_path / "s"), served)
        await control.open()
        rekey = b'{"command": "rekey", "connection": "a", "wait": 600}\n'
        reader, patient = await asyncio.open_unix_connection(str(tmp_path / "s"))
        patient.write(rekey)
        patient.write_eof()
        for _ in range(MOST_CLIENTS - 1):
            _, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            writer.write(rekey)
            await writer.drain()
            writer.close()
        status = {"command": "status"}
        while not (answer := (await ask(tmp_path / "s", status))[0])["ok"]:
            assert "clients already" in answer["error"]
            await asyncio.sleep(0)
        served.go_on.set()
        assert json.loads(await asyncio.wait_for(reader.readline(), DEADLINE))["ok"]
        patient.close()
        await control.close()

    async def bounded() -> None:
        await asyncio.wait_for(test(), DEADLINE)

    run(bounded)


def test_events_are_told_until_the_client_goes_and_a_slow_one_is_sent_away(tmp_path: Path) -> None:
    async def test() -> None:
        served = Echo()
        control = Control(str(tmp_path / "s"), served)
        await control.open()
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        writer.write(b'{"command": "events"}\n')
        assert json.loads(await asyncio.wait_for(reader.readline(), DEADLINE))["ok"]
        served.sinks[0]({"event": "noted"})
        assert json.loads(await asyncio.wait_for(reader.readline(), DEADLINE)) == {"event": "noted"}
        for number in range(MOST_WAITING + 5):  # in one go: nobody can take them meanwhile
            served.sinks[0]({"event": "noted", "number": number})
        lines = [json.loads(line) async for line in reader]
        assert [item.get("number") for item in lines[:-1]] == list(range(MOST_WAITING))
        assert "too slow" in lines[-1]["error"] and not served.sinks
        writer.close()
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        writer.write(b'{"command": "events"}\n')
        await asyncio.wait_for(reader.readline(), DEADLINE)
        writer.close()
        await asyncio.wait_for(_gone(served), DEADLINE)
        await control.close()

    async def _gone(served: Echo) -> None:
        while served.sinks:
            await asyncio.sleep(0)

    run(test)


def test_the_socket_is_its_owners_alone_and_goes_with_the_daemon(tmp_path: Path) -> None:
    async def test() -> None:
        path = tmp_path / "s"
        control = Control(str(path), Echo())
        status = path.lstat()
        assert stat.S_ISSOCK(status.st_mode) and status.st_mode & 0o777 == 0o600
        assert trusted(str(path)) == ""
        await control.open()
        await control.close()
        assert not path.exists()

    run(test)


def test_a_stale_socket_is_replaced_a_live_one_and_anything_else_is_not(tmp_path: Path) -> None:
    async def test() -> None:
        path = tmp_path / "s"
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(path))
        first = Control(str(path), Echo())
        await first.open()
        with pytest.raises(ControlError, match="another daemon is using it"):
            Control(str(path), Echo())
        (still,) = await ask(path, {"command": "status"})
        assert still["ok"]
        await first.close()
        path.write_text("precious")
        with pytest.raises(ControlError, match="not a socket"):
            Control(str(path), Echo())
        assert path.read_text() == "precious"
        link = tmp_path / "link"
        link.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(ControlError, match="not a socket"):
            Control(str(link), Echo())
        with pytest.raises(ControlError):
            Control(str(tmp_path / "no" / "folder"), Echo())

    run(test)


def test_another_users_socket_is_neither_replaced_nor_asked(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a file another user's")
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    os.lchown(path, 12345, 12345)
    with pytest.raises(ControlError, match="another user"):
        Control(str(path), Echo())
    assert path.exists() and "another user" in trusted(str(path))


def test_a_file_that_has_taken_the_sockets_place_stays(tmp_path: Path) -> None:
    async def test() -> None:
        path = tmp_path / "s"
        control = Control(str(path), Echo())
        await control.open()
        path.unlink()
        path.write_text("mine")
        await control.close()
        assert path.read_text() == "mine"

    run(test)


def test_unknown_names_are_refused_with_those_that_there_are(tmp_path: Path) -> None:
    async def test() -> None:
        async with two(tmp_path):
            answers = await ask(
                tmp_path / "a.sock",
                {"command": "up", "connection": "gone"},
                {"command": "up", "connection": "rig", "child": "gone"},
                {"command": "down", "connection": "gone"},
            )
            assert [answer["ok"] for answer in answers] == [False, False, False]
            assert "the connections are: rig" in answers[0]["error"] == answers[2]["error"]
            assert "its children are: net, two" in answers[1]["error"]

    run(test)
