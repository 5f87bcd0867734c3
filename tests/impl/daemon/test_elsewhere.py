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
from impl.daemon.elsewhere import Elsewhere
from tests.impl.daemon.conftest import DEADLINE, ask, node, policy, result, run, two

WHERE = Work("say where", os.getpid, apart=True)
LARGE = policy("a").replace("modp1024", "modp4096"), policy("b").replace("modp1024", "modp4096")
PFS = tuple(text.replace("esp_proposals = aes128-sha256", "esp_proposals = aes128-sha256-modp3072")
            for text in LARGE)  # fmt: skip


async def child(elsewhere: Elsewhere) -> int:
    """The process that does the work."""
    outcome = await elsewhere.run(WHERE)
    assert outcome.value is not None
    return outcome.value


def test_work_apart_goes_to_another_process_and_other_work_to_a_thread() -> None:
    async def test() -> None:
        elsewhere = Elsewhere()
        try:
            assert await child(elsewhere) != os.getpid()
            here = await elsewhere.run(Work("say where", os.getpid))
            assert here.value == os.getpid()
            thread = await elsewhere.run(Work("say which", threading.get_ident))
            assert thread.value != threading.get_ident()
        finally:
            elsewhere.close()

    run(test)


def test_r4_secrets_drawn_there_agree_with_what_is_drawn_here() -> None:
    async def test() -> None:
        elsewhere, group = Elsewhere(), group_of(15)
        assert group is not None
        own = group.private(os.urandom)
        try:
            drawn = await elsewhere.run(Work("draw", partial(draw, 15), apart=True))
            assert drawn.value is not None
            agree = Work("agree", partial(drawn.value.shared, own.public), apart=True)
            assert (await elsewhere.run(agree)).value == own.shared(drawn.value.public)
        finally:
            elsewhere.close()

    run(test)


def test_r9_a_process_that_is_killed_is_replaced() -> None:
    async def test() -> None:
        elsewhere = Elsewhere()
        try:
            first = await child(elsewhere)
            os.kill(first, signal.SIGKILL)
            assert await child(elsewhere) not in (first, os.getpid())
        finally:
            elsewhere.close()

    run(test)


def test_r9_work_that_kills_every_process_fails_in_words() -> None:
    async def test() -> Outcome[None]:
        elsewhere = Elsewhere()
        try:
            return await elsewhere.run(Work("go on", partial(os._exit, 1), apart=True))
        finally:
            elsewhere.close()

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
    # the pipe ends when nobody holds it any more: the starter has gone, its process had it too
    handle = os.pidfd_open(grandchild) if alive(grandchild) else None
    if handle is not None:
        ended = multiprocessing.connection.wait([handle], DEADLINE)
        os.close(handle)
        assert ended


def alive(process: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def start_and_die(writing: multiprocessing.connection.Connection) -> None:
    """Start a process, say which, and be gone without a farewell."""
    writing.send(asyncio.run(child(Elsewhere())))
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
        made, elsewhere = node("a", text), Elsewhere()
        try:
            elsewhere.prepare(made.plan.settings.connections)
            return len(multiprocessing.active_children())
        finally:
            made.close()
            elsewhere.close()

    before = len(multiprocessing.active_children())
    assert (asyncio.run(test()) > before) is prepared
