#!/bin/sh
# Usage: four-writers.sh [SECONDS [WAIT-MAX-MS]]
# G6: four processes write at once: 0 damaged, 0 lost, 0 given twice.  By hand:
# 60 250; here others use the processors too, so the limit is wider.
# shellcheck source=tests/faults/lib.sh
. "${abs_top_srcdir:-.}/tests/faults/lib.sh"

"$faults/four-writers" "$work/ca" "$templates" "${1:-10}" "${2:-1000}"
