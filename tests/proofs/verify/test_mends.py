"""What verify tells to write was tried: with it made, the failure is gone or the next one is met."""

from __future__ import annotations

import datetime
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from model.formats import load
from model.formats.overlay import Overlay
from model.formats.swanctl.edit import EditError, edited
from model.vocabulary.findings import Edit
from model.vocabulary.outcomes import PairVerdict
from model.vocabulary.places import Place, PolicyError
from model.vocabulary.policy import Peer
from proofs.verify import pairs as pairs_of
from proofs.verify import verify
from tests.conftest import DictReader
from tests.interop.cases import SIDES, Case
from tests.interop.generated import generated
from tests.interop.mending import Mended, failing, mended, with_changes
from tests.interop.pki import PKI
from tests.interop.records import all_cases
from tests.interop.sites import Site, text

TODAY = datetime.date(2026, 11, 30)
#: the order in which a negotiation meets the reasons: written down apart from the code that is tested
ORDER = (
    "no-responder no-connection exchange-mode proposal-p1 auth-method psk-mismatch identity certificate "
    "mode-config selector mode proposal-p2 lifetime"
).split()


def directions(found: Mended, pki: PKI) -> Iterator[tuple[PairVerdict, PairVerdict]]:
    """Each connection that is judged before and after, in each direction."""
    after = {(x.initiator.peer, x.initiator.connection): x for x in found.after(pki, TODAY).pairs}
    for pair in found.before.pairs:
        key = pair.initiator.peer, pair.initiator.connection
        if key in after:
            yield pair, after[key]


def check(found: Mended, pki: PKI) -> None:
    """The law: what changes were printed for is gone, and nothing gets less far than before."""
    for before, after in directions(found, pki):
        now = failing(after)
        for item in before.findings:
            if item.edits and item.id.startswith(("P1-", "P2-")):
                child = item.child or ""
                was = next(reason for name, reason in failing(before) if name == child)
                for name, reason in now:
                    if name in ("", child):
                        assert ORDER.index(reason) > ORDER.index(was), (
                            found.case.name,
                            item.id,
                            reason,
                        )
        old = {child: ORDER.index(reason) for child, reason in failing(before)}
        for child, reason in now:
            first = min((old[x] for x in (child, "") if x in old), default=len(ORDER))
            assert ORDER.index(reason) >= min(first, old.get(child, first)), (
                found.case.name,
                child,
                reason,
            )


def cases(count: int) -> list[Case]:
    """A sample of the recorded cases, the same each time; 0: all."""
    everything = list(all_cases())
    return random.Random(7).sample(everything, count) if count else everything


@pytest.mark.parametrize("part", range(4))
def test_what_is_printed_mends_a_sample_of_the_recorded_pairs(part: int) -> None:
    pki = PKI(TODAY)
    found = list(mended(cases(160)[part::4], pki, TODAY))
    assert len(found) > 5
    for item in found:
        check(item, pki)


@pytest.mark.slow
def test_what_is_printed_mends_every_recorded_pair_and_random_ones() -> None:
    pki, count = PKI(TODAY), 0
    for item in mended([*cases(0), *generated(5, 300)], pki, TODAY):
        check(item, pki)
        count += 1
    assert count > 250


def test_a_line_to_write_is_never_printed_untried() -> None:
    pki = PKI(TODAY)
    for case in cases(120):
        try:
            report = with_changes(case, pki, TODAY)
        except PolicyError:
            continue  # nothing of the file is loaded
        for pair in report.pairs:
            for item in pair.findings:
                if item.id.startswith(("P1-", "P2-")) and not item.edits:
                    assert not re.match(r"[a-z_]+ = \\S", item.mend), (case.name, item.mend)


def test_an_identity_never_follows_an_address_that_is_not_the_peers(
    peer_of: Callable[..., object],
) -> None:
    pki = PKI(TODAY)
    for case in all_cases():
        if not case.kind.startswith(("field: wrong remote", "remote addresses")):
            continue
        for pair in with_changes(case, pki, TODAY).pairs:
            texts = [edit.text for item in pair.findings for edit in item.edits]
            wrong = [x for x in texts if re.match(r"id = .*(192\\.0\\.2\\.(99|98|20|10)|::99)$", x)]
            assert not wrong, (case.name, wrong)


