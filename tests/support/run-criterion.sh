#!/bin/sh
# Usage: run-criterion.sh PROGRAM
# Run a Criterion program and print its TAP.  To a file, because with TAP on
# stdout Criterion drops what tests write to stderr.  A leak does not fail its
# test: so ASan reports to files, and any report fails the program.
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
# Tests may become another user.
chmod 1777 "$work"
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}log_path=$work/asan
export ASAN_OPTIONS

"$1" --tap="$work/tap"
rc=$?
cat "$work/tap"
for report in "$work"/asan*; do
	[ -f "$report" ] || continue
	cat "$report" >&2
	rc=1
done
exit $rc
