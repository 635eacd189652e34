#!/bin/bash
# The test inside the ARM64 guest: installs the package, starts a station on GPIO lines of the merged device tree and a
# microcontroller at its serial port, and tells what it sees.
more() { tail -n 20 /run/station.log 2>/dev/null; }
end() { exit 1; }
. /test/helpers.sh

say "$(uname -m), kernel $(uname -r), glibc $(ldd --version 2>/dev/null | head -n 1 | grep -oE '[0-9.]+$')"
dpkg -i /test/charger_*_arm64.deb /test/charger-bench_*_arm64.deb >/run/install.log 2>&1 || { cat /run/install.log; fail 'the packages do not install'; }
dpkg-query -W -f='GUEST installed ${Package} ${Version} ${Architecture} ${Status}\n' charger charger-bench
[ -z "$(find /etc/systemd/system -name 'charger*' 2>/dev/null)" ] || fail 'the package has enabled its service'
[ "$(stat -c '%U %a' /var/lib/chargerd)" = 'charger 700' ] || fail 'the state directory is not the station user'\''s alone'
say "version $(chargerd --version), $(chargerd-bench --version)"
for program in chargerctl bench-world bench-csms charger-benchmark; do
  $program --help >/run/help.log 2>&1 || { cat /run/help.log; fail "$program --help"; }
done
for board in /usr/share/charger/boards/*.json; do
  case "$board" in */bench-unit.json) continue ;; */bench-*) program=chargerd-bench ;; *) program=chargerd ;; esac
  $program --board "$board" --check >/run/check.log 2>&1 || { cat /run/check.log; fail "$board does not pass --check"; }
done
say 'every shipped board passes --check'
gpioinfo 2>/dev/null | grep -E 'emergency-stop|led-red' | sed 's/^/GUEST line /'

export CHARGER_STATION_SOCKET=/run/station.sock
install -m 600 /test/bench-unit.json /run/unit.json
mkdir -m 700 /run/state
chargerd --board /test/qemu-virt.json --unit /run/unit.json --state /run/state --control /run/station.sock >/run/station.log 2>&1 &
station=$!
emergency_stop
kill -TERM $station
until_true 30 test ! -e /proc/$station || fail 'SIGTERM did not end the station'
dpkg --purge charger-bench charger >/run/purge.log 2>&1 || { cat /run/purge.log; fail 'the package does not go'; }
nothing_left
say 'purged'
say DONE
