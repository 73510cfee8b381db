"""What is decided without a server: comparisons, medians, the page."""

import pathlib
import tempfile
import unittest
from unittest import mock

from harness import report
from harness.results import Results
from harness.rows import ROWS, Against, Row, cells_of


def results_of(**values):
    """One cell named `cell` with one measure named `value`, a list of repetitions for each server."""
    results = Results()
    for server, repetitions in values.items():
        for value in repetitions:
            results.add("cell", server, {"value": value, "failed": 0})
    return results


def row(kind, *against):
    return Row("work", "cell", "value", "ms", against, kind=kind)


class RowTest(unittest.TestCase):
    def test_a_ratio_that_must_be_high_is_met_from_the_target_on(self):
        results = results_of(hearth=[120], nginx=[100])
        self.assertEqual(row("at least").compare(results, Against("nginx", 1.2)), (1.2, True))
        self.assertEqual(row("at least").compare(results, Against("nginx", 1.21)), (1.2, False))

    def test_a_ratio_that_must_be_low_is_met_up_to_the_target(self):
        results = results_of(hearth=[150], origin=[100])
        self.assertEqual(row("at most").compare(results, Against("origin", 1.5)), (1.5, True))
        self.assertEqual(row("at most").compare(results, Against("origin", 1.4)), (1.5, False))

    def test_a_difference_is_hearths_own_minus_the_peers(self):
        results = results_of(hearth=[1.5], origin=[1.0])
        self.assertEqual(row("difference at most").compare(results, Against("origin", 1.0)), (0.5, True))

    def test_a_value_needs_no_peer(self):
        self.assertEqual(row("value at most").compare(results_of(hearth=[58]), Against("hearth", 64.0)), (58, True))

    def test_without_a_target_nothing_is_met_or_missed(self):
        results = results_of(hearth=[1], raw=[2])
        self.assertEqual(row("at least").compare(results, Against("raw")), (0.5, None))

    def test_what_was_not_measured_is_not_compared(self):
        self.assertIsNone(row("at least").compare(results_of(hearth=[1]), Against("nginx", 1.0)))

    def test_medians_are_compared(self):
        results = results_of(hearth=[1, 100, 3], nginx=[3, 3, 3])
        self.assertEqual(row("at least").compare(results, Against("nginx", 1.0)), (1.0, True))
        self.assertAlmostEqual(results.spread("cell", "hearth", "value"), 99 / 2 / 3)

    def test_wrong_answers_are_summed(self):
        results = Results()
        for failed in (0, 2, 3):
            results.add("cell", "hearth", {"failed": failed})
        self.assertEqual(results.failed(), {("cell", "hearth"): 5})

    def test_every_row_of_the_table_names_a_cell_that_there_is(self):
        class Options:
            restart_blocks = {"restart 1M": 1, "restart 10M": 1}

        class Cells:
            options = Options

            def __getattr__(self, name):
                return lambda *arguments: None

        self.assertEqual({cell for cell, _ in cells_of(Cells())}, {each.cell for each in ROWS})


class ReportTest(unittest.TestCase):
    def test_what_people_wrote_outside_the_markers_stays(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "performance.md"
            path.write_text(f"above\n{report.BEGIN}\nold\n{report.END}\nbelow\n")
            with mock.patch.object(report, "page", return_value=f"{report.BEGIN}\nnew\n{report.END}"):
                report.write(path, None, None, None)
            self.assertEqual(path.read_text(), f"above\n{report.BEGIN}\nnew\n{report.END}\nbelow\n")

    def test_a_page_without_markers_is_left_alone(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "performance.md"
            path.write_text("mine\n")
            with self.assertRaises(SystemExit):
                report.write(path, None, None, None)
            self.assertEqual(path.read_text(), "mine\n")


if __name__ == "__main__":
    unittest.main()
