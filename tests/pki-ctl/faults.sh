#!/bin/sh
# Read by the tests in which the program ends at its first, second, ... change
# of the file system, or the disk fails from there on.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
shim=$abs_top_builddir/tests/.libs/fault-shim.so
[ -e "$shim" ] || skip 'built without --enable-fault-tests'

# In memory: what counts is which calls were made, not when a disk has them.
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
	rm -rf "$work"
	work=$(mktemp -d /dev/shm/pki-ctl-test.XXXXXX)
	cd "$work"
fi

# faulty KIND NUMBER ARGUMENT...: the program meets with this at that call.
faulty() {
	kind=$1 number=$2
	shift 2
	FAULT_DO=$kind FAULT_AT=$number LD_PRELOAD=$shim \
	    ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
	    LD_LIBRARY_PATH=$libraries "$program" --dir "$dir" "$@"
}

# each_step KIND PREPARE COMMAND CHECK: at every number ($stride-th number)
# until nothing happens any more.  CHECK finds the exit status in $ended.
stride=1
each_step() {
	step=1 ended=1
	while [ $ended != 0 ] || [ $step = 1 ]; do
		$2
		run "$3" "$1" $step
		ended=$rc
		case $1:$ended in
		*:0 | kill:137 | E*:[13]) ;;
		*) fail "wanted another end of $3 by $1 at step $step" ;;
		esac
		$4
		step=$((step + stride))
		[ $step -lt 1000 ] || fail "wanted an end of $3"
	done
	[ $step -gt 10 ] || fail "wanted more than 10 steps of $3: no faults?"
	echo "$3, $1: $step steps"
}

whole() {
	expect_ok pki audit verify
	expect_ok pki db check
}

# A CA to work on, and how there is a fresh one each time.
prepare() {
	new_ca
	meter old
	new_csr meter-1
	mv ca whole
}
fresh() {
	rm -rf ca out
	cp -a whole ca
	mkdir out
}
