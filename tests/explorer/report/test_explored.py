"""A session as JSON, ITF, Mermaid, SVG and HTML."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.cli.explore_pair import pair_session
from explorer.report.explored import FORMATS, exported, panes_of, tree
from explorer.session.commands import lines_of
from explorer.session.commands.script import executed
from explorer.session.moments import Lane, Refused
from explorer.session.scenarios import SCENARIOS, scenario
from explorer.session.session import Session
from explorer.session.shared import text_of
from explorer.session.specified import Specified
from explorer.view.explore.page import page, text
from explorer.view.explore.palette import PALETTES
from explorer.view.explore.spans import UNICODE
from tests.explorer.conftest import EXAMPLE, ROOT, Run

SVG = "{http://www.w3.org/2000/svg}"


def session(name: str = "main-psk", script: str = "drop mm5 x6; run") -> Session:
    made = Session(scenario(name).source())
    for _ in executed(made, lines_of(script)):
        pass
    return made


def texts(picture: str) -> Iterator[str]:
    for line in ET.fromstring(picture).iter(f"{SVG}text"):
        yield "".join(line.itertext())


# ---- JSON


def test_json_says_what_happened_step_by_step() -> None:
    found = json.loads(exported(session(), "json"))
    assert found["schema_version"] == 1
    assert found["verdict"]["badge"] == "FAILED" and found["verdict"]["over"]
    assert found["status"] == {
        "step": 12, "steps": 12, "time": 30, "branch": "baseline", "diverged": None
    }  # fmt: skip
    steps = [x for x in found["steps"] if x["kind"] != "network"]
    assert [x["step"] for x in steps] == list(range(1, 13))
    lost = [x for x in steps if x["lost"]]
    assert [x["time"] for x in lost] == [0, 3, 6, 9, 12, 15]
    assert steps[1]["action"] == "phase1.accept" and steps[1]["parameters"] == {"t": "0"}
    assert {"field": "responder.state", "old": "idle", "new": "awaits_mm3"} in steps[1]["changes"]
    assert found["promises"]["kept"] and found["promises"]["broken"] == []


def test_json_names_branches_and_broken_promises_and_what_lies_ahead() -> None:
    made = session("reflected-quick", scenario("reflected-quick").script + "; back")
    found = tree(made)
    assert [x["ahead"] for x in found["steps"]][-2:] == [False, True]
    assert found["steps"][-1]["broken_promises"] == ["quick_mode_is_not_reflected"]
    two = tree(session("message-5-lost", scenario("message-5-lost").script))
    assert {x["name"]: x["badge"] for x in two["branches"]} == {
        "baseline": "ESTABLISHED", "MM5 lost ×5": "ESTABLISHED", "MM5 lost ×6": "FAILED"
    }  # fmt: skip


# ---- ITF


def test_itf_has_the_states_of_the_line() -> None:
    made = session()
    found = json.loads(exported(made, "itf"))
    assert found["#meta"]["format"] == "ITF" and found["#meta"]["status"] == "ok"
    steps = [step for node in made.rows() for step in getattr(node.act, "steps", ())]
    assert len(found["states"]) == len(steps) + 1
    last = found["states"][-1]
    assert last["mbt::actionTaken"] == "phase1.drop_half_open"
    assert last["initiator"]["state"] == last["responder"]["state"] == "failed"


def test_itf_of_a_run_that_breaks_a_promise_says_so() -> None:
    found = exported(session("reflected-quick", scenario("reflected-quick").script), "itf")
    assert json.loads(found)["#meta"]["status"] == "broken: quick_mode_is_not_reflected"


def test_itf_of_switched_powers_is_refused() -> None:
    with pytest.raises(Refused, match="powers were switched"):
        exported(session(script="step; power forges on; step"), "itf")


# ---- Mermaid


def test_mermaid_draws_every_message_and_crosses_lost_ones() -> None:
    lines = exported(session(), "mermaid").splitlines()
    assert lines[0] == "sequenceDiagram" and "participant L0 as hq 192.0.2.10" in lines[1]
    assert sum("L0-xL1: MM5" in line for line in lines) == 6
    assert "    L1->>L0: MM4 key, nonce" in lines
    assert "    Note over L0: FAILED" in lines


def test_mermaid_shows_the_attacker_where_he_acts() -> None:
    made = session(script="step; power forges on; take attacker.name_alternatives")
    lines = exported(made, "mermaid").splitlines()
    assert "    participant A as the attacker" in lines
    assert any(line.startswith("    A->>L0: ") for line in lines)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_exported_in_every_format(name: str) -> None:
    made = session(name, scenario(name).script or "run")
    for form in FORMATS:
        assert len(exported(made, form)) > 200, form


# ---- pictures


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_an_svg_shows_the_lines_of_the_page_and_its_text_can_be_selected(theme: str) -> None:
    made = session()
    made.standing()
    picture = exported(made, "svg", theme=theme)
    lines = text(page(made, 100, UNICODE, panes_of(made))).splitlines()
    wanted = ["".join(line.split()) for line in lines if line.strip()]
    assert ["".join(line.split()) for line in texts(picture)] == wanted
    colours = set(re.findall(r'fill="(#\w+)"', picture))
    assert colours <= set(PALETTES[theme].values()) and PALETTES[theme]["failed"] in colours


@pytest.mark.parametrize("form", ["svg", "html"])
def test_pictures_fetch_nothing_and_name_no_font(form: str) -> None:
    picture = exported(session(), form).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|@font-face|@import|url\(|<script|<link|<img|href", picture)
    assert set(re.findall(r"font-family[=:]\"?([^\";}]+)", picture)) == {"monospace"}


def test_html_has_the_picture_and_every_step_in_a_table() -> None:
    made = session()
    found = exported(made, "html")
    assert found.count("<svg ") == 1 and found.count("<tr>") == len(made.rows())
    assert "initiator.tries: 4 → 5" in found and "default-src" in found


def test_hostile_names_leave_no_markup_and_no_control_character() -> None:
    name = "\x1b[31m<script>alert(1)</script>\u202e&;#%%\x9b"
    made = session()
    source = made.specified
    assert source is not None
    lanes = (Lane("INITIATOR", name, name), Lane("RESPONDER", name))
    hostile = Session(Specified(source.spec, source.instance, name, name, lanes=lanes))
    hostile.run()
    for form in FORMATS:
        found = exported(hostile, form)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", found), form
        assert form in ("text", "mermaid", "json", "itf") or "<script>" not in found
    statements = exported(hostile, "mermaid").splitlines()
    assert not any(re.search(r";(?<!#\d\d;)|%%", line) for line in statements)


# ---- secrets


def test_no_export_holds_a_secret() -> None:
    secrets = re.findall(r'secret = "?([^"\n]+)"?', (EXAMPLE / "hq" / "swanctl.conf").read_text())
    assert secrets
    made = pair_session([str(EXAMPLE / x / "swanctl.conf") for x in ("hq", "branch")])
    made.origin = "policies hq branch"
    saved = [text_of(made), *(exported(made, form) for form in FORMATS)]
    for secret in secrets:
        assert not any(secret in item for item in saved)


def test_formats_on_the_command_line_and_what_a_source_does_not_have(run: Run) -> None:
    for form in FORMATS:
        done = run("explore", "--scenario", "main-psk", "--exec", "run", "--format", form)
        assert done.code == 0 and done.out == exported(session(script="run"), form)
    switched = ("--exec", "power forges on", "--format", "itf")
    done = run("explore", "--scenario", "main-psk", *switched)
    assert done.code == 2 and not done.out and "--format" in done.err


def test_a_picture_loads_no_screen(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv[1:] = ['explore', '--exec', 'run', '--format', 'html']\n"
        "import ikeproof; ikeproof.main()\n"
        "sys.stderr.write(' '.join(sorted({'textual', 'rich', 'z3', 'scapy'} & set(sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1:] in ([], [""])
