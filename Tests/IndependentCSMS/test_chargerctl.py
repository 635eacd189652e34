"""The operator's tool beside a living station: sessions kept over a kill, the live view on a terminal, the support bundle."""

import asyncio
import csv
import fcntl
import io
import json
import os
import pty
import re
import signal
import struct
import tarfile
import termios

from bench import BINARIES
from test_stories import TOKEN, Story

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Screen:
    """chargerctl on a terminal of a given size; what it has drawn is read as bytes."""

    def __init__(self, bench, *arguments, columns=100, rows=30, environment=None):
        self.master, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.child = child
        variables = {**os.environ, "TERM": "xterm", "CHARGER_STATION_SOCKET": str(bench.station_socket), **(environment or {})}
        if "NO_COLOR" not in (environment or {}):
            variables.pop("NO_COLOR", None)
        self.arguments = [str(BINARIES / "chargerctl"), *arguments]
        self.variables = variables
        self.text = ""

    async def __aenter__(self):
        self.process = await asyncio.create_subprocess_exec(
            *self.arguments, stdin=self.child, stdout=self.child, stderr=self.child, env=self.variables,
            start_new_session=True,
        )
        os.close(self.child)
        os.set_blocking(self.master, False)
        return self

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        os.close(self.master)

    def read(self):
        try:
            while data := os.read(self.master, 65536):
                self.text += data.decode(errors="replace")
        except (BlockingIOError, OSError):
            pass
        return self.text

    def page(self):
        """The newest page that was drawn whole, without its codes."""
        pages = self.read().split("\x1b[H")
        whole = [page for page in pages if "\x1b[J" in page]
        return ESCAPE.sub("", whole[-1]).replace("\r", "") if whole else ""

    async def until(self, words, seconds=60):
        deadline = asyncio.get_running_loop().time() + seconds
        while words not in self.page():
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"never shown: {words}\n{self.page()}\n--- raw: {self.text[-500:]!r}")
            await asyncio.sleep(0.05)


