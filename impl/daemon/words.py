"""Values of the engine as JSON has them, and how such JSON is described. No key is ever among them."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Union, get_args, get_origin, get_type_hints

from impl.ike.settings import Address, Phase1Choice, Phase2Choice
from impl.wire.numbers import (
    AhTransform,
    Encapsulation,
    Encryption,
    EspTransform,
    GroupId,
    Hash,
    IdType,
    Integrity,
    Method,
    NotifyType,
    ProtocolId,
    name_of,
)
from impl.wire.payloads import Identification, Notification
from model.vocabulary.selectors import Selector

Tree = dict[str, Any]
_TEXT: Tree = {"type": "string"}
_NUMBER: Tree = {"type": "integer"}


def address_text(address: Address) -> str:
    """Host and port as people write them."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _identity(item: Identification) -> Tree:
    types_ = (IdType.IPV4_ADDR, IdType.IPV6_ADDR)
    if item.type in types_ and len(item.data) in (4, 16):
        value = str(ip_address(item.data))
    elif item.type in (IdType.FQDN, IdType.USER_FQDN):
        value = item.data.decode("utf-8", "backslashreplace")
    else:
        value = item.data.hex()
    return {"type": name_of(IdType, item.type), "value": value}


def _first(item: Phase1Choice) -> Tree:
    return {
        "encryption": name_of(Encryption, item.encryption),
        "key_bits": item.key_bits,
        "hash": name_of(Hash, item.hash),
        "method": name_of(Method, item.method),
        "group": name_of(GroupId, item.group),
    }


def _second(item: Phase2Choice) -> Tree:
    kind = AhTransform if item.protocol == ProtocolId.AH else EspTransform
    return {
        "protocol": name_of(ProtocolId, item.protocol),
        "transform": name_of(kind, item.transform),
        "key_bits": item.key_bits,
        "integrity": None if item.integrity is None else name_of(Integrity, item.integrity),
        "group": None if item.group is None else name_of(GroupId, item.group),
        "encapsulation": name_of(Encapsulation, item.encapsulation),
    }


def _notify(item: Notification) -> Tree:
    protocol = name_of(ProtocolId, item.protocol)
    type_ = name_of(NotifyType, item.type)
    return {"type": type_, "protocol": protocol, "spi": item.spi.hex(), "data": item.data.hex()}


def _object(**fields_: Tree) -> Tree:
    """The schema of an object that has all of these and nothing else."""
    return {
        "type": "object",
        "properties": fields_,
        "required": list(fields_),
        "additionalProperties": False,
    }


def _or_null(schema: Tree) -> Tree:
    return {"anyOf": [schema, {"type": "null"}]}


#: how a type is written, and what that looks like
_AS: dict[Any, tuple[Callable[[Any], Any], Tree]] = {
    Identification: (_identity, _object(type=_TEXT, value=_TEXT)),
    Phase1Choice: (
        _first,
        _object(
            encryption=_TEXT, key_bits=_or_null(_NUMBER), hash=_TEXT, method=_TEXT, group=_TEXT
        ),
    ),
    Phase2Choice: (
        _second,
        _object(
            protocol=_TEXT,
            transform=_TEXT,
            key_bits=_or_null(_NUMBER),
            integrity=_or_null(_TEXT),
            group=_or_null(_TEXT),
            encapsulation=_TEXT,
        ),
    ),
    Notification: (_notify, _object(type=_TEXT, protocol=_TEXT, spi=_TEXT, data=_TEXT)),
    Selector: (str, _TEXT),
    IPv4Address: (str, _TEXT),
    IPv6Address: (str, _TEXT),
    bytes: (bytes.hex, _TEXT),
    str: (str, _TEXT),
    bool: (bool, {"type": "boolean"}),
    int: (int, _NUMBER),
    float: (float, {"type": "number"}),
    type(None): (lambda _: None, {"type": "null"}),
}


def tree(value: object, hint: object = None) -> Any:
    """A value as JSON; of a dataclass every field that its `repr` shows."""
    if value is not None and hint == Address:
        assert isinstance(value, tuple)
        return address_text((str(value[0]), int(value[1])))
    known = _AS.get(type(value))
    if known is not None:
        return known[0](value)
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        hints = get_type_hints(type(value))
        shown = [item.name for item in fields(value) if item.repr]
        return {name_in_json(n): tree(getattr(value, n), hints[n]) for n in shown}
    if isinstance(value, (list, tuple)):
        inner = [item for item in get_args(hint) if item is not Ellipsis]
        return [tree(item, inner[0] if inner else None) for item in value]
    raise TypeError(f"no words for {type(value).__name__}")


def schema(hint: Any) -> Tree:
    """What `tree` makes of values of that type, as JSON Schema."""
    if hint == Address:
        return _TEXT
    if hint in _AS:
        return _AS[hint][1]
    if get_origin(hint) in (Union, types.UnionType):
        found: list[Tree] = []
        for item in map(schema, get_args(hint)):
            if item not in found:
                found.append(item)
        return found[0] if len(found) == 1 else {"anyOf": found}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [item.value for item in hint]}
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return _object(
            **{name_in_json(f.name): schema(hints[f.name]) for f in fields(hint) if f.repr}
        )
    if get_origin(hint) in (tuple, list):
        return {"type": "array", "items": schema(get_args(hint)[0])}
    raise TypeError(f"no words for {hint}")


def name_in_json(field: str) -> str:
    """The name of a field; both cookies, which the engine calls an SA's name, are `sa`."""
    return "sa" if field == "name" else field
