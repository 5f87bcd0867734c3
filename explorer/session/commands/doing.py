"""Commands that do something: to the network, as an end, as the attacker."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.session.commands.moving import here
from explorer.session.commands.registry import Reply, command, number, wants
from explorer.session.moments import Deed, Refused, Take
from explorer.session.session import Session
from model.language.errors import SpecificationError, StepError


def _flies(session: Session) -> bool:
    return bool(session.now.moment.flight)


def _named(session: Session, args: Sequence[str]) -> str:
    """The message that is meant: the one named, else the one sent here, else the first in flight."""
    if args:
        return args[0]
    event = session.now.event
    if event.message is not None:
        return event.message.message
    if session.now.moment.flight:
        return session.now.moment.flight[0].message
    raise Refused("no message is in flight here; name one, such as drop mm5")


@command("drop", "Change the network", "drop this message", usage="drop [MESSAGE] [xN]", keys=("x",), changes=True)  # fmt: skip
def drop(session: Session, args: Sequence[str]) -> Reply:
    """Lose a message, and its next copies: `drop mm5 x6` loses six. A new branch begins, the old one stays."""
    wants(args, 0, 2, "drop [MESSAGE] [xN]")
    counted = [item for item in args if item[:1] in "x×" and item[1:].isdigit()]
    named = [item for item in args if item not in counted]
    session.lose(_named(session, named), number(counted[0], "a count") if counted else 1)
    return here(session)


def _handled(name: str, deed: Deed, title: str, keys: tuple[str, ...], says: str) -> None:
    def run(session: Session, args: Sequence[str]) -> Reply:
        wants(args, 0, 1, f"{name} [MESSAGE]")
        session.handle(deed, _named(session, args))
        return here(session)

    run.__doc__ = says
    command(
        name, "Change the network", title, usage=f"{name} [MESSAGE]", keys=keys, changes=True, when=_flies
    )(run)  # fmt: skip


_handled("deliver", Deed.DELIVER, "deliver it", (), "Deliver a copy that is in flight.")
_handled("duplicate", Deed.DUPLICATE, "duplicate it", ("d",), "Send a second copy on its way.")
_handled("earlier", Deed.EARLIER, "let it come earlier", ("<",), "Move a copy before the one ahead of it.")  # fmt: skip
_handled("later", Deed.LATER, "let it come later", (">",), "Move a copy behind the next one.")


@command("take", "Change the network", "take an action", usage="take ACTION [NAME=VALUE ...]", changes=True)  # fmt: skip
def take(session: Session, args: Sequence[str]) -> Reply:
    """Let an end take an action of the specification, likely or not: `take phase1.initiator_deletes`."""
    wants(args, 1, 8, "take ACTION [NAME=VALUE ...]")
    source = session.specified
    if source is None:
        raise Refused("a capture is what happened: no other step can be taken in it")
    params = dict(item.partition("=")[::2] for item in args[1:])
    machine = source.machine(session.now.moment)
    if args[0] not in source.spec.actions:
        raise Refused(f"no action {args[0]!r}; `choices` lists what can happen now")
    try:
        wanted = machine.step(args[0], **params)
    except (StepError, SpecificationError) as error:
        raise Refused(str(error)) from None
    for choice in session.choices():  # a delivery takes its copy with it
        if isinstance(choice.act, Take) and choice.act.steps == (wanted,):
            session.do(choice.act)
            return here(session)
    session.do(Take((wanted,)))
    return here(session)


@command("choose", "Change the network", "choose what happens", usage="choose N", changes=True)
def choose(session: Session, args: Sequence[str]) -> Reply:
    """Do the Nth of what `choices` lists."""
    wants(args, 1, 1, "choose N")
    listed = session.choices()
    which = number(args[0], "a number of the list")
    if not 1 <= which <= len(listed):
        raise Refused(f"the list has {len(listed)} entries")
    session.do(listed[which - 1].act)
    return here(session)


@command("inject", "Change the network", "send an old one again", usage="inject MESSAGE", keys=("i",), changes=True)  # fmt: skip
def inject(session: Session, args: Sequence[str]) -> Reply:
    """Replay a message that was sent before."""
    wants(args, 1, 1, "inject MESSAGE")
    name = args[0].lower()
    for choice in session.choices():
        step = choice.act.steps[0] if isinstance(choice.act, Take) else None
        source = session.specified
        if choice.group != "old messages again" or step is None or source is None:
            continue
        if source.machine(session.now.moment).actions[step[0]].receives == name:
            session.do(choice.act)
            return here(session)
    raise Refused(f"no end does anything with an old {name.upper()} now")


@command("power", "Change the network", "attacker's powers", usage="power [NAME [on|off]]", keys=("a",), changes=True)  # fmt: skip
def power(session: Session, args: Sequence[str]) -> Reply:
    """Switch a power of the attacker on or off; without a name, list them."""
    wants(args, 0, 2, "power [NAME [on|off]]")
    source = session.specified
    if source is None:
        raise Refused("a capture has no attacker to switch")
    if not args:
        return Reply(view="powers")
    on = {"on": True, "off": False}.get(args[1].lower()) if len(args) > 1 else None
    if len(args) > 1 and on is None:
        raise Refused("write on or off")
    session.power(args[0], on)
    return here(session)


@command("expire", "Change the network", "expire an SA", usage="expire [1|2]", keys=("X",), changes=True)  # fmt: skip
def expire(session: Session, args: Sequence[str]) -> Reply:
    """Let an SA end before its time: by bytes, or deleted on demand. 1: Phase I, 2: the SAs of Phase II."""
    wants(args, 0, 1, "expire [1|2]")
    which = args[0] if args else "2"
    wanted = {"1": ("_deletes",), "2": ("_used_up", "er_deletes")}.get(which)
    if wanted is None:
        raise Refused("write expire 1 for Phase I, expire 2 for the SAs of Phase II")
    source = session.specified
    for choice in session.choices() if source is not None else ():
        step = choice.act.steps[0] if isinstance(choice.act, Take) else None
        if choice.group != "wishes" or step is None or source is None:
            continue
        name = source.machine(session.now.moment).actions[step[0]].name
        if name.startswith("phase1." if which == "1" else "driver.") and name.endswith(wanted):
            session.do(choice.act)
            return here(session)
    raise Refused("no such SA is up here")
