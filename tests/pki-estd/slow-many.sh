#!/bin/sh
# Two thousand slow connections starve nobody, and each is cut at its deadline
# (G28; the deadlines are shorter than those of the defaults).
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/lib.sh"
# shellcheck disable=SC3045 # dash and others have it
[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 4096 ] || {
	echo 'SKIP: needs 4096 file descriptors'
	exit 77
}
start 'limit: { tries = 0; tries-per-address = 0; tries-per-token = 0; };' \
    'deadline: { head = "8s"; body = "12s"; reply = "12s"; idle = "20s"; };'
raw slow-many "$port" 2000 8 12 12
cut=$(count connections_cut_total)
[ "$cut" -ge 2000 ] || fail "only $cut cuts are counted"
stop
