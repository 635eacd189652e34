"""In the guest: chargerd drives real GPIO lines of the kernel's gpio-sim, and everything else besides."""

import json
import pathlib
import signal
import subprocess
import threading
import time
import unittest

import stations
from wires import BINARIES, Bench, until


class Lines(unittest.TestCase):
    """Contactor, lock, residual current, safety contacts and lamps on GPIO lines."""

    def setUp(self):
        self.bench = Bench(*stations.lines_station(reader=False))
        self.addCleanup(self.bench.close)

    def start(self):
        self.bench.start()

    def begin(self):
        """A car, and energy by a remote start."""
        self.bench.charge(start=self.bench.remote_start)

    def end(self):
        bench = self.bench
        if bench.transaction():
            bench.remote_stop()
        until("the contactor opens", lambda: not bench.contactor())

    def place_in_log(self, *words):
        """The first of the world's sentences that has all these words."""
        for place, line in enumerate(self.bench.told()):
            if all(word in line for word in words):
                return place
        raise AssertionError(f"the world never told {words}:\n" + "\n".join(self.bench.told()))

    def test_order(self):
        """The lock before the contactor; at the end first the current, then the contactor, then the lock"""
        self.start()
        self.begin()
        until("energy has flowed", lambda: self.bench.evse()["deliveredWh"] > 3)
        self.end()
        self.bench.plug_out()
        places = [
            self.place_in_log("lock", "engages"), self.place_in_log("contactor", "closes"),
            self.place_in_log("asks for no more energy"), self.place_in_log("contactor", "opens"),
            self.place_in_log("lock", "lets go"),
        ]
        self.assertEqual(places, sorted(places), "\n".join(self.bench.told()))
        self.assertEqual(self.bench.place()["contactor"]["openingsUnderLoad"], 0)

    def test_welded(self):
        """A contactor that welds is told when it should open, and nobody charges there until service has cleared it"""
        self.start()
        self.begin()
        self.bench.fault("contactorWelded", evse=1, connector=1)
        self.bench.remote_stop()
        until("the weld is told", lambda: "contactorWelded" in self.bench.faults())
        until("it is out of use", lambda: self.bench.connector()["status"] == "Faulted")
        self.assertTrue(self.bench.contactor())
        self.bench.fault("contactorWelded", False, evse=1, connector=1)
        self.assertIn("contactorWelded", self.bench.faults(), "latched")

    def test_stuck(self):
        """A contactor that does not close is told, and its coil is left without voltage"""
        self.start()
        self.bench.fault("contactorStuck", evse=1, connector=1)
        self.bench.session(
            lambda: "contactorStuck" in self.bench.faults(), "it is told", start=self.bench.remote_start)
        until("the coil has no voltage", lambda: not self.bench.place()["contactor"]["commandedClosed"])
        self.assertEqual(self.bench.evse()["deliveredWh"], 0)

    def test_slow(self):
        """A contactor that takes far longer than its travel is told as one that does not close"""
        self.start()
        self.bench.fault("contactorSlow", evse=1, connector=1)
        self.bench.session(
            lambda: "contactorStuck" in self.bench.faults(), "it is told", start=self.bench.remote_start)
        until("it is open", lambda: not self.bench.contactor())

    def test_bouncing(self):
        """Contacts that bounce within their travel are no fault; one that falls out is told"""
        self.start()
        self.bench.fault("contactorBounces", evse=1, connector=1)
        self.begin()
        until("energy has flowed", lambda: self.bench.evse()["deliveredWh"] > 3)
        self.assertEqual(self.bench.faults(), [])
        self.end()
        self.bench.plug_out()
        self.assertEqual(self.bench.faults(), [])
        self.bench.fault("contactorBounces", False, evse=1, connector=1)
        self.bench.fault("contactorFallsOut", evse=1, connector=1)
        self.bench.session(
            lambda: "contactorStuck" in self.bench.faults(), "it is told", start=self.bench.remote_start)

    def test_emergency_stop_and_trip(self):
        """Emergency stop, an opened door and a residual current open the contactor, and each is told by its name"""
        self.start()
        self.begin()
        self.bench.fault("emergencyStop")
        until("the contactor opens", lambda: not self.bench.contactor())
        until("it is told", lambda: "emergencyStop" in self.bench.faults())
        self.bench.fault("emergencyStop", False)
        self.bench.plug_out()
        until("it is over", lambda: not self.bench.faults() and not self.bench.transaction())
        self.begin()
        self.bench.fault("door")
        until("the contactor opens", lambda: not self.bench.contactor())
        until("it is told", lambda: "doorOpen" in self.bench.faults())
        self.bench.fault("door", False)
        until("the door is closed", lambda: "doorOpen" not in self.bench.faults())
        if self.bench.transaction():
            self.bench.remote_stop()
        self.bench.plug_out()
        until("it is over", lambda: not self.bench.faults() and not self.bench.transaction())
        self.begin()
        self.bench.fault("groundFault", evse=1)
        until("the contactor opens", lambda: not self.bench.contactor())
        until("it is told", lambda: "residualCurrent" in self.bench.faults())

    def test_missing_and_busy_lines(self):
        """A line that is missing, or held by another program, is an error at the start that names it"""
        bench = self.bench
        bench.start(station=False)
        board, _ = stations.lines_station(reader=False)
        board["evses"][0]["connectors"][0]["contactor"]["coilLine"] = "no-such-line"
        status, said = bench.refusal(board)
        self.assertEqual(status, 78, said)
        self.assertIn("no-such-line", said)
        holder = self.hold("k1-coil")
        try:
            status, said = bench.refusal(stations.lines_station(reader=False)[0])
        finally:
            holder.kill()
            holder.wait()
        self.assertEqual(status, 78, said)
        self.assertIn("k1-coil", said.split("no-such-line")[-1])

    def hold(self, line):
        """Another program that holds the line: gpiomon's like, by the kernel's own interface."""
        chip, offset = gpio_line(line)
        code = (
            "import fcntl, os, struct, time\n"
            f"chip = os.open('/dev/{chip}', os.O_RDWR)\n"
            # struct gpiohandle_request of linux/gpio.h.
            "request = bytearray(364)\n"
            f"struct.pack_into('I', request, 0, {offset})\n"
            "struct.pack_into('I', request, 256, 1)\n"  # flags: input
            "struct.pack_into('32s', request, 324, b'another program')\n"
            "struct.pack_into('I', request, 356, 1)\n"
            "fcntl.ioctl(chip, 0xC16CB403, request)\n"
            "print('held', flush=True); time.sleep(600)\n")
        holder = subprocess.Popen(["python3", "-c", code], stdout=subprocess.PIPE)
        self.assertEqual(holder.stdout.readline().strip(), b"held")
        return holder


