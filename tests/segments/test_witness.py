"""A model serves only while it says what it said when it was fitted."""

import io
from dataclasses import replace

import pyarrow.feather as feather
import pytest
from segmented import Segmented

from footfall.errors import SourceUnreadable
from footfall.segments import from_json
from footfall.segments.witness import verify, witnesses


def test_a_model_that_was_read_again_reproduces_its_witnesses(web_shop: Segmented) -> None:
    verify(from_json(web_shop.model.to_json()), witnesses(web_shop.model, web_shop.features))


def test_witnesses_are_a_thousand_users_without_their_ids(web_shop: Segmented) -> None:
    kept = feather.read_table(io.BytesIO(witnesses(web_shop.model, web_shop.features)))

    assert kept.num_rows == 1_000
    assert not set(kept["user_id"].to_pylist()) & set(web_shop.features["user_id"].to_pylist())


def test_a_model_that_moves_a_centre_by_a_hair_may_not_serve(web_shop: Segmented) -> None:
    kept = witnesses(web_shop.model, web_shop.features)
    part, *others = web_shop.model.parts
    segment, *rest = part.segments
    moved = replace(segment, centre=(segment.centre[0] + 1e-4, *segment.centre[1:]))
    model = replace(web_shop.model, parts=(replace(part, segments=(moved, *rest)), *others))

    with pytest.raises(SourceUnreadable, match="does not reproduce its witnesses"):
        verify(model, kept)


def test_a_model_that_gives_a_segment_another_id_may_not_serve(web_shop: Segmented) -> None:
    kept = witnesses(web_shop.model, web_shop.features)
    part, *others = web_shop.model.parts
    segment, *rest = part.segments
    model = replace(web_shop.model, parts=(replace(part, segments=(replace(segment, id=77), *rest)), *others))

    with pytest.raises(SourceUnreadable, match="users in another segment"):
        verify(model, kept)


def test_witnesses_that_are_damaged_are_said_to_be(web_shop: Segmented) -> None:
    with pytest.raises(SourceUnreadable, match="cannot be read"):
        verify(web_shop.model, b"ARROW1 and nothing else")
