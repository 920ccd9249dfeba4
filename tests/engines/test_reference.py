from deeplab_cv.engines.reference import reference_for


def test_the_golden_scores_of_a_card_are_the_reference(graph):
    reference = reference_for(graph)

    assert reference.origin == "golden"
    assert reference.scores is graph.golden.scores