def gpio_line(name):
    """Chip and number of a line by its name, as the world's front has made it."""
    for chip in pathlib.Path("/sys/kernel/config/gpio-sim").iterdir():
        for line in sorted((chip / "bank0").glob("line*")):
            if (line / "name").read_text().strip() == name:
                return (chip / "bank0" / "chip_name").read_text().strip(), int(line.name.removeprefix("line"))
    raise AssertionError(f"no line {name}")


class Session(unittest.TestCase):
    """All real drivers at once."""

    def setUp(self):
        self.bench = Bench(*stations.lines_station())
        self.addCleanup(self.bench.close)

    def keep(self, name):
        """The log of the session, for who wants to read it."""
        out = pathlib.Path("/mnt")
        text = "\n".join(f"== {path.name}\n{path.read_text(errors='replace')}"
                         for path in sorted(self.bench.folder.glob("*.log")) if path.name != "pcscd.log")
        if out.is_dir():
            (out / f"{name}.log").write_text(text)

    def test_session(self):
        """One whole session on GPIO, Modbus, PC/SC and a companion controller at once: complete, correct, to the watt-hour"""
        bench = self.bench
        bench.start()
        try:
            bench.charge()
            until("10 Wh have flowed", lambda: bench.evse()["deliveredWh"] > 10)
            self.assertTrue(bench.place()["lock"]["engaged"])
            self.assertNotEqual(bench.evse()["light"], "off")
            bench.tap()
            until("the contactor opens", lambda: not bench.contactor())
            bench.plug_out()
            until("the transaction is over", lambda: bench.transaction() is None)
            bench.assert_true_energy()
            verdict = bench.verdict()
            print(f"the CSMS saw {verdict['transactions']} transaction, {verdict['correct']} correct, "
                  f"{verdict['energyWh']} Wh; the world delivered {bench.evse()['deliveredWh']} Wh", flush=True)
        finally:
            self.keep("session")

    def test_killed(self):
        """Hung, the program loses its coils to the controller; killed, it takes the transaction up again or has it ended"""
        bench = self.bench
        bench.start()
        try:
            bench.charge()
            before = bench.transaction()["id"]
            # Hung, its lines keep their levels: only the dead-man opens.
            process = bench.processes["chargerd"]
            process.send_signal(signal.SIGSTOP)
            until("the dead-man opens", lambda: not bench.contactor())
            self.assertTrue(any("dead-man" in line for line in bench.told()))
            bench.end("chargerd", signal.SIGKILL)
            bench.start_station()
            bench.goes_on_or_ends(before)
            bench.assert_true_energy()
        finally:
            self.keep("session-killed")


