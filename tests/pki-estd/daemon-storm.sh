#!/bin/sh
# Requests all the time, while the issuer is killed, the settings are read
# again, and at last while the daemon is stopped: each that was sent is
# answered.  G41.
# shellcheck source=tests/pki-estd/daemon-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/daemon-lib.sh"
clients=${STORM_CLIENTS:-16}
printf '%s\n' 'limit: { tries-per-token = 0; tries-per-address = 0;' \
    'tries = 0; connections-per-address = 500; };' >pki-estd.conf
start_daemon

raw storm "$port" "$clients" 60 >result &
storm=$!
children="$children $storm"
# shellcheck disable=SC2317 # wait_until calls it
is_beyond() {
	[ "$(count issuer_answered_total)" -ge "$1" ]
}
for kill in 1 2 3 4; do
	before=$(count issuer_answered_total)
	wait_until is_beyond $((before + 40))
	kill -HUP "$server"
	issuer=$(pid_of issuer)
	kill -KILL "$issuer"
	wait_until has_event started $((2 + kill))
	wait_until is_ready
done
before=$(count issuer_answered_total)
wait_until is_beyond $((before + 40))
stop_daemon
wait "$storm" || fail 'the storm failed'
cat result
read -r _ ok _ busy _ refused _ lost _ unsent _ other <result
[ "$lost" = 0 ] || fail "$lost requests were lost"
[ "$refused$other" = 00 ] || fail 'answers that nobody should get'
[ "$ok" -gt 200 ] || fail "only $ok answers"
echo "busy $busy, unsent $unsent" >&2

# Without the stop in order requests are lost, and the storm sees it: with
# answers that take 0.3 s nearly all of them are inside.
start_daemon
STORM_TOKEN=later raw storm "$port" "$clients" 60 >result 2>lost.log &
storm=$!
children="$children $storm"
# shellcheck disable=SC2317 # wait_until calls it
is_full() {
	[ "$(count issuer_waiting)" -ge $((clients / 2)) ]
}
wait_until is_full
# The worker first: it would answer 503 when the issuer went before it.
kill -KILL "$(pid_of worker)" "$server"
wait "$storm" || fail 'the second storm failed'
wait "$server" || :
server=
read -r _ _ _ _ _ _ _ lost _ <result
[ "$lost" -gt 0 ] || fail 'the storm does not see lost requests'
