"""An offer beside a policy, cell by cell."""

from __future__ import annotations

from explorer.session.offers import Offered, Wanted, beside
from explorer.view.explore.packets import offer_lines
from explorer.view.explore.spans import UNICODE, text_of

ROWS = ("encryption", "integrity", "lifetime")
COMPARED = ("encryption", "integrity")
MD5 = Wanted({"encryption": ("3des",), "integrity": ("md5",), "lifetime": ("1 h",)}, "b:9")
SHA = Wanted({"encryption": ("aes128", "aes256"), "integrity": ("sha1",), "lifetime": ("1 h",)})


def offer(title: str, encryption: str, integrity: str, lifetime: str = "2 h") -> Offered:
    return Offered(title, {"encryption": encryption, "integrity": integrity, "lifetime": lifetime})


def test_cells_that_keep_an_offer_from_being_taken_are_marked_and_counted() -> None:
    found = beside(
        ("hq", "branch"),
        ROWS,
        COMPARED,
        [offer("1", "3des", "sha1"), offer("2", "aes", "sha1")],
        [MD5],
    )
    assert found is not None
    marks = [[cell.differs for cell in column.cells] for column in found.offers]
    assert marks == [[False, True, False], [True, True, False]]
    assert [column.count for column in found.offers] == [1, 2]
    assert found.nearest == 0 and not found.taken
    assert found.in_words() == "integrity sha1, not md5"
    assert [cell.differs for cell in found.wanted.cells] == [False, True, False]
    assert found.wanted.at == "b:9"


def test_a_lifetime_that_differs_keeps_nothing_from_being_taken() -> None:
    found = beside(("a", "b"), ROWS, COMPARED, [offer("1", "3des", "md5", "9 h")], [MD5])
    assert found is not None and found.taken and found.in_words() == ""


def test_the_proposal_that_some_offer_comes_nearest_to_is_the_one_that_is_shown() -> None:
    found = beside(("a", "b"), ROWS, COMPARED, [offer("1", "aes192", "sha1")], [MD5, SHA])
    assert found is not None and found.others == 1
    assert found.wanted.cells[0].text == "aes128, aes256"
    assert found.differing() == [("encryption", "aes192", "aes128, aes256")]


def test_any_algorithm_that_a_proposal_lists_fits() -> None:
    found = beside(("a", "b"), ROWS, COMPARED, [offer("1", "aes256", "sha1")], [SHA])
    assert found is not None and found.taken


def test_nothing_is_compared_with_nothing() -> None:
    assert beside(("a", "b"), ROWS, COMPARED, [], [MD5]) is None
    assert beside(("a", "b"), ROWS, COMPARED, [offer("1", "3des", "md5")], []) is None


def test_alone_every_offer_has_a_column_of_its_own() -> None:
    offers = [Offered(f"transform {n}", {"encryption": f"cipher{n}"}) for n in range(1, 10)]
    found = beside(
        ("hq", "branch"),
        ("encryption",),
        {"encryption"},
        offers,
        [Wanted({"encryption": ("aes",)})],
    )
    assert found is not None
    few = "\n".join(text_of(x) for x in offer_lines(found, 78, UNICODE))
    every = "\n".join(text_of(x) for x in offer_lines(found, 78, UNICODE, every=True))
    assert "more offers differ" in few and "more offer" not in every
    assert all(f"transform {n}" in every and f"cipher{n}" in every for n in range(1, 10))
