"""Inside the guest: does for the test on the host what must be done here. Usage: helper.py HOST PORT

One line of JSON asks, one answers: {"run": COMMAND} for the shell, or {"call": METHOD, "params": {...}, "socket": PATH} of
a program's Unix socket."""

import json
import socket
import subprocess
import sys
import time


def call(request):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(request["socket"])
        question = {"jsonrpc": "2.0", "id": 1, "method": request["call"], "params": request["params"]}
        connection.sendall(json.dumps(question).encode() + b"\n")
        with connection.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                if message.get("id") == 1:
                    return message
    return {"error": "the socket closed"}


def answer(request):
    if "call" in request:
        try:
            return call(request)
        except OSError as error:
            return {"error": str(error)}
    done = subprocess.run(["/bin/bash", "-c", request["run"]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    return {"status": done.returncode, "output": done.stdout}


def main():
    host, port = sys.argv[1:]
    deadline = time.monotonic() + 60
    while True:
        try:
            connection = socket.create_connection((host, int(port)), timeout=10)
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    connection.settimeout(None)
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    connection.sendall(json.dumps({"boot": boot}).encode() + b"\n")
    with connection.makefile("rb") as lines:
        for line in lines:
            connection.sendall(json.dumps(answer(json.loads(line))).encode() + b"\n")


if __name__ == "__main__":
    main()
