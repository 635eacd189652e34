#!/usr/bin/env python3
"""Boots the ARM64 guest of scripts/build-arm64, moves its GPIO lines from outside and holds what it says against what was
done. Usage: boot.py KERNEL INITRAMFS TREE ROOT TESTFOLDER WORLD SCRIPT: TREE is the merged device tree, ROOT what the guest
has as its (read-only) root, TESTFOLDER what it sees as /test, WORLD this machine's bench-world: the companion microcontroller
that it simulates is at the guest's serial port. SCRIPT of the test folder is run: guest.sh in place of a service manager,
service.sh under systemd."""

import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

DATA = 0x90303FC
EMERGENCY_STOP = 5
LED_RED = 0
# Nothing of its own on the console, and patience: an emulated machine is slow, and slower on a busy one.
SYSTEMD = ("systemd.show_status=no systemd.log_level=warning systemd.mask=serial-getty@ttyAMA0.service "
           "systemd.mask=serial-getty@ttyS0.service systemd.mask=getty@tty1.service systemd.default_timeout_start_sec=600 "
           "systemd.default_device_timeout_sec=600")
LIMIT_SECONDS = 1800


def machine(root: str, test: str) -> list[str]:
    return [
        "qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a57", "-smp", "2", "-m", "1024",
        "-accel", "tcg,thread=multi", "-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio",
        "-virtfs", f"local,path={root},mount_tag=hostroot,security_model=none,readonly=on,multidevs=remap",
        "-virtfs", f"local,path={test},mount_tag=testroot,security_model=none,readonly=on,multidevs=remap",
    ]


class Line:
    """A connection to QEMU on which a command has one answer."""

    def __init__(self, path: str) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        self.socket.settimeout(60)
        self.text = b""

    def until(self, end: bytes) -> str:
        while end not in self.text:
            part = self.socket.recv(65536)
            if not part:
                raise SystemExit("boot: QEMU has gone")
            self.text += part
        answer, self.text = self.text.split(end, 1)
        return answer.decode(errors="replace")

    def say(self, command: str) -> None:
        self.socket.sendall(command.encode() + b"\n")


def microcontroller(program: str, folder: str) -> subprocess.Popen:
    """bench-world with a companion microcontroller on a pseudo terminal, FOLDER/mcu."""
    with open(f"{folder}/fronts.json", "w") as fronts:
        json.dump({"fronts": [{"front": "controller", "path": f"{folder}/mcu", "connectors": [{"evse": 1}],
                               "silenceMilliseconds": 1000}]}, fronts)
    board = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "boards", "bench-ac-dual.json")
    world = subprocess.Popen(
        [program, "--board", board, "--socket", f"{folder}/world", "--fronts", f"{folder}/fronts.json"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not os.path.exists(f"{folder}/mcu"):
        if world.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("boot: bench-world shows no microcontroller")
        time.sleep(0.1)
    return world


def main() -> int:
    kernel, initramfs, tree, root, test, world_program, script = sys.argv[1:]
    folder = tempfile.mkdtemp(prefix="charger-arm64-")
    world = microcontroller(world_program, folder)
    process = subprocess.Popen(
        machine(root, test) + [
            "-kernel", kernel, "-initrd", initramfs, "-dtb", tree,
            "-append", f"console=ttyAMA0 quiet panic=-1 rdinit=/init charger.test={script} {SYSTEMD}",
            "-qtest-log", "/dev/null", "-qtest", f"unix:{folder}/qtest,server=on,wait=off",
            "-monitor", f"unix:{folder}/monitor,server=on,wait=off",
            "-chardev", f"serial,id=mcu,path={folder}/mcu", "-device", "pci-serial,chardev=mcu",
        ],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines: queue.Queue[str | None] = queue.Queue()

    def listen() -> None:
        for line in process.stdout:
            lines.put(line.decode(errors="replace").strip())
        lines.put(None)

    threading.Thread(target=listen, daemon=True).start()
    start = time.monotonic()
    status = 1
    try:
        monitor = Line(f"{folder}/monitor")
        monitor.until(b"(qemu) ")
        monitor.say("info qom-tree /machine/unattached")
        # The number of the GPIO chip's device depends on the command line.
        found = re.search(r"/(device\[\d+\]) \(pl061\)", monitor.until(b"(qemu) "))
        if not found:
            print("boot: this QEMU's virt machine has no pl061")
            return 1
        chip = f"/machine/unattached/{found[1]}"
        gpio = Line(f"{folder}/qtest")

        def drive(level: int) -> None:
            gpio.say(f"set_irq_in {chip} unnamed-gpio-in {EMERGENCY_STOP} {level}")
            gpio.until(b"\n")

        def red() -> bool:
            gpio.say(f"readl {DATA:#x}")
            return bool(int(gpio.until(b"\n").split()[1], 16) >> LED_RED & 1)

        drive(0)
        deadline = start + LIMIT_SECONDS
        while True:
            try:
                line = lines.get(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                print(f"boot: not done after {LIMIT_SECONDS} s")
                return 1
            if line is None:
                break
            # systemd sets up the terminal before the first of them.
            line = line[max(0, line.find("GUEST ")):]
            shown = line.startswith("GUEST")
            print(f"  {time.monotonic() - start:5.1f} s  {line.removeprefix('GUEST ')}" if shown else f"           {line}", flush=True)
            if line == "GUEST READY":
                drive(1)
                print("           (host: line emergency-stop goes high: pushed)", flush=True)
            elif line.startswith("GUEST SEEN"):
                print(f"           (host: line led-red is {'high' if red() else 'low'})", flush=True)
                drive(0)
                print("           (host: line emergency-stop goes low: released)", flush=True)
            elif line == "GUEST DONE":
                status = 0
    finally:
        try:
            process.wait(timeout=20 if status == 0 else 2)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        world.terminate()
        world.wait()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"ARM64 guest: {'good' if status == 0 else 'FAILED'}, {time.monotonic() - start:.1f} s")
    return status


if __name__ == "__main__":
    sys.exit(main())