class ChargerCtl(Story):
    async def ctl(self, *arguments):
        process = await asyncio.create_subprocess_exec(
            str(BINARIES / "chargerctl"), *map(str, arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "CHARGER_STATION_SOCKET": str(self.bench.station_socket)},
        )
        output, errors = await asyncio.wait_for(process.communicate(), 120)
        return process.returncode, output.decode(), errors.decode()

    async def session(self, seconds=3):
        await self.plug_in()
        await self.tap()
        await self.charging()
        await asyncio.sleep(seconds)
        await self.unplug()
        await self.ended()

    async def test_history(self):
        """A session is kept with the energy that the CSMS was told, to the watt-hour, over SIGKILL, SIGTERM and a power cut."""
        await self.booted()
        await self.session()
        begin, end = self.only_transaction().energy()
        for how in (None, signal.SIGKILL, signal.SIGTERM, "power cut"):
            if how is not None:
                if how == "power cut":
                    self.bench.boot += 1
                await self.bench.kill_station(signal.SIGKILL if how == "power cut" else how)
                await self.bench.start_station(self.csms.port)
            # The answer to the last event is on its way when the CSMS has seen the event.
            deadline = asyncio.get_running_loop().time() + 60
            while True:
                code, output, _ = await self.ctl("history", "--format", "json")
                self.assertEqual(code, 0)
                sessions = json.loads(output)["sessions"]
                self.assertEqual(len(sessions), 1, how)
                session = sessions[0]
                if session["report"] == "told" or asyncio.get_running_loop().time() > deadline:
                    break
            self.assertAlmostEqual(session["energyWh"], end - begin, delta=0.001)
            self.assertEqual(session["transactionId"], self.only_transaction().id)
            self.assertEqual((session["idToken"], session["stoppedReason"]), ("04A1…", "EVDisconnected"))
            self.assertEqual(session["report"], "told")
        code, output, _ = await self.ctl("history", "--format", "csv", "--evse", "1")
        row = next(csv.DictReader(io.StringIO(output)))
        self.assertAlmostEqual(float(row["energy_wh"]), end - begin, delta=0.001)
        self.assertNotIn(TOKEN, output)
        code, output, _ = await self.ctl("history", "--evse", "2")
        self.assertIn("No session has ended yet", output)
        code, _, errors = await self.ctl("history", "--evse", "9")
        self.assertEqual((code, "no such EVSE" in errors), (1, True))

    async def test_live_view(self):
        """The live view shows a session on a terminal, survives a kill of the station, and ends by Ctrl-C with its cursor."""
        await self.booted()
        async with Screen(self.bench, "watch") as screen:
            await screen.until("connected and accepted")
            await self.plug_in()
            await self.tap()
            await screen.until("1.1  charging")
            await screen.until("in this session")
            page = screen.page()
            for words in ("pilot C2", "offered", "limit", "closed, told to be closed", "transaction", "token 04A1…", "why"):
                self.assertIn(words, page)
            self.assertIn("\x1b[32m", screen.text, "colours on a terminal")
            self.assertLessEqual(max(len(line) for line in page.split("\n")), 100)
            await self.bench.kill_station()
            await screen.until("The station does not answer")
            await self.bench.start_station(self.csms.port)
            await screen.until("1.1  charging")
            screen.process.send_signal(signal.SIGINT)
            self.assertEqual(await asyncio.wait_for(screen.process.wait(), 60), 0)
            self.assertTrue(screen.read().rstrip().endswith("\x1b[?25h\x1b[999;1H"), "the cursor is back")
        await self.unplug()
        await self.ended()

    async def test_narrow_and_colourless(self):
        """On 40 columns and 12 rows nothing scrolls or is wider, and NO_COLOR leaves no colour."""
        await self.booted()
        async with Screen(self.bench, "watch", columns=40, rows=12, environment={"NO_COLOR": "1"}) as screen:
            await screen.until("more lines")
            lines = screen.page().rstrip("\n").split("\n")
            self.assertLessEqual(max(map(len, lines)), 40)
            self.assertLessEqual(len(lines), 11)
            self.assertNotRegex(screen.text, r"\x1b\[[0-9;]*m")

    async def test_watch_into_a_pipe(self):
        """Into a pipe goes a line for each change, without a control code."""
        await self.booted()
        process = await asyncio.create_subprocess_exec(
            str(BINARIES / "chargerctl"), "watch", "--socket", str(self.bench.station_socket), stdout=asyncio.subprocess.PIPE
        )
        await self.session()
        process.send_signal(signal.SIGINT)
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        text = output.decode()
        self.assertEqual(process.returncode, 0)
        self.assertNotIn("\x1b", text)
        for words in ("CSMS  connected and accepted", "1.1  charging", "1.1  available"):
            self.assertIn(words, text)

    async def test_support_bundle(self):
        """The bundle of a living station has everything in it but the tokens; of a dead one it has the files."""
        await self.booted()
        await self.session()
        path = self.bench.folder / "bundle.tar"
        code, output, errors = await self.ctl("support-bundle", "--output", path)
        self.assertEqual(code, 0, errors)
        self.assertNotIn("Not in it", output)
        with tarfile.open(path) as archive:
            texts = {member.name.split("/")[-1]: archive.extractfile(member).read().decode() for member in archive}
        self.assertEqual(len(texts), 16)
        self.assertIn("CS-TEST-1", texts["status.txt"])
        self.assertIn("04A1…", texts["history.csv"])
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        for name, text in texts.items():
            self.assertNotIn(TOKEN.lower(), text.lower(), name)
        await self.bench.kill_station()
        code, output, _ = await self.ctl("support-bundle", "--output", path, "--unit", self.bench.unit, "--board", self.bench.board)
        self.assertEqual(code, 0)
        self.assertIn("status.txt: Nothing listens at", output)
        with tarfile.open(path) as archive:
            names = {name.split("/")[-1] for name in archive.getnames()}
        self.assertLessEqual({"manifest.json", "unit.json", "board.json", "flight-recorder.txt", "system.txt"}, names)

    async def test_completion(self):
        """The scripts of all three shells are made, bash takes its own, and a tab asks the station."""
        await self.booted()
        for shell in ("bash", "zsh", "fish"):
            code, script, _ = await self.ctl("--generate-completion-script", shell)
            self.assertEqual(code, 0)
            self.assertIn("chargerctl", script)
            if shell == "bash":
                process = await asyncio.create_subprocess_exec("bash", "-n", stdin=asyncio.subprocess.PIPE)
                await process.communicate(script.encode())
                self.assertEqual(process.returncode, 0)
        code, offers, _ = await self.ctl("---completion", "get", "--", "positional@0", "1", "0", "TxC")
        self.assertEqual(code, 0)
        self.assertIn("TxCtrlr.EVConnectionTimeOut", offers.split("\n"))
        code, offers, _ = await self.ctl("---completion", "explain", "--", "positional@0", "1", "0", "")
        self.assertEqual(offers.split(), ["1", "2"])
