"""The resume table with the real programs: how the station ends, how long it is away, what has changed meanwhile.

Each row has a station, a world and a CSMS of its own; a few of them run at a time. Hours and days away are played by
`--wall-offset` together with another `--boot-id`: within one boot the monotonic clock counts, whatever civil time does."""

import asyncio
import dataclasses
import signal
import unittest

from bench import BINARIES, Bench
from ocpp.v201 import call
from strict_csms import StrictCSMS

CAR = {"currentA": 16, "phases": 3, "connectDelayS": 0, "chargeDelayS": 0}
TOKEN = "04A1B2C3D4E580"
REGISTER = "Energy.Active.Import.Register"
HOURS, DAYS = 3 * 3600, 3 * 86400
AT_A_TIME = 3


def setting(component, variable, value):
    return {"component": {"name": component}, "variable": {"name": variable}, "value": value}


@dataclasses.dataclass
class Row:
    name: str
    end: str  # sigterm, kill, powerCut, watchdog, reset
    boot_reason: str
    away: int = 0
    vehicle: str = "there"
    meter: float | None = None
    # None: the transaction goes on.
    trigger: str | None = None
    reason: str | None = None


CAUSES = [
    Row("SIGTERM", "sigterm", "LocalReset"),
    Row("SIGKILL", "kill", "ApplicationReset"),
    Row("power cut", "powerCut", "PowerUp"),
    Row("watchdog", "watchdog", "Watchdog"),
    Row("Reset", "reset", "RemoteReset", trigger="ResetCommand", reason="ImmediateReset"),
]
TIMES = [
    Row("power cut, hours", "powerCut", "PowerUp", away=HOURS),
    Row("power cut, days", "powerCut", "PowerUp", away=DAYS, trigger="AbnormalCondition", reason="PowerLoss"),
    Row("watchdog, days", "watchdog", "Watchdog", away=DAYS, trigger="AbnormalCondition", reason="Reboot"),
    Row("SIGKILL, and civil time jumps by days", "kill", "ApplicationReset", away=DAYS),
]
CHANGES = [
    Row("SIGTERM, gone", "sigterm", "LocalReset", vehicle="gone", trigger="EVCommunicationLost", reason="EVDisconnected"),
    Row("SIGKILL, gone", "kill", "ApplicationReset", vehicle="gone", trigger="EVCommunicationLost", reason="Reboot"),
    Row("power cut, gone", "powerCut", "PowerUp", vehicle="gone", trigger="EVCommunicationLost", reason="PowerLoss"),
    Row("watchdog, gone", "watchdog", "Watchdog", vehicle="gone", trigger="EVCommunicationLost", reason="Reboot"),
    Row("power cut, meter behind", "powerCut", "PowerUp", meter=500, trigger="AbnormalCondition", reason="PowerLoss"),
    Row("SIGKILL, meter exchanged", "kill", "ApplicationReset", meter=5_000_000, trigger="AbnormalCondition", reason="Other"),
]