class Saving(unittest.TestCase):
    """A contactor with pre-charge and economiser, and a tilt sensor."""

    def setUp(self):
        self.bench = Bench(*stations.lines_station(reader=False, saving=True))
        self.addCleanup(self.bench.close)

    def contactor(self):
        return self.bench.place()["contactor"]

    def test_saving(self):
        """Pre-charge before and beside the main contacts, then the economiser holds; a tilted post opens and is told until service"""
        bench = self.bench
        bench.start()
        bench.charge(start=bench.remote_start)
        until("the economiser holds", lambda: self.contactor()["coil"] == "holding")
        told = bench.told()

        def last(*words):
            return max(place for place, line in enumerate(told) if all(word in line for word in words))
        places = [last("pre-charge relay", "closes"), last("The contactor", "closes"), last("pre-charge relay", "opens"),
                  last("coil", "holding power")]
        self.assertEqual(places, sorted(places), "\n".join(told))
        flowed = bench.evse()["deliveredWh"]
        until("energy flows under holding power", lambda: bench.evse()["deliveredWh"] > flowed + 1)
        self.assertEqual((self.contactor()["coil"], self.contactor()["closed"]), ("holding", True))
        self.assertEqual([line for line in bench.told()[len(told):] if "pre-charge" in line or "coil" in line], [])

        bench.fault("tilt")
        until("the contactor opens", lambda: not bench.contactor())
        self.assertEqual((self.contactor()["coil"], self.contactor()["preCharge"]), ("off", False))
        until("it is told", lambda: "tilted" in bench.faults())
        until("the CSMS hears of it", lambda: bench.csms_heard("security event Tamper"))
        bench.fault("tilt", False)
        bench.finish()
        self.assertIn("tilted", bench.faults(), "latched")
        self.assertEqual(bench.connector()["status"], "Faulted")
        bench.clear_faults()
        until("service has cleared it", lambda: not bench.faults() and bench.connector()["status"] == "Available")
        bench.charge(start=bench.remote_start)
        bench.finish()
        bench.assert_true_energy()


STORM = """
import os, sys, time
pull = os.open(sys.argv[1], os.O_WRONLY)
count, start = 0, time.monotonic()
while os.path.exists(sys.argv[2]):
    for _ in range(500):
        os.pwrite(pull, b"pull-up", 0); os.pwrite(pull, b"pull-down", 0)
    count += 1000
    if count == 1000: print("raging", flush=True)
print(f"{count / (time.monotonic() - start):.0f}")
"""


