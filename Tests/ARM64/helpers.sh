# What both tests inside the ARM64 guest share; sourced by them. A test defines `more`, which tells more about a failure,
# and `end`, which ends the guest.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
# Lines that begin with GUEST are for the host, which moves the lines.
say() { echo "GUEST $*"; }
fail() {
  say "FAILED: $*"
  more
  end
}
# until_true SECONDS COMMAND...
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.5
  done
}

stopped() { chargerctl explain 1 | grep -qiE 'emergency stop'; }
free() { ! stopped; }
# At READY the host pushes the emergency stop, at SEEN it lets go: both edges must reach the station.
emergency_stop() {
  until_true 120 chargerctl status --json || fail 'the station does not answer'
  until_true 120 free || fail 'the emergency stop is seen before it is pushed'
  say READY
  until_true 120 stopped || fail 'the edge on the emergency stop did not reach the station'
  say "SEEN $(chargerctl explain 1 | grep -iE 'emergency stop' | head -n 1)"
  until_true 120 free || fail 'the released stop did not reach the station'
  say RELEASED
}

# After dpkg --purge, whose words are in /run/purge.log.
nothing_left() {
  [ ! -e /var/lib/chargerd ] && [ ! -e /etc/chargerd ] && [ ! -e /usr/bin/chargerd ] || fail 'a purge left something'
}
