#!/bin/sh
# The issuing key is away, damaged or another one: at a reload the one in use
# stays and an alarm says why; at a start nothing is issued, and all is well
# again once the key is back.  An issuer that stalls loses nothing.  G32, for
# keys in files.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
issuing=$(find ca/keys -name 'issuing*')
[ -f "$issuing" ] || fail 'where is the issuing key?'
mv "$issuing" kept.key

# key_is WHAT: and only its owner may read it, but for "readable".
key_is() {
	rm -f "$issuing"
	case $1 in
	away) ;;
	good|readable) cp kept.key "$issuing" ;;
	garbage) head -c 100 kept.key >"$issuing" ;;
	others) openssl genpkey -algorithm EC -pkeyopt \
		ec_paramgen_curve:P-256 -out "$issuing" 2>/dev/null ;;
	empty) : >"$issuing" ;;
	esac
	case $1 in
	away) ;;
	readable) chmod 0644 "$issuing" ;;
	*) chmod 0600 "$issuing" ;;
	esac
}

# enroll_meter NAME: with a token of its own; status as of "ask".
enroll_meter() {
	[ -f "$1.token" ] || {
		request "$1"
		tokens_for "$1" >"$1.token"
	}
	post simpleenroll "$1.b64" -u ":$(cat "$1.token")"
}
issues() {
	enroll_meter "$1"
	want 200 "$2"
	take "$1.pem"
}

# refuses_soon NAME WHAT: 503 within 3 s, and the client is told when to come.
refuses_soon() {
	begun=$(date +%s)
	enroll_meter "$1"
	want 503 "$2"
	[ $(($(date +%s) - begun)) -le 3 ] || fail "$2: 503 came late"
	grep -qi '^retry-after: [1-9]' headers || fail "$2: no Retry-After"
}

# shellcheck disable=SC2317 # wait_until calls it
alarms() {
	[ "$(count issuer_reloads_failed)" = 1 ]
}

key_is good
start_daemon
issues meter-1 'at first'

n=0
for bad in away garbage empty others readable; do
	n=$((n + 1))
	key_is $bad
	before=$(events reload-failed)
	kill -HUP "$server"
	wait_until has_event reload-failed $((before + 1))
	grep '"event":"reload-failed"' "$log" | tail -n 1 |
		grep -q '"reason":".*issuing' || fail "no reason: key $bad"
	wait_until alarms
	issues "meter-reload-$n" "after a reload with the key $bad"

	# Without the one in memory nothing is issued, until the key is back.
	started=$(events started)
	kill -KILL "$(pid_of issuer)"
	wait_until has_event started $((started + 1))
	refuses_soon "meter-start-$n" "a start with the key $bad"
	ask $est/cacerts
	want 200 "cacerts with the key $bad"
	! is_ready || fail "ready with the key $bad"
	key_is good
	begun=$(date +%s)
	wait_until is_ready
	[ $(($(date +%s) - begun)) -le 5 ] || fail "late after the key $bad"
	issues "meter-start-$n" "after the key $bad"
done

# It stalls with a question, and goes on.
kill -STOP "$(pid_of issuer)"
(enroll_meter meter-2; echo "$status" >stalled) &
stalled=$!
# shellcheck disable=SC2317 # wait_until calls it
is_asked() {
	[ "$(count issuer_waiting)" -ge 1 ]
}
wait_until is_asked
ask $est/cacerts
want 200 'cacerts of an issuer that stalls'
kill -CONT "$(pid_of issuer)"
wait "$stalled"
[ "$(cat stalled)" = 200 ] || fail "a stalled question got $(cat stalled)"
stop_daemon

# Nothing was issued without an answer.
[ "$(pki -o json cert list --profile auditor | grep -c '"serial"')" = $((2 * n + 2)) ] ||
	fail 'not one certificate for each meter'
pki audit verify >/dev/null || fail 'the audit log'
pki db check >/dev/null || fail 'the database'
echo "guarantee=G32 n=$n lost=0 dup=0"
