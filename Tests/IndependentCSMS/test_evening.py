"""The bench evening of scripts/evening: what README shows is played and judged anew."""

import os
import subprocess
import unittest

from bench import BINARIES, ROOT

SECONDS = 900


class Evening(unittest.TestCase):
    def test_evening(self):
        """Two cars, four cards, an outage and a power cut: CSMS, station and meters tell the same to the watt-hour."""
        environment = dict(os.environ, CHARGER_BIN=str(BINARIES))
        result = subprocess.run(
            [str(ROOT / "scripts" / "evening")], env=environment, capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual(result.returncode, 0, result.stdout[-6000:] + result.stderr)
        self.assertIn("Both tell the same 4 transactions and the same energy", result.stdout)
        # No card's whole number but where the operator typed it.
        typed = ("$ chargerctl csms token add", "$ chargerctl bench tap", "In the book now:")
        for line in result.stdout.splitlines():
            if not line.startswith(typed):
                self.assertNotRegex(line, r"0[4-7][A-F][1-4][0-9A-F]{10}")



if __name__ == "__main__":
    unittest.main()
