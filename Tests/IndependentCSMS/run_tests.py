"""Runs the stories like `python -m unittest discover`, and writes down which tests passed.

  run_tests.py [--results FILE] [PATTERN...]

FILE gets one line of JSON for each test: its id, the first line of its docstring, and passed, failed or skipped.
scripts/traceability reads it. PATTERN: as `-k` of unittest.
"""

import argparse
import json
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent


class WrittenResult(unittest.TextTestResult):
    """Keeps the outcome of each test; whatever went wrong in it, a subtest included, makes it a failed one."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.outcomes = {}

    def _note(self, test, outcome):
        worst = {"passed": 0, "skipped": 1, "failed": 2}
        before = self.outcomes.get(test.id(), (test, "passed"))[1]
        self.outcomes[test.id()] = (test, max(before, outcome, key=worst.get))

    def addSuccess(self, test):
        super().addSuccess(test)
        self._note(test, "passed")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._note(test, "skipped")

    def addError(self, test, error):
        super().addError(test, error)
        self._note(test, "failed")

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._note(test, "failed")

    def addExpectedFailure(self, test, error):
        super().addExpectedFailure(test, error)
        self._note(test, "skipped")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._note(test, "failed")

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self._note(test, "failed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=pathlib.Path)
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_args()
    loader = unittest.TestLoader()
    if options.patterns:
        loader.testNamePatterns = [pattern if "*" in pattern else f"*{pattern}*" for pattern in options.patterns]
    suite = loader.discover(str(HERE), top_level_dir=str(HERE))
    result = unittest.TextTestRunner(verbosity=2, resultclass=WrittenResult).run(suite)
    if options.results:
        with open(options.results, "w", encoding="utf-8") as file:
            for identity, (test, outcome) in result.outcomes.items():
                name = test.shortDescription() or identity
                payload = {"id": identity, "name": name, "result": outcome}
                file.write(json.dumps({"kind": "python-test", "payload": payload}) + "\n")
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
