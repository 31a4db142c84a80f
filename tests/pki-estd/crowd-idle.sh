#!/bin/sh
# Two thousand idle connections of TLS, up to the limit (G29 at a fifth of its
# size): others are served, or refused at once, and all are gone in time.
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/lib.sh"
# shellcheck disable=SC3045 # dash and others have it
[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 5000 ] || {
	echo 'SKIP: needs 5000 file descriptors'
	exit 77
}
start 'limit: { connections = 2050; };' \
    'deadline: { head = "16s"; idle = "16s"; };'
raw crowd "$port" idle "$server" 2000 2050 16
[ "$(count 'connections_total{result="full"}')" -ge 5 ] ||
	fail 'who was turned away is not counted'
stop
