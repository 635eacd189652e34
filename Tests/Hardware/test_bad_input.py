"""Profiles, register maps and ports that cannot be: the program says at once what is wrong and where, and does not start."""

import json
import os
import shutil
import subprocess
import unittest

import stations
from wires import ROOT, Bench, until

# What a port's driver does that has no such rate: it takes another one, without an error.
SLOW_PORT = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <termios.h>
int tcsetattr(int port, int when, const struct termios *wanted) {
  int (*set)(int, int, const struct termios *) = dlsym(RTLD_NEXT, "tcsetattr");
  struct termios taken = *wanted;
  cfsetispeed(&taken, B19200);
  cfsetospeed(&taken, B19200);
  return set(port, when, &taken);
}
"""


class BadInput(unittest.TestCase):
    def setUp(self):
        self.bench = Bench(*stations.controller_station(reader=False))
        self.addCleanup(self.bench.close)

    def assert_refused(self, board, *words, check=True, environment=None):
        """Bad profile (78), with all these words."""
        status, said = self.bench.refusal(board, *(["--check"] if check else []), environment=environment)
        self.assertEqual(status, 78, said)
        for word in words:
            self.assertIn(word, said)
        return said

    def test_pin_twice(self):
        """A profile that names a GPIO line twice is told with both places, within a driver and between two"""
        board, _ = stations.lines_station(reader=False)
        board["evses"][0]["light"]["redLine"] = "door"
        board["evses"][0]["connectors"][0]["contactor"]["feedbackLine"] = "k1-coil"
        self.assert_refused(
            board, "$.evses[0].connectors[0].contactor", 'line "k1-coil"', 'line "door"', "$.evses[0].light", "$.safetyInputs[1]")

    def test_register_map(self):
        """A register map with registers that overlap, or that no meter can have, is told by file, line and place"""
        meters = self.bench.folder / "meters"
        meters.unlink()
        meters.mkdir()
        good = json.loads((ROOT / "boards/meters/schneider-iem3155.json").read_text())

        def refused(change, *words):
            bad = json.loads(json.dumps(good))
            change(bad["registers"])
            (meters / "schneider-iem3155.json").write_text(json.dumps(bad, indent=1))
            self.assert_refused(stations.controller_station(reader=False)[0], "meters/schneider-iem3155.json:", *words)
        refused(lambda registers: registers[1].update(address=registers[0]["address"] + 1), "$.registers[1]", "$.registers[0]")
        refused(lambda registers: registers[0].update(address=65_535), "$.registers[0]")
        refused(lambda registers: registers[0].update(address=70_000), "$.registers[0].address")
        refused(lambda registers: registers[0].update(type="float31"), "$.registers[0].type", "float32")
        refused(lambda registers: registers[0].update(unit="kWh"), "$.registers[0].unit")
        refused(lambda registers: registers.pop(11), "Energy.Active.Import.Register")

    def test_rate_that_nobody_has(self):
        """A baud rate that no port runs at is told with those that are, for the meter's line and the controller's"""
        board, _ = stations.controller_station(reader=False)
        board["evses"][0]["meter"]["baud"] = 9_601
        self.assert_refused(board, "$.evses[0].meter.baud", "is 9601", "9600, 19200")
        board = json.loads(json.dumps(stations.controller_station(reader=False)[0]))
        board["evses"][0]["connectors"][0]["pilot"]["baud"] = 115_201
        self.assert_refused(board, "$.evses[0].connectors[0].pilot.baud", "is 115201")

    def test_ports_that_refuse(self):
        """A port that takes another baud rate or parity, is none, or is missing, ends the start by its name; nothing closes"""
        bench = self.bench
        bench.start(station=False)
        compiler = shutil.which("cc") or shutil.which("clang")
        self.assertTrue(compiler, "a C compiler is needed")
        library = bench.folder / "slow-port.so"
        source = bench._write("slow-port.c", SLOW_PORT)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        slow = {**os.environ, "LD_PRELOAD": str(library)}

        def board(**meter):
            made = json.loads(json.dumps(stations.controller_station(reader=False)[0]))
            made["evses"][0]["meter"].update(meter)
            return made
        said = self.assert_refused(board(baud=9_600), "/meter", "refuses 9600 baud", check=False, environment=slow)
        # The controller's line runs at 115,200.
        self.assertIn("/mcu", said)
        self.assertIn("115200", said)
        self.assert_refused(board(parity="even"), "/meter", "parity even", check=False)
        self.assert_refused(board(port="/dev/null"), "/dev/null", check=False)
        self.assert_refused(board(port="@/nothing"), "/nothing", "No such file", check=False)
        missing = json.loads(json.dumps(board()).replace("@/mcu", "@/no-mcu"))
        self.assert_refused(missing, "/no-mcu", "No such file", check=False)
        until("the world has seen no command to close", lambda: not bench.contactor())
        self.assertFalse(any("closes" in line for line in bench.told()), bench.told())

    def test_no_converter(self):
        """A pilot whose PWM or converter is not there ends the start with the file that is missing"""
        self.assert_refused(stations.converter_station()[0], "/tree/sys/", "No such file", check=False)


if __name__ == "__main__":
    unittest.main()
