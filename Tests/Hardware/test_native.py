"""chargerd with a companion controller and a meter on serial lines and a reader behind the real pcscd; every fault of
these wires."""

import signal
import time
import unittest

import stations
from wires import CARD, Bench, until


class Native(unittest.TestCase):
    def setUp(self):
        self.bench = Bench(*stations.controller_station())
        self.addCleanup(self.bench.close)
        self.bench.start()

    def assert_open(self, what):
        until(f"the contactor opens {what}", lambda: not self.bench.contactor())

    def test_session(self):
        """A whole session over serial lines and PC/SC: the CSMS's energy is what has flowed in the world"""
        bench = self.bench
        bench.charge()
        until("10 Wh have flowed", lambda: bench.evse()["deliveredWh"] > 10)
        bench.tap()
        until("the contactor opens", lambda: not bench.contactor())
        bench.plug_out()
        until("the transaction is over", lambda: bench.transaction() is None)
        bench.assert_true_energy()

    def test_short_bus_fault(self):
        """A few wrong answers in a row are tried again, and nobody notices"""
        bench = self.bench
        bench.charge()
        bench.fault("busWrongCheck", evse=1)
        time.sleep(0.3)
        bench.fault("busWrongCheck", False, evse=1)
        until("readings come again", lambda: bench.status()["evses"][0]["meter"]["ageS"] <= 1)
        self.assertEqual(bench.faults(), [])
        self.assertTrue(bench.contactor())

    def test_controller_silence(self):
        """A companion controller that falls silent, hangs or is unplugged is told, and the contactor is open; it comes back"""
        bench = self.bench
        for fault in ("controllerSilent", "controllerUnplugged", "controllerDeaf"):
            with self.subTest(fault):
                bench.fault(fault)
                until(f"{fault} is told", lambda: "pilotDriverSilent" in bench.faults())
                self.assertFalse(bench.contactor())
                bench.fault(fault, False)
                until(f"{fault} is over", lambda: not bench.faults())

    def test_controller_deaf_opens_by_itself(self):
        """A controller that no longer hears the station opens by itself while a vehicle draws"""
        bench = self.bench
        bench.charge()
        bench.fault("controllerDeaf")
        self.assert_open("by the dead-man")
        bench.fault("controllerDeaf", False)
        bench.goes_on()

    def test_controller_reset(self):
        """A controller that resets while a vehicle draws opens, and takes a new session up when it is told to"""
        bench = self.bench
        bench.charge()
        bench.fault("controllerResets")
        self.assert_open("at the reset")
        bench.goes_on()

    def test_controller_of_another_protocol(self):
        """A controller of another protocol version is told as a fault, and nothing closes"""
        bench = self.bench
        bench.fault("controllerOtherProtocol")
        until("it is told", lambda: "pilotDriverSilent" in bench.faults())
        self.assertFalse(bench.contactor())
        bench.fault("controllerOtherProtocol", False)
        until("it is over", lambda: not bench.faults())

    def test_cards(self):
        """Cards that cannot be read start nothing; the next good one does"""
        bench = self.bench
        bench.plug_in()
        for fault in ("cardRefusesIdentifier", "cardShortIdentifier", "cardTornAnswer", "cardSilent",
                      "cardTakenDuringCommand"):
            with self.subTest(fault):
                bench.fault(fault)
                bench.tap()
                time.sleep(3)
                self.assertIsNone(bench.transaction(), fault)
                self.assertFalse(bench.contactor(), fault)
                bench.fault(fault, False)
        bench.plug_out()
        bench.charge()

    def test_pcscd_restarts(self):
        """pcscd dies and comes back: the station says that its reader is silent, and takes cards again afterwards"""
        bench = self.bench
        bench.stop_pcscd()
        until("the silent reader is told", lambda: "readerSilent" in bench.reasons())
        until("the CSMS hears of it", lambda: bench.csms_heard("event: TokenReader Problem = true"))
        bench.start_pcscd()
        until("the reader is back", lambda: "readerSilent" not in bench.reasons())
        bench.charge()

    def test_world_faults(self):
        """Emergency stop, residual current and a contactor that welds are told and end the session, over the controller"""
        bench = self.bench
        bench.charge()
        bench.fault("emergencyStop")
        self.assert_open("on the emergency stop")
        self.assertIn("emergencyStop", until("it is told", bench.faults))
        bench.fault("emergencyStop", False)
        bench.plug_out()
        until("it is over", lambda: not bench.faults() and not bench.transaction())
        bench.charge(start=bench.remote_start)
        bench.fault("groundFault", evse=1)
        self.assert_open("on the trip")
        until("it is told", lambda: "residualCurrent" in bench.faults())
        bench.fault("groundFault", False, evse=1)
        bench.plug_out()
        bench.clear_faults()
        until("it is over", lambda: not bench.faults() and not bench.transaction())
        bench.charge(start=bench.remote_start)
        bench.fault("contactorWelded", evse=1, connector=1)
        bench.remote_stop()
        until("the weld is told", lambda: "contactorWelded" in bench.faults())

    def test_killed(self):
        """The program killed while a vehicle draws: the controller opens by itself, and the transaction is ended or goes on"""
        bench = self.bench
        bench.charge()
        before = bench.transaction()["id"]
        bench.end("chargerd", signal.SIGKILL)
        self.assert_open("without the program")
        bench.start_station()
        bench.goes_on_or_ends(before)
        bench.assert_true_energy()

    def test_hung(self):
        """The program stopped in its tracks, as one that hangs: the controller opens within its time, and when it goes on so does the session"""
        bench = self.bench
        bench.charge()
        before = bench.transaction()["id"]
        bench.processes["chargerd"].send_signal(signal.SIGSTOP)
        self.assert_open("although the program hangs")
        self.assertTrue(any("dead-man" in line for line in bench.told()))
        lines = len(bench.log_lines())
        bench.processes["chargerd"].send_signal(signal.SIGCONT)
        bench.goes_on()
        stuck = [line for line in bench.log_lines()[lines:] if "did not close" in line]
        self.assertEqual(stuck, [], "what the dead-man did is no fault of the contactor")
        self.assertEqual(bench.transaction()["id"], before, "one session all the time")
        bench.tap()
        until("the contactor is open", lambda: not bench.contactor())
        bench.plug_out()
        until("the transaction is over", lambda: bench.transaction() is None)
        bench.assert_true_energy()


if __name__ == "__main__":
    unittest.main()
