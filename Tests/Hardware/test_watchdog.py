"""chargerd alone in the guest, on a hardware watchdog that resets it; the world and the CSMS stay on this machine, as
they do when a post starts anew."""

import json
import pathlib
import shlex
import socket
import time
import unittest

import guest
import stations
from wires import BINARIES, Bench, Client, ROOT, until

TIMEOUT = 8
WATCHDOG = "/sys/class/watchdog/watchdog0"
SOCKET = "/run/station.sock"
LISTENING = 600


class Helper:
    """Asks Guest/helper.py, which the guest starts anew after each of its boots."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(LISTENING)
        self.port = self.listener.getsockname()[1]
        self.connection = None
        self.lines = None
        self.boot = None

    def accept(self):
        """Waits for the guest's next boot. The guest ends when its connection is closed."""
        greeting = b""
        # A connection that the guest has given up before it was made says nothing; the next one does.
        while not greeting:
            connection, _ = self.listener.accept()
            self.close_connection()
            self.connection = connection
            self.connection.settimeout(LISTENING)
            self.lines = self.connection.makefile("rb")
            try:
                greeting = self.lines.readline()
            except ConnectionError:
                continue
        self.boot = json.loads(greeting)["boot"]
        self.run(f"date -s @{time.time()}")
        return self.boot

    def ask(self, **request):
        self.connection.sendall(json.dumps(request).encode() + b"\n")
        line = self.lines.readline()
        if not line:
            raise OSError("the guest has gone")
        return json.loads(line)

    def run(self, command):
        answer = self.ask(run=command)
        if answer.get("status") != 0:
            raise AssertionError(f"{command}: {answer}")
        return answer["output"].strip()

    def close_connection(self):
        for thing in (self.lines, self.connection):
            if thing:
                thing.close()
        self.lines = self.connection = None

    def close(self):
        self.close_connection()
        self.listener.close()


class GuestStation(Client):
    """The station's socket, inside the guest."""

    def __init__(self, helper):
        super().__init__(SOCKET)
        self.helper = helper

    def call(self, method, **params):
        answer = self.helper.ask(call=method, params=params, socket=SOCKET)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]


class GuestBench(Bench):
    """A bench whose station runs in the guest, with the serial lines of the world's fronts at its own ports."""

    def __init__(self):
        board, fronts = stations.controller_station(reader=False)
        board["watchdog"] = {"driver": "linux", "timeoutSeconds": TIMEOUT}
        # The emulator between loses time now and then.
        board["timing"].update(contactorTravelMilliseconds=2000, meterSilenceMilliseconds=30000)
        board["evses"][0]["meter"]["silenceMilliseconds"] = 20000
        board["deadMan"]["withinMilliseconds"] = 3000
        fronts[1]["silenceMilliseconds"] = 1500
        super().__init__(board, fronts)
        self.out = self.folder / "out"
        self.out.mkdir()
        self.helper = Helper()
        self.station = GuestStation(self.helper)
        self.machine = None
        self.ports = {}

    def start(self, station=True):
        super().start(station=False)
        (self.out / "meters").symlink_to(ROOT / "boards" / "meters")
        (self.out / "unit.json").write_bytes(self.unit.read_bytes())
        (self.out / "unit.json").chmod(0o600)
        (self.out / "state").mkdir(mode=0o700)
        devices = ["-device", "i6300esb", "-netdev", "user,id=net", "-device", "e1000,netdev=net,romfile="]
        for name in ("meter", "mcu"):
            path = self.folder / name
            until(f"the world shows {name}", path.exists)
            devices += ["-chardev", f"serial,id={name},path={path.resolve()}", "-device", f"pci-serial,chardev={name}"]
        helper = pathlib.Path(__file__).parent / "Guest" / "helper.py"
        self.machine = guest.start(
            ["/usr/bin/python3", "-B", helper, "10.0.2.2", self.helper.port], self.out, memory=1024, processors=1,
            devices=devices, reboots=True)
        self.boot()
        if station:
            self.start_station()
            self.ready()

    def boot(self):
        """Waits for the guest, and tells the board its serial ports."""
        try:
            number = self.helper.accept()
        except OSError as error:
            raise AssertionError(f"the guest does not start: {error}\n{guest.tail(self.out)}") from None
        # In the order in which they stand on the bus, as the devices were named.
        ports = self.helper.run("for port in /sys/class/tty/ttyS*; do readlink -f $port; done | grep /pci | sort")
        ports = ["/dev/" + path.rsplit("/", 1)[1] for path in ports.splitlines()]
        self.assert_two(ports)
        text = self.board.read_text()
        for name, port in zip(("meter", "mcu"), ports):
            text = text.replace(str(self.folder / name), port)
        (self.out / "board.json").write_text(text)
        return number

    @staticmethod
    def assert_two(ports):
        if len(ports) != 2:
            raise AssertionError(f"the guest's serial ports: {ports}")

    def start_station(self):
        arguments = [
            BINARIES / "chargerd", "--board", "/mnt/board.json", "--unit", "/mnt/unit.json", "--state", "/mnt/state",
            "--csms", f"ws://10.0.2.2:{self.port}", "--control", SOCKET]
        self.pid = int(self.helper.run(
            f"rm -f {SOCKET}; setsid {shlex.join(map(str, arguments))} >>/mnt/chargerd.log 2>&1 </dev/null & echo $!"))
        until("chargerd answers", self.answers)

    def answers(self):
        if not self.runs():
            raise RuntimeError(f"chargerd has ended\n{self.logs()}")
        return self.status()

    def runs(self):
        return bool(self.helper.run(f"ps -o pid= {self.pid} || true"))

    def watchdog(self, name):
        return self.helper.run(f"cat {WATCHDOG}/{name}")

    def uptime(self):
        """Of the guest, in seconds."""
        return float(self.helper.run("cut -d' ' -f1 /proc/uptime"))

    def lives_past_timeout(self, since):
        until("the watchdog's time has passed", lambda: self.uptime() > since + TIMEOUT + 2)

    def logs(self, tail=3000):
        text = super().logs(tail)
        for path in (self.out / "chargerd.log", self.out / "console"):
            if path.exists():
                text += f"\n--- {path.name}\n{path.read_text(errors='replace')[-tail:]}"
        return text

    def close(self):
        if self.machine:
            guest.end(self.machine)
            self.machine.stdout.close()
        self.helper.close()
        super().close()


