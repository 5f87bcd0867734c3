"""Cases about which pre-shared key an end takes: kinds of owners, with and without stated identities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.interop.cases import Case, Start
from tests.interop.sites import Kid, Secret, Site, text

_RIGHT, _WRONG = "correct horse", "another"
_DARING = "charon.i_dont_care_about_security_and_use_aggressive_mode_psk=yes"
_BOTH = (Start("peer"), Start("cmd"))


def secret_cases() -> Iterator[Case]:
    """All of them."""
    yield from _owners()
    yield from _several()
    yield from _aggressive()
    yield from _written()


#: (name, what the judged end says, what it expects); the other end has one key for all
_ENDS = (
    ("names", "peer.rig.test", "cmd.rig.test"),
    ("own name only", "peer.rig.test", ""),
    ("expected name only", "", "cmd.rig.test"),
    ("none", "", ""),
    ("a pattern expected", "peer.rig.test", "*.rig.test"),
)


def _case(name: str, kind: str, own: str, other: str, secrets: list[Secret], **more: Any) -> Case:
    peer = Site(id=own, peer_id=other)
    cmd = Site(id=other if other not in ("", "*.rig.test") else "cmd.rig.test", peer_id=own)
    made = Case(f"owner: {name}", kind, "", text([peer], secrets), text([cmd]), starts=_BOTH)
    return replace(made, **more)


def _owners() -> Iterator[Case]:
    kind = "owners of secrets"
    for ends, own, other in _ENDS:
        for name, owner in (
            ("the peer's address", "$REMOTE_IP"),
            ("the peer's name", "cmd.rig.test"),
            ("its own address", "$LOCAL_IP"),
            ("its own name", "peer.rig.test"),
            ("a stranger", "other.rig.test"),
            ("the peer's subnet", "192.0.2.0/24"),
        ):
            yield _case(f"{name}; stated: {ends}", kind, own, other, [Secret(_RIGHT, (owner,))])
    for name, identity, owner in (
        ("a key id", "keyid:office", "keyid:office"),
        ("a key id, for an FQDN", "keyid:office", "office"),
        ("an address as FQDN, for the address", "fqdn:192.0.2.2", "192.0.2.2"),
        ("an address as FQDN, for that FQDN", "fqdn:192.0.2.2", "fqdn:192.0.2.2"),
        ("a user's name", "carol@rig.test", "carol@rig.test"),
        ("a user's name, for the domain", "carol@rig.test", "*@rig.test"),
        ("a distinguished name", '"O=rig, CN=gate"', '"O=rig, CN=gate"'),
        ("a distinguished name, other case", '"O=rig, CN=gate"', '"o=RIG, cn=GATE"'),
        ("a distinguished name, a pattern", '"O=rig, CN=gate"', '"O=rig, CN=*"'),
        ("a distinguished name, one part less", '"O=rig, CN=gate"', '"O=rig"'),
        ("another address", "192.0.2.77", "192.0.2.77"),
        ("another address, for its real one", "192.0.2.77", "$REMOTE_IP"),
    ):
        peer, cmd = Site(id="peer.rig.test", peer_id=identity), Site(id=identity)
        yield Case(f"owner: identity is {name}", kind, "", text([peer], [Secret(_RIGHT, (owner,))]),
                   text([cmd]), starts=_BOTH)  # fmt: skip
    for name, owner in (("%any", "%any"), ("0.0.0.0", "0.0.0.0"), ("a range", "192.0.2.1-192.0.2.9"),
                        ("everything", "0.0.0.0/0"), ("another subnet", "198.51.100.0/24")):  # fmt: skip
        yield _case(f"{name}; stated: none", kind, "", "", [Secret(_RIGHT, (owner,))])


def _several() -> Iterator[Case]:
    """Two keys, one of them right: which one is taken."""
    kind = "choice of secrets"
    for ends, own, other in _ENDS:
        for name, right, wrong in (
            ("the peer's address against all", ("$REMOTE_IP",), ()),
            ("the peer's name against its address", ("cmd.rig.test",), ("$REMOTE_IP",)),
            ("the peer's address against its name", ("$REMOTE_IP",), ("cmd.rig.test",)),
            ("the peer's address against a subnet", ("$REMOTE_IP",), ("192.0.2.0/24",)),
            ("a subnet against its own address", ("192.0.2.0/24",), ("$LOCAL_IP",)),
            ("both addresses against the peer's", ("$LOCAL_IP", "$REMOTE_IP"), ("$REMOTE_IP",)),
            ("its own name against the peer's", ("peer.rig.test",), ("cmd.rig.test",)),
        ):
            secrets = [Secret(_RIGHT, right), Secret(_WRONG, wrong)]
            yield _case(f"{name}; stated: {ends}", kind, own, other, secrets)


def _aggressive() -> Iterator[Case]:
    kind = "secrets in Aggressive Mode"
    daring = (("peer", (_DARING,)), ("cmd", (_DARING,)))
    for ends, own, other in _ENDS[:4]:
        for name, secrets in (
            ("the peer's name", [Secret(_RIGHT, ("cmd.rig.test",))]),
            ("the peer's address", [Secret(_RIGHT, ("$REMOTE_IP",))]),
            ("all, and another value", [Secret(_WRONG)]),
            ("the name right, the address wrong",
             [Secret(_RIGHT, ("cmd.rig.test",)), Secret(_WRONG, ("$REMOTE_IP",))]),
        ):  # fmt: skip
            case = _case(
                f"{name}; Aggressive Mode, stated: {ends}",
                kind,
                own,
                other,
                secrets,
                settings=daring,
            )
            ahead = "connections {\n  rig {\n    aggressive = yes\n  }\n}\n"
            yield replace(case, peer=case.peer + ahead, cmd=case.cmd + ahead)


def _written() -> Iterator[Case]:
    """How the value is written."""
    kind = "values of secrets"
    for name, mine, other in (
        ("a # ends it", "pass#word", '"pass#word"'),
        ("a # in quotes", '"pass#word"', '"pass#word"'),
        ("a { cuts it", "pass{word", '"pass{word"'),
        ("an escaped quote", '"pass\\"word"', '"pass\\"word"'),
        ("a blank inside, no quotes", "pass word", '"pass word"'),
        ("blanks at the end", "password   ", '"password"'),
        ("blanks at the end, in quotes", '"password   "', '"password"'),
        ("an = inside", "pass=word", '"pass=word"'),
        ("hexadecimal", "0x70617373", '"pass"'),
        ("hexadecimal in quotes", '"0x70617373"', '"pass"'),
        ("Base64", "0scGFzcw==", '"pass"'),
        ("Base64 of something else", "0scGFzcw==", '"word"'),
        ("a single quote", "pass'word", '"pass\'word"'),
        ("non-ASCII letters", "pässwörd", '"pässwörd"'),
        ("a backslash", "pass\\word", '"pass\\\\word"'),
        ("a newline in quotes", '"pass\\nword"', '"pass\\nword"'),
        ("empty", '""', '""'),
    ):
        sides = []
        for value in (mine, other):
            made = text([Site(kids=(Kid("net", "$LOCAL_NET", "$REMOTE_NET"),))], [Secret("@")])
            sides.append(made.replace('"@"', value))
        yield Case(f"secret is written: {name}", kind, "", sides[0], sides[1], starts=_BOTH)
