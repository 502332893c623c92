"""What is run: sizes, their data, their start, and the referee who says how good a result is."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SEED = 5
OLD_FAITHFUL = Path(__file__).resolve().parents[3] / "src/data/old_faithful.csv"
# Contenders are compared after this many sweeps, while each still moves ℓ; even, as linfa sweeps in pairs.
SHORT = 2
BLOCK = 16_384


@dataclass(frozen=True)
class Case:
    """n data of dimension d, k components; a family of covariances, or k-means."""

    n: int
    d: int
    k: int
    family: str = "full"
    # How many standard deviations two centres are apart, in any dimension: so few that clusters overlap.
    apart: float = 3

    def __str__(self):
        sizes = ", ".join(f"{size:,}".replace(",", " ") for size in (self.n, self.d, self.k))
        family = "" if self.family == "full" else f" {self.family}"
        return sizes + family + ("" if self.apart == 3 else f", {self.apart:g} σ apart")

    @property
    def work(self):
        """Roughly, the seconds of a good sweep."""
        pair = self.d**2 + 4 * self.d + 40 if self.family == "full" else self.d + 8
        return self.n * self.k * pair / 5e9

    @property
    def multiply_adds(self):
        """What both steps cost at least, with full covariances: for a pair of a datum and a component, x − μ
        through a triangle and its square, the triangle of r v vᵀ, r v, and an exponential (13)."""
        return self.n * self.k * (self.d**2 + 2 * self.d + 13) if self.family == "full" else None

    @property
    def long(self):
        """The sweeps of the longer run; few, as some contenders stop when ℓ no longer moves."""
        return SHORT + 2 * int(np.clip(0.2 / self.work, 1, 4))

    @property
    def times(self):
        """How often a run is repeated, at most, to make a measurable time of it."""
        return int(np.clip(0.2 / (self.work * self.long), 1, 1000))


CASES = [
    Case(272, 2, 2),
    Case(10_000, 2, 5),
    Case(100_000, 2, 5),
    Case(1_000_000, 2, 5),
    Case(100_000, 8, 10),
    Case(1_000_000, 8, 16),
    Case(100_000, 16, 16),
    Case(100_000, 64, 16),
    Case(20_000, 128, 32),
    Case(1_000_000, 8, 16, "diagonal"),
    Case(1_000_000, 8, 16, "spherical"),
    Case(1_000_000, 8, 16, "kmeans"),
    Case(100_000, 64, 64, "kmeans"),
]


def draw(case):
    """The data, n×d, and the number of the centre that each of them is nearest to."""
    if case.n == 272:
        with OLD_FAITHFUL.open() as file:
            x = np.array([[float(cell) for cell in row] for row in list(csv.reader(file))[1:]])
        return x, nearest(x, x[:: case.n // case.k][: case.k])
    random = np.random.Generator(np.random.PCG64([SEED, case.n, case.d, case.k]))
    centres = random.normal(size=(case.k, case.d)) * case.apart / np.sqrt(2 * case.d)
    shapes = np.eye(case.d) + random.normal(size=(case.k, case.d, case.d)) / (2 * np.sqrt(case.d))
    x = random.standard_normal((case.n, case.d))
    cluster = random.integers(case.k, size=case.n)
    for j in range(case.k):
        x[cluster == j] = x[cluster == j] @ shapes[j].T + centres[j]
    return x, nearest(x, centres)


def nearest(x, centres):
    squares = 0.5 * (centres**2).sum(axis=1)
    blocks = (x[at : at + BLOCK] for at in range(0, len(x), BLOCK))
    return np.concatenate([(squares - block @ centres.T).argmin(axis=1) for block in blocks]).astype(np.uint8)


def start(case, x, labels):
    """θ⁰: the M step of hard labels, as weights k, means k×d and covariances k×d×d."""
    members = [x[labels == j] for j in range(case.k)]
    weights = np.array([len(member) / len(x) for member in members])
    means = np.array([member.mean(axis=0) for member in members])
    covariances = np.array([np.cov(member.T, ddof=0).reshape(case.d, case.d) for member in members])
    if case.family == "diagonal":
        covariances *= np.eye(case.d)
    if case.family == "spherical":
        covariances = np.einsum("jaa,bc->jbc", covariances, np.eye(case.d)) / case.d
    return weights, means, covariances


def write(case, folder):
    """The files that every contender reads: row by row, 64-bit floats; labels one byte each."""
    x, labels = draw(case)
    x.tofile(folder / "x.f64")
    labels.tofile(folder / "labels.u8")
    np.concatenate([part.ravel() for part in start(case, x, labels)]).tofile(folder / "start.f64")
    return x


def parameters(case, path):
    """Weights, means and covariances as written by `write` and by the contenders."""
    sizes = [case.k, case.k * case.d]
    weights, means, covariances = np.split(np.fromfile(path), np.cumsum(sizes))
    return weights, means.reshape(case.k, case.d), covariances.reshape(-1, case.d, case.d)


def score(case, x, weights, means, covariances):
    """ℓ, in nats; for k-means J, the sum of squared distances to the nearest mean."""
    blocks = (x[at : at + BLOCK] for at in range(0, len(x), BLOCK))
    if case.family == "kmeans":
        distances = ([((block - mean) ** 2).sum(axis=1) for mean in means] for block in blocks)
        return float(sum(np.min(of_block, axis=0).sum() for of_block in distances))
    factors = np.linalg.cholesky(covariances)
    whitening = np.linalg.inv(factors)
    normalisers = np.log(np.einsum("jaa->ja", factors)).sum(axis=1) + 0.5 * case.d * np.log(2 * np.pi)
    total = 0.0
    for block in blocks:
        squares = np.array([(((block - mean) @ w.T) ** 2).sum(axis=1) for mean, w in zip(means, whitening)])
        joint = (np.log(weights) - normalisers)[:, None] - 0.5 * squares
        largest = joint.max(axis=0)
        total += (largest + np.log(np.exp(joint - largest).sum(axis=0))).sum()
    return float(total)
