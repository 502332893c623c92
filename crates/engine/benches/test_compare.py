"""The referee sees what is wrong; the table says what was measured."""

import itertools
import json
import math
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path
from unittest import mock

import numpy as np

import race
import table
from cases import CASES, SHORT, Case, draw, parameters, score, start, write
from compare import case_of, rounded, to_json

SMALL = Case(60, 3, 2)


def naive_log_likelihood(x, weights, means, covariances):
    """Density by density, with determinants and solutions instead of factors."""
    total = 0.0
    for row in x:
        density = 0.0
        for weight, mean, covariance in zip(weights, means, covariances):
            v = row - mean
            square = v @ np.linalg.solve(covariance, v)
            density += weight * math.exp(-0.5 * square) / math.sqrt(np.linalg.det(2 * math.pi * covariance))
        total += math.log(density)
    return total


# A contender that answers as told: on a second thread it may say something else.
FAKE = textwrap.dedent("""
    import shutil, sys, time
    def main(name, folder, n, d, k, family, threads):
        if name == "away": return print("has no time")
        if name == "broken": raise ValueError("is broken")
        print("ready", flush=True)
        asked = 0
        for line in sys.stdin:
            if name == "slow": time.sleep(60)
            sweeps, times = map(int, line.split())
            source = "other" if name == "wrong" else "start"
            shutil.copy(f"{folder}/{source}.f64", f"{folder}/{name}-{threads}.f64")
            asked += times
            seconds = {"fast": sweeps / 1024, "erratic": 1 / sweeps}
            print(seconds.get(name, 0.5 + 0.25 * sweeps), flush=True)
        print(asked)
    main(*sys.argv[1:])
""")


class Referee(unittest.TestCase):
    def test_the_score_is_the_log_likelihood(self):
        for family in ("full", "diagonal", "spherical"):
            case = Case(60, 3, 2, family)
            x, labels = draw(case)
            theta = start(case, x, labels)
            expected = naive_log_likelihood(x, *theta)
            # 60 terms with some ten roundings each.
            self.assertAlmostEqual(score(case, x, *theta), expected, delta=1e3 * 2**-53 * abs(expected))

    def test_the_score_of_k_means_is_the_sum_of_squared_distances(self):
        case = Case(60, 3, 2, "kmeans")
        x, labels = draw(case)
        weights, means, covariances = start(case, x, labels)
        expected = sum(min(sum((row - mean) ** 2) for mean in means) for row in x)
        self.assertAlmostEqual(score(case, x, weights, means, covariances), expected, delta=1e-12 * expected)

    def test_the_start_is_the_m_step_of_the_labels(self):
        x = np.array([[0.0], [2.0], [10.0], [14.0], [18.0]])
        weights, means, covariances = start(Case(5, 1, 2), x, np.array([0, 0, 1, 1, 1]))
        self.assertEqual((weights.tolist(), means.ravel().tolist()), ([0.4, 0.6], [1.0, 14.0]))
        np.testing.assert_allclose(covariances.ravel(), [1.0, 32 / 3], rtol=1e-15)

    def test_the_families_keep_what_they_have(self):
        full = start(SMALL, *draw(SMALL))[2]
        for family in ("diagonal", "spherical"):
            covariances = start(Case(60, 3, 2, family), *draw(SMALL))[2]
            for covariance, of_full in zip(covariances, full):
                self.assertFalse((covariance - np.diag(np.diag(covariance))).any())
                self.assertEqual(np.ptp(np.diag(covariance)) == 0, family == "spherical")
                self.assertAlmostEqual(np.trace(covariance), np.trace(of_full), delta=1e-14)

    def test_data_are_the_same_on_every_run_and_labels_are_those_of_a_sound_start(self):
        np.testing.assert_array_equal(draw(SMALL)[0], draw(SMALL)[0])
        for case in (CASES[0], Case(1_000, 8, 10)):
            self.assertGreater(np.bincount(draw(case)[1], minlength=case.k).min(), case.d)

    def test_files_hold_what_was_written(self):
        with tempfile.TemporaryDirectory() as folder:
            x = write(SMALL, Path(folder))
            for read, written in zip(parameters(SMALL, Path(folder) / "start.f64"), start(SMALL, *draw(SMALL))):
                np.testing.assert_array_equal(read, written)
            np.testing.assert_array_equal(np.fromfile(Path(folder) / "x.f64"), x.ravel())

    def test_runs_are_even_and_the_longer_one_is_longer(self):
        for case in CASES:
            self.assertEqual((case.long % 2, SHORT % 2), (0, 0))
            self.assertGreater(case.long, SHORT)
            self.assertGreaterEqual(case.times, 1)

    def test_a_difference_beyond_the_tolerance_is_a_mismatch(self):
        def records(*scores):
            return [{"contender": "a", "threads": i, "score": value} for i, value in enumerate(scores)]

        race.agree(SMALL, records(-1000.0, -1000.0 * (1 + 0.9 * race.TOLERANCE)))
        race.agree(SMALL, [{"contender": "a", "threads": 1, "absent": "ill"}])
        for scores in itertools.permutations((-1000.0, -1000.0, -1000.0 * (1 + 1.1 * race.TOLERANCE))):
            with self.assertRaises(race.Mismatch):
                race.agree(SMALL, records(*scores))
        with self.assertRaises(race.Mismatch):
            race.agree(SMALL, records(-1000.0, math.nan))
        with self.assertRaises(race.Mismatch):
            race.agree(SMALL, records(math.nan, -1000.0))


