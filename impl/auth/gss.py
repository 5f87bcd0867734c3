"""What Kerberos needs from GSS-API (RFC 2743), implemented with MIT's library.

Everything here may block, on a KDC, a file or a name server: it is called from within `Work` only. The
package `gssapi` (extra `kerberos`) is loaded on first use.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from impl.auth.names import plain

if TYPE_CHECKING:
    from types import ModuleType


class GssFailure(Exception):
    """A call that failed: why, in words, and whether it concerns the identity of the peer or the local end."""

    def __init__(self, why: str, *, identity: bool = False) -> None:
        super().__init__(why)
        self.why, self.identity = why, identity


class Context(Protocol):
    """A security context under way, or complete. Every method raises GssFailure."""

    def step(self, token: bytes | None) -> bytes:
        """Process the peer's token (None: there is none yet); returns the token to send, or nothing."""
        ...

    @property
    def complete(self) -> bool:
        """Whether no further token is expected."""
        ...

    @property
    def peer(self) -> str:
        """The principal at the other end, of a complete context."""
        ...

    @property
    def own(self) -> str:
        """The principal at this end, of a complete context."""
        ...

    def lacks(self, *, confidentiality: bool) -> str:
        """What a complete context lacks; empty if nothing."""
        ...

    def wrap(self, octets: bytes, *, confidentiality: bool) -> bytes:
        """The octets protected; each call uses up a sequence number."""
        ...

    def unwrap(self, token: bytes) -> bytes:
        """The octets that the peer has protected."""
        ...


class Mechanism(Protocol):
    """Where contexts come from. Both methods raise GssFailure."""

    def initiate(self, target: str) -> Context:
        """A context towards a principal."""
        ...

    def accept(self) -> Context:
        """A context that the peer starts."""
        ...


#: minor status codes of MIT krb5 (krb5.h), in words for the administrator
_CODES = {
    -1765328347: "the clocks of both ends differ by more than Kerberos allows: {said}",
    -1765328352: "the ticket has expired: renew it (kinit)",
    -1765328351: "the ticket is not valid yet: {said}",
    -1765328350: "the token was used before: a replay",
    -1765328353: "the token was made with another key, or altered on the way: {said}",
    -1765328228: "no KDC answers: {said}",
    -1765328243: "there is neither a ticket nor a key to get one with: {said}",
    -1765328189: "there is no ticket: {said}",
    -1765328203: "the keytab has no key for that name: {said}",
    -1765328343: "the token was altered on the way: {said}",
}
#: these concern a name: an unknown principal, or a ticket for another one
_NAMES = {
    -1765328377: "the KDC knows no such principal: {said}",
    -1765328349: "the ticket is for another principal than ours: {said}",
    -1765328240: "the ticket is for another principal than ours: {said}",
    -1765328378: "the KDC does not know our principal: {said}",
}


@dataclass(frozen=True, slots=True)
class Mit:
    """MIT's library, or Heimdal's, by references to credentials: both None take the environment's.

    cache    where the initiator's tickets are, such as `FILE:...`
    keytab   where the acceptor's keys are
    """

    cache: str | None = None
    keytab: str | None = None

    def initiate(self, target: str) -> Context:
        """A context towards a Kerberos principal, with mutual authentication, integrity, privacy."""
        gssapi = _library()
        flags = gssapi.RequirementFlag
        wanted = flags.mutual_authentication | flags.integrity | flags.confidentiality
        wanted |= flags.replay_detection | flags.out_of_sequence_detection

        def made() -> Any:
            store = {"ccache": self.cache} if self.cache is not None else None
            credentials = gssapi.Credentials(usage="initiate", store=store)
            name = gssapi.Name(target, gssapi.NameType.kerberos_principal)
            return _context(
                gssapi, name=name, creds=credentials, usage="initiate",
                mech=gssapi.MechType.kerberos, flags=wanted,
            )  # fmt: skip

        return _Mit(gssapi, _asked(gssapi, made))

    def accept(self) -> Context:
        """A context for whatever principal the keytab has keys of."""
        gssapi = _library()

        def made() -> Any:
            store = {"keytab": self.keytab} if self.keytab is not None else None
            credentials = gssapi.Credentials(usage="accept", store=store)
            return _context(gssapi, creds=credentials, usage="accept")

        return _Mit(gssapi, _asked(gssapi, made))


