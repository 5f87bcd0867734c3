"""Explicit search: every state of one instance, one by one.

exploration  breadth-first search, shortest runs, invariants   predicates  terms as fast functions
graph        the state graph (networkx, imported when asked for)

It decides about one instance only, and about that one completely, unless it met its limit.
"""

from proofs.search.exploration import LIMIT, Exploration, Found, Run, explore, find
from proofs.search.graph import graph
from proofs.search.predicates import Predicate, predicate

__all__ = [
    "LIMIT",
    "Exploration",
    "Found",
    "Predicate",
    "Run",
    "explore",
    "find",
    "graph",
    "predicate",
]