class Race(unittest.TestCase):
    def race(self, *names):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            x = write(SMALL, folder)
            weights, means, covariances = parameters(SMALL, folder / "start.f64")
            moved = [weights, means + 1e-3, covariances]
            np.concatenate([part.ravel() for part in moved]).tofile(folder / "other.f64")
            command = [sys.executable, "-c", FAKE]
            return race.race(SMALL, [(name, 1, command) for name in names], folder, x, 3)

    def test_a_sweep_is_the_difference_of_two_runs(self):
        (record,) = self.race("good")
        self.assertAlmostEqual(record["ms"], 250.0, delta=1e-9)
        self.assertEqual(record["bytes"], 1 + 3 * 2)

    def test_short_runs_are_repeated_as_often_as_fit_into_a_turn(self):
        (record,) = self.race("fast")
        self.assertAlmostEqual(record["ms"], 1000 / 1024, delta=1e-9)
        # A second holds 102 runs of ten sweeps.
        self.assertEqual(record["bytes"], 1 + 3 * 2 * 102)

    def test_a_longer_run_in_less_time_is_no_measurement(self):
        (record,) = self.race("erratic")
        self.assertEqual((record["ms"], record["absent"]), (None, "its runs differ by more than the sweeps take"))

    def test_it_ends_when_its_time_is_used(self):
        with mock.patch.object(race, "TIME", 4.0):
            (record,) = self.race("good")
        self.assertEqual(record["rounds"], 1)

    def test_a_wrong_result_is_a_mismatch(self):
        with self.assertRaises(race.Mismatch):
            self.race("good", "wrong")

    def test_who_is_away_or_broken_or_slow_has_a_reason(self):
        with mock.patch.object(race, "LONGEST_ANSWER", 2.0):
            reasons = [record.get("absent") for record in self.race("away", "broken", "slow", "good")]
        self.assertEqual(
            reasons, ["has no time", "ValueError: is broken", "more than 2 s for 1 × 2 sweeps", None]
        )


