#!/bin/sh
# SIGKILL at every write, fsync, rename and what else changes the file system
# or speaks to the server: of a first enrollment, after which a plain rerun
# ends well; and of a renewal, after which the pair on the disk makes a TLS
# connection at once, and a plain rerun ends well too.
# shellcheck source=tests/pki-enroll/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-enroll/lib.sh"
: "${FAULT_SHIM:=$abs_top_builddir/tests/.libs/fault-shim.so}"
[ -x "$abs_top_builddir/tests/faults/storm" ] || {
	echo 'SKIP: configure with --enable-fault-tests'
	exit 77
}
MOST=150
start_daemon

# cut_at N COMMAND NAME: killed at its call N; its status in $status.
cut_at() {
	status=0
	LD_PRELOAD=$FAULT_SHIM FAULT_AT=$1 FAULT_DO=kill \
	    ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
	    "$enroller" "$2" --conf etc "$3" >out 2>said || status=$?
}

for first in 1 51 101; do
	# A list of words.
	# shellcheck disable=SC2046
	tokens_for $(seq -f 'm%.0f' $first $((first + 49))) >>tokens
done
[ "$(wc -l <tokens)" = $MOST ] || fail 'not a token each'
n=0
status=137
while [ "$status" = 137 ]; do
	n=$((n + 1))
	[ $n -le $MOST ] || fail 'more calls than devices'
	sed -n "${n}p" tokens >"m$n.token"
	chmod 600 "m$n.token"
	say "m$n" "anchors = \"$work/ca.pem\";"
	cut_at $n enroll "m$n"
	killed=$status
	[ ! -e "m$n/current/cert.pem" ] || works "m$n"
	do_it enroll "m$n"
	did 0 "enroll after a cut at call $n"
	works "m$n"
	[ ! -e "m$n/pending.pem" ] || fail "call $n: a key still waits"
	status=$killed
done
[ "$status" = 0 ] || fail "enroll without a cut: $status"
[ $n -gt 20 ] || fail "only $n calls"
echo "enroll cut at $((n - 1)) calls"

n=0
status=137
while [ "$status" = 137 ]; do
	n=$((n + 1))
	cut_at $n renew m1
	killed=$status
	works m1
	do_it renew m1
	did 0 "renew after a cut at call $n"
	works m1
	[ ! -e m1/pending.pem ] || fail "call $n: a key still waits"
	status=$killed
done
[ "$status" = 0 ] || fail "renew without a cut: $status"
[ $n -gt 20 ] || fail "only $n calls"
echo "renew cut at $((n - 1)) calls"
left=$(find m* -name '.*.tmp')
[ -z "$left" ] || fail "left behind: $left"

# The disk is full, or fails, from there on: said, and the pair is there.
for kind in ENOSPC EIO; do
	n=0
	status=1
	while [ "$status" != 0 ]; do
		n=$((n + 1))
		status=0
		LD_PRELOAD=$FAULT_SHIM FAULT_AT=$((n * 3)) FAULT_DO=$kind \
		    ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
		    "$enroller" renew --conf etc m1 >out 2>said || status=$?
		works m1
		[ "$status" = 0 ] || [ -s said ] || fail "$kind: nothing said"
		[ $n -lt 100 ] || fail "$kind: it never ends"
	done
	do_it renew m1
	did 0 "renew after $kind"
done
stop_daemon
pki db check >/dev/null || fail 'the database'
