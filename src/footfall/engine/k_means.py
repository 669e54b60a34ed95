"""K-means, whoever computes it, and the settings that all are given."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class KMeansSettings:
    """How K-means searches.

    Attributes:
        seed: of the starts.
        tol: a search ends when the centres move less than this.
        max_iter: it ends after so many rounds in any case.
        n_init: how many starts compete.
    """

    seed: int
    tol: float = 1e-4
    max_iter: int = 300
    n_init: int = 10


class KMeans(Protocol):
    """K-means on points of which each is one row."""

    def __call__(
        self,
        points: npt.NDArray[np.float32],
        k: int,
        settings: KMeansSettings,
        start: npt.NDArray[np.float64] | None = None,
    ) -> npt.NDArray[np.float64]:
        """The centres, one row each: from those of `start`, or from the best of several starts."""
