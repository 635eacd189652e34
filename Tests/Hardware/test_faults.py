"""Faults of the wires, each story on a station of its own: several stations at a time, for most of it is waiting.

What a fault must show each time: the contactor of the world is open, the station and the CSMS name it, `explain` says why
nothing flows, it ends by itself, the energy is right, and the log is not flooded."""

import collections
import concurrent.futures
import threading
import time
import unittest

import stations
from wires import PATIENCE, Bench, until

AT_A_TIME = 6
BUS_FAULTS = ("busSilent", "busWrongCheck", "busGarbage", "busHalfFrame", "busSlowBytes", "busException", "busWrongSlave",
              "busUnplugged")
# Beneath the range from which ports are given out; each suite has a network namespace of its own.
METER_PORT = 1502


def charge(bench, evse=1):
    bench.charge(evse, start=lambda: bench.remote_start(evse))


def closings(bench):
    """How often a contactor has closed, as the world tells it."""
    return sum("contactor" in line and "closes" in line for line in bench.told())


def meter_age(bench, evse=1):
    """Of the newest reading, in whole seconds; nil before the first."""
    reading = bench.status()["evses"][evse - 1]["meter"]
    return reading and reading["ageS"]


def told_to_csms(bench, component, since, place=0):
    """The fault's event; of what comes again and again the CSMS hears ten times in a row, and of the status always."""
    if place < 2:
        until(f"the CSMS hears of {component}", lambda: bench.csms_heard(f"event: {component}", since))
    until("the CSMS hears of the status", lambda: bench.csms_heard("connector 1: Faulted", since))


def assert_no_flood(lines):
    """Nothing is said again and again."""
    texts = collections.Counter(line.split("Z ", 1)[-1] for line in lines)
    assert all(count <= 6 for count in texts.values()), "\n".join(lines)


def assert_modbus_log(bench, subjects, since, began):
    """Trouble is told once a minute at most for each of the line's subjects, and its end."""
    lines = [line for line in bench.log_lines()[since:] if line.startswith("Modbus ")]
    allowed = 2 * subjects * (1 + int((time.monotonic() - began) / 60))
    assert len(lines) <= allowed, f"{len(lines)} lines, {allowed} are allowed:\n" + "\n".join(lines)


def bus_while_charging(bench):
    """A meter that answers wrongly in every way stops the energy, is told once, and comes back by itself"""
    bench.start()
    charge(bench)
    began, transaction = time.monotonic(), bench.transaction()["id"]
    for place, fault in enumerate(BUS_FAULTS):
        lines, heard = len(bench.log_lines()), len(bench.csms_lines())
        bench.fault(fault, evse=1)
        until(f"{fault} is told", lambda: "meterSilent" in bench.faults())
        until(f"the contactor opens on {fault}", lambda: not bench.contactor())
        until("it is explained", lambda: "meterSilent" in bench.reasons())
        told_to_csms(bench, "FiscalMetering of EVSE 1 Problem = true", heard, place)
        bench.fault(fault, False, evse=1)
        bench.goes_on()
        assert_no_flood(bench.log_lines()[lines:])
    assert_modbus_log(bench, 3, 0, began)
    assert bench.transaction()["id"] == transaction, "one session all the time"
    bench.finish()
    bench.assert_true_energy()


def bus_at_rest(*faults):
    def play(bench):
        bench.start()
        began = time.monotonic()
        until("the meter is read", lambda: meter_age(bench) is not None)
        for place, fault in enumerate(faults):
            heard, delivered = len(bench.csms_lines()), bench.evse()["deliveredWh"]
            closed = closings(bench)
            if place % 2:
                bench.plug_in()
            bench.fault(fault, evse=1)
            until(f"{fault} is told", lambda: "meterSilent" in bench.faults())
            until("it is explained", lambda: "meterSilent" in bench.reasons())
            until("it is out of use", lambda: bench.connector()["status"] == "Faulted")
            told_to_csms(bench, "FiscalMetering of EVSE 1 Problem = true", heard, place)
            if not place % 2:
                bench.world.call("bench.plugIn", evse=1, connector=1, car={"currentA": 16, "phases": 3, "chargeDelayS": 0.2})
                until("the station sees the car", lambda: bench.connector()["pilot"].startswith("B"))
            answer = bench.request_start()
            assert bench.connector()["offer"] != "current" and not bench.contactor(), fault
            # A whole retry of the meter later nothing has begun either.
            age = meter_age(bench)
            until("the fault has lasted", lambda: meter_age(bench) >= age + 2)
            assert not bench.contactor() and bench.evse()["deliveredWh"] == delivered, fault
            assert closings(bench) == closed, fault
            bench.fault(fault, False, evse=1)
            until(f"{fault} is over", lambda: not bench.faults())
            assert answer != "Accepted", "a session began that nobody could bill"
            bench.remote_start()
            bench.goes_on()
            bench.finish()
            until("it is free again", lambda: bench.connector()["status"] == "Available")
        assert_modbus_log(bench, 3, 0, began)
        bench.assert_true_energy()
    play.__doc__ = f"{', '.join(faults)} without a session: named, out of use, no start; when it is over, a vehicle charges"
    return play


