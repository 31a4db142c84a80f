#!/bin/sh
# The header gate through the whole server: malformed, doubtful and oversized
# heads, and what smuggles a second request.
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/lib.sh"
start 'limit: { tries-per-token = 0; };'
raw head-gate "$port"
stop
