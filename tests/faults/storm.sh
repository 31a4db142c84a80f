#!/bin/sh
# Usage: storm.sh [ROUNDS [ANSWERS]]
# G1: kill -9 in an issuing storm loses nothing that was answered.
# shellcheck source=tests/faults/lib.sh
. "${abs_top_srcdir:-.}/tests/faults/lib.sh"

"$faults/storm" "$work/ca" "$templates" "${1:-100}" "${2:-20000}"