def two_meters(bench):
    """Two meters on one line, one of them dead: the other's session goes on with fresh readings, and both end with their energy"""
    bench.start()
    charge(bench, 1)
    charge(bench, 2)
    before = [bench.transaction(evse)["id"] for evse in (1, 2)]
    for fault in ("busSilent", "busWrongSlave"):
        # A machine that stands still for seconds stops both: then it is tried once more.
        for _ in range(4):
            openings = bench.openings(1)
            bench.fault(fault, evse=2)
            until(f"{fault} is told at EVSE 2", lambda: "meterSilent" in bench.faults(2))
            until("the contactor opens there", lambda: not bench.contactor(2))
            delivered = bench.evse(1)["deliveredWh"]
            # Through the dead meter's retries, with fresh readings of the living one.
            until("energy flows at EVSE 1, and is read",
                  lambda: bench.evse(1)["deliveredWh"] > delivered + 12 and meter_age(bench, 1) <= 1)
            stops = bench.openings(1) - openings
            bench.fault(fault, False, evse=2)
            bench.goes_on(2)
            bench.goes_on(1)
            if not stops:
                break
        assert not stops, "the dead meter has stopped its neighbour"
    assert [bench.transaction(evse)["id"] for evse in (1, 2)] == before
    bench.finish(1)
    bench.finish(2)
    bench.assert_true_energy()


def main_meter(bench):
    """The main meter on the line of the EVSE's: either is read while the other is silent, and only the EVSE's stops the energy"""
    def main():
        return bench.status()["mainMeter"]

    def notes():
        return [note["code"] for note in bench.station.call("station.explain", evse=1)[0]["notes"]]

    bench.start()
    until("the main meter is read", lambda: main()["energyWh"] is not None and main()["silentForS"] is None)
    charge(bench)
    transaction, heard = bench.transaction()["id"], len(bench.csms_lines())
    until("it sees what the vehicle takes", lambda: main()["powerW"] > 10_000)
    # A machine that stands still for seconds stops the vehicle too: then it is tried once more.
    for _ in range(4):
        openings = bench.openings()
        bench.fault("mainMeterSilent")
        until("its silence is told", lambda: main()["silentForS"] is not None and notes() == ["mainMeterSilent"])
        until("the CSMS hears of it", lambda: bench.csms_heard("event: FiscalMetering Problem = true", heard))
        delivered = bench.evse()["deliveredWh"]
        # Through the dead meter's retries, with fresh readings of the living one.
        until("energy flows on, and is read", lambda: bench.evse()["deliveredWh"] > delivered + 12 and meter_age(bench) <= 1)
        stops = bench.openings() - openings
        assert main()["silentForS"] is not None and notes() == ["mainMeterSilent"]
        bench.fault("mainMeterSilent", False)
        until("it is read again", lambda: main()["silentForS"] is None and main()["ageS"] <= 1 and notes() == [])
        bench.goes_on()
        if not stops:
            break
    assert not stops, "the dead main meter has stopped a vehicle"
    until("the CSMS hears of its end", lambda: bench.csms_heard("event: FiscalMetering Problem = false", heard))
    bench.fault("busSilent", evse=1)
    until("the EVSE's meter is silent, and the energy stops", lambda: "meterSilent" in bench.faults() and not bench.contactor())
    age = meter_age(bench)
    until("the main meter is read on", lambda: meter_age(bench) >= age + 3 and main()["ageS"] <= 1 and not notes())
    bench.fault("busSilent", False, evse=1)
    bench.goes_on()
    assert bench.transaction()["id"] == transaction, "one session all the time"
    bench.finish()
    bench.assert_true_energy()
    delivered = bench.evse()["deliveredWh"]
    until("the main meter has counted all of it", lambda: main()["energyWh"] >= delivered - 1)
    assert main()["energyWh"] <= delivered + 10, (main(), delivered)


