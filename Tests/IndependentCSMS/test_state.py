"""What the station keeps, with the real programs: its queue as station.outbox tells it, and passwords that nobody reads."""

import asyncio
import json
import signal
import stat
import unittest

from bench import Bench
from ocpp.v201 import call
from strict_csms import StrictCSMS
from test_stories import OFFLINE, QUICK, Story

SECRET = "correct-horse-battery-1"
IMPATIENT = [
    {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": name, "instance": instance}, "value": value}
    for name, instance, value in [
        ("MessageAttempts", "TransactionEvent", "1"),
        ("MessageAttemptInterval", "TransactionEvent", "0"),
    ]
]


class Outbox(Story):
    async def outbox(self):
        return await self.bench.station.call("station.outbox")

    async def until_outbox(self, condition, what, seconds=60):
        deadline = asyncio.get_running_loop().time() + seconds
        while not condition(box := await self.outbox()):
            self.assertLess(asyncio.get_running_loop().time(), deadline, f"{what}: {box}")
            await asyncio.sleep(0.05)
        return box

    async def test_waits_and_empties(self):
        """DESIGN §4: what waits is told by lane, survives a SIGKILL to the last record, and goes when the CSMS is back."""
        await self.booted()
        await self.until_outbox(lambda box: sum(box["waiting"].values()) == 0, "empty at first")
        port = self.csms.port
        await self.csms.stop()
        await self.plug_in()
        await self.tap()
        box = await self.until_outbox(lambda box: box["waiting"]["transaction"] >= 4, "events wait")
        self.assertEqual(
            (box["capacity"], box["space"], box["storeFailure"], box["unwritten"]), (200_000, "ample", None, 0)
        )
        await self.bench.kill_station(signal.SIGKILL)
        await self.bench.start_station(port)
        again = await self.outbox()
        self.assertGreaterEqual(again["waiting"]["transaction"], box["waiting"]["transaction"])
        self.assertEqual((again["lost"], again["thinned"], again["deadLetterCount"]), (0, 0, 0))
        await self.csms.start(port)
        await self.csms.until(lambda: len(self.csms.boots) == 2, "it is back", 60)
        await self.unplug()
        await self.csms.until(lambda: self.csms.transactions, "the events arrive", 60)
        await self.ended()
        await self.until_outbox(lambda box: sum(box["waiting"].values()) == 0, "everything was accepted")
        self.only_transaction()

    async def test_exposed_state(self):
        """A state directory and database that others could read are closed to them at the start, with a line in the log."""
        await self.booted()
        await self.bench.kill_station(signal.SIGTERM)
        (self.bench.state).chmod(0o755)
        (self.bench.state / "station.db").chmod(0o644)
        await self.bench.start_station(self.csms.port)
        self.assertEqual(stat.S_IMODE(self.bench.state.stat().st_mode), 0o700)
        for file in self.bench.state.glob("station.*"):
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600, file)
        log = (self.bench.folder / "chargerd-bench.log").read_text()
        self.assertIn("station.db was open to others (mode 644)", log)
        self.assertIn("mended: mode 700", log)

    async def test_password(self):
        """B06.FR.09: a password that the CSMS has set is in no answer, report, log, status or queue; the station uses it."""
        await self.booted()
        answer = await self.csms.request(
            call.SetVariables(
                set_variable_data=[
                    {
                        "component": {"name": "SecurityCtrlr"},
                        "variable": {"name": "BasicAuthPassword"},
                        "attribute_value": SECRET,
                    }
                ]
            )
        )
        self.assertEqual(answer.set_variable_result[0]["attribute_status"], "Accepted")
        await self.csms.until(lambda: self.csms.headers.get("Authorization"), "it dials anew with the password", 90)
        await self.csms.until(lambda: self.csms.station, "it is back")
        await asyncio.sleep(1)
        answer = await self.csms.request(
            call.GetVariables(
                get_variable_data=[
                    {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
                ]
            )
        )
        self.assertEqual(answer.get_variable_result[0]["attribute_status"], "Rejected")
        await self.csms.request(call.GetBaseReport(request_id=7, report_base="FullInventory"))
        await self.csms.until(
            lambda: self.csms.reports and not self.csms.reports[-1].get("tbc", False), "the report's last part"
        )
        told = "".join(frame for frame in self.csms.frames if isinstance(frame, str))
        self.assertNotIn(SECRET, told)
        component = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
        variables = (await self.bench.station.call("station.deviceModel.get", **component))["variables"]
        self.assertEqual([(item["value"], item["mutability"]) for item in variables], [(None, "WriteOnly")])
        for method, params in [
            ("station.deviceModel.get", {}), ("station.status", {}), ("station.explain", {}), ("station.outbox", {}),
            ("station.log", {"lines": 1000}), ("station.version", {}),
        ]:
            self.assertNotIn(SECRET, json.dumps(await self.bench.station.call(method, **params)), method)
        self.assertNotIn(SECRET, self.bench.logs())
        recorder = self.bench.folder / "flight-recorder"
        if recorder.exists():
            self.assertNotIn(SECRET.encode(), recorder.read_bytes())

    async def test_reset_of_one_EVSE(self):
        """TC_B_25_CS, B11.FR.08, B11.FR.10: AllowReset is true, and an EVSE begins anew while the other one charges on."""
        await self.booted()
        answer = await self.csms.request(
            call.GetVariables(
                get_variable_data=[
                    {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AllowReset"}}
                ]
            )
        )
        self.assertEqual(answer.get_variable_result[0]["attribute_value"], "true")
        await self.plug_in(2)
        await self.tap(evses=[2])
        await self.charging()
        answer = await self.csms.request(call.Reset(type="OnIdle", evse_id=1))
        self.assertEqual(answer.status, "Accepted")
        await asyncio.sleep(4)
        await self.plug_in(1)
        await self.tap("04A1B2C3D4E581", evses=[1])
        await self.csms.until(lambda: len(self.csms.transactions) == 2, "EVSE 1 is in use again")
        self.assertFalse(any(item.ended for item in self.csms.transactions.values()))
        self.assertEqual(len(self.csms.boots), 1)
        for evse in (1, 2):
            await self.unplug(evse)
        await self.ended()


class DeadLetters(Outbox):
    """The same station with an impatient queue."""

    test_waits_and_empties = test_exposed_state = test_password = test_reset_of_one_EVSE = None

    async def asyncSetUp(self):
        self.csms = await StrictCSMS().start()
        self.bench = Bench(board=self.board, device_model=QUICK + OFFLINE + IMPATIENT)
        await self.bench.start(self.csms.port)

    async def test_given_up(self):
        """E13.FR.02, DESIGN §4: what the CSMS refuses becomes a dead letter with its transaction and reason, also after a restart, and holds up nothing."""
        await self.booted()
        await self.plug_in()
        await self.tap()
        await self.charging()
        self.csms.refused = {"TransactionEvent"}
        box = await self.until_outbox(lambda box: box["deadLetterCount"] >= 1, "a dead letter")
        self.csms.refused = set()
        letter = box["deadLetters"][0]
        self.assertEqual((letter["lane"], letter["attempts"]), ("transaction", 1))
        self.assertEqual(letter["group"], self.only_transaction().id)
        self.assertIn("InternalError", letter["reason"])
        await self.unplug()
        await self.ended()
        box = await self.until_outbox(lambda box: sum(box["waiting"].values()) == 0, "the rest was accepted")
        count = box["deadLetterCount"]
        await self.bench.kill_station(signal.SIGKILL)
        await self.bench.start_station(self.csms.port)
        again = await self.outbox()
        self.assertEqual(again["deadLetterCount"], count)
        self.assertEqual(again["deadLetters"][0], box["deadLetters"][0])


if __name__ == "__main__":
    unittest.main()
