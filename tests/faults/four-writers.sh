#!/bin/sh
# Usage: four-writers.sh [SECONDS [WAIT-MAX-MS]]
# G6: four processes write at once: 0 damaged, 0 lost, 0 given twice.  By hand:
# 60 250; here others use the processors too, so the limit is wider.
#
# The control begins to write without the lock, so that two may have begun at
# once: writers must fail each other, and the run with them.
# shellcheck source=tests/faults/lib.sh
. "${abs_top_srcdir:-.}/tests/faults/lib.sh"
control_seconds=5
control_tries=4
control_wait_ms=60000

"$faults/four-writers" "$work/ca" "$templates" "${1:-10}" "${2:-1000}" \
    >"$work/line"
real=$?
[ -s "$work/line" ] || fail 'the writers ended without a line'

PKI_BUG_NO_WRITE_LOCK=1
export PKI_BUG_NO_WRITE_LOCK
try=0 control=0
while [ $try -lt $control_tries ] && [ $control = 0 ]; do
	try=$((try + 1))
	"$faults/four-writers" "$work/control.$try" "$templates" \
	    $control_seconds $control_wait_ms >"$work/why" 2>&1
	status=$?
	# By what it is a control of, not by what else may go wrong.
	if [ $status != 0 ] && grep -q 'database is locked' "$work/why"; then
		control=1
	elif [ $status != 0 ]; then
		cat "$work/why" >&2
	fi
done

result=FAIL
if [ $real = 0 ] && [ $control = 1 ]; then
	result=PASS
fi
echo "$(sed 's/ result=.*//' "$work/line")" \
    "control-noticed=$control in $try tries result=$result"
[ $result = PASS ]
