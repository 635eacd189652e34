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


def _station(name, evses, **more):
    return {
        "name": name, "purpose": "bench", "vendorName": "Open Charger", "model": "Hardware tests", "evses": evses,
        "leaseExpiry": "finishSession", "leaseSeconds": 60, "resetAction": "restart",
        "csms": {"url": "ws://127.0.0.1:9310/ocpp", "securityProfile": 0}, **more,
    }


def _controlled_evse(number, mcu, meter):
    part = {**mcu, "connector": number}
    return {
        "id": number, "maximumCurrentA": 32, "phases": 3, "meter": meter, "residualCurrent": part,
        "temperatureSensors": [{**part, "sensor": 1}],
        "connectors": [{"id": 1, "cable": "socket", "connectorType": "sType2", "pilot": part, "contactor": part,
                        "lock": part, "proximity": part}],
    }


def controller_station(silence=1000, reader=True, tcp=None):
    """Everything at a companion controller, the meter on Modbus (a serial line, or TCP at this port), the reader on
    PC/SC: no GPIO."""
    mcu = {"driver": "mcu", "port": "@/mcu", "silenceMilliseconds": silence}
    meter, meters = {**METER, "silenceMilliseconds": 2000}, METER_FRONT
    if tcp:
        meter = {key: value for key, value in meter.items() if key != "port"} | {"host": "127.0.0.1", "tcpPort": tcp}
        meters = {key: value for key, value in METER_FRONT.items() if key != "path"} | {"port": tcp}
    board = _station(
        "controller-station", [_controlled_evse(1, mcu, meter)], readers=[READER] if reader else [],
        safetyInputs=[{"kind": kind, **mcu} for kind in ("emergencyStop", "door", "tilt", "mainsLoss")],
        deadMan={"means": "companionController", "withinMilliseconds": 1000},
        timing={**SLOW, "meterSilenceMilliseconds": 3000})
    fronts = [meters, {"front": "controller", "path": "@/mcu", "connectors": [{"evse": 1}]}]
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


def pair_station():
    """Two EVSEs at one companion controller, their meters of two makes on one serial line; no reader."""
    mcu = {"driver": "mcu", "port": "@/mcu", "silenceMilliseconds": 1000}
    other = {**METER, "map": "eastron-sdm630-v2", "device": 8}
    board = _station(
        "pair-station",
        [_controlled_evse(1, mcu, {**METER, "silenceMilliseconds": 2000}),
         _controlled_evse(2, mcu, {**other, "silenceMilliseconds": 2000})],
        safetyInputs=[{"kind": "emergencyStop", **mcu}],
        deadMan={"means": "companionController", "withinMilliseconds": 1000},
        timing={**SLOW, "meterSilenceMilliseconds": 3000})
    meters = METER_FRONT["meters"] + [{"evse": 2, "device": 8, "type": "eastron-sdm630-v2"}]
    fronts = [{**METER_FRONT, "meters": meters},
              {"front": "controller", "path": "@/mcu", "connectors": [{"evse": 1}, {"evse": 2}]}]
    return board, fronts


def main_meter_station():
    """The meter of the whole station on one serial line with the EVSE's, each of another make; no reader."""
    board, fronts = controller_station(reader=False)
    board["name"] = "main-meter-station"
    board["mainMeter"] = {**METER, "map": "eastron-sdm630-v2", "device": 9, "silenceMilliseconds": 2000}
    board["deviceModel"] = [
        {"component": {"name": "AlignedDataCtrlr"}, "variable": {"name": name}, "value": value}
        for name, value in (("Interval", "2"), ("Measurands", "Energy.Active.Import.Register"))]
    main = {"evse": 0, "device": 9, "type": "eastron-sdm630-v2"}
    fronts[0] = {**METER_FRONT, "meters": [*METER_FRONT["meters"], main]}
    return board, fronts


def converter_station():
    """The pilot by PWM and a converter with peak hold, over files under `@`; the contactor at a companion controller."""
    mcu = {"driver": "mcu", "port": "@/mcu", "silenceMilliseconds": 1000}
    pilot = {"driver": "pwm-iio", "root": "@/tree", "adc": "ads1015", "capture": "peakHold", "positiveChannel": "voltage0",
             "negativeChannel": "voltage1", "dividerRatio": 10, "offsetMillivolts": -15000, "silenceMilliseconds": 1000}
    board = _station(
        "converter-station",
        [{"id": 1, "maximumCurrentA": 32, "phases": 3, "meterNeeded": False, "residualCurrent": "external",
          "connectors": [{"id": 1, "cable": "fixed", "connectorType": "cType2", "pilot": pilot, "contactor": mcu}]}],
        safetyInputs=[{"kind": "emergencyStop", **mcu}],
        deadMan={"means": "simulatedWorld", "withinMilliseconds": 3000}, timing=SLOW)
    return board, [{"front": "controller", "path": "@/mcu", "connectors": [{"evse": 1}]}]


