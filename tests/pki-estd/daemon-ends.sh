#!/bin/sh
# What ends with what: worker, parent, a bad start, garbage, signals.
# shellcheck source=tests/pki-estd/daemon-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/daemon-lib.sh"

# all_end WHAT STATUS: the daemon is over, and nothing is left.
all_end() {
	worker=$(pid_of worker) issuer=$(pid_of issuer) got=0
	wait "$server" || got=$?
	server=
	[ "$got" = "$2" ] || fail "$1: the daemon ended with $got"
	wait_until is_gone "$worker"
	wait_until is_gone "$issuer"
}

start_daemon
kill -KILL "$(pid_of worker)"
all_end 'the worker was killed' 1

start_daemon
kill -KILL "$server"
all_end 'the parent was killed' 137

# What the worker hears is no message: its issuer was taken over.
start_daemon
enroll garbage || :
all_end 'garbage of the issuer' 1

# Signals are the parent's business, whoever they are sent to.
start_daemon
worker=$(pid_of worker) issuer=$(pid_of issuer)
kill -TERM "$worker" "$issuer"
kill -HUP "$worker" "$issuer"
kill -INT "$worker" "$issuer"
enroll issue
want 200 'after signals to the children'
[ "$(events ended)" = 0 ] || fail 'a child ended by a signal'
kill -INT "$server"
all_end SIGINT 0

# A new certificate without a restart, and one that is bad.
start_daemon
key_and_cert second second
use_material second
kill -HUP "$server"
wait_until has_event offers 2
openssl s_client -connect "127.0.0.1:$port" -servername localhost \
    -CAfile ca.pem </dev/null 2>/dev/null |
	openssl x509 -noout -subject | grep -q second ||
	fail 'not the new certificate'
cp ca.cer tls.cer
kill -HUP "$server"
wait_until has_event offers-refused
enroll issue
want 200 'after a reload that failed'
stop_daemon

# With a request inside at the stop: it is answered.
use_material server-1
start_daemon
(enroll later; echo "$status" >inside) &
inside=$!
# shellcheck disable=SC2317 # wait_until calls it
is_asked() {
	[ "$(count issuer_waiting)" -ge 1 ]
}
wait_until is_asked
stop_daemon
wait "$inside"
[ "$(cat inside)" = 200 ] || fail "a request inside got $(cat inside)"

# Nothing to serve with: the start fails, and says why.
mv issued.cer issued.not
rm -f ports
: >"$log"
got=0
python3 "$abs_top_srcdir/tests/pki-estd/listen.py" ports "$daemon" \
    --dir "$work" 2>>"$log" || got=$?
[ "$got" = 1 ] || fail "a start without a CA ended with $got"
grep -q '"event":"failed","reason":".*issued.cer' "$log" || fail 'no reason'

# Places of the settings; one that is taken.
mv issued.not issued.cer
start_at_free_ports() {
	python3 -c 'import socket
made = [socket.create_server(("", 0)) for _ in "es"]
print(*(one.getsockname()[1] for one in made))' >free
	read -r port status_port <free
	printf '%s\n' "listen = \":$port\";" \
	    "status-listen = \"127.0.0.1:$status_port\";" >pki-estd.conf
	: >"$log"
	"$daemon" --dir "$work" 2>>"$log" &
	server=$!
	wait_until ready_or_dead
}
start_at_free_ports
# Somebody else was faster.
tries=0
while grep -q 'Address already in use' "$log" && [ $tries -lt 5 ]; do
	tries=$((tries + 1))
	start_at_free_ports
done
is_ready || fail 'no start with places of the settings'
enroll issue -4
want 200 'over IPv4'
if [ -s /proc/net/if_inet6 ]; then
	enroll issue -6
	want 200 'over IPv6'
fi
got=0
"$daemon" --dir "$work" >out 2>&1 || got=$?
[ "$got" = 1 ] || fail "a place that is taken: $got"
grep -q "cannot listen on ':$port': Address already in use" out ||
	fail 'a place that is taken: no reason'
stop_daemon

# Usage, and settings.
for bad in --unknown --conf '--dir=' extra '-o yaml --check'; do
	got=0
	# shellcheck disable=SC2086 # words
	"$daemon" $bad >out 2>&1 || got=$?
	[ "$got" = 2 ] || fail "$bad: $got"
done
"$daemon" --version | grep -q '^pki-estd [0-9]' || fail 'no version'
"$daemon" --help | grep -q -e '--check' || fail 'no help'
echo 'thread = 2;' >pki-estd.conf
got=0
"$daemon" --dir "$work" >out 2>&1 || got=$?
[ "$got" = 1 ] || fail "bad settings: $got"
grep -q 'pki-estd.conf:1: ' out || fail 'bad settings: no line'
got=0
"$daemon" --worker --dir "$work" >out 2>&1 || got=$?
[ "$got" = 2 ] || fail "--worker by hand: $got"
