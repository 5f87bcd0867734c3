"""What keeps the interpreter to itself is done by other processes (R9; DESIGN.md section 6)."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from functools import partial
from pathlib import Path

import pytest

from impl.auth.interface import Outcome, Work
from impl.crypto.groups import draw, group_of
from impl.daemon.workers import Workers
from tests.impl.daemon.conftest import DEADLINE, ask, node, policy, result, run, two

WHERE = Work("say where", os.getpid, apart=True)
LARGE = policy("a").replace("modp1024", "modp4096"), policy("b").replace("modp1024", "modp4096")
PFS = tuple(text.replace("esp_proposals = aes128-sha256", "esp_proposals = aes128-sha256-modp3072")
            for text in LARGE)  # fmt: skip


async def child(workers: Workers) -> int:
    """The process that does the work."""
    outcome = await workers.run(WHERE)
    assert outcome.value is not None
    return outcome.value


def test_work_apart_goes_to_another_process_and_other_work_to_a_thread() -> None:
    async def test() -> None:
        workers = Workers()
        try:
            assert await child(workers) != os.getpid()
            here = await workers.run(Work("say where", os.getpid))
            assert here.value == os.getpid()
            thread = await workers.run(Work("say which", threading.get_ident))
            assert thread.value != threading.get_ident()
        finally:
            workers.close()

    run(test)


def test_r4_secrets_drawn_there_agree_with_what_is_drawn_here() -> None:
    async def test() -> None:
        workers, group = Workers(), group_of(15)
        assert group is not None
        own = group.private(os.urandom)
        try:
            drawn = await workers.run(Work("draw", partial(draw, 15), apart=True))
            assert drawn.value is not None
            agree = Work("agree", partial(drawn.value.shared, own.public), apart=True)
            assert (await workers.run(agree)).value == own.shared(drawn.value.public)
        finally:
            workers.close()

    run(test)


def test_r9_a_process_that_is_killed_is_replaced() -> None:
    async def test() -> None:
        workers = Workers()
        try:
            first = await child(workers)
            os.kill(first, signal.SIGKILL)
            assert await child(workers) not in (first, os.getpid())
        finally:
            workers.close()

    run(test)


def test_r9_work_that_kills_every_process_fails_in_words() -> None:
    async def test() -> Outcome[None]:
        workers = Workers()
        try:
            return await workers.run(Work("go on", partial(os._exit, 1), apart=True))
        finally:
            workers.close()

    failure = asyncio.run(test()).failure
    assert failure is not None
    assert str(failure) == "could not go on: the process that was to do it has ended"


def test_a_process_does_not_outlive_whoever_started_it() -> None:
    reading, writing = multiprocessing.Pipe(duplex=False)
    starter = multiprocessing.get_context("spawn").Process(target=start_and_die, args=(writing,))
    starter.start()
    writing.close()
    grandchild = reading.recv()
    starter.join(DEADLINE)
    try:
        handle = os.pidfd_open(grandchild)
    except ProcessLookupError:
        return  # it has ended already
    ended = multiprocessing.connection.wait([handle], DEADLINE)
    os.close(handle)
    assert ended


def start_and_die(writing: multiprocessing.connection.Connection) -> None:
    """Start a process, say which, and be gone without a farewell."""
    writing.send(asyncio.run(child(Workers())))
    os.kill(os.getpid(), signal.SIGKILL)


def test_r4_r12_daemons_come_up_in_large_groups(tmp_path: Path) -> None:
    async def test() -> None:
        async with two(tmp_path, a=PFS[0], b=PFS[1]) as (a, b):
            up = {"command": "up", "connection": "rig", "child": "net", "wait": DEADLINE}
            (answer,) = await ask(tmp_path / "a.sock", up)
            assert result(answer)["outcome"] == "established"
            (mine,), (theirs,) = await a.until("sas-installed"), await b.until("sas-installed")
            assert mine["pair"]["sas"][0]["inbound_spi"] == theirs["pair"]["sas"][0]["outbound_spi"]
            (status,) = await ask(tmp_path / "b.sock", {"command": "status"})
            (sa,) = result(status)["addresses"][0]["phase1"]
            assert sa["choice"]["group"] == "MODP4096" and sa["step"] is None

    run(test)


@pytest.mark.parametrize(("text", "prepared"), [(policy("a"), False), (LARGE[0], True)])
def test_processes_are_started_early_only_where_policies_want_large_groups(
    text: str, prepared: bool
) -> None:
    async def test() -> int:
        made, workers = node("a", text), Workers()
        try:
            workers.prepare(made.plan.settings.connections)
            return len(multiprocessing.active_children())
        finally:
            made.close()
            workers.close()

    before = len(multiprocessing.active_children())
    assert (asyncio.run(test()) > before) is prepared