def meter_over_tcp(bench):
    """A meter on Modbus TCP: a session whose server goes away for long and comes back, and one that hangs: the energy is right"""
    bench.start()
    charge(bench)
    transaction = bench.transaction()["id"]
    until("some energy has flowed", lambda: bench.evse()["deliveredWh"] > 5)
    began, lines, heard = time.monotonic(), len(bench.log_lines()), len(bench.csms_lines())
    bench.fault("busUnplugged")
    until("it is told", lambda: "meterSilent" in bench.faults())
    until("the contactor opens", lambda: not bench.contactor())
    told_to_csms(bench, "FiscalMetering of EVSE 1 Problem = true", heard)
    # Refused connections by the dozen, and what they cost the log.
    until("the server was away for long", lambda: meter_age(bench) >= 20, 20 + PATIENCE)
    assert_modbus_log(bench, 2, lines, began)
    assert_no_flood(bench.log_lines()[lines:])
    bench.fault("busUnplugged", False)
    bench.goes_on()
    delivered = bench.evse()["deliveredWh"]
    until("some energy has flowed", lambda: bench.evse()["deliveredWh"] > delivered + 5)
    bench.fault("busSilent", evse=1)
    until("a server that hangs is told", lambda: "meterSilent" in bench.faults() and not bench.contactor())
    bench.fault("busSilent", False, evse=1)
    bench.goes_on()
    assert bench.transaction()["id"] == transaction, "one session all the time"
    bench.finish()
    bench.assert_true_energy()


def controller_reset(bench, transaction):
    """In mid-charge: the contactor opens, the session goes on, and is ended here."""
    openings = bench.openings()
    bench.fault("controllerResets")
    until("the contactor opens at the reset", lambda: bench.openings() > openings)
    bench.goes_on()
    assert bench.transaction()["id"] == transaction, "one session all the time"
    bench.finish()


def controller_while_charging(bench):
    """A companion controller that hangs, measures rubbish, is silent, unplugged, reset or another one in mid-charge: open, named, goes on"""
    bench.start()
    charge(bench)
    transaction = bench.transaction()["id"]
    for place, fault in enumerate(("controllerHangs", "controllerRubbishMeasurements", "controllerSilent",
                                   "controllerUnplugged", "controllerOtherProtocol")):
        lines, heard = len(bench.log_lines()), len(bench.csms_lines())
        bench.fault(fault)
        until(f"{fault} is told", lambda: "pilotDriverSilent" in bench.faults())
        until(f"the contactor opens on {fault}", lambda: not bench.contactor())
        until("it is explained", lambda: "pilotDriverSilent" in bench.reasons())
        told_to_csms(bench, "CPPWMController of EVSE 1 Problem = true", heard, place)
        bench.fault(fault, False)
        bench.goes_on()
        assert_no_flood(bench.log_lines()[lines:])
    controller_reset(bench, transaction)
    bench.assert_true_energy()


def controller_at_the_start(bench):
    """A controller of another protocol version ends the start with both versions; one that is silent then is waited for, open"""
    bench.start(station=False)
    bench.fault("controllerOtherProtocol")
    status, said = bench.refusal(stations.controller_station(reader=False)[0])
    assert status == 78 and "version 2.0" in said and "1.1" in said and "/mcu" in said, (status, said)
    bench.fault("controllerOtherProtocol", False)
    bench.fault("controllerSilent")
    bench.start_station()
    until("it is told", lambda: "pilotDriverSilent" in bench.faults())
    until("the CSMS hears of it", lambda: bench.csms_heard("CPPWMController of EVSE 1 Problem = true"))
    bench.world.call("bench.plugIn", evse=1, connector=1, car={"currentA": 16, "phases": 3, "chargeDelayS": 0.2})
    assert not bench.contactor() and bench.connector()["contactor"]["command"] == "open"
    bench.world.call("bench.plugOut", evse=1, connector=1)
    bench.fault("controllerSilent", False)
    bench.ready()
    charge(bench)
    bench.finish()
    bench.assert_true_energy()


