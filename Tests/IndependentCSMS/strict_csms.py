"""A CSMS that this project did not write: the Python package `ocpp` over `websockets`, made strict.

Every frame from the station is checked against the published schemas (with real date-time checking) before the package
sees it; transaction events are checked for gapless sequence numbers; any CALLERROR that the package sends, and any
frame that breaks a rule, is kept in `problems`, and a test fails when that list is not empty."""

import asyncio
import datetime
import json
import logging
import pathlib
import socket
from collections import OrderedDict

import jsonschema
import ocpp
import websockets
from ocpp.routing import on
from ocpp.v201 import ChargePoint as Cp
from ocpp.v201 import call, call_result, datatypes, enums

logging.getLogger("ocpp").setLevel(logging.CRITICAL)

SCHEMAS = pathlib.Path(ocpp.__file__).parent / "v201" / "schemas"
FORMATS = jsonschema.FormatChecker(["date-time"])
_validators = {}


def validator(name):
    if name not in _validators:
        schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8-sig"))
        _validators[name] = jsonschema.Draft6Validator(schema, format_checker=FORMATS)
    return _validators[name]


def now(offset=0):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=offset)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Transaction:
    """What the CSMS knows of one transaction, event by event in the order of sequence numbers."""

    def __init__(self, identifier):
        self.id = identifier
        self.events = OrderedDict()

    @property
    def ended(self):
        return any(event["eventType"] == "Ended" for event in self.events.values())

    @property
    def kinds(self):
        return [self.events[number]["eventType"] for number in sorted(self.events)]

    def in_order(self):
        return [self.events[number] for number in sorted(self.events)]

    def energy(self):
        """(begin, end) of Energy.Active.Import.Register in Wh."""
        values = []
        for event in self.in_order():
            for meter in event.get("meterValue", []):
                for sample in meter["sampledValue"]:
                    if sample.get("measurand", "Energy.Active.Import.Register") != "Energy.Active.Import.Register":
                        continue
                    if "phase" in sample:
                        continue
                    unit = sample.get("unitOfMeasure", {}).get("unit", "Wh")
                    values.append((sample.get("context", "Sample.Periodic"), sample["value"] * (1000 if unit == "kWh" else 1)))
        begin = next((value for context, value in values if context == "Transaction.Begin"), None)
        end = next((value for context, value in reversed(values) if context == "Transaction.End"), None)
        return begin, end


class Station(Cp):
    """One connected station, in the package's own terms."""

    def __init__(self, identity, connection, csms):
        super().__init__(identity, connection)
        self.csms = csms

    @on("BootNotification")
    async def on_boot(self, **payload):
        self.csms.boots.append(payload)
        status, interval = self.csms.boot_answers.pop(0) if self.csms.boot_answers else ("Accepted", 300)
        return call_result.BootNotification(current_time=now(self.csms.clock_offset), interval=interval, status=status)

    @on("Heartbeat")
    async def on_heartbeat(self, **payload):
        self.csms.heartbeats += 1
        return call_result.Heartbeat(current_time=now(self.csms.clock_offset))

    @on("StatusNotification")
    async def on_status(self, evse_id, connector_id, connector_status, **payload):
        self.csms.statuses[(evse_id, connector_id)] = connector_status
        return call_result.StatusNotification()

    @on("Authorize")
    async def on_authorize(self, id_token, **payload):
        self.csms.authorizations.append(id_token["id_token"])
        information = {"status": self.csms.verdict(id_token["id_token"])}
        information.update(self.csms.languages.get(id_token["id_token"], {}))
        return call_result.Authorize(id_token_info=information)

    @on("TransactionEvent")
    async def on_transaction_event(self, **payload):
        token = payload.get("id_token")
        if token is None:
            return call_result.TransactionEvent()
        return call_result.TransactionEvent(id_token_info={"status": self.csms.verdict(token["id_token"])})

    @on("NotifyReport")
    async def on_report(self, **payload):
        self.csms.reports.append(payload)
        return call_result.NotifyReport()

    @on("NotifyEvent")
    async def on_event(self, **payload):
        return call_result.NotifyEvent()

    @on("SecurityEventNotification")
    async def on_security_event(self, **payload):
        self.csms.security_events.append(payload["type"])
        return call_result.SecurityEventNotification()

    @on("MeterValues")
    async def on_meter_values(self, **payload):
        return call_result.MeterValues()

    @on("FirmwareStatusNotification")
    async def on_firmware(self, **payload):
        return call_result.FirmwareStatusNotification()

    @on("LogStatusNotification")
    async def on_log(self, **payload):
        return call_result.LogStatusNotification()


class CheckedConnection:
    """Stands between the socket and the package; sees every frame of both directions."""

    def __init__(self, socket, csms):
        self.socket = socket
        self.csms = csms
        self.pending = {}
        self.actions = {}

    async def recv(self):
        frame = await self.socket.recv()
        self.csms.check_incoming(frame, self.pending)
        if self.csms.refused and frame.startswith("[2,"):
            message = json.loads(frame)
            self.actions[message[1]] = message[2]
        return frame

    async def send(self, frame):
        message = json.loads(frame)
        if message[0] == 4:
            self.csms.problems.append(f"the CSMS had to answer with a CALLERROR: {frame}")
        if message[0] == 2:
            self.pending[message[1]] = message[2]
        if message[0] == 3 and self.csms.silent:
            return
        if message[0] == 3 and self.actions.pop(message[1], None) in self.csms.refused:
            frame = json.dumps([4, message[1], "InternalError", "refused by the test", {}])
        await self.socket.send(frame)


