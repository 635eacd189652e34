"""What the meter has signed, from the simulated meter's key to the message, by the real programs."""

import base64
import json
import pathlib
import subprocess
import tempfile
import unittest

from bench import Bench
from strict_csms import StrictCSMS

TOKEN = "04A1B2C3D4E580"
CAR = {"currentA": 16, "phases": 3, "connectDelayS": 0, "chargeDelayS": 0}


def variable(component, name, value):
    return {"component": {"name": component}, "variable": {"name": name}, "value": value}


def verifies(payload, signature, key):
    """OpenSSL's own word on an ECDSA signature over the payload as it stands in the text."""
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder) / name for name in ("key.der", "signature", "payload")]
        for file, content in zip(files, (key, signature, payload)):
            file.write_bytes(content)
        command = ["openssl", "dgst", "-sha256", "-verify", files[0], "-keyform", "DER", "-signature", files[1], files[2]]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


class SignedReadings(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.csms = await StrictCSMS().start()
        self.bench = Bench(
            board="bench-ac-socket.json",
            device_model=[
                variable("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue", "EveryMeterValue"),
                variable("AlignedDataCtrlr", "Interval", "2"),
                variable("AlignedDataCtrlr", "Measurands", "Energy.Active.Import.Register,Voltage"),
            ],
        )
        await self.bench.start(self.csms.port)

    async def asyncTearDown(self):
        if self.csms.problems:
            print(self.bench.logs())
        await self.bench.close()
        await self.csms.stop()
        self.assertEqual(self.csms.problems, [])

    def calls(self, action):
        return [message[3] for message in map(json.loads, self.csms.frames) if message[0] == 2 and message[2] == action]

    def signed(self, event):
        """(context, value, OCMF payload) of each signed value of an event; the signature is checked on the way."""
        found = []
        for meter in event.get("meterValue", []):
            for sample in meter["sampledValue"]:
                if "signedMeterValue" not in sample:
                    continue
                signed = sample["signedMeterValue"]
                kind, payload, tail = base64.b64decode(signed["signedMeterData"], validate=True).split(b"|", 2)
                self.assertEqual((kind, signed["encodingMethod"]), (b"OCMF", "OCMF"))
                tail = json.loads(tail)
                self.assertEqual(tail["SA"], signed["signingMethod"])
                key = base64.b64decode(signed["publicKey"], validate=True)
                signature = bytes.fromhex(tail["SD"])
                self.assertTrue(verifies(payload, signature, key), "the signature does not verify")
                self.assertFalse(verifies(payload.replace(b"kWh", b"MWh"), signature, key), "any text verifies")
                found.append((sample["context"], sample["value"], json.loads(payload)))
        return found

    async def test_signed_session(self):
        """J02.FR.21, TC_J_11_CS, TC_J_01_CS: start and stop are signed, and verify with the key that came with them."""
        await self.csms.until(lambda: len(self.csms.statuses) >= 1, "the connector is reported")
        await self.csms.until(lambda: len(self.calls("MeterValues")) >= 2, "clock-aligned values of the idle station")
        await self.bench.world.call("bench.plugIn", evse=1, connector=1, car=CAR)
        await self.bench.world.call("bench.presentToken", idToken=TOKEN, type="ISO14443", evses=None)

        def is_charging():
            return any(
                event["transactionInfo"].get("chargingState") == "Charging"
                for transaction in self.csms.transactions.values()
                for event in transaction.events.values()
            )

        await self.csms.until(is_charging, "energy flows")
        await self.csms.until(
            lambda: any(event["triggerReason"] == "MeterValueClock" for event in self.calls("TransactionEvent")),
            "clock-aligned values in the transaction")
        await self.bench.world.call("bench.presentToken", idToken=TOKEN, type="ISO14443", evses=None)
        await self.csms.until(
            lambda: self.csms.transactions and all(item.ended for item in self.csms.transactions.values()), "the end")
        events = next(iter(self.csms.transactions.values())).in_order()
        begin = self.signed(events[0])
        self.assertEqual([context for context, _, _ in begin], ["Transaction.Begin"])
        ended = self.signed(events[-1])
        self.assertEqual([context for context, _, _ in ended], ["Transaction.Begin", "Transaction.End"])
        self.assertEqual([row["TX"] for row in ended[1][2]["RD"]], ["B", "E"])
        for _, value, payload in begin + ended:
            self.assertAlmostEqual(value, payload["RD"][-1]["RV"] * 1000, places=2)
            self.assertNotIn(TOKEN, json.dumps(payload))
        self.assertGreater(ended[1][1], ended[0][1])
        aligned = [event for event in events if event["triggerReason"] == "MeterValueClock"]
        self.assertTrue(aligned, "no clock-aligned values in the transaction")
        for meter in (meter for event in aligned for meter in event["meterValue"]):
            self.assertEqual(int(meter["timestamp"][17:19]) % 2, 0)
            self.assertEqual({sample["context"] for sample in meter["sampledValue"]}, {"Sample.Clock"})