def controller_lags(bench):
    """A companion controller that hears 120 ms late: vehicles charge, go on after a fault, and nothing of it is taken for the vehicle's"""
    bench.start(station=False)
    bench.fault("controllerLags")
    bench.start_station()
    bench.ready()
    # A machine that stands still for a moment shows the pilot late as well: then it is tried once more.
    for _ in range(4):
        lines = len(bench.log_lines())
        charge(bench)
        transaction = bench.transaction()["id"]
        for _ in range(3):
            openings = bench.openings()
            bench.fault("door")
            until("the contactor opens", lambda: not bench.contactor() and "doorOpen" in bench.faults())
            bench.fault("door", False)
            bench.goes_on()
            assert bench.openings() == openings + 1
        controller_reset(bench, transaction)
        until("it is free again", lambda: bench.connector()["status"] == "Available")
        vehicles = [line for line in bench.log_lines()[lines:] if "diode" in line or "pilot voltage" in line.lower()]
        if not vehicles:
            break
    assert not vehicles, "\n".join(vehicles)
    bench.assert_true_energy()


def mains_over_the_controller(bench):
    """The controller's mains contact: open, named and the plug let go while the mains is gone; a flicker shorter than the lock's way costs no session"""
    bench.start()
    charge(bench)
    transaction, heard = bench.transaction()["id"], len(bench.csms_lines())
    bench.world.call("bench.mains", up=False)
    until("the contactor opens", lambda: not bench.contactor())
    until("it is told and explained", lambda: "mainsLost" in bench.faults() and "mainsLost" in bench.reasons())
    until("the plug is let go", lambda: not bench.place()["lock"]["engaged"])
    until("the CSMS hears of it", lambda: bench.csms_heard("event: ", heard))
    bench.world.call("bench.mains", up=True)
    bench.goes_on()
    assert bench.place()["lock"]["engaged"], "what charges is locked"
    for milliseconds in (50, 150, 250, 350, 500, 800):
        bench.world.call("bench.mains", up=False)
        time.sleep(milliseconds / 1000)
        bench.world.call("bench.mains", up=True)
        bench.goes_on()
        assert bench.place()["lock"]["engaged"], "what charges is locked"
    assert bench.transaction()["id"] == transaction, "one session all the time"
    bench.finish()
    bench.assert_true_energy()


def safety_contacts(bench):
    """A tilted post and an open door, over the controller, open the contactor while a vehicle draws, each by its name"""
    bench.start()
    for fault, name, event in (("door", "doorOpen", "CaseAccessSensor Active"), ("tilt", "tilted", "TiltSensor Protecting")):
        charge(bench)
        heard = len(bench.csms_lines())
        bench.fault(fault)
        until(f"the contactor opens: {fault}", lambda: not bench.contactor())
        until("it is told", lambda: name in bench.faults())
        until("it is explained", lambda: name in bench.reasons())
        told_to_csms(bench, f"{event} = true", heard)
        bench.fault(fault, False)
        bench.finish()
        if fault == "tilt":
            # A post that was hit is looked at by somebody first.
            assert name in bench.faults(), bench.faults()
            bench.clear_faults()
        until("it is over", lambda: not bench.faults())
        until("it is free", lambda: bench.connector()["status"] == "Available")
    bench.assert_true_energy()


def meter_silent_at_the_start(bench):
    """A driver who comes before the meter was read for the first time gets energy only when it is"""
    bench.start(station=False)
    bench.fault("busSilent", evse=1)
    bench.start_station()
    until("the station is accepted", lambda: bench.status()["link"]["accepted"] and bench.connector()["pilot"].startswith("A"))
    bench.world.call("bench.plugIn", evse=1, connector=1, car={"currentA": 16, "phases": 3, "chargeDelayS": 0.2})
    until("the station sees the car", lambda: bench.connector()["pilot"].startswith("B"))
    answer = bench.request_start()
    until("the silence is told", lambda: "meterSilent" in bench.faults() and "meterSilent" in bench.reasons())
    assert meter_age(bench) is None
    assert not closings(bench), answer
    bench.fault("busSilent", False, evse=1)
    until("it is over", lambda: not bench.faults())
    if answer != "Accepted":
        bench.remote_start()
    bench.goes_on()
    bench.finish()
    bench.assert_true_energy()


