"""The installer's test of the wiring: chargerctl hardware test on the bench station's hardware, without any CSMS."""

import asyncio
import json
import unittest

from bench import BINARIES, JSONRPC, Bench


class HardwareTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.bench = Bench()
        await self.bench.start_world()

    async def asyncTearDown(self):
        await self.bench.close()

    async def run_test(self, *extra, typed=None):
        """Runs chargerctl; gives back its exit code, what it printed and what it complained of."""
        process = await asyncio.create_subprocess_exec(
            str(BINARIES / "chargerctl"), "hardware", "test", "--board", str(self.bench.board),
            "--program", str(BINARIES / "chargerd-bench"), "--world", str(self.bench.world_socket), *extra,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={"CHARGER_STATION_SOCKET": str(self.bench.station_socket), "PATH": "/usr/bin:/bin"},
        )
        output, errors = await asyncio.wait_for(process.communicate(typed), 300)
        return process.returncode, output.decode(), errors.decode()

    async def report(self):
        code, output, errors = await self.run_test("--json")
        self.assertTrue(output, errors)
        report = json.loads(output)
        return code, report, {item["part"]: item for item in report["items"]}

    async def fault(self, name, evse=1, connector=1):
        await self.bench.world.call("bench.fault", evse=evse, connector=connector, fault=name, active=True)

    async def contactors_closed(self):
        state = await self.bench.world.call("bench.state")
        return [connector["contactor"]["closed"] for evse in state["evses"] for connector in evse["connectors"]]

    async def test_good_board(self):
        """A board that is wired well passes: contactors click, pilots swing, meters and monitors answer, inputs rest."""
        code, report, parts = await self.report()
        self.assertEqual((code, report["failed"], report["refused"]), (0, 0, 0), report)
        for part in (
            "EVSE 1 connector 1 pilot", "EVSE 1 connector 1 contactor", "EVSE 2 connector 1 contactor", "EVSE 1 meter",
            "EVSE 1 residual current", "EVSE 2 phase switch", "EVSE 1 temperature 1", "emergency stop", "watchdog",
        ):
            self.assertEqual(parts[part]["outcome"], "passed", parts[part])
        self.assertEqual(parts["reader front"]["outcome"], "skipped")
        self.assertEqual(await self.contactors_closed(), [False, False])

    async def test_car_present(self):
        """With a car plugged in nothing of its connector is moved, and the report says why; the other connector is tested."""
        await self.bench.world.call("bench.plugIn", evse=1, connector=1)
        code, report, parts = await self.report()
        self.assertEqual(code, 1)
        for part in ("EVSE 1 connector 1 pilot", "EVSE 1 connector 1 contactor", "EVSE 1 residual current"):
            self.assertEqual(parts[part]["outcome"], "refused", parts[part])
            self.assertIn("a vehicle is there", parts[part]["detail"])
        self.assertEqual(parts["EVSE 2 connector 1 contactor"]["outcome"], "passed")
        self.assertEqual(await self.contactors_closed(), [False, False])

    async def test_faults(self):
        """A welded contactor is found and not clicked, one that sticks too, and a silent meter is told."""
        await self.fault("contactorWelded", evse=1)
        await self.fault("contactorStuck", evse=2)
        await self.bench.world.call("bench.fault", evse=1, fault="meterSilent", active=True)
        code, report, parts = await self.report()
        self.assertEqual(code, 1)
        self.assertIn("welded", parts["EVSE 1 connector 1 contactor"]["detail"])
        self.assertEqual(parts["EVSE 1 connector 1 contactor"]["outcome"], "failed")
        self.assertIn("does not close", parts["EVSE 2 connector 1 contactor"]["detail"])
        self.assertEqual(parts["EVSE 1 meter"]["detail"], "does not answer")
        self.assertEqual(parts["EVSE 2 meter"]["outcome"], "passed")

    async def test_emergency_stop(self):
        """While the emergency stop is pushed nothing moves anywhere."""
        await self.bench.world.call("bench.fault", fault="emergencyStop", active=True)
        code, report, parts = await self.report()
        self.assertEqual(code, 1)
        self.assertEqual(parts["emergency stop"]["outcome"], "failed")
        for evse in (1, 2):
            self.assertEqual(parts[f"EVSE {evse} connector 1 contactor"]["outcome"], "refused")

    async def test_main_meter(self):
        """The meter of the whole station is read like an EVSE's; a silent one is told and stops no other part's test."""
        await self.bench.close()
        self.bench = Bench(board="bench-ac-main-meter.json")
        await self.bench.start_world()
        code, report, parts = await self.report()
        self.assertEqual((code, parts["main meter"]["outcome"]), (0, "passed"), report)
        self.assertRegex(parts["main meter"]["detail"], r"^[0-9.]+ Wh, 230/230/230 V$")
        await self.bench.world.call("bench.fault", fault="mainMeterSilent", active=True)
        code, report, parts = await self.report()
        self.assertEqual(code, 1)
        self.assertEqual((parts["main meter"]["outcome"], parts["main meter"]["detail"]), ("failed", "does not answer"))
        self.assertEqual((report["failed"], parts["EVSE 1 connector 1 contactor"]["outcome"]), (1, "passed"))

    async def test_running_station(self):
        """A station that runs holds the hardware: the command says so, and how it is stopped."""
        await self.bench.start_station(1)
        code, _, errors = await self.run_test("--yes")
        self.assertEqual(code, 69, errors)
        self.assertIn("systemctl stop chargerd", errors)

    async def test_client_goes(self):
        """A contactor that is closed for a client opens when the client's connection ends, and the next one can test."""
        socket = self.bench.folder / "test.sock"
        process = await self.bench._spawn(
            "chargerd-bench", "--board", self.bench.board, "--hardware-test", "--control", socket, "--world",
            self.bench.world_socket,
        )
        await self.bench._answering(socket, process)
        test = JSONRPC(socket)
        for _ in range(600):
            reading = await test.call("hardware.read")
            if all(part["pilot"]["state"] == "A" for part in reading["connectors"]):
                break
            await asyncio.sleep(0.1)
        reader, writer = await asyncio.open_unix_connection(str(socket))
        request = {"jsonrpc": "2.0", "id": 1, "method": "hardware.click", "params": {"evse": 1, "milliseconds": 1000}}
        # Both at once: the second for which the contactor is closed must not be over before the client has gone.
        writer.write(json.dumps(request).encode() + b"\n")
        writer.write_eof()
        answer = json.loads(await asyncio.wait_for(reader.readline(), 60))["result"]
        writer.close()
        self.assertIn(answer["outcome"], ("refused", "interrupted"))
        self.assertEqual(answer["reason"], "who asked for it has gone")
        self.assertEqual(await self.contactors_closed(), [False, False])
        self.assertEqual((await test.call("hardware.click", evse=1, connector=1))["outcome"], "worked")
        with self.assertRaisesRegex(AssertionError, "No station runs"):
            await test.call("station.status")

    async def test_with_a_person(self):
        """Somebody at the post is asked before anything moves, taps a card, and answers what he sees."""
        code, output, errors = await self.run_test(typed=b"n\n")
        self.assertEqual(code, 1)
        self.assertIn("nothing was moved", errors)
        typed = b"y\n" + b"\n" * 5 + b"y\n" * 20
        code, output, errors = await self.run_test(typed=typed)
        self.assertIn("skipped", output)
        self.assertIn("light of EVSE 1, red: seen", output)
        self.assertEqual(code, 0, output + errors)


if __name__ == "__main__":
    unittest.main()
