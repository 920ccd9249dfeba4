"""The order of a graph's nodes: the standard wants each after those whose results it reads."""

import heapq
from collections.abc import Iterator
from typing import Any


def in_order(graph: Any) -> bool:
    """Sort the nodes so that each stands after those whose results it reads; whether there was anything to sort.

    Those that read what nobody makes, or each other in a circle, stay behind all others.
    """
    nodes = list(graph.node)
    maker = {name: place for place, node in enumerate(nodes) for name in node.output if name}
    made = {"", *maker, *(value.name for value in (*graph.input, *graph.initializer))}
    needed = [{maker[name] for name in _read_by(node) if name in maker} for node in nodes]
    for place, node in enumerate(nodes):
        if not made.issuperset(node.input):
            needed[place].add(len(nodes))
    if all(place > max(before, default=-1) for place, before in enumerate(needed)):
        return False
    readers: dict[int, list[int]] = {}
    for place, before in enumerate(needed):
        for each in before:
            readers.setdefault(each, []).append(place)
    ready = [place for place, before in enumerate(needed) if not before]
    ordered: list[int] = []
    while ready:
        place = heapq.heappop(ready)
        ordered.append(place)
        for reader in readers.get(place, ()):
            needed[reader].discard(place)
            if not needed[reader]:
                heapq.heappush(ready, reader)
    done = set(ordered)
    ordered += [place for place in range(len(nodes)) if place not in done]
    del graph.node[:]
    graph.node.extend(nodes[place] for place in ordered)
    return ordered != sorted(ordered)


def _read_by(node: Any) -> Iterator[str]:
    """The tensors that a node reads, those that its own graphs (of If or Loop) take from outside among them."""
    yield from node.input
    for each in node.attribute:
        for graph in (each.g, *each.graphs):
            for inner in graph.node:
                yield from _read_by(inner)
            yield from (value.name for value in graph.output)
