"""The table of all keys of swanctl.conf for docs/policies.md: what each means for a verdict."""

from __future__ import annotations

from model.formats.swanctl.keys import KEYS, Effect

#: the generated part of the page begins here
MARK = "<!-- Generated from the code by `python -m explorer.report.docs` from here on. -->\n"
_TITLES = {
    "connection": "`connections.<name>`",
    "auth": "`local` and `remote` sections",
    "cert": "`cert` and `cacert` sections",
    "child": "`children.<name>`",
    "ike secret": "`secrets.ike<suffix>`",
    "pool": "`pools.<name>`",
    "authority": "`authorities.<name>`",
}


def page(written: str) -> str:
    """The page with its table: what people wrote, up to the mark, and the table."""
    return written.partition(MARK)[0] + MARK + "\n" + table()


def table() -> str:
    """Every key of swanctl.conf (5.9.8) by section."""
    rows = ["## Every key of swanctl.conf\n"]
    rows.append(
        "The keys of strongSwan 5.9.8, and what each means for a verdict on IKEv1. An unknown key, or a\n"
        "value that the daemon does not accept, discards its connection only.\n"
    )
    section = ""
    for key in KEYS:
        if key.section != section:
            section = key.section
            rows += [f"\n### {_TITLES[section]}\n", "| key | effect | meaning |", "|---|---|---|"]
        bold = f"**{key.effect.value}**" if key.effect is Effect.DECIDES else key.effect.value
        rows.append(f"| `{key.name}` | {bold} | {key.why} |")
    rows.append(
        "\nOther secrets (`eap`, `xauth`, `ntlm`, `ppk`) are not relevant here. Those of `private`, `rsa`, `ecdsa`,\n"
        "`pkcs8`, `pkcs12` and `token` open private keys, which only `ikeproof run` reads.\n"
    )
    return "\n".join(rows)
