"""The large synthetic graph at a twentieth of its size: both ways count alike, and arrays cost a fraction."""

import numpy as np

from pipelines.bench import derivation_graph as bench
from pipelines.graph import order


def test_the_generator_gives_the_same_deep_graph_every_time() -> None:
    edges = bench.generate(6000, 20)
    again = bench.generate(6000, 20)
    assert np.array_equal(edges.dependent, again.dependent)
    assert np.array_equal(edges.inputs, again.inputs)
    assert np.array_equal(edges.roots, again.roots)
    depths = order.depths(edges.nodes, edges.dependent, edges.inputs)
    assert depths.max() > 200
    assert 8 < len(edges.dependent) / edges.nodes < 10


def test_arrays_and_the_recursive_query_count_alike() -> None:
    edges = bench.numbered(bench.generate(6000, 20))
    counts = bench.in_arrays(edges)
    assert np.array_equal(counts, bench.by_query(edges))
    assert counts.min() >= 1
    assert counts.max() > 100
