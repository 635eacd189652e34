#!/usr/bin/env python3
"""The card reader's driver on the real PC/SC daemon, with the virtual reader vpcd and scripted cards.

usage: run_smartcard.py PROGRAM   (smartcard-check, as swift build makes it)

Needs root and the packages pcscd and vsmartcard-vpcd. The daemon runs in a network and mount namespace of its own, so that
neither a pcscd of the machine nor its ports are touched. Exit status: 0 good, 1 a check failed, 69 cannot be run here (the
reason is on standard error)."""

import os
import pathlib
import shutil
import subprocess
import sys

INSIDE = "ip link set lo up && mount -t tmpfs tmpfs /run && exec \"$@\""


def unavailable(reason: str) -> int:
    print(f"card reader checks cannot run here: {reason}", file=sys.stderr)
    return 69


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 64
    if os.geteuid() != 0:
        return unavailable("root is needed for pcscd")
    if not pathlib.Path("/usr/sbin/pcscd").exists():
        return unavailable("the package pcscd is not installed")
    if not pathlib.Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so").exists():
        return unavailable("the package vsmartcard-vpcd is not installed")
    if not shutil.which("unshare") or not shutil.which("ip"):
        return unavailable("unshare (util-linux) or ip (iproute2) is missing")
    if subprocess.run(["unshare", "-n", "-m", "true"]).returncode != 0:
        return unavailable("the system does not allow namespaces")
    program = str(pathlib.Path(sys.argv[1]).resolve())
    command = ["unshare", "-n", "-m", "sh", "-c", INSIDE, "sh", program, *sys.argv[2:]]
    try:
        return subprocess.run(command, timeout=300).returncode
    except subprocess.TimeoutExpired:
        print("the checks did not end within 300 s", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
