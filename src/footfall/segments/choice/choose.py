"""The number of segments: measured for 2 to 12, chosen by a rule that is written down.

The rule: the largest K whose every cluster has a mean bootstrap Jaccard of at least 0.75, whose prediction strength is
at least 0.8, whose smallest cluster holds at least 0.5% of the users, and whose gap lies clearly above that of the next
smaller K that holds, one cluster among them. Is there none, the users have no structure that holds: one segment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import cpu_count

import numpy as np
import numpy.typing as npt

from footfall.segments.choice.resampling import Effort, Gap, gaps, prediction_strength, stability
from footfall.segments.choice.silhouette import Estimate, sampled_silhouette, squared_silhouette
from footfall.segments.clusters import learn_centres, nearest_labels

Points = npt.NDArray[np.float32]

KS = tuple(range(2, 13))
SAMPLE_ROWS = 3_000
LEAST_JACCARD = 0.75
LEAST_PREDICTION_STRENGTH = 0.8
LEAST_SHARE = 0.005
LEAST_USERS = 10
# Standard errors by which a gap must exceed another: of 11 gaps, one lies two errors off by chance.
GAP_ERRORS = 3.0


@dataclass(frozen=True)
class Candidate:
    """A number of segments, measured.

    Attributes:
        k: the number.
        inertia: sum of squared distances to the centres (the elbow's curve; reported, never decides).
        silhouette: in squared distance, over all users.
        euclidean: the silhouette in Euclidean distance of a sample, with its interval.
        gap: the gap statistic of a sample.
        rival: the next smaller number that holds, 1 if there is none, and its gap.
        jaccard: each cluster's mean bootstrap Jaccard.
        rand: mean adjusted Rand index of the bootstrap.
        prediction_strength: mean over splits.
        smallest_share: the smallest cluster's share of all users.
    """

    k: int
    inertia: float
    silhouette: float
    euclidean: Estimate
    gap: Gap
    rival: tuple[int, Gap]
    jaccard: tuple[float, ...]
    rand: float
    prediction_strength: float
    smallest_share: float

    @property
    def failures(self) -> list[str]:
        """Which parts of the rule it breaks, in words; none if it may be chosen."""
        tests = [
            (min(self.jaccard), LEAST_JACCARD, "a cluster's Jaccard is {:.3f}, below {:.2f}"),
            (self.prediction_strength, LEAST_PREDICTION_STRENGTH, "prediction strength is {:.3f}, below {:.2f}"),
            (self.smallest_share, LEAST_SHARE, "the smallest segment has {:.2%} of the users, below {:.2%}"),
        ]
        failures = [text.format(found, least) for found, least, text in tests if not found >= least]
        fewer, gap = self.rival
        if not self.gap.value - GAP_ERRORS * self.gap.error > gap.value:
            failures.append(f"the gap is {self.gap.value:.3f}, not clearly above the {gap.value:.3f} of {fewer}")
        return failures


@dataclass(frozen=True)
class Choice:
    """What the rule chose, from what, and why.

    Attributes:
        k: the number of segments; 1 if there is no structure.
        reason: in a sentence.
        single: the gap statistic of one cluster; None if nothing was measured.
        candidates: all that were measured, by k.
        runner_up: the next best number of segments that hold; None if there is no other.
    """

    k: int
    reason: str
    single: Gap | None
    candidates: tuple[Candidate, ...]
    runner_up: int | None


def choose_k(
    points: Points,
    *,
    seed: int,
    ks: Sequence[int] = KS,
    effort: Effort | None = None,
    of_users: int | None = None,
    threads: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Choice:
    """Measure every k and choose.

    Args:
        points: all users on their principal components.
        seed: of samples and starts.
        ks: the numbers to try; those with fewer than ten users a cluster are left out.
        effort: how often users are drawn again.
        of_users: how many users there are, of whom a segment must hold its share; by default these.
        threads: how many cores; all by default.
        progress: told what is being measured.
    """
    from joblib import parallel_config  # noqa: PLC0415 - only a choice needs it

    effort, part = effort or Effort(), len(points) / (of_users or len(points))
    ks = [k for k in ks if len(points) >= LEAST_USERS * k]
    if not ks:
        return Choice(1, f"{len(points):,} users are too few to be divided", None, (), None)
    if not points.shape[1]:
        return Choice(1, "these users are all alike", None, (), None)
    chosen = np.sort(np.random.default_rng(seed).permutation(len(points))[:SAMPLE_ROWS])
    found: list[Candidate] = []
    with parallel_config(n_jobs=threads or cpu_count()):
        progress("comparing with users without structure")
        gap = gaps(points[chosen], [1, *ks], seed, effort.references)
        rival = (1, gap[1])
        for k in ks:
            progress(f"do {k} segments hold?")
            found.append(_measured(points, chosen, k, gap[k], rival, seed, effort, part))
            rival = rival if found[-1].failures else (k, gap[k])
    return _choice(tuple(found), gap[1])


def _measured(
    points: Points,
    chosen: npt.NDArray[np.int64],
    k: int,
    gap: Gap,
    rival: tuple[int, Gap],
    seed: int,
    effort: Effort,
    part: float,
) -> Candidate:
    labels, inertia = nearest_labels(points, learn_centres(points, k, seed, refine=False))
    sample = points[chosen]
    held = stability(sample, labels[chosen], k, seed, effort.resamples)
    return Candidate(
        k=k,
        inertia=inertia,
        silhouette=squared_silhouette(points, labels, k),
        euclidean=sampled_silhouette(points, labels, rows=SAMPLE_ROWS, seed=seed),
        gap=gap,
        rival=rival,
        jaccard=held.jaccard,
        rand=held.rand,
        prediction_strength=prediction_strength(sample, k, seed, effort.splits),
        smallest_share=float(np.bincount(labels, minlength=k).min() / len(points)) * part,
    )


def _choice(candidates: tuple[Candidate, ...], single: Gap) -> Choice:
    holding = [one.k for one in candidates if not one.failures]
    if not holding:
        return Choice(1, f"no structure: {_nothing_holds(candidates)}", single, candidates, None)
    best, *others = sorted(holding, reverse=True)
    reason = f"{best} is the largest number of segments that all hold when users are drawn again"
    return Choice(best, reason, single, candidates, others[0] if others else None)


def _nothing_holds(candidates: Sequence[Candidate]) -> str:
    nearest = max(candidates, key=lambda one: (min(one.jaccard), one.k))
    return f"no number of segments holds; {nearest.k} come nearest, but {' and '.join(nearest.failures)}"
