"""Runs one of the hardware suites and tells each test in one line with its time.

  run_tests.py native|signing|guest|watchdog [--results FILE] [PATTERN...]

FILE gets what scripts/traceability reads: one line of JSON for each test. `guest` runs inside the guest, `native` in a
network and mount namespace of its own (run_hardware.py makes both); `watchdog` starts a guest itself; `signing` needs
the Python of .venv."""

import argparse
import importlib
import json
import sys
import time
import traceback
import unittest

import test_faults

SUITES = {"native": ("test_bad_input", "test_native", "test_faults"), "signing": ("test_signing",),
          "guest": ("test_guest",), "watchdog": ("test_watchdog",)}


def tests_of(suite):
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from tests_of(part)
        else:
            yield part


class Told(unittest.TestResult):
    """One line for each test, and what the programs logged with each failure."""

    def __init__(self):
        super().__init__()
        self.outcomes = []
        self.began = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()
        self.bad = []

    def stopTest(self, test):
        super().stopTest(test)
        took = time.monotonic() - self.began
        outcome = "failed" if self.bad else "passed"
        name = test.shortDescription() or test.id()
        self.outcomes.append((test.id(), name, outcome))
        print(f"  {outcome:7} {took:6.1f} s  {name}", flush=True)
        for text in self.bad:
            print("\n".join("          " + line for line in text.splitlines()), flush=True)

    def _note(self, test, error, logs=True):
        text = "".join(traceback.format_exception(*error)[-2:])
        bench = getattr(getattr(test, "test_case", test), "bench", None)
        if bench is not None and logs and bench.folder.exists():
            text += bench.logs(2500)
        self.bad.append(text)

    def addError(self, test, error):
        super().addError(test, error)
        self._note(test, error)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._note(test, error)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self._note(test, error)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--results")
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_args()
    loader = unittest.TestLoader()
    if options.patterns:
        loader.testNamePatterns = [f"*{pattern}*" for pattern in options.patterns]
    result = Told()
    suite = unittest.TestSuite(map(loader.loadTestsFromModule, map(importlib.import_module, SUITES[options.suite])))
    test_faults.Faults.chosen = {test.id().split(".")[-1] for test in tests_of(suite)}
    suite.run(result)
    if options.results:
        with open(options.results, "a", encoding="utf-8") as file:
            for identity, name, outcome in result.outcomes:
                payload = {"id": identity, "name": name, "result": outcome}
                file.write(json.dumps({"kind": "python-test", "payload": payload}) + "\n")
    failed = sum(outcome == "failed" for _, _, outcome in result.outcomes)
    print(f"{len(result.outcomes) - failed} passed, {failed} failed", flush=True)
    return 0 if result.outcomes and not failed and not result.errors else 1


if __name__ == "__main__":
    sys.exit(main())
