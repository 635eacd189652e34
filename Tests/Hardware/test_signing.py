"""chargerd with an Iskra meter on a serial line: what the meter has signed, in the messages to a CSMS that this project
did not write."""

import asyncio
import base64
import json
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "IndependentCSMS"))

import stations  # noqa: E402
from ocpp.v201 import call  # noqa: E402
from strict_csms import StrictCSMS  # noqa: E402
from test_metering import verifies  # noqa: E402
from wires import CARD, DOUBTS, PATIENCE, REMOTE_STARTS, Bench, until  # noqa: E402

KEY = ("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue")
START = ("TxCtrlr", "TxStartPoint")
# The simulated meter's number.
SERIAL = "25000001"


class StrictBench(Bench):
    """A bench whose CSMS is the independent one; used from a thread beside its event loop."""

    def __init__(self, board, fronts, strict):
        super().__init__(board, fronts)
        self.strict = strict
        self.loop = asyncio.get_running_loop()

    def request(self, payload):
        return asyncio.run_coroutine_threadsafe(self.strict.request(payload, PATIENCE), self.loop).result()

    def remote_start(self, evse=1):
        token = {"idToken": CARD, "type": "ISO14443"}
        self.request(call.RequestStartTransaction(id_token=token, remote_start_id=next(REMOTE_STARTS), evse_id=evse))

    def remote_stop(self, evse=1):
        self.request(call.RequestStopTransaction(transaction_id=self.transaction(evse)["id"]))


