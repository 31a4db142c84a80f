#!/bin/sh
# Slow handshakes, heads, bodies and readers are cut at their deadline (G28 in
# small); with long deadlines the same clients live on, silence or not.
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/lib.sh"
start 'deadline: { head = "2s"; body = "3s"; reply = "3s"; idle = "4s"; };'
raw slow "$port" 2 3 3 4
cut=$(count connections_cut_total)
[ "$cut" -ge 6 ] || fail "only $cut cuts are counted"
stop
start 'deadline: { head = "60s"; body = "60s"; reply = "60s"; idle = "60s"; };'
raw slow "$port" 0 0 0 0
stop
