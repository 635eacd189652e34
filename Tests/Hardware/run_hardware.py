#!/usr/bin/env python3
"""Runs what needs root, QEMU, pcscd or packages of another Debian: each part in one line with its time, and a summary.

  run_hardware.py [--results FILE] [PART...]       parts: overlays gpiod2 cards watchdog native signing guest

A part that this machine cannot do is skipped with its reason; exit status 1 when one failed, or was skipped without one."""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import time

import guest
from wires import BINARIES, VPCD

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = pathlib.Path(__file__).resolve().parent
FOLDER = guest.FOLDER.parent
UNAVAILABLE = 69
# A private /run keeps a pcscd of the machine out of the way; vpcd listens on every interface, so there is only one.
INSIDE = "ip link set lo up && mount -t tmpfs tmpfs /run && export TMPDIR=/run && exec \"$@\""


def program(command, seconds, shown=lambda line: print(line, flush=True)):
    """Runs a command and shows its output; answers status and last line."""
    last = ""
    process = subprocess.Popen(list(map(str, command)), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace")
    deadline = time.monotonic() + seconds
    try:
        for line in process.stdout:
            shown(line.rstrip("\n"))
            last = line.strip() or last
            if time.monotonic() > deadline:
                raise AssertionError(f"not done after {seconds} s")
        return process.wait(max(1, deadline - time.monotonic())), last
    except subprocess.TimeoutExpired:
        raise AssertionError(f"not done after {seconds} s") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def check(command, seconds):
    """A program of its own: 0 good, 69 cannot run here, else failed."""
    if not pathlib.Path(ROOT, command[0]).exists():
        raise guest.Unavailable(f"{command[0]} is not there")
    status, last = program([ROOT / command[0], *command[1:]], seconds, lambda line: print("    " + line, flush=True))
    if status == UNAVAILABLE:
        raise guest.Unavailable(last or "")
    if status != 0:
        raise AssertionError(f"{command[0]}: exit status {status}: {last}")
    return last


def needs(*names):
    for name in names:
        if not (BINARIES / name).exists():
            raise AssertionError(f"{BINARIES / name} is not built (scripts/build)")


def needs_cards():
    if os.geteuid() != 0:
        raise guest.Unavailable("root is needed for pcscd and for namespaces")
    if not pathlib.Path("/usr/sbin/pcscd").exists() or not VPCD.exists():
        raise guest.Unavailable("the packages pcscd and vsmartcard-vpcd are not installed")


def overlays(_):
    return check(["scripts/overlays"], 180)


def gpiod2(_):
    return check(["scripts/check-gpiod2"], 180)


def cards(options):
    needs_cards()
    needs("smartcard-check")
    return check(["Tests/Hardware/run_smartcard.py", BINARIES / "smartcard-check"], 180)


def begin_watchdog(options):
    """Starts it; it ends by itself, with what it tells in a file."""
    needs("chargerd", "bench-world", "bench-csms")
    print("    " + guest.prepare(), flush=True)
    arguments = ["watchdog", *options.tests] + (["--results", options.results] if options.results else [])
    with open(FOLDER / "watchdog.log", "wb") as log:
        return subprocess.Popen([sys.executable, "-B", HERE / "run_tests.py", *arguments], cwd=ROOT,
                                env={"CHARGER_PATIENCE": "180", **os.environ}, stdin=subprocess.DEVNULL, stdout=log,
                                stderr=log)


def watchdog(options):
    process = options.begun or begin_watchdog(options)
    try:
        status = process.wait(900)
    except subprocess.TimeoutExpired:
        raise AssertionError("not done after 900 s") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    said = (FOLDER / "watchdog.log").read_text(errors="replace").rstrip()
    print(said, flush=True)
    if status != 0:
        raise AssertionError(said.splitlines()[-1] if said else f"exit status {status}")
    return said.splitlines()[-1]


def native(options):
    needs_cards()
    needs("chargerd", "bench-world", "bench-csms")
    if not shutil.which("ip") or subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True).returncode != 0:
        raise guest.Unavailable("this system does not allow namespaces (unshare -n -m)")
    arguments = ["native", *options.tests] + (["--results", options.results] if options.results else [])
    status, last = program(
        ["unshare", "-n", "-m", "sh", "-c", INSIDE, "sh", sys.executable, "-B", HERE / "run_tests.py", *arguments], 600)
    if status != 0:
        raise AssertionError(last)
    return last


