"""The real station against a bench CSMS that does wrong on purpose: what it has to tell arrives once and whole."""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import unittest

from bench import BINARIES, ROOT

os.environ["CHARGER_BIN"] = str(BINARIES)
LOADER = importlib.machinery.SourceFileLoader("evening", str(ROOT / "scripts" / "evening"))
evening = importlib.util.module_from_spec(importlib.util.spec_from_loader("evening", LOADER))
LOADER.exec_module(evening)

RULES = [
    # An answer under a wrong id is silence, too: the station waits its whole MessageTimeout.
    "delay 1", "spoil twice", "spoil schema", "spoil unparsable", "spoil message-id", "error InternalError",
    "error NoSuchCode", "close",
]


def setting(component, variable, value, instance=None):
    name = {"name": variable} | ({"instance": instance} if instance else {})
    return {"component": {"name": component}, "variable": name, "value": value}


class Misbehaviour(unittest.TestCase):
    def setUp(self):
        self.bench = evening.Evening()
        self.addCleanup(self.bench.close, False)
        self.said = io.StringIO()

    def say(self, command):
        with contextlib.redirect_stdout(self.said):
            return self.bench.say(command)

    def start(self):
        bench = self.bench
        bench.start_csms()
        bench.until("the CSMS answers", lambda: bench.ask("csms status"))
        bench.start(
            "bench-world", "--board", evening.BOARD, "--socket", bench.environment["CHARGER_WORLD_SOCKET"])
        bench.until("the world answers", lambda: bench.ask("bench state"))
        unit = json.loads((ROOT / "boards" / "bench-unit.json").read_text())
        unit["deviceModel"] = [
            setting("SampledDataCtrlr", "TxUpdatedInterval", "1"),
            setting("OCPPCommCtrlr", "MessageAttemptInterval", "1", "TransactionEvent"),
        ]
        (bench.folder / "unit.json").write_text(json.dumps(unit))
        (bench.folder / "unit.json").chmod(0o600)
        bench.start_station()
        bench.until_connected(True)

    def test_misbehaviour(self):
        """A CSMS that answers late, wrongly, twice, not at all, cuts the link or floods loses no event and gets none twice."""
        self.start()
        bench = self.bench
        self.say("bench plug-in 1 --current 16")
        self.say("bench tap 04A1B2C3D4E580")
        bench.until_charging(1)
        for rule in RULES:
            with self.subTest(rule):
                self.say(f"csms misbehave {rule} --action TransactionEvent --count 1")
                bench.until(f"the station has met: {rule}", lambda: not bench.ask("csms status")["misbehaviour"])
                bench.until_connected(True)
                # The next one meets another event: five failures of one would be the end of it.
                bench.until("all is told", lambda: bench.ask("outbox")["waiting"]["transaction"] == 0, 60)
        self.say("csms misbehave flood --per-second 100 --count 300 GetLocalListVersion")
        bench.until("the flood is over", lambda: not bench.ask("csms status")["misbehaviour"])
        bench.until_connected(True)
        self.say("bench tap 04A1B2C3D4E580")
        bench.until_ended(1)
        self.say("bench plug-out 1")
        bench.until_told()
        transaction = bench.ask("csms transactions")["transactions"][0]
        kept = bench.ask("history")["sessions"][0]
        self.assertEqual((transaction["complete"], transaction["problems"]), (True, []), self.said.getvalue())
        self.assertEqual(transaction["energyWh"], kept["energyWh"])
        self.assertEqual((transaction["events"], kept["report"]), (kept["events"], "told"))
        self.assertEqual(bench.ask("csms problems")["count"], 0, bench.ask("csms problems"))


if __name__ == "__main__":
    unittest.main()
