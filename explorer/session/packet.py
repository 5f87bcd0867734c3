"""A message as octets, with the fields decoded from them: plain data, independent of the decoder."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A row of the packet's tree, with the octets that it was read from.

    depth   how far it is indented     role   ok, failed or pending where it has been judged
    secret  its octets are not shown
    """

    depth: int
    name: str
    value: str
    start: int
    size: int
    role: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Packet:
    """A message as it was on the wire, or as it was decrypted.

    form   "in clear", "decrypted" or "encrypted"      note   why it is not decrypted
    first  the field that is chosen until another one is
    """

    title: str
    form: str
    octets: bytes
    fields: tuple[Field, ...]
    note: str = ""
    first: int = 0
