"""The real programs on simulated wires: bench-world with its fronts, pcscd with a virtual reader, chargerd, bench-csms."""

import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARIES = pathlib.Path(os.environ.get("CHARGER_BIN", ROOT / ".build" / "release"))
# Beneath the range from which ports are given out; vpcd takes the next one too.
READER_PORT = 0x4C7B
VPCD = pathlib.Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
CARD = "04A1B2C3D4E580"
OTHER_CARD = "DEADBEEF"
# Nothing is expected to happen at once on a machine that is busy or emulated.
DOUBTS = {"diodeMissing", "pilotOutOfRange", "pilotDriverSilent", "pilotShort", "contactorStuck"}
PATIENCE = float(os.environ.get("CHARGER_PATIENCE", "60"))


REMOTE_STARTS = itertools.count(1)


class Client:
    """A client of the programs' Unix sockets."""

    def __init__(self, path):
        self.path = path

    def call(self, method, **params):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(self.path))
            request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as lines:
                for line in lines:
                    message = json.loads(line)
                    if message.get("id") != 1:
                        continue
                    if "error" in message:
                        raise AssertionError(f"{method}: {message['error']}")
                    return message["result"]
        raise AssertionError(f"{method}: the socket closed")


def until(what, condition, seconds=None):
    """Waits until the condition holds and gives back what it gave. Time in which this machine stood still does not count."""
    left = seconds or PATIENCE
    looked = time.monotonic()
    last = None
    while True:
        try:
            last = condition()
            if last:
                return last
        except (OSError, AssertionError, LookupError, TypeError) as error:  # what is not there yet
            last = error
        if left <= 0:
            raise AssertionError(f"it did not happen within {seconds or PATIENCE:.0f} s: {what} (last: {last})")
        time.sleep(0.05)
        now = time.monotonic()
        left -= min(now - looked, 1)
        looked = now