class Results(unittest.TestCase):
    def test_digits(self):
        numbers = [table.digits(value) for value in (0.0031415, 0.25, 1.0, 12.345, 123.4, 1234.5, 1e6)]
        self.assertEqual(numbers, ["0.00314", "0.25", "1", "12.3", "123", "1230", "1000000"])
        self.assertEqual([table.digits(value, 2) for value in (5.61, 16.2, 161.8)], ["5.6", "16", "160"])

    def test_times_come_with_their_ratio_to_the_engine(self):
        records = [
            {"contender": "engine", "threads": 1, "ms": 2.0, "bytes": 300_000},
            {"contender": "engine", "threads": 2, "ms": 1.0},
            {"contender": "oneDAL", "threads": 1, "ms": 10.0},
            {"contender": "oneDAL", "threads": 2, "ms": 6.0},
            {"contender": "linfa", "threads": 1, "absent": "ill"},
        ]
        cells = [table.times(records, name) for name in ("engine", "oneDAL", "linfa")]
        self.assertEqual(cells, ["2, 1", "10, 6 (5×, 6×)", "–"])
        self.assertEqual([table.megabytes(records, name) for name in ("engine", "oneDAL")], ["0.3", "–"])

    def test_the_limit_is_compared_with_one_thread(self):
        records = [{"contender": "engine", "threads": threads, "ms": ms} for threads, ms in ((2, 5.0), (1, 8.0))]
        self.assertEqual(table.share({"limit_ms": 2.0, "contenders": records}), "25%")
        self.assertEqual(table.share({"contenders": records}), "–")
        # Two data, three components: (16 + 8 + 13) multiply–adds for each of six pairs.
        self.assertEqual(Case(2, 4, 3).multiply_adds, 222)

    def test_every_row_has_a_cell_for_every_column(self):
        results = {
            "date": "2026-01-31",
            "machine": {"cpu": "a CPU", "cores": 2},
            "versions": {"oneDAL": "1.2"},
            "sweeps": 2,
            "tolerance": 1.2e-10,
            "sizes": [{"size": str(case), "contenders": []} for case in CASES],
        }
        rows = [line for line in table.markdown(results).splitlines() if line.startswith("|")]
        self.assertEqual(len(rows), 2 + len(CASES))
        self.assertEqual({row.count("|") for row in rows}, {rows[0].count("|")})

    def test_the_table_goes_between_its_markers_and_nowhere_else(self):
        begin, end = table.markers("bench")
        text = f"before\n{begin}\nold\n{end}\nafter\n"
        once = table.into(text, "new")
        self.assertEqual(once, f"before\n{begin}\n\nnew\n\n{end}\nafter\n")
        self.assertEqual(table.into(once, "other", "bench-file"), once)
        self.assertEqual(table.into(once, "new"), once)
        self.assertEqual(table.into("no markers", "new"), "no markers")

    def test_seconds_of_a_file_stand_beside_ours(self):
        result = {
            "date": "2026-01-31",
            "machine": {"cpu": "a CPU", "cores": 2},
            "versions": {"polars": "1.2"},
            "size": "10, 2, 2",
            "megabytes": 12.3,
            "sweeps": 20,
            "turns": 3,
            "seconds": {"executable-em": 0.5, "polars + a peer": 6.0},
        }
        *words, _, _, own, peer = table.whole(result).splitlines()
        self.assertIn("CSV file of 12 MB", words[0])
        self.assertEqual([own, peer], ["| executable-em | 0.5 | 1 |", "| polars + a peer | 6 | 12 |"])

    def test_an_optimum_that_was_not_found_is_said(self):
        contenders = {
            "executable-em": {"seconds": 0.5, "short": 0.0},
            "a peer": {"seconds": 6.0, "short": 3e-3},
            "a slow one": {"seconds": None, "short": None},
        }
        fewer = {name: contenders[name] for name in ("executable-em", "a peer")}
        rows = [{"name": "10, 2, 2", "contenders": contenders}, {"name": "all", "contenders": fewer}]
        result = {"date": "", "machine": {"cpu": "", "cores": 2}, "versions": {}, "longest": 600, "rows": rows}
        *_, first, second = table.optima(result).splitlines()
        self.assertEqual(first, "| 10, 2, 2 | 0.5 | 6 (12×, short by 3e-03) | > 600 (> 1200×) |")
        self.assertEqual(second, "| all | 0.5 | 6 (12×, short by 3e-03) | – |")

    def test_json_reads_back_with_four_digits(self):
        value = {"a": [1.23456, {"b": None, "c": "ℓ" * 200}], "n": 1_000_000, "e": []}
        self.assertEqual(json.loads(to_json(rounded(value))), {**value, "a": [1.235, value["a"][1]]})

    def test_a_size_that_is_none_is_refused(self):
        self.assertEqual(case_of("10,2,3,diagonal"), Case(10, 2, 3, "diagonal"))
        for text in ("10,2", "a,b,c", "10,2,3,diagonal,4"):
            with self.assertRaisesRegex(Exception, "a size is"):
                case_of(text)


if __name__ == "__main__":
    unittest.main()
