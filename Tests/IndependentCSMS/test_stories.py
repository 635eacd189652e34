"""Sessions over a real socket: the bench station, the simulated world and a CSMS that somebody else wrote."""

import asyncio
import signal
import unittest

from bench import Bench
from ocpp.v201 import call
from strict_csms import StrictCSMS

CAR = {"currentA": 16, "phases": 3, "connectDelayS": 0, "chargeDelayS": 0}
TOKEN = "04A1B2C3D4E580"
# Meter values every second, so that a story of seconds has some.
QUICK = [{"component": {"name": "SampledDataCtrlr"}, "variable": {"name": "TxUpdatedInterval"}, "value": "1"}]
OFFLINE = [{"component": {"name": "AuthCtrlr"}, "variable": {"name": "OfflineTxForUnknownIdEnabled"}, "value": "true"}]


class Story(unittest.IsolatedAsyncioTestCase):
    board = "bench-ac-dual.json"
    connectors = 2
    settings = []

    async def asyncSetUp(self):
        self.csms = await StrictCSMS().start()
        self.bench = Bench(board=self.board, device_model=QUICK + OFFLINE + self.settings)
        await self.bench.start(self.csms.port)

    async def asyncTearDown(self):
        failed = any(error for _, error in getattr(self._outcome, "errors", []) or [])
        result = getattr(self._outcome, "result", None)
        failed = failed or bool(result and (result.failures or result.errors))
        if failed or self.csms.problems:
            print(self.bench.logs())
        await self.bench.close()
        await self.csms.stop()
        self.assertEqual(self.csms.problems, [])

    async def booted(self):
        await self.csms.until(lambda: self.csms.boots and self.csms.station, "the station boots")
        await self.csms.until(lambda: len(self.csms.statuses) >= self.connectors, "every connector is reported")

    async def plug_in(self, evse=1, **car):
        await self.bench.world.call("bench.plugIn", evse=evse, connector=1, car={**CAR, **car})

    async def tap(self, token=TOKEN, evses=None):
        await self.bench.world.call("bench.presentToken", idToken=token, type="ISO14443", evses=evses)

    async def unplug(self, evse=1):
        await self.bench.world.call("bench.plugOut", evse=evse, connector=1)

    async def world_register(self, evse=1):
        """The world's own meter, in Wh."""
        state = await self.bench.world.call("bench.state")
        place = next(item for item in state["evses"] if item["evse"] == evse)
        return float(place["meter"]["importWh"])

    def only_transaction(self):
        self.assertEqual(len(self.csms.transactions), 1, self.csms.transactions.keys())
        return next(iter(self.csms.transactions.values()))

    async def charging(self):
        def is_charging():
            return any(
                event["transactionInfo"].get("chargingState") == "Charging"
                for transaction in self.csms.transactions.values()
                if not transaction.ended
                for event in transaction.events.values()
            )

        await self.csms.until(is_charging, "energy flows")

    async def ended(self):
        await self.csms.until(
            lambda: self.csms.transactions and all(item.ended for item in self.csms.transactions.values()), "the transaction ends"
        )

    async def assert_energy_is_true(self, transaction, begin, evse=1):
        told_begin, told_end = transaction.energy()
        self.assertIsNotNone(told_begin, "no Transaction.Begin register")
        self.assertIsNotNone(told_end, "no Transaction.End register")
        self.assertAlmostEqual(told_begin, begin, delta=0.5)
        self.assertAlmostEqual(told_end, await self.world_register(evse), delta=0.5)
        self.assertGreater(told_end, told_begin)