class Play:
    """One row, from the first boot to the end of its transaction."""

    def __init__(self, row, number):
        self.row = row
        self.bench = Bench(
            device_model=[setting("SampledDataCtrlr", "TxUpdatedInterval", "1")], identity=f"CS-RESUME-{number}")

    async def register(self):
        state = await self.bench.world.call("bench.state")
        return float(state["evses"][0]["meter"]["importWh"])

    async def closed(self, what):
        deadline = asyncio.get_running_loop().time() + 90
        while True:
            state = await self.bench.station.call("station.status")
            # Just started, a station has not seen its connectors yet.
            if [item["contactor"]["feedback"] for item in state["evses"][0]["connectors"]][:1] == ["closed"]:
                return
            assert asyncio.get_running_loop().time() < deadline, what
            await asyncio.sleep(0.1)

    def transaction(self):
        assert len(self.csms.transactions) == 1, f"transactions: {list(self.csms.transactions)}"
        return next(iter(self.csms.transactions.values()))

    async def run(self):
        self.csms = await StrictCSMS().start()
        try:
            await self.bench.start(self.csms.port)
            await self.story()
            assert not self.csms.problems, self.csms.problems
        except Exception as error:
            raise AssertionError(f"{self.row.name}: {error!r}\n{self.bench.logs()}") from error
        finally:
            await self.bench.close()
            await self.csms.stop()

    async def stop_and_start(self):
        row, extra = self.row, []
        if row.end == "reset":
            process = self.bench.processes["chargerd-bench"]
            answer = await self.csms.request(call.Reset(type="Immediate"))
            assert answer.status == "Accepted", answer
            await self.csms.until(lambda: len(self.csms.boots) == 2, "the station boots again", 90)
            assert process.returncode is None, "the same process goes on"
            return
        if row.end == "powerCut":
            await self.bench.world.call("bench.mains", up=False)
        code = await self.bench.kill_station(signal.SIGTERM if row.end == "sigterm" else signal.SIGKILL)
        assert row.end != "sigterm" or code == 0, f"exit code {code}"
        await asyncio.sleep(1)
        self.at_the_stop = await self.register()
        if row.vehicle == "gone":
            await self.bench.world.call("bench.plugOut", evse=1, connector=1)
        if row.meter is not None:
            await self.bench.world.call("bench.setMeter", evse=1, values={REGISTER: row.meter})
        if row.end in ("powerCut", "watchdog"):
            self.bench.boot += 1
        if row.end == "powerCut":
            await self.bench.world.call("bench.mains", up=True)
        if row.end == "watchdog":
            extra += ["--boot-status", "watchdog"]
        if row.away:
            extra += ["--wall-offset", str(row.away)]
            self.csms.clock_offset = row.away
        await self.bench.start_station(self.csms.port, *extra)

    async def story(self):
        row, csms = self.row, self.csms
        await csms.until(lambda: len(csms.statuses) >= 2, "the station boots", 90)
        await self.bench.world.call("bench.setMeter", evse=1, values={REGISTER: 1000})
        # The session begins with the register that was set.
        deadline = asyncio.get_running_loop().time() + 90
        while True:
            reading = (await self.bench.station.call("station.status"))["evses"][0]["meter"]
            if reading is not None and reading["energyWh"] is not None and float(reading["energyWh"]) == 1000:
                break
            assert asyncio.get_running_loop().time() < deadline, f"the station reads another register: {reading}"
            await asyncio.sleep(0.1)
        begin = await self.register()
        await self.bench.world.call("bench.plugIn", evse=1, connector=1, car=CAR)
        await self.bench.world.call("bench.presentToken", idToken=TOKEN, type="ISO14443", evses=[1])
        await self.closed("energy flows")
        await csms.until(lambda: csms.transactions and len(self.transaction().events) >= 6, "some readings")
        await self.stop_and_start()
        await csms.until(lambda: len(csms.boots) == 2, "the station boots again", 90)
        assert csms.boots[1]["reason"] == row.boot_reason, csms.boots[1]
        if row.reason is None:
            await self.closed("energy comes back")
            await asyncio.sleep(1.5)
            await self.bench.world.call("bench.plugOut", evse=1, connector=1)
        await csms.until(lambda: self.transaction().ended, "the transaction ends", 60)
        transaction = self.transaction()
        last = transaction.in_order()[-1]
        told_begin, told_end = transaction.energy()
        assert abs(told_begin - begin) <= 0.5, (told_begin, begin)
        if row.reason is None:
            assert last["transactionInfo"]["stoppedReason"] == "EVDisconnected", last
            assert abs(told_end - await self.register()) <= 0.5, (told_end, await self.register())
            assert told_end > self.at_the_stop, "energy flowed after the stop"
            return
        assert (last["triggerReason"], last["transactionInfo"]["stoppedReason"]) == (row.trigger, row.reason), last
        if row.meter is not None:
            # The old meter's register as it was last seen; nothing of the new one.
            assert told_begin <= told_end <= self.at_the_stop, (told_begin, told_end, self.at_the_stop)
        else:
            assert abs(told_end - await self.register()) <= 0.5, (told_end, await self.register())


async def play(rows):
    """All rows, a few at a time; every row that fails is told."""
    room = asyncio.Semaphore(AT_A_TIME)

    async def one(number, row):
        async with room:
            await asyncio.wait_for(Play(row, number).run(), 400)

    outcomes = await asyncio.gather(*(one(number, row) for number, row in enumerate(rows)), return_exceptions=True)
    failures = [f"{row.name}: {outcome!r}" for row, outcome in zip(rows, outcomes) if outcome is not None]
    if failures:
        raise AssertionError("\n\n".join(failures))


class Resume(unittest.IsolatedAsyncioTestCase):
    async def test_causes(self):
        """B01.FR.01, B12.FR.04: each cause of the stop has its boot reason; the transaction goes on, or a Reset ends it."""
        await play(CAUSES)

    async def test_times_away(self):
        """E01.FR.07, E01.FR.08: seconds, hours and days away; a jump of civil time is no time away."""
        await play(TIMES)

    async def test_what_has_changed(self):
        """E06.FR.08: the vehicle is gone, the meter is another: Ended by the cause, with the register that was true."""
        await play(CHANGES)

    async def test_flight_recorder_after_a_kill(self):
        """The flight recorder of a killed daemon is read back to its last instant by chargerctl."""
        self.play = Play(CAUSES[1], 99)
        self.play.csms = csms = await StrictCSMS().start()
        bench = self.play.bench
        try:
            await bench.start(csms.port)
            await csms.until(lambda: len(csms.statuses) >= 2, "the station boots", 90)
            await bench.world.call("bench.plugIn", evse=1, connector=1, car=CAR)
            await bench.world.call("bench.presentToken", idToken=TOKEN, type="ISO14443", evses=[1])
            await self.play.closed("energy flows")
            await bench.kill_station()
            reader = await asyncio.create_subprocess_exec(
                str(BINARIES / "chargerctl"), "flight-recorder", "--socket", str(bench.station_socket), "--all",
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
            out, error = await asyncio.wait_for(reader.communicate(), 60)
            self.assertEqual(reader.returncode, 0, error)
            text = out.decode()
            for part in ("started in boot 1", "vehicle connected", "contactor commanded closed", "power path closed"):
                self.assertIn(part, text)
            self.assertLess(text.index("vehicle connected"), text.index("contactor commanded closed"))
            self.assertNotIn("stopped", text.splitlines()[-2])
        finally:
            await bench.close()
            await csms.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