class StrictCSMS:
    def __init__(self):
        # language1 and language2 of tokens' users.
        self.languages = {}
        self.problems = []
        self.boots = []
        self.boot_answers = []
        self.heartbeats = 0
        self.statuses = {}
        self.authorizations = []
        self.reports = []
        self.security_events = []
        self.transactions = OrderedDict()
        self.blocked = set()
        self.station = None
        self.socket = None
        self.silent = False
        # Actions of the station that are answered with a CALLERROR.
        self.refused = set()
        # Seconds by which the time that it tells is ahead.
        self.clock_offset = 0
        self.headers = None
        self.frames = []
        self._server = None
        self._place = None
        self.port = None
        self._changed = asyncio.Event()

    def verdict(self, token):
        return "Blocked" if token in self.blocked else "Accepted"

    async def start(self, port=0):
        if self._place is None:
            # Held from the first start on: while the server is away nobody else gets its port.
            self._place = socket.socket()
            self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._place.bind(("127.0.0.1", port))
            port = self._place.getsockname()[1]
        self._server = await websockets.serve(
            self._serve, "127.0.0.1", port, subprotocols=["ocpp2.0.1"], ping_interval=None, max_size=4 * 1024 * 1024
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        """Goes away as a crashed server does: sockets closed, no new ones taken."""
        if self._server:
            self._server.close()
            await self._server.wait_closed()
            self._server = None
        self.station = None

    async def _serve(self, socket):
        if socket.subprotocol != "ocpp2.0.1":
            self.problems.append(f"sub-protocol {socket.subprotocol!r}")
        self.headers = socket.request.headers
        identity = socket.request.path.rsplit("/", 1)[-1]
        self.socket = socket
        self.station = Station(identity, CheckedConnection(socket, self), self)
        self._changed.set()
        try:
            await self.station.start()
        except (websockets.ConnectionClosed, asyncio.CancelledError):
            pass

    def check_incoming(self, frame, pending):
        self.frames.append(frame)
        if not isinstance(frame, str):
            self.problems.append("a binary frame")
            return
        try:
            message = json.loads(frame, object_pairs_hook=self._no_duplicates)
        except ValueError as error:
            self.problems.append(f"not JSON: {error}: {frame[:200]}")
            return
        kind = message[0]
        if kind == 2:
            if len(message) != 4 or len(message[1]) > 36:
                self.problems.append(f"bad CALL: {frame[:200]}")
                return
            self._validate(f"{message[2]}Request", message[3], frame)
            if message[2] == "TransactionEvent":
                self._transaction_event(message[3])
        elif kind == 3:
            action = pending.pop(message[1], None)
            if action is None:
                self.problems.append(f"an answer to nobody: {frame[:200]}")
            else:
                self._validate(f"{action}Response", message[2], frame)
        elif kind == 4:
            pending.pop(message[1], None)
        else:
            self.problems.append(f"message type {kind}")
        self._changed.set()

    @staticmethod
    def _no_duplicates(pairs):
        keys = [key for key, _ in pairs]
        if len(keys) != len(set(keys)):
            raise ValueError(f"duplicate key in {keys}")
        for key, value in pairs:
            if value is None or value == [] or value == {} and key not in ("customData",):
                raise ValueError(f"empty {key}: absent fields are left out (Part 4 4.1.5)")
        return dict(pairs)

    def _validate(self, name, payload, frame):
        for error in validator(name).iter_errors(payload):
            self.problems.append(f"{name}: {error.json_path}: {error.message}: {frame[:300]}")

    def _transaction_event(self, event):
        identifier = event["transactionInfo"]["transactionId"]
        transaction = self.transactions.setdefault(identifier, Transaction(identifier))
        number = event["seqNo"]
        known = transaction.events.get(number)
        if known is not None:
            same = dict(known), dict(event)
            for copy in same:
                copy.pop("offline", None)
            if same[0] != same[1]:
                self.problems.append(f"{identifier} seqNo {number} was told twice with other facts: {known} and {event}")
            return
        if number != len(transaction.events):
            self.problems.append(f"{identifier}: seqNo {number} after {sorted(transaction.events)}")
        if (number == 0) != (event["eventType"] == "Started"):
            self.problems.append(f"{identifier}: {event['eventType']} with seqNo {number}")
        if transaction.ended:
            self.problems.append(f"{identifier}: seqNo {number} after Ended")
        transaction.events[number] = event

    async def until(self, condition, what, seconds=60):
        """Waits until `condition()` holds; fails with a sentence when it does not."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not condition():
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"not within {seconds} s: {what}; problems: {self.problems}; last: {self.frames[-3:]}")
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), 0.05)
            except asyncio.TimeoutError:
                pass

    async def request(self, payload, seconds=60):
        return await asyncio.wait_for(self.station.call(payload, suppress=False), seconds)