class Watchdog(unittest.TestCase):
    """/dev/watchdog in a machine that it really resets."""

    def test_watchdog(self):
        """A hung control lane is reset by the hardware watchdog; the station says so, and the transaction goes on"""
        self.began = time.monotonic()
        bench = self.bench = GuestBench()
        self.addCleanup(bench.close)
        bench.start()
        self.told("the station runs")
        first = bench.helper.boot
        self.assertEqual(bench.watchdog("timeout"), str(TIMEOUT))
        until("the watchdog is fed", lambda: bench.watchdog("state") == "active")
        began = bench.uptime()
        bench.charge(start=bench.remote_start)
        before = bench.transaction()["id"]
        bench.lives_past_timeout(began)
        bench.goes_on()
        self.told("fed, it lets the machine live")

        # Its control thread alone stands still: the rest of the program goes on answering.
        bench.helper.run(
            "mkdir -p /run/freezer && mount -t cgroup -o freezer freezer /run/freezer && mkdir /run/freezer/hung && "
            f"cd /proc/{bench.pid}/task && echo $(grep -lx control */comm | cut -d/ -f1) >/run/freezer/hung/tasks && "
            "echo FROZEN >/run/freezer/hung/freezer.state")
        self.assertTrue(bench.status()["link"]["accepted"], "the program as such answers")
        until("the companion controller opens", lambda: not bench.contactor())
        self.assertNotEqual(bench.boot(), first, "another boot")
        self.told("its control lane hung, the machine was reset")
        self.assertTrue(int(bench.watchdog("bootstatus")) & 0x20)

        bench.start_station()
        until("the transaction goes on", lambda: bench.transaction()["id"] == before)
        bench.goes_on()
        self.assertEqual(self.reason(), "Watchdog")
        self.told("the station says Watchdog, and the transaction goes on")
        bench.remote_stop()
        until("the contactor opens", lambda: not bench.contactor())
        bench.plug_out()
        until("the transaction is over", lambda: bench.transaction() is None)
        bench.assert_true_energy()
        self.assertEqual(bench.verdict()["transactions"], 1)

        # Told to end, the program stops it.
        bench.helper.run(f"kill -TERM {bench.pid}")
        until("the program has ended", lambda: not bench.runs())
        ended = bench.uptime()
        self.assertEqual(bench.watchdog("state"), "inactive")
        second = bench.helper.run("cat /proc/sys/kernel/random/boot_id")
        bench.lives_past_timeout(ended)
        self.assertEqual(bench.helper.run("cat /proc/sys/kernel/random/boot_id"), second)
        self.told("after SIGTERM it is stopped, and the machine lives")

        # Killed, the program leaves it running.
        bench.start_station()
        until("the watchdog is fed", lambda: bench.watchdog("state") == "active")
        bench.helper.run(f"kill -KILL {bench.pid}")
        until("the program is gone", lambda: not bench.runs())
        self.assertEqual(bench.watchdog("state"), "active")
        until("the kernel tells it", lambda: "watchdog did not stop" in (bench.out / "console").read_text(errors="replace"))
        self.told("after SIGKILL it runs on")

    def reason(self):
        """Of the last BootNotification that the CSMS has had."""
        until("the station is accepted", lambda: self.bench.status()["link"]["accepted"])
        return self.bench.csms.call("csms.stations")["stations"][0]["boot"]["reason"]

    def told(self, text):
        print(f"          {time.monotonic() - self.began:5.1f} s  {text}", flush=True)


if __name__ == "__main__":
    unittest.main()
