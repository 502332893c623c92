"""The runner turns red for whatever it should, in tiny notebooks of one or two cells."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import execute


class Cells(unittest.TestCase):
    """Single cells, all in one kernel."""

    @classmethod
    def setUpClass(cls):
        cls.client = cls.enterClassContext(execute.fresh_kernel(Path.cwd()))

    def fault(self, source):
        return execute.fault(execute.run(self.client, source, timeout=120, settle=0.2))

    def test_what_holds_is_green(self):
        for source in ("assert_eq!(1 + 1, 2);", 'println!("fine"); 3', "Some(1.5)"):
            self.assertEqual(self.fault(source), "", source)

    def test_what_fails_is_red_and_says_why(self):
        for source, why in [
            ("assert_eq!(1 + 1, 3);", "right: 3"),
            ('let x: f64 = "one".parse::<f64>()?;', "invalid float literal"),
            ('fn f() { panic!("inside") } f();', "inside"),
            ('std::thread::spawn(|| panic!("elsewhere")).join().is_err()', "elsewhere"),
            ('eprintln!("careful");', "careful"),
            ('let x: i32 = "one";', "mismatched types"),
            ("std::process::exit(0);", "exit status: 0"),
            ("std::process::abort();", "SIGABRT"),
        ]:
            self.assertIn(why, self.fault(source), source)


class Programs(unittest.TestCase):
    """Whole notebooks, by way of the command line, joined into programs."""

    route = []

    def setUp(self):
        self.path = Path(self.enterContext(tempfile.TemporaryDirectory())) / "tiny.ipynb"

    def store(self, *sources):
        cells = [new_markdown_cell("# Tiny"), *map(new_code_cell, sources)]
        self.path.write_text(execute.to_text(new_notebook(cells=cells)))

    def run_it(self, *options):
        """The runner's exit code, and what it says."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            return execute.main([*self.route, *options, str(self.path)]), said.getvalue()

    def assert_red(self, *expected, options=()):
        before = self.path.read_bytes()
        code, said = self.run_it(*options)
        self.assertEqual(code, 1, said)
        for text in ("tiny.ipynb: FAILED", *expected):
            self.assertIn(text, said)
        self.assertEqual(self.path.read_bytes(), before, "a red notebook is left as it was")

    def test_executes_in_place_twice_to_the_same_bytes(self):
        self.store('println!("two"); println!("lines"); 1 + 1', "assert!(1 < 2);")
        self.assert_red("cell [1] `println!", "-[None]", "+[1]", options=["--check"])
        self.assertEqual(self.run_it()[0], 0)
        executed = self.path.read_text()
        printed, shown = execute.code_cells(nbformat.reads(executed, as_version=4))[0].outputs
        self.assertEqual(printed.text, "two\nlines\n")
        self.assertEqual(shown.data, {"text/plain": "2"})

        self.assertEqual(self.run_it()[0], 0)
        self.assertEqual(self.path.read_text(), executed)
        self.assertEqual(self.run_it("--check")[0], 0)

        self.path.write_text(executed.replace('"lines\\n"', '"changed\\n"'))
        self.assert_red("cell [1] `println!", "-changed", "+lines", options=["--check"])
        self.path.write_text(executed.replace('"Rust"', '"Rust 1.0"'))
        self.assert_red("run `make notebooks`", options=["--check"])

    def test_a_loop_at_the_end_shows_its_value(self):
        self.store("for _ in 0..2 {}", "for _ in 0..2 {}\nassert!(true);")
        self.assertEqual(self.run_it()[0], 0)
        first, second = execute.code_cells(nbformat.reads(self.path.read_text(), as_version=4))
        self.assertEqual([output.data for output in first.outputs], [{"text/plain": "()"}])
        self.assertEqual(second.outputs, [])

    def test_false_assertion(self):
        self.store("let x: i32 = 1;", "// the sum\nassert_eq!(x + x, 3);")
        self.assert_red("cell [2] `// the sum`", "left: 2", "right: 3")

    def test_err_through_question_mark(self):
        self.store('let x: f64 = "one".parse::<f64>()?;', "1")
        self.assert_red("cell [1]", "invalid float literal", options=["--check"])

    def test_endless_loop(self):
        self.store("loop {}")
        self.assert_red("cell [1] `loop {}`", "still running after 2.0 s", options=["--timeout", "2"])

    def test_what_is_no_rust(self):
        self.store("let x: i32 = (;")
        self.assert_red()

    def test_what_does_not_build(self):
        self.store('let x: i32 = "one";')
        self.assert_red()


class Kernel(Programs):
    """The same, cell by cell."""

    route = ["--kernel"]


if __name__ == "__main__":
    unittest.main()