def meter_exchanged(bench):
    """A meter put in the place of another, its register far higher or lower, ends the session at the old one's register: the CSMS bills what flowed"""
    def notes():
        return [note["code"] for note in bench.station.call("station.explain", evse=1)[0]["notes"]]
    bench.start()
    for register in (9_000_000, 1_000):
        before = bench.evse()["deliveredWh"]
        charge(bench)
        delivered = bench.evse()["deliveredWh"]
        until("energy flows", lambda: bench.evse()["deliveredWh"] > delivered + 12)
        # Nobody exchanges a meter under load: what flows before the new one is known for one would be in no session.
        bench.world.call("bench.carState", evse=1, connector=1, state="B")
        until("the contactor is open", lambda: not bench.contactor())
        lines, heard, delivered = len(bench.log_lines()), len(bench.csms_lines()), bench.evse()["deliveredWh"]
        until("all of it was read", lambda: bench.transaction()["energyWh"] > delivered - before - 0.5)
        bench.world.call("bench.setMeter", evse=1, values={"Energy.Active.Import.Register": register})
        until("the session is over", lambda: bench.transaction() is None)
        until("the station names it", lambda: any("another meter" in line for line in bench.log_lines()[lines:]))
        until("the CSMS hears of it", lambda: bench.csms_heard("FiscalMetering of EVSE 1 Problem = true", heard))
        until("it is over", lambda: bench.csms_heard("FiscalMetering of EVSE 1 Problem = false", heard))
        assert bench.evse()["deliveredWh"] == delivered and not bench.contactor()
        assert notes() == ["meterRegister"], notes()
        assert_no_flood(bench.log_lines()[lines:])
        bench.plug_out()
    charge(bench)
    assert notes() == [], notes()
    bench.finish()
    bench.assert_true_energy()


def controller_noise(bench):
    """Frames lost, spoilt, doubled and swapped, and garbage between them: a session goes on without one false stop"""
    noise = ("controllerLosesFrames", "controllerWrongCheck", "controllerGarbage", "controllerDoublesFrames",
             "controllerSwapsFrames")
    bench.start()
    # A machine that stands still for a moment looks like a dead line: that is a stop too, but not the noise's.
    for attempt in range(4):
        charge(bench)
        openings, losses = bench.openings(), len(bench.told())
        for fault in noise:
            bench.fault(fault)
        delivered = bench.evse()["deliveredWh"]
        # 200 frames and more each way.
        until("energy goes on flowing", lambda: bench.evse()["deliveredWh"] > delivered + 25)
        stops = bench.openings() - openings
        for fault in noise:
            bench.fault(fault, False)
        until("there is no fault", lambda: not bench.faults())
        bench.finish()
        if not stops:
            break
        print(f"          ({stops} stops under noise: tried once more)", flush=True)
    assert not stops, "\n".join(bench.told()[losses:])
    bench.assert_true_energy()