class Bench:
    """One station with real drivers, the world at the other ends of its wires, and a CSMS."""

    def __init__(self, board, fronts):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="charger-wires-"))
        (self.folder / "meters").symlink_to(ROOT / "boards" / "meters")
        replaced = str(self.folder)
        self.board = self._write("board.json", json.dumps(board).replace("@", replaced))
        self.fronts = self._write("fronts.json", json.dumps({"fronts": fronts}).replace("@", replaced))
        unit = json.loads((ROOT / "boards" / "bench-unit.json").read_text())
        self.unit = self._write("unit.json", json.dumps(unit))
        self.unit.chmod(0o600)
        self.state = self.folder / "state"
        self.world = Client(self.folder / "world.sock")
        self.station = Client(self.folder / "station.sock")
        self.csms = Client(self.folder / "csms.sock")
        self.has_reader = any(front["front"] == "card" for front in fronts)
        self.processes = {}
        self.port = None

    def _write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    # Programs

    def spawn(self, name, *arguments):
        program = BINARIES / name if "/" not in name else pathlib.Path(name)
        with open(self.folder / f"{program.name}.log", "ab") as log:
            process = subprocess.Popen(
                [str(program), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes[program.name] = process
        return process

    def _answering(self, client, name):
        def answers():
            if self.processes[name].poll() is not None:
                raise RuntimeError(f"{name} ended with {self.processes[name].returncode}\n{self.logs()}")
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(client.path))
            return True
        until(f"{name} answers", answers)

    def start_pcscd(self):
        conf = self.folder / "readers"
        conf.mkdir(exist_ok=True)
        (conf / "vpcd").write_text(
            f'FRIENDLYNAME "Virtual RFID"\nDEVICENAME /dev/null:0x{READER_PORT:04X}\nLIBPATH {VPCD}\n'
            f"CHANNELID 0x{READER_PORT:04X}\n")
        pathlib.Path("/run/pcscd").mkdir(exist_ok=True)
        self.spawn("/usr/sbin/pcscd", "-f", "-c", conf)
        until("pcscd is ready", lambda: pathlib.Path("/run/pcscd/pcscd.comm").exists())

    def stop_pcscd(self):
        self.end("pcscd", signal.SIGKILL)
        for name in ("pcscd.comm", "pcscd.pid"):
            pathlib.Path("/run/pcscd", name).unlink(missing_ok=True)

    def start(self, station=True):
        self.spawn("bench-csms", "--listen", "127.0.0.1:0", "--control", self.csms.path)
        self._answering(self.csms, "bench-csms")
        log = self.folder / "bench-csms.log"
        self.port = until("the CSMS has a port", lambda: re.search(r"127\.0\.0\.1:(\d+)", log.read_text())).group(1)
        self.start_wires()
        if station:
            self.start_station()
            self.ready()

    def start_wires(self):
        if self.has_reader:
            self.start_pcscd()
        self.spawn("bench-world", "--board", self.board, "--socket", self.world.path, "--fronts", self.fronts)
        self._answering(self.world, "bench-world")

    def start_against(self, port):
        """World and station, with a CSMS that is there already."""
        self.port = f"{port}/ocpp"
        self.start_wires()
        self.start_station()

    def start_station(self):
        self.spawn(
            "chargerd", "--board", self.board, "--unit", self.unit, "--state", self.state, "--csms",
            f"ws://127.0.0.1:{self.port}", "--control", self.station.path)
        self._answering(self.station, "chargerd")

    def ready(self):
        def is_ready():
            status = self.status()
            connectors = [connector for evse in status["evses"] for connector in evse["connectors"]]
            return status["link"]["accepted"] and all(
                not connector["faults"] and connector["status"] == "Available" for connector in connectors)
        until("the station is accepted and free of faults", is_ready)

    def refusal(self, board, *arguments, environment=None):
        """Exit status and words of a program that does not start with this profile; with `--check` of one that only looks."""
        path = self._write("refused.json", json.dumps(board).replace("@", str(self.folder)))
        command = [BINARIES / "chargerd", "--board", path, "--unit", self.unit, "--state", self.folder / "refused", *arguments]
        if "--check" not in arguments:
            command += ["--csms", "ws://127.0.0.1:1", "--control", self.folder / "refused.sock"]
        try:
            done = subprocess.run(
                list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                errors="replace", timeout=2 * PATIENCE, check=False, env=environment)
        except subprocess.TimeoutExpired as over:
            raise AssertionError(f"the program goes on with a profile that it should refuse:\n{over.output}") from None
        return done.returncode, done.stdout

    def end(self, name, how=signal.SIGTERM):
        process = self.processes.pop(name)
        process.send_signal(how)
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{name} does not end") from None

    def close(self):
        for name in ("chargerd", "bench-world", "bench-csms", "pcscd"):
            if name in self.processes:
                if name == "pcscd":
                    self.stop_pcscd()
                else:
                    self.end(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def logs(self, tail=3000):
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-tail:]}" for path in sorted(self.folder.glob("*.log")))

    # The station

    def status(self):
        return self.station.call("station.status")

    def connector(self, evse=1):
        return self.status()["evses"][evse - 1]["connectors"][0]

    def transaction(self, evse=1):
        return self.status()["evses"][evse - 1]["transaction"]

    def faults(self, evse=1):
        return self.connector(evse)["faults"]

    def reasons(self, evse=1):
        """Why it is not charging, by the names of `chargerctl explain`."""
        return [reason["code"] for reason in self.station.call("station.explain", evse=evse)[0]["reasons"]]

    def log_lines(self):
        """What the station has logged so far."""
        return (self.folder / "chargerd.log").read_text(errors="replace").splitlines()

    def csms_heard(self, text, since=0):
        """The CSMS's own words with this text, from its line `since` on."""
        return [line for line in self.csms_lines()[since:] if text in line]

    def csms_lines(self):
        return (self.folder / "bench-csms.log").read_text(errors="replace").splitlines()

    def charging(self, evse=1):
        return self.station.call("station.explain", evse=evse)[0]["charging"]

    def clear_faults(self, evse=1):
        self.station.call("station.clearFaults", evse=evse, connector=1)

    # The world

    def place(self, evse=1):
        return self.world.call("bench.state")["evses"][evse - 1]["connectors"][0]

    def evse(self, evse=1):
        return self.world.call("bench.state")["evses"][evse - 1]

    def contactor(self, evse=1):
        """Whether the main contacts are closed, whatever anybody shows."""
        return self.place(evse)["contactor"]["closed"]

    def fault(self, fault, active=True, **place):
        self.world.call("bench.fault", fault=fault, active=active, **place)

    def plug_in(self, evse=1, **car):
        self.world.call("bench.plugIn", evse=evse, connector=1,
                        car={"currentA": 16, "phases": 3, "chargeDelayS": 0.2, **car})
        until("the station sees the car", lambda: self.connector(evse)["status"] == "Occupied")

    def plug_out(self, evse=1):
        until("the plug comes out", lambda: self._pulled(evse))
        until("the station sees the car gone", lambda: self.connector(evse)["pilot"] in ("A", "A1", "F"))

    def _pulled(self, evse):
        self.world.call("bench.plugOut", evse=evse, connector=1)
        return True

    def tap(self, card=CARD):
        self.world.call("bench.presentToken", idToken=card)

    def charge(self, evse=1, start=None):
        """A car, a card (or what `start` does), and energy that flows."""
        self.session(lambda: self.charging(evse) and self.contactor(evse), "energy flows", evse, start)

    def session(self, condition, what, evse=1, start=None):
        """A car, a card (or what `start` does), and what comes of it.

        A machine that is emulated, or does much else, now and then shows pilot or contact later than the times
        allow; the station rightly refuses the vehicle then, and the driver plugs in once more.
        """
        for _ in range(6):
            self.plug_in(evse)
            (start or self.tap)()
            tapped = time.monotonic()

            def happens():
                nonlocal tapped
                # A card that the reader did not see is held before it once more.
                if not start and time.monotonic() - tapped > 12 and not self.transaction(evse):
                    tapped = time.monotonic()
                    self.tap()
                return condition() or DOUBTS & set(self.faults(evse))
            until(f"{what}, or pilot or contactor came too late", happens)
            if condition():
                return
            print("          (pilot or contactor came too late on this machine: plugged in once more)", flush=True)
            if self.transaction(evse):
                self.remote_stop(evse)
            self.plug_out(evse)
            self.clear_faults(evse)
            until("the doubt is over", lambda: not self.faults(evse) and not self.transaction(evse))
        raise AssertionError("pilot or contactor came too late six times")

    def goes_on(self, evse=1):
        """A session that a fault has stopped charges again, by itself."""
        def flows():
            # Latched when this machine was late with the contact; not what is looked at here.
            if "contactorStuck" in self.faults(evse):
                print("          (the contactor came too late on this machine: cleared)", flush=True)
                self.clear_faults(evse)
            return not self.faults(evse) and self.charging(evse) and self.contactor(evse)
        until("energy flows again", flows)

    def send(self, action, **payload):
        """A request of the CSMS to the station."""
        return self.csms.call("csms.send", station="CS-BENCH-1", action=action, payload=payload)

    def request_start(self, evse=1):
        """The CSMS asks for a session; what the station answers."""
        answer = self.send("RequestStartTransaction", evseId=evse, remoteStartId=next(REMOTE_STARTS),
                           idToken={"idToken": CARD, "type": "ISO14443"})
        return "Accepted" if "Accepted" in json.dumps(answer) else json.dumps(answer)

    def remote_start(self, evse=1):
        answer = self.request_start(evse)
        if answer != "Accepted":
            raise AssertionError(f"RequestStartTransaction: {answer}")

    def remote_stop(self, evse=1):
        running = self.transaction(evse)
        if running:
            self.send("RequestStopTransaction", transactionId=running["id"])

    def told(self):
        """What the world told, one sentence a line."""
        return (self.folder / "bench-world.log").read_text(errors="replace").splitlines()

    def openings(self, evse=1):
        """How often the main contacts have opened, as the world tells it."""
        return sum("contactor" in line and "opens" in line and f"EVSE {evse} " in line for line in self.told())

    def finish(self, evse=1):
        """The session's end from afar, and the plug out."""
        if self.transaction(evse):
            self.remote_stop(evse)
        until("the contactor is open", lambda: not self.contactor(evse))
        self.plug_out(evse)
        until("the transaction is over", lambda: self.transaction(evse) is None)

    def goes_on_or_ends(self, before):
        """After a start of the program the transaction `before` goes on, and is stopped here, or is over."""
        until("the transaction goes on or is over",
              lambda: self.status()["link"]["accepted"] and (self.transaction() is None or self.charging()))
        after = self.transaction()
        assert after is None or after["id"] == before, (before, after)
        if after:
            self.tap()
        until("the contactor is open", lambda: not self.contactor())
        self.plug_out()
        until("the transaction is over", lambda: self.transaction() is None)

    def assert_true_energy(self):
        """Every transaction reached the CSMS whole, and their energy is what has flowed in the world."""
        def all_told():
            # The last event of a transaction waits for its last reading.
            return self.status()["outbox"]["waiting"] == 0 and self.verdict()["allCorrect"]
        until("the CSMS has every transaction whole", all_told)
        verdict = self.verdict()
        delivered = sum(evse["deliveredWh"] for evse in self.world.call("bench.state")["evses"])
        assert abs(verdict["energyWh"] - delivered) <= 2, (verdict, delivered)

    def verdict(self):
        until("all is told to the CSMS", lambda: self.status()["outbox"]["waiting"] == 0)
        return self.csms.call("csms.verdict")