LINES = [
    ("k1-coil", "coil", {}), ("k1-coil-n", "secondCoil", {}), ("k1-aux", "contactClosed", {}),
    ("k1-aux-n", "contactClosed", {}), ("lock-a", "lockDrive", {}), ("lock-b", "unlockDrive", {}),
    ("lock-position", "locked", {}), ("rcd-trip", "tripped", {}), ("rcd-test", "testCurrent", {}),
    ("rcd-reset", "resetResidualCurrent", {}), ("bay", "occupied", {}), ("start-button", "pressed", {"evse": None}),
    ("led-red", "red", {}), ("led-green", "green", {}), ("led-blue", "blue", {}),
    # These contacts are closed while nothing is wrong: a broken wire stops the station.
    ("emergency-stop", "emergencyStop", {"evse": None, "inverted": True}),
    ("door", "door", {"evse": None, "inverted": True}),
    ("tilt", "tilt", {"evse": None, "inverted": True}),
    ("k1-pre", "preCharge", {}), ("k1-hold", "holdCoil", {}),
]


SAVING = {"preChargeLine": "k1-pre", "preChargeMilliseconds": 500, "preChargeOverlapMilliseconds": 1000,
          "holdLine": "k1-hold", "pullInMilliseconds": 2000}


def lines_station(reader=True, silence=1000, saving=False):
    """Contactor with two coils, lock, residual current, safety contacts and lamps on GPIO lines, the pilot at a
    companion controller that supplies the coils, the meter on Modbus, the reader on PC/SC. One that is `saving` has a
    pre-charge relay and an economiser."""
    mcu = {"driver": "mcu", "port": "@/mcu", "silenceMilliseconds": silence}
    chip = {"chip": "evse-io"}
    board = _station(
        "lines-station",
        [{
            "id": 1, "maximumCurrentA": 32, "phases": 3, "meter": METER,
            "residualCurrent": {"driver": "gpio", **chip, "tripLine": "rcd-trip", "tripBias": "pullUp",
                                "testLine": "rcd-test", "resetLine": "rcd-reset"},
            "parkingBay": {"driver": "gpio", **chip, "line": "bay"},
            "light": {"driver": "gpio", **chip, "redLine": "led-red", "greenLine": "led-green", "blueLine": "led-blue"},
            "connectors": [{
                "id": 1, "cable": "socket", "connectorType": "sType2", "pilot": mcu, "proximity": mcu,
                "contactor": {"driver": "gpio", **chip, "coilLine": "k1-coil", "secondCoilLine": "k1-coil-n",
                              "feedbackLine": "k1-aux", "secondFeedbackLine": "k1-aux-n", "silenceMilliseconds": 3000,
                              **(SAVING if saving else {})},
                "lock": {"driver": "gpio", **chip, "actuator": "hBridge", "lockLine": "lock-a", "unlockLine": "lock-b",
                         "positionLine": "lock-position"},
            }],
        }],
        safetyInputs=[{"kind": "emergencyStop", "driver": "gpio", **chip, "line": "emergency-stop"},
                      {"kind": "door", "driver": "gpio", **chip, "line": "door"},
                      {"kind": "tilt", "driver": "gpio", **chip, "line": "tilt"}],
        readers=[READER] if reader else [],
        deadMan={"means": "simulatedWorld", "withinMilliseconds": 3000},
        timing={**SLOW, **({"contactorTravelMilliseconds": 2000} if saving else {})})
    gpio = []
    for name, meaning, more in LINES:
        line = {"line": name, "is": meaning, "evse": 1, **more}
        gpio.append({key: value for key, value in line.items() if value is not None})
    controller = {"front": "controller", "path": "@/mcu", "connectors": [{"evse": 1}], "drivesContactors": False,
                  "drivesLocks": False, "drivesTest": False, "silenceMilliseconds": 1500}
    fronts = [METER_FRONT, controller, {"front": "gpio", "chip": "evse-io", "lines": gpio}]
    return board, fronts + ([READER_FRONT] if reader else [])
