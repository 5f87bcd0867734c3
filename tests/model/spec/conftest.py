"""The IKE machine with policies to order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from model.language.instance import Instance
from model.language.machine import Machine
from model.spec import specification

AGREEING: dict[str, object] = {
    "exchange": "main",
    "takes_exchange": True,
    "exchange_checked_first": True,
    "offers": True,
    "offer_rank": lambda t: t,
    "accepts": True,
    "accept_rank": lambda t: t,
    "allows": True,
    "prefers_own": False,
    "names_alternatives": True,
    "reoffers": True,
    "method": "pre_shared_key",
    "takes_method": True,
    "has_secret": True,
    "secrets_agree": True,
    "credential_holds": True,
    "identity_accepted": True,
    "answer_may_be_altered": False,
    "offers2": True,
    "offer_rank2": lambda _r, t: t,
    "accepts2": True,
    "accept_rank2": lambda _r, t: t,
    "prefers_own2": False,
    "pfs": lambda t: t == 1,
    "key_exchange_fits": True,
    "clients_taken": True,
    "mode_taken": True,
}


@pytest.fixture(scope="session")
def ike() -> Callable[..., Machine]:
    """Two policies that agree, but for what is given: `ike(secrets_agree=False)`."""

    def make(transforms: int = 2, negotiations: int = 1, **policy: object) -> Machine:
        sizes = {"transform": transforms, "protection": 2, "negotiation": negotiations}
        return Machine(specification(), Instance.of(specification(), sizes, {**AGREEING, **policy}))

    return make