class Storm(unittest.TestCase):
    """An input that never rests."""

    def setUp(self):
        self.bench = Bench(*stations.lines_station(reader=False))
        self.addCleanup(self.bench.close)

    def rage(self, line):
        """Edges on the line as fast as a program can make them; answers what ends them, with their number a second."""
        chip, offset = gpio_line(line)
        folder = next(pathlib.Path("/sys/devices/platform").glob(f"*/{chip}"))
        rages = self.bench.folder / f"rages-{line}"
        rages.touch()
        process = subprocess.Popen(["python3", "-c", STORM, folder / f"sim_gpio{offset}" / "pull", rages],
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close()))
        self.assertEqual(process.stdout.readline().strip(), "raging")

        def calm():
            rages.unlink()
            return int(process.stdout.readline())
        return calm

    def answers(self):
        """The CSMS gets its answer."""
        answer = self.bench.send("GetVariables", getVariableData=[
            {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}])
        self.assertIn("Accepted", json.dumps(answer))

    def test_storm(self):
        """A storm of edges on a safety input stops charging, not the station, and it goes on afterwards; on another it stops nothing"""
        bench = self.bench
        bench.start()
        bench.charge(start=bench.remote_start)
        transaction, closed = bench.transaction()["id"], closings(bench)
        calm = self.rage("door")
        until("the contactor opens", lambda: not bench.contactor())
        until("it is told", lambda: "doorOpen" in bench.faults())
        self.answers()
        # The pilot is the control lane's too.
        for state in "DB":
            bench.world.call("bench.carState", evse=1, connector=1, state=state)
            until("the vehicle's state is seen", lambda: bench.connector()["pilot"].startswith(state))
        bench.world.call("bench.carState", evse=1, connector=1, state=None)
        self.answers()
        # The emulated processor leaves the storm pauses.
        until("the storm is told", lambda: "doorOpen" in bench.faults())
        edges = calm()
        self.assertEqual(closings(bench), closed, "it stays open for as long as it rages")
        until("the storm is over", lambda: "doorOpen" not in bench.faults())
        bench.goes_on()
        self.assertEqual(bench.transaction()["id"], transaction)
        # What is no safety input hinders neither the energy nor an opening.
        calm = self.rage("bay")
        flowed = bench.evse()["deliveredWh"]
        until("energy flows all the same", lambda: bench.evse()["deliveredWh"] > flowed + 1)
        self.answers()
        bench.fault("emergencyStop")
        until("the emergency stop opens", lambda: not bench.contactor())
        until("it is told", lambda: "emergencyStop" in bench.faults())
        print(f"storms of {edges} and {calm()} edges a second", flush=True)
        bench.fault("emergencyStop", False)
        bench.finish()
        until("all is well again", lambda: not bench.faults() and bench.connector()["status"] == "Available")
        bench.assert_true_energy()


