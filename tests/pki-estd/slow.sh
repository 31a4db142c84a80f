#!/bin/sh
# Slow handshakes, heads, bodies and readers are cut at their deadline (G28 in
# small); with long deadlines the same clients live on, silence or not.
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/lib.sh"
start 'deadline: { head = "2s"; body = "3s"; reply = "3s"; idle = "2s"; };'
raw slow "$port" 2 3 3 2
[ "$(count connections_cut_total)" -ge 6 ] || fail 'cuts are not counted'
stop
start 'deadline: { head = "60s"; body = "60s"; reply = "60s"; idle = "2s"; };'
raw slow "$port" 0 0 0 0
stop
