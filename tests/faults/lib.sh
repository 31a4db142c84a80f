#!/bin/sh
# Read by the fault tests.  Each ends with a line that begins "guarantee=".
# Their programs exist in a build with --enable-fault-tests only.
: "${abs_top_srcdir:=$PWD}" "${abs_top_builddir:=$abs_top_srcdir/build}"
: "${FAULT_SHIM:=$abs_top_builddir/tests/.libs/fault-shim.so}"
work=$(mktemp -d) || exit 99
trap 'tidy' EXIT
trap 'exit 1' HUP INT TERM

tidy() {
	rm -rf "$work"
}

skip() {
	echo "SKIP: $*"
	exit 77
}

fail() {
	echo "$*" >&2
	exit 1
}

faults=$abs_top_builddir/tests/faults
templates=$abs_top_srcdir/ca-templates
[ -x "$faults/storm" ] || skip 'configure with --enable-fault-tests'
