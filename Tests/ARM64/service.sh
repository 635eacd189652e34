#!/bin/bash
# The test inside the ARM64 guest under systemd: the packaged service on GPIO lines of the merged device tree and a
# microcontroller at its serial port.
export SYSTEMD_PAGER= SYSTEMD_COLORS=no
more() { systemctl status --no-pager --lines=20 chargerd 2>&1; }
end() {
  systemctl --force --force poweroff
  exit
}
. /test/helpers.sh

property() { systemctl show --property="$1" --value chargerd; }
is() { [ "$(property "$1")" = "$2" ]; }
state() { [ "$(systemctl is-active chargerd)" = "$1" ]; }
# Given up on, not waiting for its next start.
failed_for_good() { is ActiveState failed && is SubState failed; }

say "$(systemctl --version | head -n 1), up after $(cut -d' ' -f1 /proc/uptime) s"
dpkg -i /test/charger_*_arm64.deb >/run/install.log 2>&1 || { cat /run/install.log; fail 'the package does not install'; }
grep -q 'nothing was started' /run/install.log || { cat /run/install.log; fail 'the installation does not tell what comes next'; }
state inactive && [ "$(systemctl is-enabled chargerd)" = disabled ] || fail 'the installation started or enabled the service'
say 'installed: the service is there, neither enabled nor started'

# A station without its board waits for a person, and is not tried for ever.
systemctl start chargerd 2>/dev/null && fail 'the service starts without a board'
until_true 120 failed_for_good || fail 'a missing board is tried again and again'
is NRestarts 0 || fail "a missing board was tried $(property NRestarts) times again"
say "without a board: failed, exit status $(property ExecMainStatus), not tried again"
systemctl reset-failed chargerd

install -m 644 /test/qemu-virt.json /etc/chargerd/board.json
install -o charger -g charger -m 600 /test/bench-unit.json /var/lib/chargerd/unit.json
before=$SECONDS
systemctl enable --now chargerd 2>/run/enable.log || { cat /run/enable.log; fail 'the service does not start'; }
state active || fail 'the service is not active'
say "active $((SECONDS - before)) s after its start (Type=$(property Type), so it has said that it is ready), as $(ps -o user= "$(property MainPID)" 2>/dev/null || stat -c %U "/proc/$(property MainPID)")"
ls -l /dev/gpiochip0 /dev/ttyS0 | sed 's/^/GUEST /'
# Field 41 of a thread's stat is its scheduling policy; 1 is SCHED_FIFO. The name, which may have spaces, is cut off first.
fifo() { sed 's/.*) //' "/proc/$(property MainPID)"/task/*/stat | cut -d' ' -f39 | grep -qx 1; }
fifo || fail 'the control thread does not run in real time'
say 'the control thread runs in real time'
systemctl status --no-pager --lines=3 chargerd | sed 's/^/           /'

export CHARGER_STATION_SOCKET=/run/chargerd/station.sock
emergency_stop

# Proofs of life, every ten seconds.
alive() { [ "$(property WatchdogTimestampMonotonic)" -gt "$last" ]; }
for count in 1 2; do
  last=$(property WatchdogTimestampMonotonic)
  until_true 120 alive || fail 'no proof of life reaches systemd'
done
is NRestarts 0 || fail 'the watchdog took a healthy station for dead'
say "watchdog of $(property WatchdogUSec): three proofs of life, no restart"

# An upgrade interrupts no car.
former=$(property MainPID)
dpkg -i /test/charger_*_arm64.deb >/run/install.log 2>&1 || { cat /run/install.log; fail 'the upgrade does not install'; }
grep -q 'the station runs on' /run/install.log || { cat /run/install.log; fail 'the upgrade does not tell that the station runs on'; }
state active && is MainPID "$former" && is NRestarts 0 || fail 'the upgrade has interrupted the station'
say 'upgraded while it ran: the same process runs on'

again() { [ "$(property NRestarts)" -ge "$1" ] && state active && [ "$(property MainPID)" != "$former" ]; }
former=$(property MainPID)
kill -KILL "$former"
until_true 300 again 1 || fail 'killed, it is not started again'
say 'killed by SIGKILL: started again, active'
former=$(property MainPID)
kill -STOP "$former"
until_true 600 again 2 || fail 'hung, it is not started again'
journalctl --no-pager -q -u chargerd | grep -q 'Watchdog timeout' || fail 'it was not the watchdog'
say 'hung (SIGSTOP): ended by the watchdog, started again, active'

systemctl stop chargerd || fail 'it does not stop'
state inactive && is Result success || fail "stopped, it is $(property ActiveState), $(property Result)"
[ ! -e /run/chargerd ] || fail 'its socket has stayed'
say 'stopped: clean'

printf '{' >/etc/chargerd/board.json
systemctl start chargerd 2>/dev/null && fail 'it starts with a profile that is wrong'
until_true 120 failed_for_good || fail 'a wrong profile is tried again and again'
say "wrong profile: exit status $(property ExecMainStatus), not tried again"
install -m 644 /test/qemu-virt.json /etc/chargerd/board.json

say "security: $(systemd-analyze security --no-pager chargerd 2>&1 | tail -n 1)"
systemctl start chargerd || fail 'it does not start again'
dpkg --purge charger >/run/purge.log 2>&1 || { cat /run/purge.log; fail 'the package does not go'; }
nothing_left
! systemctl list-units --all --no-legend 'chargerd*' | grep -q running || fail 'it runs on without its package'
say 'purged while it ran: stopped and gone'
say DONE
end
