#!/bin/sh
# Limits of connections, and their number when clients storm.
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/lib.sh"
start 'limit: { connections = 20; connections-per-address = 1000; };'
raw crowd "$port" limit
[ "$(count 'connections_total{result="full"}')" -gt 0 ] ||
	fail 'nobody was turned away'
stop
start 'limit: { connections-per-address = 5; };'
raw crowd "$port" address
[ "$(count 'connections_total{result="full-address"}')" = 1 ] ||
	fail 'the sixth is not counted'
stop
