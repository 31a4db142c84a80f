#!/bin/sh
# Read by tests of the whole daemon: start it, ask it, end it.  With
# Its issuer has no CA, unless real-lib.sh says otherwise.
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/lib.sh"
daemon=${daemon:-$abs_top_builddir/tests/estd-stub}
log=$work/server.log
state=${state:-$work}

openssl x509 -in meter.pem -outform der -out issued.cer

# events NAME: how many of them are in the log.
events() {
	grep -c "\"event\":\"$1\"" "$log" || :
}
has_event() {
	[ "$(events "$1")" -ge "${2:-1}" ]
}

# pid_of PROCESS: of the one that was started last.
pid_of() {
	sed -n "s/.*\"event\":\"started\",\"process\":\"$1\",\"pid\":\([0-9]*\).*/\1/p" \
	    "$log" | tail -n 1
}

is_gone() {
	! [ -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}
is_ready() {
	[ "$(curl -s -o ready -w '%{http_code}' \
	    "http://127.0.0.1:$status_port/health/ready")" = 200 ]
}
ready_or_dead() {
	is_ready || is_gone "$server"
}

# start_daemon [ARGUMENT...]: it is ready then; its files are in $work.
start_daemon() {
	rm -f ports
	: >"$log"
	python3 "$abs_top_srcdir/tests/pki-estd/listen.py" ports "$daemon" \
	    --dir "$state" "$@" 2>>"$log" &
	server=$!
	wait_until [ -s ports ]
	read -r port status_port <ports
	wait_until ready_or_dead
	is_ready || fail 'the daemon did not start'
}

# stop_daemon: in order; nothing is left of it.
stop_daemon() {
	worker=$(pid_of worker) issuer=$(pid_of issuer)
	kill -TERM "$server"
	wait "$server" || fail "the daemon ended with $?"
	server=
	is_gone "$worker" || fail 'the worker was left'
	is_gone "$issuer" || fail 'the issuer was left'
	grep -q '"event":"stopped","active":0,"parked":0' "$log" ||
		fail 'a request was left'
}

# tok ID: a well-formed token.
tok() {
	echo "$1.abcdefghijklmnopqrstuvwxyz"
}

# enroll ID [CURL-OPTION...]: status, body and headers as of "ask".
enroll() {
	id=$1
	shift
	ask $est/simpleenroll -H 'Content-Type: application/pkcs10' \
	    --data-binary @csr -u ":$(tok "$id")" "$@"
}

openssl req -new -key meter.key -subj /CN=meter-1 -outform der 2>/dev/null |
	base64 >csr
