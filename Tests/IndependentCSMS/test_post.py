"""At the post with the real programs: start button, key code, parking bay, two readers, the display's language."""

import asyncio
import unittest

from bench import Bench
from strict_csms import StrictCSMS
from test_stories import CAR, QUICK, TOKEN

EMPTY = ""


class Post(unittest.IsolatedAsyncioTestCase):
    settings = []

    async def asyncSetUp(self):
        self.csms = await StrictCSMS().start()
        self.bench = Bench(board="bench-ac-post.json", device_model=QUICK + self.settings)
        await self.bench.start(self.csms.port)
        await self.csms.until(lambda: self.csms.boots and self.csms.station, "the station boots")
        await self.csms.until(lambda: len(self.csms.statuses) >= 2, "every connector is reported")

    async def asyncTearDown(self):
        result = getattr(self._outcome, "result", None)
        if self.csms.problems or bool(result and (result.failures or result.errors)):
            print(self.bench.logs())
        await self.bench.close()
        await self.csms.stop()
        self.assertEqual(self.csms.problems, [])

    async def plug_in(self, evse=1):
        await self.bench.world.call("bench.plugIn", evse=evse, connector=1, car=CAR)

    async def world_until(self, what, condition, seconds=60):
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            state = await self.bench.world.call("bench.state")
            if condition(state):
                return state
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"{what}: {state['evses']}")
            await asyncio.sleep(0.05)

    @staticmethod
    def place(state, evse):
        return next(item for item in state["evses"] if item["evse"] == evse)

    def closed(self, evse):
        return lambda state: self.place(state, evse)["connectors"][0]["contactor"]["closed"]

    async def lines_until(self, evse, first, seconds=60):
        return self.place(
            await self.world_until(
                f"the display says {first}", lambda state: self.place(state, evse)["lines"][:1] == [first], seconds
            ),
            evse,
        )["lines"]

    def only_transaction(self):
        self.assertEqual(len(self.csms.transactions), 1, self.csms.transactions.keys())
        return next(iter(self.csms.transactions.values()))


class AtThePost(Post):
    async def test_start_button(self):
        """C02.FR.01: a session begun by the start button has a token of type NoAuthorization, empty, and asks nobody."""
        await self.plug_in(1)
        await self.lines_until(1, "Plugged in")
        await self.bench.world.call("bench.pressStart", evse=1)
        await self.world_until("energy flows", self.closed(1))
        await asyncio.sleep(2)
        await self.bench.world.call("bench.plugOut", evse=1)
        await self.csms.until(lambda: any(book.ended for book in self.csms.transactions.values()), "it ends")
        tokens = [event["idToken"] for event in self.only_transaction().in_order() if "idToken" in event]
        self.assertEqual(tokens, [{"idToken": EMPTY, "type": "NoAuthorization"}])
        self.assertEqual(self.csms.authorizations, [])

    async def test_key_code(self):
        """C04, C04.FR.04: a code typed on the keypad charges, and stands in no log and no status of the station."""
        await self.plug_in(1)
        await self.lines_until(1, "Plugged in")
        await self.bench.world.call("bench.enterKey", text="47", enter=False)
        await self.world_until("the display counts", lambda state: state["lines"] == ["Your code", "**"])
        await self.bench.world.call("bench.enterKey", text="110815")
        await self.world_until("energy flows", self.closed(1))
        self.assertEqual(self.csms.authorizations, ["47110815"])
        status = await self.bench.station.call("station.status")
        log = await self.bench.station.call("station.log")
        await self.bench.world.call("bench.plugOut", evse=1)
        await self.csms.until(lambda: any(book.ended for book in self.csms.transactions.values()), "it ends")
        for text in (str(status), str(log), self.bench.logs()):
            self.assertNotIn("47110815", text)
        self.assertTrue(all(event["idToken"]["type"] == "KeyCode" for event in self.only_transaction().in_order() if "idToken" in event))

    async def test_two_readers(self):
        """C01: a card at the reader of EVSE 2 starts there, and one at the reader of EVSE 1 there."""
        await self.plug_in(1)
        await self.plug_in(2)
        await self.lines_until(2, "Plugged in")
        await self.bench.world.call("bench.presentToken", idToken=TOKEN, reader="right")
        state = await self.world_until("energy flows at 2", self.closed(2))
        self.assertFalse(self.closed(1)(state))
        await self.bench.world.call("bench.presentToken", idToken="04FFEEDDCCBBAA", reader="left")
        await self.world_until("energy flows at 1", self.closed(1))

    async def test_language(self):
        """C01.FR.08, C01.FR.09: the driver reads the language that the CSMS names for the card, the second if need be."""
        self.csms.languages = {TOKEN: {"language1": "de"}, "04FFEEDDCCBBAA": {"language1": "sv", "language2": "nl"}}
        await self.plug_in(1)
        await self.plug_in(2)
        await self.lines_until(2, "Plugged in")
        await self.bench.world.call("bench.presentToken", idToken=TOKEN, reader="left")
        await self.lines_until(1, "Es wird geladen")
        await self.bench.world.call("bench.presentToken", idToken="04FFEEDDCCBBAA", reader="right")
        await self.lines_until(2, "Laden")


class InTheBay(Post):
    settings = [
        {"component": {"name": "TxCtrlr"}, "variable": {"name": "TxStartPoint"}, "value": "ParkingBayOccupancy"},
        {"component": {"name": "TxCtrlr"}, "variable": {"name": "TxStopPoint"}, "value": "ParkingBayOccupancy"},
    ]

    async def test_parking_bay(self):
        """E01.FR.01: with the bay as start point the transaction begins with EVDetected, and ends when the bay is left."""
        await self.bench.world.call("bench.parkingBay", evse=2, occupied=True)
        await self.csms.until(lambda: self.csms.transactions, "the transaction begins")
        self.assertEqual(self.only_transaction().in_order()[0]["triggerReason"], "EVDetected")
        await self.plug_in(2)
        await self.bench.world.call("bench.presentToken", idToken=TOKEN, reader="right")
        await self.world_until("energy flows", self.closed(2))
        await asyncio.sleep(1)
        await self.bench.world.call("bench.presentToken", idToken=TOKEN, reader="right")
        await asyncio.sleep(2)
        await self.bench.world.call("bench.plugOut", evse=2)
        self.assertFalse(self.only_transaction().ended)
        await self.bench.world.call("bench.parkingBay", evse=2, occupied=False)
        await self.csms.until(lambda: self.only_transaction().ended, "it ends when the bay is left")
        self.assertEqual(self.only_transaction().in_order()[-1]["triggerReason"], "EVDeparted")


if __name__ == "__main__":
    unittest.main()
