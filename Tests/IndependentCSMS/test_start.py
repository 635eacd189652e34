"""What the station says and does when it cannot start as it should: every message names the thing and the remedy."""

import asyncio
import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from bench import BINARIES, ROOT, Bench
from strict_csms import StrictCSMS

PROGRAM = str(BINARIES / "chargerd-bench")


@contextlib.contextmanager
def small_file_system(options):
    """A tmpfs of its own, which goes with the test."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="charger-fs-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


class Start(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.csms = await StrictCSMS().start()
        self.bench = Bench()
        await self.bench.start_world()

    async def asyncTearDown(self):
        await self.bench.close()
        await self.csms.stop()

    async def run_to_end(self, *changes, board=None):
        """Starts the station with changed arguments, waits for its end, gives back exit code and messages."""
        arguments = {
            "--board": board or self.bench.board, "--unit": self.bench.unit, "--state": self.bench.state,
            "--csms": f"ws://127.0.0.1:{self.csms.port}", "--world": self.bench.world_socket,
        }
        for name, value in changes:
            arguments[name] = value
        process = await asyncio.create_subprocess_exec(
            PROGRAM, *[str(part) for pair in arguments.items() for part in pair],
            stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
        _, text = await asyncio.wait_for(process.communicate(), 120)
        return process.returncode, text.decode()

    async def test_profile_with_two_mistakes(self):
        """Exit code 78, all problems at once, with file, path and a near name."""
        board = json.loads(self.bench.board.read_text())
        board["evses"][0]["maximumCurrentA"] = 3200
        board["evses"][1]["fases"] = board["evses"][1].pop("phases")
        path = self.bench.folder / "board.json"
        path.write_text(json.dumps(board, indent=2))
        code, text = await self.run_to_end(board=path)
        self.assertEqual(code, 78)
        for part in (str(path), "$.evses[0].maximumCurrentA", "$.evses[1].fases", "phases"):
            self.assertIn(part, text)

    async def test_unit_file_that_others_can_read(self):
        """A unit file holds passwords: other modes than 0600 are refused with the remedy."""
        self.bench.unit.chmod(0o644)
        code, text = await self.run_to_end()
        self.assertEqual(code, 78)
        self.assertIn("chmod 600", text)

    async def test_unit_file_with_a_mistake(self):
        self.bench.unit.write_text('{"identity": "a:b", "ratedSupplyA": "forty"}')
        code, text = await self.run_to_end()
        self.assertEqual(code, 78)
        self.assertIn("$.identity", text)
        self.assertIn("$.ratedSupplyA", text)

    async def test_state_directory_that_is_a_file(self):
        self.bench.state.write_text("not a directory")
        code, text = await self.run_to_end()
        self.assertEqual(code, 70)
        self.assertIn(str(self.bench.state), text)

    async def test_two_stations_with_one_state_directory(self):
        """The second one ends with a message; the first goes on."""
        first = await self.bench.start_station(self.csms.port)
        code, text = await self.run_to_end()
        self.assertEqual(code, 70)
        self.assertIn(str(self.bench.state), text)
        self.assertIsNone(first.returncode)

    async def test_corrupt_database(self):
        """A corrupt database is set aside and the station starts all the same."""
        self.bench.state.mkdir(mode=0o700)
        for name in ("station.db",):
            (self.bench.state / name).write_bytes(os.urandom(64 * 1024))
        await self.bench.start_station(self.csms.port)
        await self.csms.until(lambda: self.csms.boots, "the station boots in spite of a corrupt database")
        self.assertTrue(any("corrupt" in path.name for path in self.bench.state.iterdir()))

    @unittest.skipUnless(os.geteuid() == 0, "mounting a small file system needs root")
    async def test_read_only_file_system(self):
        """A state directory that cannot be written ends the start with the reason and the remedy."""
        with small_file_system("size=4m,ro") as folder:
            code, text = await self.run_to_end(("--state", folder / "state"))
            self.assertEqual(code, 70)
            self.assertIn("writable", text)

    @unittest.skipUnless(os.geteuid() == 0, "mounting a small file system needs root")
    async def test_full_file_system(self):
        """Without room no new transaction begins: status and explain say so, a card gets no energy (DESIGN §4)."""
        with small_file_system("size=1m") as folder:
            self.bench.state = folder / "state"
            await self.bench.start_station(self.csms.port)
            await self.csms.until(lambda: self.csms.boots, "the station boots on a full file system")
            await self.bench.world.call("bench.plugIn", evse=1, connector=1, car={"currentA": 16, "chargeDelayS": 0})
            await self.bench.world.call("bench.presentToken", idToken="04A1B2C3D4E580", type="ISO14443", evses=None)
            await asyncio.sleep(2)
            status = await self.bench.station.call("station.status")
            self.assertFalse(status["acceptsTransactions"])
            self.assertEqual(status["evses"][0]["connectors"][0]["contactor"]["command"], "open")
            explanation = await self.bench.station.call("station.explain", evse=1)
            self.assertIn("outboxFull", [reason["code"] for reason in explanation[0]["reasons"]])
            self.assertEqual(self.csms.transactions, {})
            await self.bench.kill_station()

    async def test_no_world_and_no_csms(self):
        """Without its surroundings the station still starts, says what is missing and opens nothing."""
        process = self.bench.processes.pop("bench-world")
        process.terminate()
        await process.wait()
        await self.bench.start_station(9)
        explanation = await self.bench.station.call("station.explain")
        self.assertTrue(all(not item["charging"] for item in explanation))
        # Just started, a station has not seen its connectors yet.
        deadline = asyncio.get_running_loop().time() + 60
        while not (status := await self.bench.station.call("station.status"))["evses"][0]["connectors"]:
            self.assertLess(asyncio.get_running_loop().time(), deadline, status)
            await asyncio.sleep(0.05)
        self.assertFalse(status["link"]["connected"])
        self.assertEqual(status["evses"][0]["connectors"][0]["contactor"]["command"], "open")


class CommandLine(unittest.TestCase):
    def run_program(self, *arguments):
        result = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=120)
        return result.returncode, result.stdout, result.stderr

    def test_usage(self):
        for arguments in ([], ["--board"], ["--bord", "x"], ["--board", "x", "--state", "y", "--log-level", "loud"]):
            code, _, error = self.run_program(*arguments)
            self.assertEqual(code, 64, arguments)
            self.assertIn("--help", error)

    def test_help_version_and_check(self):
        self.assertEqual(self.run_program("--version")[0], 0)
        self.assertIn("--board", self.run_program("--help")[1])
        for board in sorted((ROOT / "boards").glob("bench-ac-*.json")):
            code, out, error = self.run_program("--board", str(board), "--check")
            self.assertEqual(code, 0, error)
            self.assertIn("good", out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
