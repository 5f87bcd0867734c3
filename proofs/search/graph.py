"""The state graph, for those who want to measure or draw it."""

from __future__ import annotations

import importlib
from typing import Any

from proofs.search.exploration import Exploration


def graph(exploration: Exploration) -> Any:
    """The states found as a networkx.DiGraph.

    nodes  numbers, 0 the initial state, in the order of distance; attribute `state`
    edges  attribute `steps`: the steps that lead from one to the other, in the order of `enabled`
    ImportError: networkx is not installed. It is imported here alone, as the import takes a while.
    """
    networkx = importlib.import_module("networkx")
    made = networkx.DiGraph()
    numbers = {state: number for number, state in enumerate(exploration.parents)}
    for state, number in numbers.items():
        made.add_node(number, state=state)
    for before, step, after in exploration.transitions():
        ends = numbers[before], numbers[after]
        if made.has_edge(*ends):
            made.edges[ends]["steps"] += (step,)
        else:
            made.add_edge(*ends, steps=(step,))
    return made
