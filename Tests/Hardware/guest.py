"""Boots the guest with gpio-sim and runs one command in it, with the host's files before it read-only.

Always under TCG: some machines have a /dev/kvm that lets a guest's firmware run and then hangs its kernel.
"""

import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = pathlib.Path(os.environ.get("CHARGER_HARDWARE", ROOT / ".build" / "hardware")) / "guest"


class Unavailable(Exception):
    """What this machine cannot do, with the reason in one line."""


def prepare(folder=FOLDER):
    """Makes kernel and initramfs, or finds them made; tells which kernel it is."""
    if not shutil.which("qemu-system-x86_64"):
        raise Unavailable("qemu-system-x86_64 is not installed (package qemu-system-x86)")
    done = subprocess.run(
        [str(pathlib.Path(__file__).parent / "Guest" / "prepare"), str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    lines = done.stdout.strip().splitlines() or [""]
    if done.returncode == 75:
        raise Unavailable(lines[-1].removeprefix("unavailable: "))
    if done.returncode != 0:
        raise AssertionError("the guest cannot be prepared:\n" + "\n".join(lines[-30:]))
    return lines[-1]


# The guest's time passes with the instructions that it executes: however busy the host is, no program of the guest is
# late for another. 4 ns each, about as fast as an idle host emulates them.
OWN_TIME = ("-accel", "tcg,thread=single", "-icount", "shift=2,sleep=on")
# For a guest that others of the host speak with.
HOST_TIME = ("-accel", "tcg,thread=multi")


def start(command, out, folder=FOLDER, memory=2048, processors=2, devices=(), reboots=False, time_base=HOST_TIME):
    """Boots the guest, which runs `command` (a list) and switches itself off; answers QEMU's process.

    `out` is a folder that the guest sees as /mnt and writes to; /mnt/output has the command's output. A guest that
    `reboots` runs the command anew when it was reset.
    """
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for name in ("output", "status", "console"):
        (out / name).unlink(missing_ok=True)
    # The guest's clock may be far from the host's: certificates and logs want the true one.
    lines = ["date -s @$(cat /mnt/now) >/dev/null", f"cd {shlex.quote(str(ROOT))}", "exec " + shlex.join(map(str, command))]
    (out / "command").write_text("\n".join(lines) + "\n")
    (out / "now").write_text(str(int(time.time())))
    arguments = [
        "qemu-system-x86_64", *time_base, "-cpu", "max", "-smp", str(processors), "-m", str(memory),
        "-nographic", *([] if reboots else ["-no-reboot"]), "-nodefaults", "-serial", f"file:{out / 'console'}",
        "-monitor", "none",
        "-kernel", str(folder / "vmlinuz"), "-initrd", str(folder / "initramfs.gz"),
        "-append", "console=ttyS0 quiet panic=-1 mitigations=off",
        "-virtfs", "local,path=/,mount_tag=hostroot,security_model=none,readonly=on,multidevs=remap",
        "-virtfs", f"local,path={out},mount_tag=out,security_model=none", *map(str, devices),
    ]
    return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            preexec_fn=os.setsid)


def end(machine):
    """Whatever it does."""
    if machine.poll() is None:
        os.killpg(machine.pid, signal.SIGKILL)
        machine.wait()


def run(command, out, seconds, each=None, folder=FOLDER, memory=2048):
    """Runs `command` in the guest as `start` does, in the guest's own time, and answers its exit status; each line of its
    output is given to `each` as it comes."""
    out = pathlib.Path(out)
    machine = start(command, out, folder, memory, processors=1, time_base=OWN_TIME)
    place = 0

    def follow():
        nonlocal place
        try:
            with open(out / "output", "rb") as file:
                file.seek(place)
                news = file.read()
        except FileNotFoundError:
            return
        whole = news[: news.rfind(b"\n") + 1]
        place += len(whole)
        if each:
            for line in whole.decode(errors="replace").splitlines():
                each(line)

    deadline = time.monotonic() + seconds
    try:
        while machine.poll() is None:
            follow()
            if time.monotonic() > deadline:
                raise AssertionError(f"the guest was not done after {seconds} s\n{tail(out)}")
            time.sleep(0.1)
        follow()
    finally:
        end(machine)
    try:
        return int((out / "status").read_text())
    except (OSError, ValueError):
        said = machine.stdout.read().decode(errors="replace")[-2000:]
        raise AssertionError(f"the guest ended without an answer\n{said}\n{tail(out)}") from None


def tail(out):
    parts = []
    for name in ("console", "output"):
        path = out / name
        if path.exists():
            parts.append(f"--- {name}\n{path.read_text(errors='replace')[-3000:]}")
    return "\n".join(parts)


if __name__ == "__main__":
    try:
        print(prepare())
    except Unavailable as reason:
        print(f"guest: SKIPPED: {reason}", file=sys.stderr)
        sys.exit(69)
    sys.exit(run(sys.argv[1:] or ["uname", "-a"], FOLDER.parent / "out", 600, each=print))
