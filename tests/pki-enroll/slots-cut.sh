#!/bin/sh
# The device's directory, cut off at every write, fsync and rename of it, or
# with a disk that is full or fails from there on: what consumers read is the
# old pair or the new one, and whoever comes next ends the work.
: "${abs_top_srcdir:=$PWD}" "${abs_top_builddir:=$abs_top_srcdir/build}"
: "${FAULT_SHIM:=$abs_top_builddir/tests/.libs/fault-shim.so}"
program=$abs_top_builddir/tests/slots-cut
[ -x "$program" ] || {
	echo 'SKIP: configure with --enable-fault-tests'
	exit 77
}

# In memory: what counts is which calls were made, not when a disk has them.
place=/tmp
[ ! -w /dev/shm ] || place=/dev/shm
work=$(mktemp -d "$place/slots-cut.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

for kind in none kill ENOSPC EIO; do
	LD_PRELOAD=$FAULT_SHIM \
	    ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
	    "$program" "$work" $kind || exit 1
	left=$(find "$work" -name '.*.tmp')
	[ -z "$left" ] || {
		echo "left behind: $left"
		exit 1
	}
done