def _library() -> ModuleType:
    try:
        return importlib.import_module("gssapi")
    except ImportError:  # not installed, or the machine's library is not there
        pass
    raise GssFailure("it needs the extra `kerberos` (the package gssapi)")


def _context(gssapi: Any, **what: Any) -> Any:
    """Its context, made to raise when a step fails instead of handing an error token out first."""
    made = gssapi.SecurityContext(**what)
    made.__DEFER_STEP_ERRORS__ = False
    return made


def _asked(gssapi: Any, call: Callable[[], Any]) -> Any:
    """What a call yields; GssFailure, in words, for what it raises."""
    try:
        return call()
    except gssapi.exceptions.GSSError as error:
        failure = _failure(gssapi, error)
    # outside of the handler, so that the library's exception is not dragged along
    raise failure


def _failure(gssapi: Any, error: Any) -> GssFailure:
    code = error.min_code - (1 << 32) if error.min_code >= 1 << 31 else error.min_code
    try:
        said = plain("; ".join(error.get_all_statuses(error.min_code, False))) or "no details"
    except (gssapi.exceptions.GSSError, UnicodeDecodeError):
        said = f"minor status {code}"
    if code in _NAMES:
        return GssFailure(_NAMES[code].format(said=said), identity=True)
    kinds = gssapi.exceptions
    # A context ends with its ticket, for which clocks are allowed no difference.
    if isinstance(error, kinds.ExpiredCredentialsError | kinds.ExpiredContextError):
        return GssFailure(_CODES[-1765328352])
    return GssFailure(_CODES.get(code, "{said}").format(said=said))


class _Mit:
    """One context of the library."""

    def __init__(self, gssapi: Any, context: Any) -> None:
        self._gssapi, self._context = gssapi, context
        self._initiates = context.usage == "initiate"

    def step(self, token: bytes | None) -> bytes:
        """A step; an error token is not sent on: IKE says by itself that it fails."""
        made: bytes | None = _asked(self._gssapi, lambda: self._context.step(token))
        return made or b""

    @property
    def complete(self) -> bool:
        """Whether no further token is expected."""
        return bool(_asked(self._gssapi, lambda: self._context.complete))

    @property
    def peer(self) -> str:
        """The principal at the other end."""
        return self._name("target_name" if self._initiates else "initiator_name")

    @property
    def own(self) -> str:
        """The principal at this end."""
        return self._name("initiator_name" if self._initiates else "target_name")

    def _name(self, which: str) -> str:
        return plain(str(_asked(self._gssapi, lambda: getattr(self._context, which))))

    def lacks(self, *, confidentiality: bool) -> str:
        """What the flags that came back do not have."""
        flags = self._gssapi.RequirementFlag
        found = _asked(self._gssapi, lambda: self._context.actual_flags)
        needed = {"mutual authentication": flags.mutual_authentication}
        needed["integrity"] = flags.integrity
        if confidentiality:
            needed["confidentiality"] = flags.confidentiality
        return ", ".join(name for name, flag in needed.items() if flag not in found)

    def wrap(self, octets: bytes, *, confidentiality: bool) -> bytes:
        """The octets protected."""
        made = _asked(self._gssapi, lambda: self._context.wrap(octets, confidentiality))
        return bytes(made.message)

    def unwrap(self, token: bytes) -> bytes:
        """The octets that the peer has protected."""
        return bytes(_asked(self._gssapi, lambda: self._context.unwrap(token)).message)
