# Sourced by the fault tests.  Each ends with a line that begins "guarantee=".
# Their programs exist in a build with --enable-fault-tests only.
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