class Boot(Story):
    async def test_boot_B01(self):
        """B01.FR.01, B01.FR.05, TC_B_01_CS: boots, is accepted, reports every connector."""
        await self.booted()
        self.assertEqual(self.csms.boots[0]["reason"], "PowerUp")
        self.assertEqual(set(self.csms.statuses.values()), {"Available"})

    async def test_get_variables_B06(self):
        """B06.FR.01: variables are answered in order."""
        await self.booted()
        answer = await self.csms.request(
            call.GetVariables(
                get_variable_data=[
                    {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}},
                    {"component": {"name": "Nonsense"}, "variable": {"name": "HeartbeatInterval"}},
                ]
            )
        )
        statuses = [item["attribute_status"] for item in answer.get_variable_result]
        self.assertEqual(statuses, ["Accepted", "UnknownComponent"])

    async def test_base_report_B07(self):
        """B07.FR.01: the full inventory arrives whole, in numbered parts."""
        await self.booted()
        answer = await self.csms.request(call.GetBaseReport(request_id=7, report_base="FullInventory"))
        self.assertEqual(answer.status, "Accepted")
        await self.csms.until(
            lambda: self.csms.reports and not self.csms.reports[-1].get("tbc", False), "the report's last part"
        )
        self.assertEqual([part["seq_no"] for part in self.csms.reports], list(range(len(self.csms.reports))))

    async def test_every_action_is_answered(self):
        """Part 4 4.2.3: no CALL of the CSMS meets silence, whatever it asks."""
        await self.booted()
        for action, payload in [
            ("GetLocalListVersion", {}),
            ("ClearCache", {}),
            ("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}}),
            ("SetDisplayMessage", {"message": {"id": 1, "priority": "AlwaysFront", "message": {"format": "UTF8", "content": "x"}}}),
            ("InventedAction", {}),
        ]:
            await self.csms.socket.send(f'[2,"probe-{action}","{action}",{__import__("json").dumps(payload)}]')
            await self.csms.until(
                lambda: any(f'"probe-{action}"' in frame for frame in self.csms.frames), f"an answer to {action}"
            )
        self.csms.problems = [problem for problem in self.csms.problems if "to nobody" not in problem]


class Sessions(Story):
    async def test_plug_first_E02(self):
        """E02, E07, TC_E_03: plug, card, charge, card, unplug; energy equal to the world's meter."""
        await self.booted()
        begin = await self.world_register()
        await self.plug_in()
        await self.csms.until(lambda: self.csms.statuses.get((1, 1)) == "Occupied", "the connector is occupied")
        await self.tap()
        await self.charging()
        await asyncio.sleep(3)
        await self.tap()
        await self.csms.until(lambda: self.csms.transactions and True, "the transaction")
        await self.unplug()
        await self.ended()
        transaction = self.only_transaction()
        self.assertEqual(transaction.kinds[0], "Started")
        self.assertEqual(transaction.kinds[-1], "Ended")
        self.assertIn("Updated", transaction.kinds)
        await self.assert_energy_is_true(transaction, begin)
        await self.csms.until(lambda: self.csms.statuses.get((1, 1)) == "Available", "the connector is free again")
        self.assertEqual(self.csms.authorizations, [TOKEN])

    async def test_card_first_E03(self):
        """E03, TC_E_02: card, then plug within EVConnectionTimeOut."""
        await self.booted()
        begin = await self.world_register()
        await self.tap()
        await self.csms.until(lambda: self.csms.authorizations == [TOKEN], "the card is authorized")
        await self.plug_in()
        await self.charging()
        await asyncio.sleep(2)
        await self.unplug()
        await self.ended()
        await self.assert_energy_is_true(self.only_transaction(), begin)

    async def test_blocked_card_C01(self):
        """C01.FR.02, TC_C_02: a blocked card gets no energy and makes no transaction."""
        self.csms.blocked.add(TOKEN)
        await self.booted()
        await self.plug_in()
        await self.tap()
        await self.csms.until(lambda: self.csms.authorizations == [TOKEN], "the card is asked for")
        await asyncio.sleep(1)
        state = await self.bench.station.call("station.status")
        self.assertEqual(state["evses"][0]["connectors"][0]["contactor"]["command"], "open")
        self.assertFalse(
            any(event["transactionInfo"].get("chargingState") == "Charging"
                for item in self.csms.transactions.values() for event in item.events.values()))

    async def test_remote_start_and_stop_F01_F03(self):
        """F01.FR.19, F01.FR.25, F03.FR.03, F03.FR.07, TC_F_08_CS: remote start with the cable in, remote stop; the remoteStartId comes back."""
        await self.booted()
        begin = await self.world_register()
        await self.plug_in()
        await self.csms.until(lambda: self.csms.statuses.get((1, 1)) == "Occupied", "the connector is occupied")
        answer = await self.csms.request(
            call.RequestStartTransaction(
                id_token={"idToken": "REMOTE-1", "type": "Central"}, remote_start_id=4711, evse_id=1
            )
        )
        self.assertEqual(answer.status, "Accepted")
        await self.charging()
        transaction = self.only_transaction()
        self.assertTrue(
            any(event["transactionInfo"].get("remoteStartId") == 4711 for event in transaction.events.values()))
        await asyncio.sleep(2)
        answer = await self.csms.request(call.RequestStopTransaction(transaction_id=transaction.id))
        self.assertEqual(answer.status, "Accepted")
        await self.ended()
        last = transaction.in_order()[-1]
        self.assertEqual(last["transactionInfo"].get("stoppedReason"), "Remote")
        await self.unplug()
        await self.assert_energy_is_true(transaction, begin)

    async def test_offline_session_E04_E12(self):
        """E04.FR.01–FR.03, E12.FR.01, FR.02, T-5, T-12: a session without the CSMS arrives afterwards, marked offline."""
        await self.booted()
        begin = await self.world_register()
        port = self.csms.port
        await self.csms.stop()
        await self.plug_in()
        await self.tap()
        deadline = asyncio.get_running_loop().time() + 60
        while True:
            state = await self.bench.station.call("station.status")
            # Just started, a station has not seen its connectors yet.
            if [item["contactor"]["feedback"] for item in state["evses"][0]["connectors"]][:1] == ["closed"]:
                break
            self.assertLess(asyncio.get_running_loop().time(), deadline, "no energy while offline")
            await asyncio.sleep(0.1)
        await asyncio.sleep(2)
        await self.unplug()
        await asyncio.sleep(1)
        register = await self.world_register()
        await self.csms.start(port)
        await self.csms.until(lambda: self.csms.transactions, "the events arrive", 60)
        await self.ended()
        transaction = self.only_transaction()
        for event in transaction.in_order():
            self.assertIs(event.get("offline"), True, event)
        self.assertEqual(len(self.csms.boots), 1, "a plain reconnect sends no BootNotification")
        await self.assert_energy_is_true(transaction, begin)
        self.assertAlmostEqual(transaction.energy()[1], register, delta=0.5)

    async def test_kill_in_mid_session(self):
        """Killed with the car plugged in: the transaction goes on with the next seqNo and the meter's true energy."""
        await self.booted()
        begin = await self.world_register()
        await self.plug_in()
        await self.tap()
        await self.charging()
        await asyncio.sleep(2)
        await self.bench.kill_station()
        events = len(self.only_transaction().events)
        await asyncio.sleep(1.5)
        await self.bench.start_station(self.csms.port)
        await self.csms.until(lambda: len(self.csms.boots) == 2, "the station boots again")
        await self.csms.until(lambda: len(self.only_transaction().events) > events, "the transaction goes on")
        deadline = asyncio.get_running_loop().time() + 60
        while True:
            state = await self.bench.station.call("station.status")
            # Just started, a station has not seen its connectors yet.
            if [item["contactor"]["feedback"] for item in state["evses"][0]["connectors"]][:1] == ["closed"]:
                break
            self.assertLess(asyncio.get_running_loop().time(), deadline, "energy does not come back")
            await asyncio.sleep(0.1)
        await asyncio.sleep(2)
        await self.tap()
        await self.unplug()
        await self.ended()
        await self.assert_energy_is_true(self.only_transaction(), begin)

    async def test_stop_by_sigterm_and_start_again(self):
        """SIGTERM opens the contactor, exits with 0 and parks the transaction; the next start goes on with it."""
        await self.booted()
        await self.plug_in()
        await self.tap()
        await self.charging()
        self.assertEqual(await self.bench.kill_station(signal.SIGTERM), 0)
        state = await self.bench.world.call("bench.state")
        self.assertIs(state["evses"][0]["connectors"][0]["contactor"]["closed"], False)
        await self.bench.start_station(self.csms.port)
        await self.csms.until(lambda: len(self.csms.boots) == 2, "the station boots again")
        await asyncio.sleep(1)
        await self.unplug()
        await self.ended()
        self.only_transaction()

    async def test_reset_B12(self):
        """B12.FR.02, B12.FR.04, B01.FR.03, TC_B_22_CS: an immediate reset ends the transaction, then the same process id boots with RemoteReset."""
        await self.booted()
        await self.plug_in()
        await self.tap()
        await self.charging()
        process = self.bench.processes["chargerd-bench"]
        answer = await self.csms.request(call.Reset(type="Immediate"))
        self.assertEqual(answer.status, "Accepted")
        await self.csms.until(lambda: len(self.csms.boots) == 2, "the station boots again")
        self.assertEqual(self.csms.boots[1]["reason"], "RemoteReset")
        self.assertIsNone(process.returncode)
        await self.ended()
        self.assertEqual(self.only_transaction().in_order()[-1]["transactionInfo"].get("stoppedReason"), "ImmediateReset")


class Socket(Story):
    board = "bench-ac-socket.json"
    connectors = 1

    async def engaged(self):
        state = await self.bench.world.call("bench.state")
        return state["evses"][0]["connectors"][0]["lock"]["engaged"]

    async def test_locked_plug(self):
        """IEC 61851-1: the plug is locked while energy flows, and the driver has it back after the session."""
        await self.booted()
        begin = await self.world_register()
        self.assertFalse(await self.engaged())
        await self.plug_in()
        await self.tap()
        await self.charging()
        self.assertTrue(await self.engaged())
        await asyncio.sleep(2)
        await self.tap()
        for _ in range(600):
            if not await self.engaged():
                break
            await asyncio.sleep(0.1)
        self.assertFalse(await self.engaged(), "the plug is let go")
        await self.unplug()
        await self.ended()
        await self.assert_energy_is_true(self.only_transaction(), begin)


class Hostile(Story):
    async def test_bad_frames(self):
        """DESIGN §4: every malformed frame gets its exact error, and the station goes on."""
        await self.booted()
        cases = [
            ("{", "-1", "RpcFrameworkError"),
            ("[]", "-1", "RpcFrameworkError"),
            ('[2,"a1","GetVariables"]', "a1", "RpcFrameworkError"),
            ('[9,"a2","GetVariables",{}]', "a2", "MessageTypeNotSupported"),
            ('[2,"a3","Dance",{}]', "a3", "NotImplemented"),
            ('[2,"a4","GetVariables",{}]', "a4", "OccurrenceConstraintViolation"),
            ('[2,"a5","GetVariables",{"getVariableData":7}]', "a5", "TypeConstraintViolation"),
            ('[2,"a6","Reset",{"type":"Maybe"}]', "a6", "PropertyConstraintViolation"),
            ('[2,"a7","Reset",{"type":"Immediate","x":1}]', "a7", "FormatViolation"),
            ('[2,"a8","Reset",{"type":"OnIdle","type":"OnIdle"}]', "a8", "FormatViolation"),
            ('[2,"a9","Reset",{"type":' + "[" * 5000 + "]" * 5000 + "}]", None, None),
        ]
        for frame, identifier, code in cases:
            seen = len(self.csms.frames)
            await self.csms.socket.send(frame)
            await self.csms.until(
                lambda: any('[4,' in item[:4] for item in self.csms.frames[seen:]), f"an answer to {frame[:60]}")
            answer = next(__import__("json").loads(item) for item in self.csms.frames[seen:] if item.startswith("[4,"))
            if identifier is not None:
                self.assertEqual((answer[1], answer[2]), (identifier, code), frame[:60])
        answer = await self.csms.request(
            call.GetVariables(get_variable_data=[{"component": {"name": "ClockCtrlr"}, "variable": {"name": "DateTime"}}]))
        self.assertEqual(answer.get_variable_result[0]["attribute_status"], "Accepted")

    async def test_oversized_and_not_utf8_and_binary(self):
        """Frame too large closes with 1009, not UTF-8 with 1007; the station comes back by itself."""
        await self.booted()
        for payload, code in [("x" * (3 * 1024 * 1024), 1009), (b"\x00\x01", None)]:
            socket = self.csms.socket
            await socket.send(payload)
            await asyncio.wait_for(socket.wait_closed(), 60)
            if code:
                self.assertEqual(socket.close_code, code)
            await self.csms.until(lambda: self.csms.socket is not socket, "the station comes back", 60)
        self.assertEqual(len(self.csms.boots), 1)

    async def test_bad_socket_requests(self):
        """A bad request on either socket gets its JSON-RPC error."""
        await self.booted()
        for client in (self.bench.station, self.bench.world):
            self.assertEqual((await client.raw(b"garbage"))["error"]["code"], -32700)
            self.assertEqual(
                (await client.raw(b'{"jsonrpc":"2.0","id":1,"method":"no.such"}'))["error"]["code"], -32601)
        bad = await self.bench.world.raw(
            b'{"jsonrpc":"2.0","id":2,"method":"bench.plugIn","params":{"evse":"one"}}')
        self.assertEqual(bad["error"]["code"], -32602)
        self.assertIn("evse", bad["error"]["message"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
