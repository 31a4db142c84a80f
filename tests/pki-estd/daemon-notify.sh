#!/bin/sh
# What systemd is told: ready, reloading, alive or not, stopping.
# shellcheck source=tests/pki-estd/daemon-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/daemon-lib.sh"
: >"$log"
python3 "$abs_top_srcdir/tests/pki-estd/notify.py" ports told "$daemon" \
    --dir "$work" 2>>"$log" &
children="$children $!"
waiter=$!
# shellcheck disable=SC2317 # wait_until calls them
said() {
	[ "$(grep -c "^$1" told 2>/dev/null || :)" -ge "${2:-1}" ]
}
# shellcheck disable=SC2317
is_started() {
	has_event started 2
}
wait_until is_started
server=$(sed -n 's/^pid //p' told)
wait_until said READY=1
has_event ready || fail 'READY before it was'
wait_until said WATCHDOG=1 3

kill -HUP "$server"
wait_until said 'RELOADING=1 MONOTONIC_USEC=[1-9]'
wait_until said READY=1 2

# A worker that hangs says nothing, and nobody says it lives.
worker=$(pid_of worker)
kill -STOP "$worker"
before=
# shellcheck disable=SC2317
is_silent() {
	now=$(grep -c WATCHDOG=1 told)
	[ "$now" = "$before" ] && return 0
	before=$now
	sleep 1
	return 1
}
wait_until is_silent
kill -CONT "$worker"
wait_until said WATCHDOG=1 $((before + 2))

kill -TERM "$server"
wait "$waiter" || fail 'the daemon'
server=
said STOPPING=1 || fail 'nobody was told of the stop'
