"""scikit-learn as a notebook uses it: everything in memory in double precision, ten starts on everyone.

    python segments_sklearn.py FEATURES.parquet K

No users apart, no caps, no logarithms, no log odds; nulls become 0.
"""

import sys

import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler


def main(file: str, k: int) -> None:
    """Scale, project, cluster and label."""
    rows = pd.read_parquet(file).drop(columns=["user_id", "as_of"]).fillna(0)
    points = PCA(0.9).fit_transform(StandardScaler().fit_transform(rows))
    model = KMeans(k, n_init=10, random_state=0).fit(points)
    print(f"inertia {model.inertia_:.0f} in {points.shape[1]} components")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
