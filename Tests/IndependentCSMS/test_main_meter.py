"""The meter of the whole station: OCPP's EVSE 0, by the real programs on boards/bench-ac-main-meter.json."""

import asyncio
import json
import os
import unittest

from bench import BINARIES
from test_stories import Story

INTERVAL = 2


class MainMeter(Story):
    board = "bench-ac-main-meter.json"
    connectors = 1
    settings = [
        {"component": {"name": "AlignedDataCtrlr"}, "variable": {"name": name}, "value": value}
        for name, value in (
            ("Interval", str(INTERVAL)), ("Measurands", "Energy.Active.Import.Register,Power.Active.Import"))
    ]

    def calls(self, action, since=0):
        messages = map(json.loads, self.csms.frames[since:])
        return [message[3] for message in messages if message[0] == 2 and message[2] == action]

    def told(self, evse=0, since=0):
        """Every clock-aligned value of an EVSE, oldest first."""
        return [value for call in self.calls("MeterValues", since) if call["evseId"] == evse for value in call["meterValue"]]

    @staticmethod
    def total(measurand, value):
        """Of all phases together."""
        return next(
            sample["value"] for sample in value["sampledValue"]
            if sample["measurand"] == measurand and "phase" not in sample)

    def problems(self, since=0):
        """FiscalMetering.Problem of the station, not of an EVSE."""
        data = (item for call in self.calls("NotifyEvent", since) for item in call["eventData"])
        return [
            item["actualValue"] for item in data
            if item["component"]["name"] == "FiscalMetering" and "evse" not in item["component"]
            and item["variable"]["name"] == "Problem"]

    async def fault(self, active):
        await self.bench.world.call("bench.fault", fault="mainMeterSilent", active=active)

    async def ctl(self, *arguments):
        process = await asyncio.create_subprocess_exec(
            str(BINARIES / "chargerctl"), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "CHARGER_STATION_SOCKET": str(self.bench.station_socket)},
        )
        output, _ = await asyncio.wait_for(process.communicate(), 120)
        self.assertEqual(process.returncode, 0, output)
        return output.decode()

    async def closed(self):
        state = await self.bench.world.call("bench.state")
        return state["evses"][0]["connectors"][0]["contactor"]["closed"]

    async def test_main_meter(self):
        """J01.FR.02, J01.FR.03, J01.FR.04, J01.FR.09, J01.FR.14: EVSE 0 is the main meter's; its silence is told and hinders nobody."""
        await self.booted()
        await self.csms.until(lambda: len(self.told()) >= 2, "the idle station's own values")
        for value in self.told():
            self.assertEqual(int(value["timestamp"][17:19]) % INTERVAL, 0)
            self.assertEqual({sample["location"] for sample in value["sampledValue"]}, {"Inlet"})
            self.assertEqual({sample["context"] for sample in value["sampledValue"]}, {"Sample.Clock"})
            self.assertEqual(self.total("Power.Active.Import", value), 15, "what the station takes for itself")
        await self.plug_in()
        await self.tap()
        await self.charging()
        await self.csms.until(
            lambda: self.total("Power.Active.Import", self.told()[-1]) > 10_000, "the main meter sees the vehicle")
        state = (await self.bench.station.call("station.status"))["mainMeter"]
        self.assertIsNone(state["silentForS"])
        self.assertGreater(state["powerW"], 10_000)
        self.assertIn("Main meter: ", await self.ctl("status"))
        self.assertNotIn("The meter of the whole station", await self.ctl("explain"))

        await self.fault(True)
        await self.csms.until(lambda: self.problems() == ["true"], "the CSMS hears of the silence")
        self.assertIn("Main meter: SILENT for ", await self.ctl("status"))
        explained = await self.ctl("explain")
        self.assertIn("EVSE 1 is charging.", explained)
        self.assertIn("The meter of the whole station does not answer.", explained)
        # What was read before it fell silent is told as of now for a quarter of a minute at most.
        silent = 0
        while silent < 20:
            silent = (await self.bench.station.call("station.status"))["mainMeter"]["silentForS"]
            await asyncio.sleep(0.2)
        before, register = len(self.csms.frames), await self.world_register()
        aligned = self.aligned(before)
        await self.csms.until(lambda: self.aligned(before) >= aligned + 3, "the EVSE's own values go on")
        self.assertEqual(self.told(since=before), [], "an old reading is told as a new one")
        self.assertTrue(await self.closed(), "charging goes on")
        self.assertGreater(await self.world_register(), register)
        self.assertNotEqual(self.csms.statuses[(1, 1)], "Faulted")

        await self.fault(False)
        await self.csms.until(lambda: self.problems() == ["true", "false"], "its end is told")
        await self.csms.until(lambda: self.told(since=before), "EVSE 0 has values again")
        self.assertNotIn("The meter of the whole station", await self.ctl("explain"))
        self.assertIsNone((await self.bench.station.call("station.status"))["mainMeter"]["silentForS"])
        registers = [self.total("Energy.Active.Import.Register", value) for value in self.told()]
        self.assertEqual(registers, sorted(registers))
        await self.unplug()
        await self.ended()
        begin, end = self.only_transaction().energy()
        self.assertGreater(registers[-1], 0)
        self.assertGreaterEqual(end, begin)

    def aligned(self, since):
        """Clock-aligned values that the EVSE's transaction has told."""
        return sum(event["triggerReason"] == "MeterValueClock" for event in self.calls("TransactionEvent", since))

    async def test_silent_from_the_start(self):
        """J01.FR.04: a start without the main meter's answer is told; a driver charges, and nothing stands in its place."""
        await self.bench.kill_station()
        await self.fault(True)
        await self.bench.start_station(self.csms.port)
        before = len(self.csms.frames)
        await self.plug_in()
        await self.tap()
        await self.charging()
        await self.csms.until(lambda: self.problems(before)[-1:] == ["true"], "the CSMS hears of the silence")
        self.assertIn("Main meter: SILENT for ", await self.ctl("status"))
        aligned = self.aligned(before)
        await self.csms.until(lambda: self.aligned(before) >= aligned + 2, "the EVSE's own values")
        self.assertEqual(self.told(since=before), [])


if __name__ == "__main__":
    unittest.main()
