"""`ikeproof decode` on AH and ESP together, and on several SA payloads in one Quick Mode (RFC 2409 5.5)."""

from __future__ import annotations

import io
import os
from ipaddress import ip_address
from pathlib import Path

from impl.capture.packets import Endpoint
from impl.capture.writer import PcapWriter
from impl.crypto.schedule import Cookies, Keys
from impl.daemon.keyfile import KeyFile
from impl.wire.payloads import Nonce
from tests.explorer.conftest import Run
from tests.impl.ike.conftest import A, B, Pair, children, pair_of
from tests.impl.ike.test_bundles import BUNDLE
from tests.impl.ike.test_several_sas import IDS, NI, ONE, Insider, asked, taken

HASHES = "  verified HASH_I, HASH_R, HASH(1), HASH(2), HASH(3)"


def captured(folder: Path, pair: Pair) -> tuple[Path, Path, list[tuple[Cookies, Keys]]]:
    """Where a capture of a pair goes, where its keys go, and the keys; B tells them from now on."""
    log, told = KeyFile(str(folder / "keys.txt")), list[tuple[Cookies, Keys]]()

    def keep(cookies: Cookies, keys: Keys) -> None:
        log(cookies, keys)
        told.append((cookies, keys))

    pair.b = type(pair.b)(pair.b.settings, os.urandom, keep)
    pair.network.join(B, pair.b)
    return folder / "a.pcap", folder / "keys.txt", told


def write(file: Path, pair: Pair) -> None:
    """Everything that was sent, as a capture."""
    stream = io.BytesIO()
    writer = PcapWriter(stream)
    for sent in pair.network.log:
        ends = [Endpoint(ip_address(host), port) for host, port in (sent.source, sent.target)]
        writer.write(round(sent.time * 10**9), ends[0], ends[1], sent.datagram)
    file.write_bytes(stream.getvalue())


def test_r10_a_bundle_is_told_with_one_number_for_both_and_every_hash_is_verified(
    run: Run, tmp_path: Path
) -> None:
    pair = pair_of(children(A, BUNDLE, ONE), children(B, BUNDLE))
    capture, keys, _ = captured(tmp_path, pair)
    pair.start()
    pair.run(5)
    made = next(iter(pair.b.sadb.pairs.values()))[1]
    pair.b.expired(made.inbound_spi, pair.network.now)
    pair.run(5)
    write(capture, pair)
    done = run("decode", capture, "--keylog", keys)
    assert done.code == 0 and not done.err and HASHES in done.out.splitlines()
    esp, ah = (f"{item.inbound_spi:08x}" for item in made.sas)
    for line in (
        f"proposal 1 SPI {ah}: AH sha1, tunnel, no PFS, 3600 s",
        f"proposal 1 SPI {esp}: ESP 3des sha1, tunnel, no PFS, 3600 s",
    ):
        assert done.out.count(line) == 1, line
    assert "proposal 2 SPI" in done.out  # of the offer
    # a Delete for each protocol
    assert done.out.count(f"ESP {esp}") == done.out.count(f"AH {ah}") == 1


def test_several_sa_payloads_are_told_one_by_one_and_every_hash_is_verified(
    run: Run, tmp_path: Path
) -> None:
    pair = pair_of(b=children(B, ONE, BUNDLE))
    capture, keys, told = captured(tmp_path, pair)
    pair.start("")
    pair.run(2)
    hand = Insider(pair, *told[0])
    hand.offer(*asked(([ONE], 1), ([BUNDLE], 2)), Nonce(NI), *IDS)
    hand.confirm(taken(hand.answer())[1])
    write(capture, pair)
    done = run("decode", capture, "--keylog", keys)
    assert done.code == 0 and not done.err and HASHES in done.out.splitlines()
    for number in (1001, 1002, 2002):
        assert f"SPI {number:08x}: " in done.out
    for _, made in pair.b.sadb.pairs.values():
        for item in made.sas:
            assert f"SPI {item.inbound_spi:08x}: " in done.out
