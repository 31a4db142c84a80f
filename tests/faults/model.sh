#!/bin/sh
# Usage: model.sh [SEQUENCES [SEED]]
# G8: killed anywhere, an action was done as a whole or not at all.  By hand:
# 10000.
# shellcheck source=tests/faults/lib.sh
. "${abs_top_srcdir:-.}/tests/faults/lib.sh"

LD_PRELOAD=$FAULT_SHIM "$faults/model" "$work" "$templates" "${1:-300}" \
    ${2:+"$2"}
