#!/bin/sh
# Usage: stopped-reader.sh [SECONDS [ALARM-MIB [STOP-MIB]]]
# G7: a stopped reader makes the log long, within limits, and issuing waits
# for it; revoking and publishing do not.  The real limits: 60 256 1024.
# The control has no limit, and must be seen to pass it.
# shellcheck source=tests/faults/lib.sh
. "${abs_top_srcdir:-.}/tests/faults/lib.sh"
alarm=${2:-72}
stop=${3:-96}

PKI_FAULT_WAL_ALARM=$((alarm << 20))
PKI_FAULT_WAL_STOP=$((stop << 20))
export PKI_FAULT_WAL_ALARM PKI_FAULT_WAL_STOP
line=$("$faults/stopped-reader" "$work/ca" "$templates" "${1:-8}" \
    "$alarm" "$stop") || fail "$line"

PKI_FAULT_WAL_STOP=$((1 << 50))
control=$("$faults/stopped-reader" "$work/control" "$templates" \
    "${1:-8}" "$alarm" "$stop") && fail "the control passes: $control"
reached=${control##* log-mib=}
[ "${reached%% *}" -gt $((stop + 32)) ] ||
	fail "the control fails for another reason: $control"
echo "${line% result=PASS} control=noticed result=PASS"
