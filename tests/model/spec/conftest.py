"""The IKE machine with policies to order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from model.language.instance import Instance
from model.language.machine import Machine
from model.spec import specification
from model.spec.agreeing import AGREEING


@pytest.fixture(scope="session")
def ike() -> Callable[..., Machine]:
    """Two policies that agree, but for what is given: `ike(secrets_agree=False)`."""

    def make(transforms: int = 2, negotiations: int = 1, **policy: object) -> Machine:
        sizes = {"transform": transforms, "protection": 2, "negotiation": negotiations}
        return Machine(specification(), Instance.of(specification(), sizes, {**AGREEING, **policy}))

    return make
