"""Users into segments as they come, by the code that scores all users of the lake."""

from collections.abc import Mapping

import numpy as np

from footfall.errors import UserError
from footfall.pipeline.query import Reader
from footfall.pipeline.versions import model_of
from footfall.segments import Explainer, Explanation, SegmentModel
from footfall.serve.views.hints import unknown
from footfall.serve.views.published import NotPublished
from footfall.serve.views.users import COUNTS, FEATURES
from footfall.settings import Settings

Features = Mapping[str, float | int | None]


class Scorer:
    """Scores users by the model that serves.

    Args:
        model: a fitted segmentation.
    """

    def __init__(self, model: SegmentModel) -> None:
        self.model = model
        self._explainer = Explainer(model, COUNTS)
        self._absent = [(name, 0.0 if name in COUNTS else np.nan) for name in model.features]

    def score(self, features: Features, user_id: str = "") -> Explanation:
        """Segment, distances and reasons of a user with these features.

        A count that is not given is 0; any other feature that is not given is not defined, as for a user without it.

        Raises:
            UserError: a feature is none of ours.
        """
        wrong = features.keys() - _KNOWN
        if wrong:
            raise UserError(f"feature {unknown(min(wrong), FEATURES)}")
        known = {name: value for name, value in features.items() if value is not None}
        row = np.array([known.get(name, absent) for name, absent in self._absent], float)
        return self._explainer.explain(row, user_id)


_KNOWN = frozenset(FEATURES)


def read_scorer(reader: Reader, settings: Settings) -> Scorer:
    """The model that scored the users of the lake.

    Raises:
        NotPublished: there are no segments yet.
        UserError: its files are gone.
    """
    if "customer_segments" not in reader.versions:
        raise NotPublished("customer_segments", str(settings.lake))
    return Scorer(model_of(settings))