def signing(options):
    needs("chargerd", "bench-world")
    python = ROOT / ".venv" / "bin" / "python"
    if not python.exists():
        raise guest.Unavailable("the independent CSMS is not installed (scripts/setup)")
    results = ["--results", options.results] if options.results else []

    def one(name):
        return program([python, "-B", HERE / "run_tests.py", "signing", name, *results], 600)
    # Side by side: they mostly wait for the times that a station gives a meter.
    names = options.tests or ["test_session", "test_kill", "test_key", "test_never_signs", "test_end_killed"]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answers = list(pool.map(one, names))
    bad = [last for status, last in answers if status != 0]
    if bad:
        raise AssertionError(bad[0])
    return f"{len(answers)} passed"


def in_guest(options):
    needs("chargerd", "bench-world", "bench-csms")
    print("    " + guest.prepare(), flush=True)
    out = FOLDER / "out"
    arguments = ["guest", *options.tests, "--results", "/mnt/results.jsonl"]
    (out / "results.jsonl").unlink(missing_ok=True)
    last = ""

    def each(line):
        nonlocal last
        last = line.strip() or last
        print(line, flush=True)

    environment = [f"CHARGER_BIN={BINARIES}", "CHARGER_PATIENCE=120", "TMPDIR=/run", "HOME=/run"]
    # The drivers' obligations on the kernel's lines first, then the station.
    script = [f"export {' '.join(environment)}", "bad=0"]
    if not options.tests:
        needs("gpio-check")
        script.append(f"{BINARIES / 'gpio-check'} || bad=1")
    script += [f"/usr/bin/python3 -B {HERE / 'run_tests.py'} {' '.join(arguments)} || bad=1", "exit $bad"]
    status = guest.run(["/bin/bash", "-c", "\n".join(script)], out, 900, each)
    if options.results and (out / "results.jsonl").exists():
        with open(options.results, "a", encoding="utf-8") as file:
            file.write((out / "results.jsonl").read_text())
    log = out / "session.log"
    if log.exists():
        print(f"    the session's log, {log}:")
        lines = log.read_text().splitlines()
        begin = lines.index("== bench-csms.log") if "== bench-csms.log" in lines else 0
        for line in lines[begin:begin + 40]:
            print("      " + line)
    if status != 0:
        raise AssertionError(last)
    return last


PARTS = {"overlays": overlays, "gpiod2": gpiod2, "cards": cards, "watchdog": watchdog, "native": native,
         "signing": signing, "guest": in_guest}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results")
    parser.add_argument("--tests", action="append", default=[], help="only tests whose name has this")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    options = parser.parse_args()
    options.begun = None
    FOLDER.mkdir(parents=True, exist_ok=True)
    if options.results:
        pathlib.Path(options.results).unlink(missing_ok=True)
    summary = []
    good = True
    # Most of it is waiting, as it is with cards: the machine has time for the parts before it meanwhile.
    if "watchdog" in (options.parts or PARTS):
        try:
            options.begun = begin_watchdog(options)
        except (guest.Unavailable, AssertionError):
            pass  # It tells so itself when its turn has come.
    for name in options.parts or PARTS:
        print(f"-- {name}", flush=True)
        began = time.monotonic()
        try:
            word, text = "passed", PARTS[name](options)
        except guest.Unavailable as reason:
            text = str(reason).strip()
            word = "skipped" if text else "FAILED"
            text = text or "skipped without a reason"
        except AssertionError as error:
            word, text = "FAILED", str(error).strip()
        good = good and word != "FAILED"
        summary.append(f"{word:7} {time.monotonic() - began:6.1f} s  {name}: {text}")
        if word != "passed":
            print(f"    {word}: {text}", flush=True)
    print("\n".join(["", *summary]), flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
