"""How many segments a part is to have: what the rule chose, or the last model's number while that holds."""

from datetime import datetime

import pytest

from footfall.segments import k_selection, numbers_chosen
from footfall.segments.choice import Candidate, Choice
from footfall.segments.choice.resampling import Gap
from footfall.segments.choice.silhouette import Estimate


def candidate(k: int, *, holds: bool) -> Candidate:
    return Candidate(
        k=k,
        inertia=1.0,
        silhouette=0.5,
        euclidean=Estimate(0.5, 0.4, 0.6),
        gap=Gap(2.0, 0.01),
        rival=(1, Gap(1.0, 0.01)),
        jaccard=(0.9 if holds else 0.5,) * k,
        rand=0.9,
        prediction_strength=0.9,
        smallest_share=0.1,
    )


def selection(chosen: int, holding: tuple[int, ...]) -> object:
    found = tuple(candidate(k, holds=k in holding) for k in range(2, 6))
    choice = Choice(chosen, "because", Gap(1.0, 0.01), found, None)
    return k_selection({"buyers": choice}, resamples=20, as_of=datetime(2020, 1, 1))


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
    assert numbers_chosen(selection(4, (3, 4)), last) == {"buyers": kept}  # type: ignore[arg-type]


def test_where_there_is_no_structure_no_number_is_kept() -> None:
    assert numbers_chosen(selection(1, (3,)), {"buyers": 3}) == {"buyers": 1}  # type: ignore[arg-type]