class Signing(unittest.IsolatedAsyncioTestCase):
    key = None

    async def begin(self, variables, **meter):
        self.csms = await StrictCSMS().start()
        self.addAsyncCleanup(self.end)
        board, fronts = stations.signing_station(variables)
        board["evses"][0]["meter"].update(meter)
        self.bench = StrictBench(board, fronts, self.csms)
        await self.aside(self.bench.start_against, self.csms.port)
        await self.aside(self.bench.ready)

    async def end(self):
        if self.bench.processes:
            await self.aside(self.bench.close)
        await self.csms.stop()
        self.assertEqual(self.csms.problems, [])

    @staticmethod
    async def aside(function, *arguments):
        """The bench waits, the CSMS goes on answering."""
        return await asyncio.to_thread(function, *arguments)

    async def until(self, what, condition):
        await self.csms.until(condition, what, PATIENCE)

    async def charge(self, start=None):
        """A car, a start from the CSMS, and energy that flows."""
        await self.aside(self.bench.charge, 1, start or self.bench.remote_start)

    async def finish(self):
        """Energy that is worth telling, a stop from the CSMS, the car gone; gives back the transaction's events."""
        bench = self.bench
        before = (await self.aside(bench.evse))["deliveredWh"]
        await self.aside(until, "5 Wh have flowed", lambda: bench.evse()["deliveredWh"] > before + 5)
        identifier = (await self.aside(bench.transaction))["id"]
        await self.aside(bench.remote_stop)
        await self.aside(bench.plug_out)
        await self.until("the transaction is over", lambda: self.csms.transactions[identifier].ended)
        return self.csms.transactions[identifier].in_order()

    def signed(self, event):
        """{context: (value in Wh, OCMF payload, key)} of an event; every signature is checked."""
        found = {}
        for sample in (sample for meter in event.get("meterValue", []) for sample in meter["sampledValue"]):
            if "signedMeterValue" not in sample:
                continue
            signed = sample["signedMeterValue"]
            self.assertEqual(signed["encodingMethod"], "OCMF")
            self.assertEqual(signed["signingMethod"], "ECDSA-secp256r1-SHA256")
            kind, payload, tail = base64.b64decode(signed["signedMeterData"], validate=True).split(b"|")
            self.assertEqual(kind, b"OCMF")
            key = base64.b64decode(signed["publicKey"], validate=True)
            self.key = key or self.key
            self.assertTrue(verifies(payload, bytes.fromhex(json.loads(tail)["SD"]), self.key), payload)
            payload = json.loads(payload)
            self.assertEqual(payload["MS"], SERIAL)
            self.assertNotIn(CARD, json.dumps(payload))
            self.assertAlmostEqual(sample["value"], payload["RD"][-1]["RV"] * 1000, places=3)
            found[sample["context"]] = (sample["value"], payload, key)
        return found

    async def signed_session(self, start=None, between=None):
        """A whole session; once more where this machine let the station's time for a signature pass."""
        for _ in range(4):
            await self.charge(start)
            if between:
                await between()
            events = await self.finish()
            if "Transaction.Begin" in self.signed(events[0]) and "Transaction.End" in self.signed(events[-1]):
                return events
            print("          (the meter's signature came too late on this machine: once more)", flush=True)
        raise AssertionError("four sessions without both signatures")

    def check(self, events):
        """Both ends signed, and their difference is the energy of the transaction and what has flowed."""
        begin = self.signed(events[0])["Transaction.Begin"]
        ended = self.signed(events[-1])
        self.assertEqual([row["TX"] for row in begin[1]["RD"]], ["B"])
        self.assertEqual(begin[:2], ended["Transaction.Begin"][:2], "what began it is told at its end too")
        end = ended["Transaction.End"]
        self.assertEqual([row["TX"] for row in end[1]["RD"]], ["B", "E"])
        self.assertEqual(self.csms.transactions[events[0]["transactionInfo"]["transactionId"]].energy(), (begin[0], end[0]))
        self.check_energy()
        return begin, end

    def check_energy(self):
        """What all transactions were billed is what has flowed in the world."""
        billed = 0
        for begin, end in (transaction.energy() for transaction in self.csms.transactions.values()):
            billed += (end or 0) - (begin or 0)
        self.assertAlmostEqual(billed, self.bench.evse()["deliveredWh"], delta=2)

    async def test_session(self):
        """J02.FR.21, TC_J_11_CS: what the Iskra meter has signed is told at both ends, replaced while it is read or not"""
        await self.begin({KEY: "EveryMeterValue"})
        await self.aside(self.bench.fault, "meterReplacesSet")
        begin, end = self.check(await self.signed_session())
        self.assertTrue(begin[2] and end[2], "each value carries the key")

    async def test_kill(self):
        """E01.FR.04, J02.FR.21: signed data begin the transaction; of a program that was killed the end is signed too"""
        await self.begin({START: "DataSigned"})

        def start():
            until("the meter has signed, and the transaction is there, or the pilot is in doubt",
                  lambda: self.bench.transaction() or DOUBTS & set(self.bench.faults()))
            self.bench.remote_start()
        before = None

        async def kill():
            nonlocal before
            before = (await self.aside(self.bench.transaction))["id"]
            await self.aside(self.bench.end, "chargerd", signal.SIGKILL)
            await self.aside(self.bench.start_station)
            await self.aside(until, "the station is accepted", lambda: self.bench.status()["link"]["accepted"])
            await self.aside(self.bench.goes_on)
        events = await self.signed_session(start, kill)
        self.assertEqual(events[0]["transactionInfo"]["transactionId"], before, "one transaction before and after")
        self.assertEqual(events[0]["triggerReason"], "SignedDataReceived")
        begin, end = self.check(events)
        self.assertTrue(begin[2])

    async def killed_at_the_end(self, comes):
        """The events of a session whose end the meter was told to sign when the program was killed. What it signs `comes`
        while nobody looks, or never."""
        bench = self.bench
        for _ in range(4):
            await self.charge()
            before = (await self.aside(bench.evse))["deliveredWh"]
            await self.aside(until, "5 Wh have flowed", lambda: bench.evse()["deliveredWh"] > before + 5)
            identifier = (await self.aside(bench.transaction))["id"]
            await self.aside(bench.fault, "meterNeverSigns")
            await self.aside(bench.remote_stop)
            await self.aside(until, "the contactor is open", lambda: not bench.contactor())
            # The end is asked for when the opened contactor's register has been read, and waited for much longer.
            await asyncio.sleep(3)
            transaction = self.csms.transactions[identifier]
            self.assertFalse(transaction.ended)
            await self.aside(bench.end, "chargerd", signal.SIGKILL)
            if comes:
                await self.aside(bench.fault, "meterNeverSigns", False)
            await self.aside(bench.start_station)
            await self.until("the transaction is over", lambda: transaction.ended)
            await self.aside(bench.fault, "meterNeverSigns", False)
            await self.aside(bench.plug_out)
            events = transaction.in_order()
            if "Transaction.Begin" in self.signed(events[0]):
                return events
            print("          (the meter's signature came too late on this machine: once more)", flush=True)
        raise AssertionError("four sessions without a signature of the begin")

    async def test_end_killed(self):
        """J02.FR.21: a program killed before the meter's answer to the end tells after its start what that has signed"""
        await self.begin({KEY: "EveryMeterValue"})
        events = await self.killed_at_the_end(comes=True)
        self.assertEqual([event["eventType"] for event in events].count("Ended"), 1)
        self.assertEqual(events[-1]["triggerReason"], "RemoteStop")
        begin, end = self.check(events)
        self.assertTrue(begin[2] and end[2])

    async def test_end_killed_unsigned(self):
        """J02: after such a kill a meter that has signed nothing does not hold the end up; it is billed by its register"""
        await self.begin({KEY: "EveryMeterValue"})
        events = await self.killed_at_the_end(comes=False)
        self.assertEqual(events[-1]["triggerReason"], "RemoteStop")
        self.assertEqual(list(self.signed(events[-1])), ["Transaction.Begin"])
        self.assertTrue(any("has not signed the end" in line for line in self.bench.log_lines()))
        self.check_energy()

    def keys(self, events):
        """The public key beside each signed value of a transaction, in the order told."""
        return [key for event in events for _, _, key in self.signed(event).values()]

    async def test_key(self):
        """PublicKeyWithSignedMeterValue: the key once in each transaction, or never, as the CSMS sets it"""
        await self.begin({KEY: "OncePerTransaction"})
        for _ in range(2):
            first, *others = self.keys(await self.signed_session())
            self.assertTrue(first)
            self.assertTrue(others)
            self.assertFalse(any(others))
        component, variable = ({"name": name} for name in KEY)
        answer = await self.csms.request(call.SetVariables(set_variable_data=[
            {"attribute_value": "Never", "component": component, "variable": variable}]), PATIENCE)
        self.assertEqual(answer.set_variable_result[0]["attribute_status"], "Accepted")
        keys = self.keys(await self.signed_session())
        self.assertTrue(keys)
        self.assertFalse(any(keys))
        self.check_energy()

    async def test_never_signs(self):
        """J02: a meter that never signs holds nobody up for ever; the session is billed by its register, unsigned"""
        await self.begin({KEY: "EveryMeterValue"}, signingTimeoutMilliseconds=1000)
        await self.aside(self.bench.fault, "meterNeverSigns")
        await self.charge()
        events = await self.finish()
        self.assertEqual([self.signed(event) for event in events if self.signed(event)], [])
        self.check_energy()


if __name__ == "__main__":
    unittest.main()
