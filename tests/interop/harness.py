"""Runs cases in the rig: two real strongSwans in network namespaces."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.interop.cases import Case
from tests.interop.network import ADDRESSES, shim
from tests.interop.pki import PKI

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# A lost message shows within two seconds; nothing is lost on a veth pair.
TRIES, TIMEOUT_SECONDS = 1, 0.7
# What Debian's packages load, in their order, less what would reach beyond the namespaces.
PLUGINS = (
    "aesni aes rc2 sha2 sha1 md5 mgf1 random nonce x509 revocation constraints pubkey pkcs1 pkcs7 pkcs12 "
    "pgp dnskey sshkey pem openssl gcrypt pkcs8 fips-prf gmp curve25519 agent chapoly xcbc cmac hmac kdf "
    "ctr ccm gcm drbg attr kernel-netlink socket-default vici updown xauth-generic counters"
)
# As the rig's README has it: who is not root is, in a namespace of users, with a /run of one's own.
_UNSHARE = "unshare -Urnm --propagation private sh -c".split()
AS_ROOT = [*_UNSHARE, 'mount -t tmpfs none /run && exec "$@"', "sh"] if os.geteuid() else []
# Settings that charon reads when it starts, and no more.
AT_START = ("charon.initiator_only",)
# Who is behind a NAT, and what the charons start with.
_Network = tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]
Lines = dict[str, dict[str, dict[str, list[str]]]]


def rig_script() -> Path:
    """The rig: the one that $IKEPROOF_INTEROP names, the team's, else the copy kept here."""
    return _script("strongswan_rig.py")


def rig_command() -> list[str]:
    """What runs the rig: as root, or in a user namespace where one is root."""
    return [*AS_ROOT, sys.executable, str(rig_script())]


def kdc_script() -> Path:
    """The rig's KDC, likewise."""
    return _script("kdc_rig.py")


def _script(name: str) -> Path:
    named = os.environ.get("IKEPROOF_INTEROP")
    folders = [Path(named)] if named else [ROOT.parent / "shared" / "interop", HERE / "rig"]
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"no {name} in {folders[0]}")


def why_no_kdc() -> str:
    """Why no KDC can run here, or nobody can talk to it; empty if all is there."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    for program in ("krb5kdc", "kdb5_util", "kadmin.local", "kinit", "klist"):
        if shutil.which(program, path=path) is None:
            return f"needs {program} (Debian: krb5-kdc, krb5-admin-server, krb5-user)"
    if importlib.util.find_spec("gssapi") is None:
        return "needs the extra `kerberos` (Debian: gcc, libkrb5-dev to build it)"
    return ""


def why_not() -> str:
    """Why the rig cannot run here; empty if it can."""
    if not Path("/dev/net/tun").exists():
        return "needs /dev/net/tun"
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    for program in ("ip", "unshare", "openssl", "swanctl", "nft", "gcc"):
        if shutil.which(program, path=path) is None:
            return f"needs {program} (Debian: see .ci/run)"
    if not any(map(os.path.exists, ("/usr/lib/ipsec/charon", "/usr/libexec/ipsec/charon"))):
        return "needs charon (Debian: strongswan-charon)"
    name = f"ikeproof-probe-{os.getpid()}"
    probe = [*AS_ROOT, "sh", "-c", f"ip netns add {name} && ip netns del {name}"]
    environment = dict(os.environ, PATH=path)
    if subprocess.run(probe, env=environment, capture_output=True, check=False).returncode:
        return "needs root, or user and network namespaces"
    return ""


def version_here() -> str:
    """strongSwan's version, as its swanctl says."""
    said = subprocess.run(["swanctl", "--help"], capture_output=True, text=True, check=False)
    found = re.search(r"strongSwan (\S+)", said.stdout + said.stderr)
    return found[1] if found else "of unknown version"


def run(
    cases: Iterable[Case],
    pki: PKI,
    at_once: int = 4,
    timeout: float = TIMEOUT_SECONDS,
    log_level: int = 2,
) -> Lines:
    """What both daemons log: by case, by what is started, by daemon.

    timeout     seconds until a daemon resends
    log_level   1 is strongSwan's own; `observed` needs 2
    """
    by_network: dict[_Network, list[dict[str, object]]] = {}
    for case in cases:
        early = any(line.partition("=")[0] in AT_START for _, own in case.settings for line in own)
        network = (case.behind, case.settings if early else ())
        by_network.setdefault(network, []).append(_prepared(case, pki))
    parts = []
    for network, mine in by_network.items():
        shares = max(1, min(at_once, len(mine) // 10))
        parts += [(network, mine[n::shares]) for n in range(shares)]
    with tempfile.TemporaryDirectory(prefix="ikeproof-oracle-") as folder:
        library = shim(Path(folder))
        with ThreadPoolExecutor(at_once) as pool:
            found = list(
                pool.map(lambda part: _batch(library, part[0], part[1], timeout, log_level), parts)
            )
    return {name: lines for part in found for name, lines in part.items()}


def _batch(
    library: str, network: _Network, prepared: list[dict[str, object]], timeout: float, level: int
) -> Lines:
    settings = [f"charon.retransmit_tries={TRIES}", f"charon.retransmit_timeout={timeout}"]
    settings += ["charon.retransmit_base=1", f"charon.load={PLUGINS}"]
    behind, starting = network
    batch = {
        "behind": behind,
        "settings": settings,
        "starting": dict(starting),
        "log_level": level,
        "cases": prepared,
    }
    with tempfile.TemporaryDirectory(prefix="ikeproof-oracle-") as folder:
        todo, done = Path(folder) / "cases.json", Path(folder) / "results.json"
        todo.write_text(json.dumps(batch))
        command = [*AS_ROOT, sys.executable, str(HERE / "worker.py"), str(rig_script()), library]
        command += [str(todo), str(done)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
        if ran.returncode:
            raise RuntimeError(f"the rig ended with {ran.returncode}: {ran.stderr}{ran.stdout}")
        found: Lines = json.loads(done.read_text())
        return found


def _prepared(case: Case, pki: PKI) -> dict[str, object]:
    sides = {
        side: {name: base64.b64encode(text).decode() for name, text in files.items()}
        for side, files in case.files(pki, private=True).items()
    }
    starts = [(item.key, item.side, item.connection, item.children) for item in case.started]
    return {
        "name": case.name,
        "sides": sides,
        "starts": starts,
        "addresses": ADDRESSES | dict(case.addresses),
        "settings": dict(case.settings),
        "hosts": dict(case.hosts),
        "forwarded": case.forwarded,
    }
