#!/bin/sh
# Usage: storm.sh [ROUNDS [ANSWERS]]
# G1: kill -9 in an issuing storm loses nothing that was answered.
. "${0%/*}/lib.sh"

"$faults/storm" "$work/ca" "$templates" "${1:-100}" "${2:-20000}"
