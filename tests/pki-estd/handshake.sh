#!/bin/sh
# Clients that are silent in the middle of a handshake cost nothing, and are
# answered when they go on.
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/lib.sh"
start 'deadline: { head = "60s"; };'
raw handshake "$port" "$server"
stop
