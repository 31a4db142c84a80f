#!/bin/sh
# Usage: slow-sync.sh [SECONDS [RUNS]]
# Group commit hides a slow disk: the rate with every fsync delayed by 5 ms,
# 1024 in flight, against the rate without; runs alternate, medians count.
# The control has one in flight: each commit is waited for, and the delay must
# show.  How near to 1 the ratio is, is the benchmark's business.
# shellcheck source=tests/faults/lib.sh
. "${abs_top_srcdir:-.}/tests/faults/lib.sh"
seconds=${1:-1}
runs=${2:-3}
shim=$abs_top_builddir/tests/.libs/slow-sync.so

# rate IN-FLIGHT [VARIABLE=VALUE]: of a CA of its own.
rate() {
	env ${2:+"$2"} "$faults/throughput" "$work/ca" "$templates" "$1" \
	    "$seconds" || fail "no rate for '$*'"
	rm -rf "$work/ca"
}

median() {
	sort -n "$1" | sed -n "$(((runs + 1) / 2))p"
}

for _ in $(seq "$runs"); do
	rate 1024 >>"$work/plain.rates"
	rate 1024 "LD_PRELOAD=$shim" >>"$work/slow.rates"
done
alone=$(rate 1 "LD_PRELOAD=$shim")
plain=$(median "$work/plain.rates")
slow=$(median "$work/slow.rates")

result=FAIL
if [ "$alone" -gt 0 ] && [ "$alone" -le 200 ] &&
    [ "$slow" -gt $((alone * 2)) ]; then
	result=PASS
fi
echo "guarantee=G4 n=$runs lost=0 dup=0 plain-per-s=$plain" \
    "slow-per-s=$slow ratio-percent=$((slow * 100 / plain))" \
    "control-per-s=$alone result=$result"
[ $result = PASS ]
