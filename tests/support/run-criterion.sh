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

# Criterion's runner loses a little itself.  No LSan suppression can tell: every
# test is called by Criterion; what it allocates itself has it as frame 1.
only_criterion_leaks() {
	awk '
	/ERROR: / && !/LeakSanitizer/ { other = 1 }
	/ leak of / { leaks++ }
	/^ *#1 .*libcriterion\.so/ { criterion++ }
	END { exit other || !leaks || leaks != criterion }
	' "$1"
}

# Its exit status says nothing that TAP does not, but counts such a loss.
"$1" --tap="$work/tap"
cat "$work/tap" || exit 99
rc=0
for report in "$work"/asan*; do
	[ -f "$report" ] || continue
	! only_criterion_leaks "$report" || continue
	cat "$report" >&2
	rc=1
done
exit $rc
