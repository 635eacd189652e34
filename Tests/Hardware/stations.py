"""The stations of the hardware tests: board profiles of real drivers, and the fronts at the other ends of their wires.

`@` stands for the folder of the test.
"""

from wires import READER_PORT

METER = {"driver": "modbus", "map": "schneider-iem3155", "port": "@/meter", "device": 7}
READER = {"name": "front", "driver": "pcsc", "device": "Virtual RFID 00 00"}
METER_FRONT = {"front": "modbus", "path": "@/meter", "meters": [{"evse": 1, "device": 7, "type": "schneider-iem3155"}]}
READER_FRONT = {"front": "card", "reader": "front", "port": READER_PORT}
# A machine that is emulated, or shared, loses time now and then.
SLOW = {"contactorTravelMilliseconds": 350, "pilotSilenceMilliseconds": 3000, "contactorSilenceMilliseconds": 3000,
        "meterSilenceMilliseconds": 15000, "pilotSettlingMilliseconds": 100}


def _station(name, evse, **more):
    return {
        "name": name, "purpose": "bench", "vendorName": "Open Charger", "model": "Hardware tests", "evses": [evse],
        "leaseExpiry": "finishSession", "leaseSeconds": 60, "resetAction": "restart",
        "csms": {"url": "ws://127.0.0.1:9310/ocpp", "securityProfile": 0}, **more,
    }


def controller_station(silence=1000, reader=True):
    """Everything at a companion controller, the meter on Modbus, the reader on PC/SC: no GPIO."""
    mcu = {"driver": "mcu", "port": "@/mcu", "silenceMilliseconds": silence}
    board = _station(
        "controller-station",
        {
            "id": 1, "maximumCurrentA": 32, "phases": 3, "meter": {**METER, "silenceMilliseconds": 2000},
            "residualCurrent": mcu,
            "temperatureSensors": [{**mcu, "sensor": 1}],
            "connectors": [{"id": 1, "cable": "socket", "connectorType": "sType2", "pilot": mcu, "contactor": mcu,
                            "lock": mcu, "proximity": mcu}],
        },
        readers=[READER] if reader else [], safetyInputs=[{"kind": kind, **mcu} for kind in ("emergencyStop",)],
        deadMan={"means": "companionController", "withinMilliseconds": 1000},
        timing={**SLOW, "meterSilenceMilliseconds": 3000})
    fronts = [METER_FRONT, {"front": "controller", "path": "@/mcu", "connectors": [{"evse": 1}]}]
    fronts += [READER_FRONT] if reader else []
    return board, fronts


def signing_station(variables):
    """A meter that signs on its Modbus line, everything else at a companion controller; cards come from the CSMS."""
    board, fronts = controller_station(reader=False)
    board["name"] = "signing-station"
    board["evses"][0]["meter"] = {"driver": "iskra-wm3m4c", "port": "@/meter", "device": 33, "baud": 115200,
                                  "silenceMilliseconds": 2000, "signingTimeoutMilliseconds": 5000}
    board["deviceModel"] = [
        {"component": {"name": component}, "variable": {"name": name}, "value": value}
        for (component, name), value in variables.items()]
    fronts[0] = {"front": "modbus", "path": "@/meter", "meters": [{"evse": 1, "device": 33, "type": "iskra-wm3m4c"}]}
    return board, fronts


LINES = [
    ("k1-coil", "coil", {}), ("k1-coil-n", "secondCoil", {}), ("k1-aux", "contactClosed", {}),
    ("k1-aux-n", "contactClosed", {}), ("lock-a", "lockDrive", {}), ("lock-b", "unlockDrive", {}),
    ("lock-position", "locked", {}), ("rcd-trip", "tripped", {}), ("rcd-test", "testCurrent", {}),
    ("rcd-reset", "resetResidualCurrent", {}), ("bay", "occupied", {}), ("start-button", "pressed", {"evse": None}),
    ("led-red", "red", {}), ("led-green", "green", {}), ("led-blue", "blue", {}),
    # These contacts are closed while nothing is wrong: a broken wire stops the station.
    ("emergency-stop", "emergencyStop", {"evse": None, "inverted": True}),
    ("door", "door", {"evse": None, "inverted": True}),
]


def lines_station(reader=True, silence=1000):
    """Contactor with two coils, lock, residual current, safety contacts and lamps on GPIO lines, the pilot at a
    companion controller that supplies the coils, the meter on Modbus, the reader on PC/SC."""
    mcu = {"driver": "mcu", "port": "@/mcu", "silenceMilliseconds": silence}
    chip = {"chip": "evse-io"}
    board = _station(
        "lines-station",
        {
            "id": 1, "maximumCurrentA": 32, "phases": 3, "meter": METER,
            "residualCurrent": {"driver": "gpio", **chip, "tripLine": "rcd-trip", "tripBias": "pullUp",
                                "testLine": "rcd-test", "resetLine": "rcd-reset"},
            "light": {"driver": "gpio", **chip, "redLine": "led-red", "greenLine": "led-green", "blueLine": "led-blue"},
            "connectors": [{
                "id": 1, "cable": "socket", "connectorType": "sType2", "pilot": mcu, "proximity": mcu,
                "contactor": {"driver": "gpio", **chip, "coilLine": "k1-coil", "secondCoilLine": "k1-coil-n",
                              "feedbackLine": "k1-aux", "secondFeedbackLine": "k1-aux-n", "silenceMilliseconds": 3000},
                "lock": {"driver": "gpio", **chip, "actuator": "hBridge", "lockLine": "lock-a", "unlockLine": "lock-b",
                         "positionLine": "lock-position"},
            }],
        },
        safetyInputs=[{"kind": "emergencyStop", "driver": "gpio", **chip, "line": "emergency-stop"},
                      {"kind": "door", "driver": "gpio", **chip, "line": "door"}],
        readers=[READER] if reader else [],
        deadMan={"means": "simulatedWorld", "withinMilliseconds": 3000}, timing=SLOW)
    gpio = []
    for name, meaning, more in LINES:
        line = {"line": name, "is": meaning, "evse": 1, **more}
        gpio.append({key: value for key, value in line.items() if value is not None})
    controller = {"front": "controller", "path": "@/mcu", "connectors": [{"evse": 1}], "drivesContactors": False,
                  "drivesLocks": False, "drivesTest": False, "silenceMilliseconds": 1500}
    fronts = [METER_FRONT, controller, {"front": "gpio", "chip": "evse-io", "lines": gpio}]
    return board, fronts + ([READER_FRONT] if reader else [])