class Converter:
    """The kernel's files of a PWM and of a converter behind a peak hold, and the vehicle's resistor."""

    def __init__(self, root):
        self.pwm = root / "sys/class/pwm/pwmchip0/pwm0"
        self.device = root / "sys/bus/iio/devices/iio:device0"
        self.pwm.mkdir(parents=True)
        self.device.mkdir(parents=True)
        for name, text in (("enable", "0"), ("polarity", "normal"), ("duty_cycle", "0"), ("period", "0")):
            self.write(self.pwm / name, text)
        self.write(self.device / "name", "ads1015")
        self.write(self.device / "in_voltage_scale", "0.125")
        self.vehicle, self.rubbish, self.over = 12_000, None, threading.Event()
        self.show()

    @staticmethod
    def write(path, text):
        """In place and of one length, so that a reader never finds half of it."""
        with open(path, "r+b" if path.exists() else "wb", buffering=0) as file:
            file.write(f"{text:<23}\n".encode())

    def duty(self):
        """Of 1,000,000."""
        return int((self.pwm / "duty_cycle").read_text().split()[0])

    def play(self):
        """Follows the PWM as the hardware would."""
        while not self.over.wait(0.002):
            try:
                self.show()
            except LookupError:  # the file is being written
                pass

    def show(self):
        duty = self.duty()
        positive = self.vehicle if duty else -12_000
        negative = -12_000 if duty < 1_000_000 else self.vehicle
        for channel, volts in enumerate((positive, negative)):
            text = str((volts + 15_000) // 10 * 8) if self.rubbish is None else self.rubbish
            self.write(self.device / f"in_voltage{channel}_raw", text)

    def offers(self):
        return 0 < self.duty() < 1_000_000


def converter_rubbish(bench):
    """A converter that gives rubbish: the pilot is silent by name, the offer goes and the contactor stays open; then it offers again"""
    converter = Converter(bench.folder / "tree")
    threading.Thread(target=converter.play, daemon=True).start()
    try:
        bench.start()
        converter_story(bench, converter)
    finally:
        converter.over.set()


def converter_story(bench, converter):
    def offer():
        """A vehicle and an offer; a peak that came too late on this machine looks like a missing diode until the next plug."""
        for _ in range(6):
            if converter.vehicle != 9_000:
                converter.vehicle = 9_000
                until("the car is seen", lambda: bench.connector()["status"] == "Occupied")
                bench.remote_start()
            until("the PWM offers, or the peak came too late", lambda: converter.offers() or "diodeMissing" in bench.faults())
            if not bench.faults():
                return
            converter.vehicle = 12_000
            bench.remote_stop()
            until("the car is gone", lambda: not bench.faults() and not bench.transaction())
        raise AssertionError("no offer")

    for place, rubbish in enumerate(("", "nonsense", "99999999999999999999", "-99999", "32767")):
        offer()
        heard = len(bench.csms_lines())
        converter.rubbish = rubbish
        until(f"{rubbish!r} is told", lambda: "pilotDriverSilent" in bench.faults())
        until("it is explained", lambda: "pilotDriverSilent" in bench.reasons())
        told_to_csms(bench, "CPPWMController of EVSE 1 Problem = true", heard, place)
        until("the PWM offers nothing", lambda: not converter.offers())
        assert bench.connector()["contactor"]["command"] == "open" and not bench.contactor()
        converter.rubbish = None
        until("it is over", lambda: "pilotDriverSilent" not in bench.faults())
    offer()
    assert not closings(bench)


class Faults(unittest.TestCase):
    # Names of the stories; set by who runs only some of them.
    chosen = None

    @classmethod
    def setUpClass(cls):
        cls.pool = concurrent.futures.ThreadPoolExecutor(AT_A_TIME)
        cls.running = {name: cls.pool.submit(cls.play, *STORIES[name]) for name in STORIES
                       if cls.chosen is None or name in cls.chosen}

    @classmethod
    def tearDownClass(cls):
        cls.pool.shutdown(cancel_futures=True)

    @staticmethod
    def play(make, body):
        began = time.monotonic()
        bench = Bench(*make())
        try:
            body(bench)
        except Exception as error:
            raise AssertionError(f"{error!r}\n{bench.logs(2500)}") from error
        finally:
            bench.close()
        return time.monotonic() - began


def one():
    return stations.controller_station(reader=False)


# The longest first.
STORIES = {
    "test_meter_over_tcp": (lambda: stations.controller_station(reader=False, tcp=METER_PORT), meter_over_tcp),
    "test_bus_while_charging": (one, bus_while_charging),
    "test_bus_at_rest": (one, bus_at_rest(*BUS_FAULTS[:4])),
    "test_bus_at_rest_too": (one, bus_at_rest(*BUS_FAULTS[4:])),
    "test_controller_while_charging": (one, controller_while_charging),
    "test_two_meters": (stations.pair_station, two_meters),
    "test_main_meter": (stations.main_meter_station, main_meter),
    "test_safety_contacts": (one, safety_contacts),
    "test_converter_rubbish": (stations.converter_station, converter_rubbish),
    "test_controller_noise": (one, controller_noise),
    "test_controller_lags": (one, controller_lags),
    "test_mains_over_the_controller": (one, mains_over_the_controller),
    "test_meter_exchanged": (one, meter_exchanged),
    "test_meter_silent_at_the_start": (one, meter_silent_at_the_start),
    "test_controller_at_the_start": (one, controller_at_the_start),
}


def _test(name, body):
    def test(self):
        took = self.running[name].result()
        print(f"          ({took:.1f} s by itself, beside others)", flush=True)
    test.__doc__ = body.__doc__
    return test


for _name, (_, _body) in STORIES.items():
    setattr(Faults, _name, _test(_name, _body))


if __name__ == "__main__":
    unittest.main()
