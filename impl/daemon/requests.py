"""What may be asked of a daemon: one JSON object a line (docs/run.md)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

#: seconds that a request may wait for an outcome
LONGEST_WAIT = 600.0
Name = Annotated[str, Field(min_length=1, max_length=256)]
Wait = Annotated[float, Field(ge=0, le=LONGEST_WAIT, description="Seconds to wait for an outcome.")]


class RequestError(Exception):
    """A request that cannot be done, in words for whoever made it."""


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Status(_Request):
    """Everything there is."""

    command: Literal["status"]


class Up(_Request):
    """Bring up a connection: all its children, or one."""

    command: Literal["up"]
    connection: Name
    child: Name | None = None
    wait: Wait = 0


class Rekey(_Request):
    """A new pair of SAs for each child that has one, or for one child."""

    command: Literal["rekey"]
    connection: Name
    child: Name | None = None
    wait: Wait = 0


class Down(_Request):
    """Delete a connection's SAs, and tell the peer first; None: those of all."""

    command: Literal["down"]
    connection: Name | None = None


class Events(_Request):
    """From now on, every event."""

    command: Literal["events"]


Request = Status | Up | Rekey | Down | Events
_ANY: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="command")])


def read_request(line: bytes) -> Request:
    """A request from its line; RequestError in words if it is not valid."""
    try:
        return _ANY.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        at = ".".join(str(part) for part in first["loc"][1:])
        where = f"{at}: " if at else ""
        raise RequestError(f"not a valid request: {where}{first['msg']}") from None
