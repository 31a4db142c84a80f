#!/bin/sh
# Requests that wait for the issuer: clients hang up, and the server stops.
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/lib.sh"
start 'limit: { tries-per-token = 0; tries-per-address = 0; };'
raw crowd "$port" hang_up
sleep 1
[ "$(count requests_aborted_total)" -gt 0 ] || fail 'nobody hung up in time'
stop
start 'limit: { tries-per-token = 0; };'
raw crowd "$port" park "$server"
wait "$server" || fail "the server ended with $?"
server=
grep -q 'active=0 parked=0 counted=0' server.log ||
	fail 'something was left behind'
