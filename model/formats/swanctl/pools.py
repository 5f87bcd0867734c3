"""`vips` and `pools` of swanctl.conf: requested addresses, and leased ones (5.9.8)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from model.formats.swanctl import values
from model.formats.swanctl.settings import Section, Setting
from model.vocabulary.places import PolicyError, Stated
from model.vocabulary.policy import Pool
from model.vocabulary.selectors import Address

_ANY = {"%any": "0.0.0.0", "%any6": "::"}
#: what a pool may assign besides addresses; numbers are accepted too
ATTRIBUTES = frozenset(
    "address dns nbns dhcp netmask server subnet split_include split_exclude".split()
)


def virtual_addresses(setting: Setting | None) -> Stated[tuple[Address, ...]]:
    """`vips`. PolicyError: one is not an address."""
    if setting is None or not values.words(setting):
        return Stated(())
    found = []
    for text in values.words(setting):
        try:
            found.append(ipaddress.ip_address(_ANY.get(text, text)))
        except ValueError:
            raise PolicyError(
                f"{text!r} is not an IP address",
                place=setting.place,
                mend="write 0.0.0.0 or :: to get any address",
            ) from None
    return Stated(tuple(found), setting.place)


def pool_names(setting: Setting | None) -> Stated[tuple[str, ...]]:
    """`pools` of a connection."""
    if setting is None or not values.words(setting):
        return Stated(())
    return Stated(tuple(values.words(setting)), setting.place)


def read_pools(section: Section) -> Iterator[Pool]:
    """The section `pools`. PolicyError: one is wrong; swanctl then stops before the connections."""
    for item in section.sections.values():
        try:
            yield _pool(item)
        except PolicyError as error:
            raise PolicyError(
                f"{error.problem}: swanctl does not load pool {item.name}, stops there, and loads no connection",
                place=error.place or item.place,
                mend=error.mend,
            ) from None


def _pool(section: Section) -> Pool:
    for name, setting in section.values.items():
        if setting.text and name not in {"addrs", *ATTRIBUTES} and not re.fullmatch(r"\d+", name):
            raise PolicyError(
                f"{name} is not an attribute of a pool",
                place=setting.place,
                mend="remove the line",
            )
    addresses = section.values.get("addrs")
    if addresses is None or not addresses.text:
        raise PolicyError(
            "the pool has no addrs", place=section.place, mend="add addrs = 10.3.0.0/24"
        )
    text = values.words(addresses)[0]  # of several the first counts
    try:
        first, last = _leases(text)
    except ValueError:
        raise PolicyError(
            f"{text!r} is not a subnet or a range",
            place=addresses.place,
            mend="write for example 10.3.0.0/24 or 10.3.0.5-10.3.0.9",
        ) from None
    return Pool(section.name, addresses.place, text, first, last)


def _leases(text: str) -> tuple[Address, Address]:
    """The first and the last address that is leased: of a subnet of more than two neither its own
    address nor its last one; what stands before an address within it is left out."""
    if "-" in text:
        first, last = (ipaddress.ip_address(part.strip()) for part in text.split("-", 1))
        if first.version != last.version or int(first) > int(last):
            raise ValueError(text)
        return first, last
    base = ipaddress.ip_address(text.partition("/")[0])
    net = ipaddress.ip_network(text, strict=False)
    if net.num_addresses <= 2:
        return base, net[-1]
    return (net[1] if base == net[0] else base), net[-2]
