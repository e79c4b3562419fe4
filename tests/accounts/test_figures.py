import pytest

from marketplace.accounts.figures import Figures


def test_a_figure_is_what_its_domain_says_and_until_then_what_stands_for_it():
    figures = Figures(review_count="0", average_rating="NULL::float8")
    assert figures.columns == "0 AS review_count, NULL::float8 AS average_rating"
    for _ in range(2):  # a module that is imported twice says the same twice
        figures.add("review_count", "(SELECT 7)")
    assert figures.columns == "(SELECT 7) AS review_count, NULL::float8 AS average_rating"
    with pytest.raises(ValueError, match="twice"):
        figures.add("review_count", "(SELECT 8)")
    with pytest.raises(KeyError):
        figures.add("karma", "1")
