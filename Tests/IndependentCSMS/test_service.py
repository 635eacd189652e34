"""The station as a systemd service: its unit file, and what the program tells the service manager while it lives."""

import asyncio
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from bench import ROOT, Bench
from ocpp.v201 import call
from strict_csms import StrictCSMS

UNIT = ROOT / "scripts" / "systemd" / "chargerd.service"


class UnitFile(unittest.TestCase):
    def setUp(self):
        self.assertIsNotNone(shutil.which("systemd-analyze"), "systemd-analyze is missing: scripts/setup --tests")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="charger-unit-"))
        self.path = self.folder / "chargerd.service"
        # The program need not be installed where this test runs.
        self.path.write_text(UNIT.read_text().replace("/usr/bin/chargerd ", "/bin/true "))

    def tearDown(self):
        shutil.rmtree(self.folder)

    def analyze(self, *arguments):
        result = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60)
        return result.returncode, result.stdout + result.stderr

    def test_verify(self):
        """systemd finds nothing to complain about in the unit file, and each manual page it names is one of ours."""
        # Not with systemd's own look at the pages: it asks `man` for them, and the package need not be installed here.
        code, text = self.analyze("verify", "--man=no", str(self.path))
        self.assertEqual((code, text), (0, ""))
        pages = re.findall(r"man:(\w+)\((\d)\)", UNIT.read_text())
        self.assertTrue(pages)
        for name, section in pages:
            self.assertTrue((UNIT.parent.parent / "packaging" / "manuals" / f"{name}.{section}").is_file(), name)

    def test_exposure(self):
        """systemd's own judge calls the service well protected."""
        code, text = self.analyze("security", "--offline=yes", "--threshold=20", str(self.path))
        self.assertEqual(code, 0, text)

    def test_promises(self):
        """The unit watches, restarts for ever, hardens, and gives a stop more time than the program takes."""
        settings = dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE))
        self.assertEqual(settings["Type"], "notify")
        self.assertEqual(settings["Restart"], "always")
        self.assertEqual(settings["StartLimitIntervalSec"], "0")
        self.assertEqual(settings["RestartPreventExitStatus"], "64 78")
        self.assertGreaterEqual(int(settings["WatchdogSec"]), 24)
        self.assertGreaterEqual(int(settings["TimeoutStopSec"]), 24)
        self.assertEqual(settings["NoNewPrivileges"], "yes")
        self.assertEqual(settings["ProtectSystem"], "strict")
        self.assertEqual(settings["DevicePolicy"], "closed")
        self.assertEqual(settings["CapabilityBoundingSet"], "")
        # The boot id must stay readable: by it a power cut is told from a crash.
        self.assertNotIn("ProcSubset", settings)
        # SCHED_FIFO must stay possible.
        self.assertNotIn("RestrictRealtime", settings)


class ServiceManager:
    """systemd's end of the notification socket."""

    def __init__(self, folder):
        self.path = folder / "notify.sock"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.setblocking(False)
        self.told = []

    async def until(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition(self.told):
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"not told in time: {[line for _, line in self.told]}")
            try:
                data = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.socket, 65_536), left)
            except asyncio.TimeoutError:
                continue
            self.told += [(time.monotonic(), line) for line in data.decode().split("\n")]

    def drain(self):
        """Takes what has come already."""
        with contextlib.suppress(BlockingIOError):
            while True:
                data = self.socket.recv(65_536)
                self.told += [(time.monotonic(), line) for line in data.decode().split("\n")]

    def lines(self):
        return [line for _, line in self.told]

    def close(self):
        self.socket.close()


class Service(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.csms = await StrictCSMS().start()
        self.bench = Bench()
        self.manager = ServiceManager(self.bench.folder)
        os.environ["NOTIFY_SOCKET"] = str(self.manager.path)
        os.environ["WATCHDOG_USEC"] = "1500000"
        await self.bench.start_world()

    async def asyncTearDown(self):
        os.environ.pop("NOTIFY_SOCKET", None)
        os.environ.pop("WATCHDOG_USEC", None)
        await self.bench.close()
        self.manager.close()
        await self.csms.stop()

    async def test_life(self):
        """Ready once, proofs of life in time, the link in the status line, stopping at SIGTERM, exit 0."""
        await self.bench.start_station(self.csms.port)
        await self.manager.until(lambda told: any(line == "READY=1" for _, line in told))
        await self.manager.until(lambda told: any("registered with the CSMS" in line for _, line in told))
        await self.manager.until(lambda told: [line for _, line in told].count("WATCHDOG=1") >= 6)
        proofs = [at for at, line in self.manager.told if line == "WATCHDOG=1"]
        gaps = sorted(later - earlier for earlier, later in zip(proofs, proofs[1:]))
        # Not the longest: for that one the machine may have stood still.
        self.assertLess(gaps[len(gaps) // 2], 1.5)
        self.assertEqual(self.manager.lines().count("READY=1"), 1)
        self.assertEqual(await self.bench.kill_station(signal.SIGTERM), 0)
        await self.manager.until(lambda told: any(line == "STOPPING=1" for _, line in told))

    async def test_plain_start_loads_no_TLS(self):
        """A station on ws:// never loads OpenSSL: memory and start time are for those who use it."""
        process = await self.bench.start_station(self.csms.port)
        await self.manager.until(lambda told: any("registered with the CSMS" in line for _, line in told))
        maps = pathlib.Path(f"/proc/{process.pid}/maps").read_text()
        self.assertIn("libsqlite3", maps)
        self.assertNotIn("libcrypto", maps)

    async def test_hang(self):
        """A stopped program proves nothing: the service manager would kill it and start it again."""
        process = await self.bench.start_station(self.csms.port)
        await self.manager.until(lambda told: any(line == "WATCHDOG=1" for _, line in told))
        process.send_signal(signal.SIGSTOP)
        try:
            stat = pathlib.Path(f"/proc/{process.pid}/stat")
            while stat.read_text().rsplit(")", 1)[1].split()[0] != "T":
                await asyncio.sleep(0.01)
            self.manager.drain()
            seen = self.manager.lines().count("WATCHDOG=1")
            with self.assertRaises(AssertionError):
                await self.manager.until(lambda told: False, 2)
            self.assertEqual(self.manager.lines().count("WATCHDOG=1"), seen)
        finally:
            process.send_signal(signal.SIGCONT)
        await self.manager.until(lambda told: [line for _, line in told].count("WATCHDOG=1") > seen)

    async def test_reset_stays_the_service(self):
        """B11: a program that executes itself anew stays the same service: never stopping, ready again."""
        await self.bench.start_station(self.csms.port)
        await self.manager.until(lambda told: any("registered with the CSMS" in line for _, line in told))
        # What it has to say after its start is said: this CSMS stops reading when it cannot answer any more.
        await self.csms.until(
            lambda: len(self.csms.statuses) == 2 and self.csms.security_events, "the station's first messages"
        )
        deadline = time.monotonic() + 60
        while any((await self.bench.station.call("station.outbox"))["waiting"].values()):
            self.assertLess(time.monotonic(), deadline, "the outbox does not empty")
            await asyncio.sleep(0.02)
        await self.csms.request(call.Reset(type="Immediate"))
        await self.manager.until(lambda told: [line for _, line in told].count("READY=1") == 2)
        self.assertNotIn("STOPPING=1", self.manager.lines())


if __name__ == "__main__":
    unittest.main()