def test_a_pattern_that_other_peers_match_is_kept() -> None:
    spoke = Site(id="", peer_id="$REMOTE_ID")
    hub = Site(id="$LOCAL_ID", peer_id="*.rig.test")
    for ike in ("aes128-sha256-modp2048", "3des-sha1-modp1024, aes256-sha256-modp3072"):
        for ends in ((spoke, replace(hub, ike=ike)), (replace(hub, ike=ike), spoke)):
            case = Case("pattern", "pattern", "", *(text([x]) for x in ends))  # type: ignore[arg-type]
            report = with_changes(case, PKI(TODAY), TODAY)
            findings = [x for pair in report.pairs for x in pair.findings]
            assert any(x.id in ("P1-IDENTITY", "P1-PROPOSAL") for x in findings)
            side = "peer" if ends[1] is spoke else "cmd"
            at = next(n for n, x in enumerate(case.text(side).split("\n"), 1) if "*.rig" in x)
            edits = [edit for x in findings for edit in x.edits]
            assert not [x for x in edits if x.place == Place(f"{side}/swanctl.conf", at)]


def test_changes_are_tried_for_the_first_links_only(monkeypatch: pytest.MonkeyPatch) -> None:
    peers, files = [], {}
    for number in range(3):
        case = Case("x", "x", "", text([Site(ike="3des-sha1-modp1024")]), text([Site()]))
        for side in SIDES:
            files[f"{side}{number}.conf"] = case.text(side).encode()
    for name in files:
        peers.append(load(name, name.removesuffix(".conf"), DictReader(files)))

    def reload(name: str, edits: Sequence[Edit]) -> tuple[Peer, Overlay]:
        overlay = Overlay(DictReader(files), edits)
        return load(f"{name}.conf", name, overlay), overlay

    def helped() -> list[bool]:
        links = [(f"peer{x}", f"cmd{x}") for x in range(3)]
        pairs = verify(peers, links, TODAY, reload).pairs
        return [any(x.edits for x in pair.findings) for pair in pairs]

    assert helped() == [True] * 6
    for limit, value, wanted in (("MOST_READ", 1, 1), ("MOST_MENDED", 2, 2), ("MOST_READ", 0, 0)):
        with monkeypatch.context() as patched:
            patched.setattr(pairs_of, limit, value)
            assert helped() == [True] * 2 * wanted + [False] * 2 * (3 - wanted)


# ---- the changes themselves

TEXT = """# head
connections {
  a { version = 1 ; }
  site : tpl {
    remote_addrs = 192.0.2.99   # a comment
    local { auth = psk }
    children {
      net { esp_proposals = "aes128-sha256"
      }
    }
  }
}
"""


@pytest.mark.parametrize(
    ("line", "text", "adds", "wanted"),
    [
        (5, "remote_addrs = 192.0.2.2", False, "remote_addrs = 192.0.2.2 # a comment"),
        (6, "auth = pubkey", False, "local { auth = pubkey }"),
        (8, "esp_proposals = aes256-sha256", False, "net { esp_proposals = aes256-sha256\n"),
        (6, "id = x", True, "local {\n      id = x\n       auth = psk }"),
        (4, "aggressive = no", True, "site : tpl {\n    aggressive = no\n    remote_addrs"),
    ],
)
def test_a_change_leaves_all_else_as_it_is(line: int, text: str, adds: bool, wanted: str) -> None:
    changed, _ = edited(TEXT, Edit(Place("f", line), text, adds))
    assert wanted in changed
    for other in ("# head", "version = 1 ;", "children {"):
        assert other in changed


def test_a_change_of_what_is_not_there_is_an_error() -> None:
    for edit in (
        Edit(Place("f", 5), "id = x"),
        Edit(Place("f", 99), "x = y"),
        Edit(Place("f", 12), "x = y", True),
    ):
        with pytest.raises(EditError):
            edited(TEXT, edit)


def test_lines_of_a_changed_file_are_found_in_the_unchanged_one() -> None:
    edits = [Edit(Place("f", 4), "b = 1\nc = 2", True), Edit(Place("f", 6), "id = x", True)]
    overlay = Overlay(DictReader({"f": TEXT.encode()}), edits)
    changed = overlay.read("f").decode().split("\n")
    for number, line in enumerate(changed, 1):
        original = overlay.origin(Place("f", number)).line
        if line.strip() in (
            "children {",
            "version = 1 ; }",
            'net { esp_proposals = "aes128-sha256"',
        ):
            assert TEXT.split("\n")[original - 1].strip() == line.strip()
