"""Starts the real programs for a test: the simulated world and the bench station, in a folder of their own."""

import asyncio
import json
import os
import pathlib
import shutil
import signal
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARIES = pathlib.Path(os.environ.get("CHARGER_BIN", ROOT / ".build" / "release"))


class JSONRPC:
    """A client of the programs' Unix sockets."""

    def __init__(self, path):
        self.path = path
        self.next = 1

    async def call(self, method, **params):
        reader, writer = await asyncio.open_unix_connection(str(self.path), limit=8 * 1024 * 1024)
        try:
            identifier = self.next
            self.next += 1
            request = {"jsonrpc": "2.0", "id": identifier, "method": method, "params": params}
            writer.write(json.dumps(request).encode() + b"\n")
            await writer.drain()
            while True:
                line = await asyncio.wait_for(reader.readline(), 60)
                if not line:
                    raise AssertionError(f"{method}: the socket closed")
                message = json.loads(line)
                if message.get("id") == identifier:
                    if "error" in message:
                        raise AssertionError(f"{method}: {message['error']}")
                    return message["result"]
        finally:
            writer.close()

    async def raw(self, line):
        """Sends one line as it is and gives back the one line that answers it."""
        reader, writer = await asyncio.open_unix_connection(str(self.path), limit=8 * 1024 * 1024)
        try:
            writer.write(line + b"\n")
            await writer.drain()
            return json.loads(await asyncio.wait_for(reader.readline(), 60))
        finally:
            writer.close()


class Bench:
    def __init__(self, board="bench-ac-dual.json", device_model=None, identity="CS-TEST-1"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="charger-test-"))
        self.board = ROOT / "boards" / board
        unit = json.loads((ROOT / "boards" / "bench-unit.json").read_text())
        unit["identity"] = identity
        if device_model:
            unit["deviceModel"] = unit.get("deviceModel", []) + device_model
        self.unit = self.folder / "unit.json"
        self.unit.write_text(json.dumps(unit))
        self.unit.chmod(0o600)
        self.state = self.folder / "state"
        self.world_socket = self.folder / "world.sock"
        self.station_socket = self.folder / "station.sock"
        self.world = JSONRPC(self.world_socket)
        self.station = JSONRPC(self.station_socket)
        self.processes = {}
        self.boot = 1

    async def _spawn(self, name, *arguments):
        log = open(self.folder / f"{name}.log", "ab")
        process = await asyncio.create_subprocess_exec(
            str(BINARIES / name), *map(str, arguments), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
        log.close()
        self.processes[name] = process
        return process

    async def _answering(self, path, process, seconds=60):
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            try:
                _, writer = await asyncio.open_unix_connection(str(path))
                writer.close()
                return
            except OSError:
                if process.returncode is not None or asyncio.get_running_loop().time() > deadline:
                    raise AssertionError(f"{path.name} does not answer: {self.logs()}")
                await asyncio.sleep(0.02)

    async def start_world(self):
        process = await self._spawn(
            "bench-world", "--board", self.board, "--socket", self.world_socket, "--state", self.folder / "world.json"
        )
        await self._answering(self.world_socket, process)

    async def start_station(self, port, *extra):
        process = await self._spawn(
            "chargerd-bench", "--board", self.board, "--unit", self.unit, "--state", self.state,
            "--csms", f"ws://127.0.0.1:{port}/ocpp", "--control", self.station_socket, "--world", self.world_socket,
            "--boot-id", f"boot-{self.boot}", *extra,
        )
        await self._answering(self.station_socket, process)
        return process

    async def start(self, port):
        await self.start_world()
        await self.start_station(port)

    async def kill_station(self, how=signal.SIGKILL):
        process = self.processes.pop("chargerd-bench")
        process.send_signal(how)
        return await asyncio.wait_for(process.wait(), 60)

    def logs(self):
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-4000:]}" for path in sorted(self.folder.glob("*.log"))
        )

    async def close(self):
        for name, process in list(self.processes.items()):
            if process.returncode is None:
                process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), 15)
                except asyncio.TimeoutError:
                    process.kill()
                    await process.wait()
        self.processes.clear()
        shutil.rmtree(self.folder, ignore_errors=True)
