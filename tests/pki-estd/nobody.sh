#!/bin/sh
# Who brings nothing gets nothing, by whatever route, method and type, of a
# real CA: certificates are counted.  G26.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
request meter-1
token=$(tokens_for meter-1)
start_daemon
raw nobody "$port" "$status_port" "$token"
stop_daemon
pki audit verify >verified || fail 'the audit log'