class Installer:
    """chargerctl hardware test, and somebody at the post who answers what it asks."""

    def __init__(self, bench, *arguments):
        self.process = subprocess.Popen(
            [str(BINARIES / "chargerctl"), "hardware", "test", "--board", str(bench.board), *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def type(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def walk(self, deeds=None):
        """Exit status and words; `deeds` has what is done where a line, or a question at the end of one, has these words."""
        lines, said = [], ""
        with self.process:
            while True:
                letter = self.process.stdout.read(1)
                if letter not in ("", "\n"):
                    said += letter
                    # A question stands at the end of a line that is not ended.
                    if not said.endswith("[y/n] "):
                        continue
                for words, deed in (deeds or {}).items():
                    if words in said:
                        deed()
                        break
                lines.append(said)
                said = ""
                if letter == "":
                    return self.process.wait(), "\n".join(lines)


class Wiring(unittest.TestCase):
    """chargerctl hardware test on the real drivers."""

    def setUp(self):
        self.bench = Bench(*stations.lines_station())
        self.addCleanup(self.bench.close)

    def test_walk(self):
        """The wiring test moves each output and sees its contact, each input, the meter, the pilot and a card"""
        bench = self.bench
        bench.start(station=False)
        taps = threading.Event()

        def hold_card():
            # Until the reader has seen it: an emulated one is slow.
            def hold():
                bench.tap()
                while not taps.wait(10):
                    bench.tap()
            threading.Thread(target=hold, daemon=True).start()
        installer = Installer(bench)

        def hand(fault):
            """It pushes when it is asked to, and lets go when that was seen."""
            return lambda: bench.fault(fault), lambda: bench.fault(fault, False)
        (push, release), (open_door, close_door), (tilt, right) = map(hand, ("emergencyStop", "door", "tilt"))
        try:
            status, said = installer.walk({
                "[y/n] ": lambda: installer.type("y"),
                "Push the emergency stop": push, "emergency stop, moved": release,
                "Open the door": open_door, "door contact, moved": close_door,
                "Tilt the tilt sensor": tilt, "tilt sensor, moved": right,
                "Hold a card": hold_card, " reader front": taps.set,
                "Step into the parking bay": lambda: bench.world.call("bench.parkingBay", evse=1, occupied=True),
            })
        finally:
            taps.set()
        print("\n".join("          " + line for line in said.splitlines()), flush=True)
        self.assertEqual(status, 0, said)
        for part in ("pilot: steady 12 V, pulses 12 V and -12 V, negative -12 V", "contactor: closed after",
                     "lock: locked after", "residual current: tripped by its own test", "meter: ",
                     "emergency stop, moved: seen", "door contact, moved: seen", "tilt sensor, moved: seen",
                     "reader front: seen", "parking bay of EVSE 1: seen", "red: seen"):
            self.assertIn(part, said)
        self.assertEqual(closings(bench), 1, bench.told())
        self.assertFalse(bench.contactor())

    def test_wrong(self):
        """The wiring test names a contactor that does not close and one that is welded; with a car there it energises nothing"""
        bench = self.bench
        bench.start(station=False)
        bench.fault("contactorStuck", evse=1, connector=1)
        status, said = Installer(bench, "--yes").walk()
        self.assertEqual(status, 1, said)
        self.assertIn("FAILED   EVSE 1 connector 1 contactor: does not close", said)
        self.assertIn("0 refused", said)
        bench.fault("contactorStuck", False, evse=1, connector=1)

        bench.fault("contactorWelded", evse=1, connector=1)
        status, said = Installer(bench, "--yes").walk()
        self.assertEqual(status, 1, said)
        self.assertIn("FAILED   EVSE 1 connector 1 contactor: shows the wrong position with nothing done: welded", said)
        bench.fault("contactorWelded", False, evse=1, connector=1)
        until("the contactor is open", lambda: not bench.contactor())

        def moved():
            return [line for line in bench.told() if "The contactor" in line or "The lock" in line]
        before = moved()
        bench.world.call("bench.plugIn", evse=1, connector=1, car={"currentA": 16, "phases": 3})
        status, said = Installer(bench, "--yes").walk()
        self.assertEqual(status, 1, said)
        for part in ("contactor", "lock", "pilot"):
            self.assertIn(f"REFUSED  EVSE 1 connector 1 {part}: a vehicle is there", said)
        self.assertIn("REFUSED  EVSE 1 residual current: a vehicle is there", said)
        self.assertEqual(moved(), before)
        self.assertFalse(bench.contactor())


def closings(bench):
    """How often the contactor has closed."""
    return len([line for line in bench.told() if "The contactor" in line and "closes" in line])


WATCHER = """
import os, sys, time
contact, coil = (os.open(path, os.O_RDONLY) for path in sys.argv[1:])
print("watching", flush=True)
while os.pread(contact, 1, 0) != b"0": pass
start = time.monotonic_ns()
while os.pread(coil, 1, 0) != b"0": pass
print((time.monotonic_ns() - start) / 1e6)
"""


class Latency(unittest.TestCase):
    """From a contact's edge to the coil's line, as the chip's own lines show them."""

    def test_latency(self):
        """Every edge of the emergency stop opens the contactor; how long it takes is measured and printed"""
        bench = Bench(*stations.lines_station(reader=False))
        self.addCleanup(bench.close)
        bench.start()
        session = Lines("begin")
        session.bench = bench
        took = []
        rounds = 5
        for _ in range(rounds):
            session.begin()
            chip, coil = gpio_line("k1-coil")
            _, stop = gpio_line("emergency-stop")
            folder = next(pathlib.Path("/sys/devices/platform").glob(f"*/{chip}"))
            # A program of its own looks at both lines: the edge may be over before the world has answered.
            watcher = subprocess.Popen(
                ["python3", "-c", WATCHER, folder / f"sim_gpio{stop}" / "value", folder / f"sim_gpio{coil}" / "value"],
                stdout=subprocess.PIPE, text=True)
            self.assertEqual(watcher.stdout.readline().strip(), "watching")
            bench.fault("emergencyStop")
            took.append(float(watcher.stdout.readline()))
            watcher.wait()
            bench.fault("emergencyStop", False)
            until("the contactor opens", lambda: not bench.contactor())
            bench.plug_out()
            until("it is over", lambda: not bench.faults() and not bench.transaction())
        took.sort()
        print(f"GPIO edge to coil, emulated: median {took[len(took) // 2]:.1f} ms, worst of {rounds} {took[-1]:.1f} ms",
              flush=True)


if __name__ == "__main__":
    unittest.main()
