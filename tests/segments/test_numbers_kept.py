"""How many segments a part is to have: what the rule chose, or the last model's number while that holds."""

from datetime import datetime

import pytest

from footfall.segments import k_selection, numbers_chosen
from footfall.segments.choice import Candidate, Choice
from footfall.segments.choice.resampling import Gap
from footfall.segments.choice.silhouette import Estimate


def candidate(k: int, *, jaccard: float = 0.9, gap: float = 2.0) -> Candidate:
    return Candidate(
        k=k,
        inertia=1.0,
        silhouette=0.5,
        euclidean=Estimate(0.5, 0.4, 0.6),
        gap=Gap(gap, 0.01),
        rival=(1, Gap(1.0, 0.01)),
        jaccard=(jaccard,) * k,
        rand=0.9,
        prediction_strength=0.9,
        smallest_share=0.1,
    )


def numbers(found: list[Candidate], chosen: int, last: dict[str, int] | None) -> dict[str, int]:
    choice = Choice(chosen, "because", Gap(1.0, 0.01), tuple(found), None)
    return numbers_chosen(k_selection({"buyers": choice}, resamples=20, as_of=datetime(2020, 1, 1)), last)


@pytest.mark.parametrize(
    ("last", "kept"),
    [
        (None, 4),
        ({"buyers": 4}, 4),
        ({"buyers": 3}, 3),
        ({"buyers": 2}, 4),
        ({"buyers": 5}, 4),
        ({"buyers": 1}, 4),
        ({"buyers": 12}, 4),
        ({"visitors": 3}, 4),
    ],
)
def test_the_last_number_is_kept_while_it_holds(last: dict[str, int] | None, kept: int) -> None:
    found = [candidate(2, jaccard=0.5), candidate(3), candidate(4), candidate(5, jaccard=0.5)]
    assert numbers(found, 4, last) == {"buyers": kept}


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        (candidate(3, jaccard=0.71), 3),
        (candidate(3, jaccard=0.69), 1),
        (candidate(3, gap=0.98), 3),
        (candidate(3, gap=0.96), 1),
    ],
)
def test_a_number_that_nearly_holds_stays(found: Candidate, kept: int) -> None:
    assert numbers([found], 1, {"buyers": 3}) == {"buyers": kept}
    assert numbers([found], 1, None) == {"buyers": 1}


@pytest.mark.parametrize(("gap", "kept"), [(1.04, 1), (1.07, 2)])
def test_one_segment_is_divided_only_when_more_are_clearly_better(gap: float, kept: int) -> None:
    assert numbers([candidate(2, gap=gap)], 2, {"buyers": 1}) == {"buyers": kept}
    assert numbers([candidate(2, gap=gap)], 2, None) == {"buyers": 2}


def test_users_who_are_too_few_are_one_segment_whatever_the_last_number() -> None:
    choice = Choice(1, "too few", None, (), None)
    selection = k_selection({"buyers": choice}, resamples=20, as_of=datetime(2020, 1, 1))
    assert numbers_chosen(selection, {"buyers": 3}) == {"buyers": 1}
    assert numbers_chosen(selection, {"buyers": 1}) == {"buyers": 1}
