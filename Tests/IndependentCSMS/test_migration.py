"""Moving to another CSMS with the real programs: B09, B10, and what the command line's --csms means afterwards."""

import asyncio
import pathlib
import unittest

from bench import Bench
from ocpp.v201 import call
from strict_csms import StrictCSMS

QUICK = [
    {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": name}, "value": value}
    for name, value in [
        ("RetryBackOffWaitMinimum", "1"), ("RetryBackOffRandomRange", "0"), ("RetryBackOffRepeatTimes", "0"),
        ("NetworkProfileConnectionAttempts", "2"),
    ]
]


def profile(port):
    return {
        "ocpp_version": "OCPP20", "ocpp_transport": "JSON", "ocpp_csms_url": f"ws://127.0.0.1:{port}/other",
        "message_timeout": 30, "security_profile": 0, "ocpp_interface": "Wired0",
    }


class Migration(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.old = await StrictCSMS().start()
        self.new = StrictCSMS()
        self.bench = Bench(device_model=QUICK)
        await self.bench.start(self.old.port)
        await self.old.until(lambda: self.old.boots and len(self.old.statuses) == 2, "the station boots")

    async def asyncTearDown(self):
        problems = self.old.problems + self.new.problems
        if problems or getattr(self._outcome, "errors", None):
            print(self.bench.logs())
        await self.bench.close()
        await self.old.stop()
        await self.new.stop()
        self.assertEqual(problems, [])

    def command_line(self):
        process = self.bench.processes["chargerd-bench"]
        self.assertIsNone(process.returncode)
        return pathlib.Path(f"/proc/{process.pid}/cmdline").read_text().split("\0")

    async def order_migration(self):
        answer = await self.old.request(
            call.SetNetworkProfile(configuration_slot=2, connection_data=profile(self.new_port))
        )
        self.assertEqual(answer.status, "Accepted")
        answer = await self.old.request(
            call.SetVariables(
                set_variable_data=[
                    {
                        "component": {"name": "OCPPCommCtrlr"},
                        "variable": {"name": "NetworkConfigurationPriority"},
                        "attribute_value": "2,1",
                    }
                ]
            )
        )
        self.assertEqual(answer.set_variable_result[0]["attribute_status"], "RebootRequired")
        answer = await self.old.request(call.Reset(type="Immediate"))
        self.assertEqual(answer.status, "Accepted")

    async def test_migrates(self):
        """TC_B_45_CS, B09.FR.01, B10.FR.01, B10.FR.04: after SetNetworkProfile, the priority and a Reset the same process boots at the new CSMS, whatever --csms was; a second Reset keeps it there."""
        await self.new.start()
        self.new_port = self.new.port
        self.assertNotIn("--csms-slot", self.command_line())
        await self.order_migration()
        await self.new.until(lambda: self.new.boots and len(self.new.statuses) == 2, "it boots at the new CSMS")
        self.assertEqual(self.new.boots[0]["reason"], "RemoteReset")
        self.assertEqual(len(self.old.boots), 1)
        arguments = self.command_line()
        self.assertEqual(arguments[arguments.index("--csms-slot") + 1], "1")
        status = await self.bench.station.call("station.status")
        self.assertEqual(status["link"]["slot"], 2)
        answer = await self.new.request(call.Reset(type="Immediate"))
        self.assertEqual(answer.status, "Accepted")
        await self.new.until(lambda: len(self.new.boots) == 2, "it boots there again")
        self.assertEqual(len(self.old.boots), 1)
        self.assertEqual(self.command_line().count("--csms-slot"), 1)

    async def test_falls_back(self):
        """TC_B_46_CS, B10.FR.03, B10.FR.04: nobody answers at the new CSMS: after NetworkProfileConnectionAttempts the station comes back to the old one, at the URL that --csms gave its slot."""
        attempts = []

        def refuse(reader, writer):
            attempts.append(len(self.old.boots))
            writer.close()

        listener = await asyncio.start_server(refuse, "127.0.0.1", 0)
        self.new_port = listener.sockets[0].getsockname()[1]
        self.addCleanup(listener.close)
        await self.order_migration()
        await self.old.until(lambda: len(self.old.boots) == 2, "it comes back to the old CSMS")
        self.assertEqual(attempts, [1, 1], "two attempts at the first entry, and only before the fall-back")
        self.assertEqual(self.old.boots[1]["reason"], "RemoteReset")
        status = await self.bench.station.call("station.status")
        self.assertEqual(status["link"]["slot"], 1)


if __name__ == "__main__":
    unittest.main()
