"""One contender from Python, in a process of its own: scikit-learn or oneDAL.

    peer.py NAME FOLDER n d k family threads

reads the data and the start in FOLDER and says `ready`, or why it does not take part. Each line on stdin,
`sweeps times`, asks for so many sweeps from the start, that many times over; the answer is the mean of their
seconds. The parameters after the first run go into FOLDER/NAME-threads.f64. At the end it says how many bytes
it needed beyond the data, if the system tells.
"""

import sys
import time
import warnings
from pathlib import Path

import numpy as np

from cases import Case, parameters


def scikit_learn(case, x, start, _):
    from sklearn.cluster import KMeans
    from sklearn.mixture import GaussianMixture

    weights, means, covariances = start
    warnings.simplefilter("ignore")  # that it has not converged
    if case.family == "kmeans":

        def run(sweeps):
            fit = KMeans(case.k, init=means, n_init=1, max_iter=sweeps, tol=0.0, algorithm="lloyd").fit(x)
            if fit.n_iter_ != sweeps:
                raise RuntimeError(f"k-means stopped after {fit.n_iter_} sweeps of {sweeps}")
            return weights, fit.cluster_centers_, covariances

        return run

    precisions = np.linalg.inv(covariances)
    if case.family == "diagonal":
        precisions = np.einsum("jaa->ja", precisions)
    if case.family == "spherical":
        precisions = precisions[:, 0, 0]

    def run(sweeps):
        fit = GaussianMixture(
            case.k,
            covariance_type={"full": "full", "diagonal": "diag", "spherical": "spherical"}[case.family],
            weights_init=weights,
            means_init=means,
            precisions_init=precisions,
            tol=0.0,
            reg_covar=0.0,
            max_iter=sweeps,
        ).fit(x)
        covariances = fit.covariances_
        if case.family == "diagonal":
            covariances = covariances[:, :, None] * np.eye(case.d)
        if case.family == "spherical":
            covariances = covariances[:, None, None] * np.eye(case.d)
        return fit.weights_, fit.means_, covariances

    return run


def to_rest(algorithm):
    """k-means until no label changes, however many sweeps are asked for."""

    def prepare(case, x, start, _):
        from sklearn.cluster import KMeans

        weights, means, covariances = start

        def run(_):
            fit = KMeans(case.k, init=means, n_init=1, max_iter=100_000, tol=0.0, algorithm=algorithm).fit(x)
            return weights, fit.cluster_centers_, covariances

        return run

    return prepare


def one_dal(case, x, start, threads):
    import daal4py

    daal4py.daalinit(threads)
    weights, means, covariances = start
    if case.family == "spherical":
        raise NotImplementedError("oneDAL has no spherical covariances")
    if case.family == "kmeans":

        def run(sweeps):
            fit = daal4py.kmeans(case.k, maxIterations=sweeps, accuracyThreshold=0.0).compute(x, means)
            if int(fit.nIterations[0, 0]) != sweeps:
                raise RuntimeError(f"k-means stopped after {fit.nIterations[0, 0]} sweeps of {sweeps}")
            return weights, fit.centroids, covariances

        return run

    diagonal = case.family == "diagonal"
    if diagonal:
        covariances = np.einsum("jaa->ja", covariances)
    covariances = [np.ascontiguousarray(np.atleast_2d(covariance)) for covariance in covariances]

    def run(sweeps):
        fit = daal4py.em_gmm(
            case.k,
            maxIterations=sweeps,
            accuracyThreshold=0.0,
            covarianceStorage="diagonal" if diagonal else "",
        ).compute(x, weights[None, :], means, covariances)
        if int(fit.nIterations[0, 0]) != sweeps:
            raise RuntimeError(f"EM stopped after {fit.nIterations[0, 0]} sweeps of {sweeps}")
        return fit.weights, fit.means, [np.diag(c[0]) if diagonal else c for c in fit.covariances]

    return run


CONTENDERS = {
    "scikit-learn": scikit_learn,
    "oneDAL": one_dal,
    "lloyd": to_rest("lloyd"),
    "elkan": to_rest("elkan"),
}


def memory():
    """Anonymous memory now and at its peak so far: what is allocated, without the pages of programs."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0, 0
    of = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith("kB")}
    return of["RssAnon"], of["VmHWM"] - of["RssFile"] - of["RssShmem"]


def forget_peak():
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return True
    except OSError:
        return False


def main(name, folder, n, d, k, family, threads):
    case, folder = Case(int(n), int(d), int(k), family), Path(folder)
    x = np.fromfile(folder / "x.f64").reshape(case.n, case.d)
    start = parameters(case, folder / "start.f64")
    run = CONTENDERS[name](case, x, start, int(threads))
    known = forget_peak()
    before, _ = memory()
    print("ready", flush=True)
    result = folder / f"{name}-{threads}.f64"
    for line in sys.stdin:
        sweeps, times = map(int, line.split())
        began = time.perf_counter()
        for _ in range(times):
            fit = run(sweeps)
        print((time.perf_counter() - began) / times, flush=True)
        if not result.exists():
            np.concatenate([np.ravel(part) for part in fit]).tofile(result)
    print(memory()[1] - before if known else "")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except ImportError as error:
        print(f"{error.name} is not installed")
    except NotImplementedError as error:
        print(error)
