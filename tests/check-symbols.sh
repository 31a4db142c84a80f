#!/bin/sh
# Usage: check-symbols.sh [LIBRARY]
# Fail when libpki exports a name that does not begin with pki_.
library=${1:-${abs_top_builddir:-.}/.libs/libpki.so.0}
[ -r "$library" ] || { echo "$library is missing"; exit 1; }
# Two leading underscores belong to the compiler and its sanitizers.
nm -D --defined-only "$library" | awk '
$3 ~ /^pki_/ { ours++; next }
$3 !~ /^(__.*|_init|_fini|_edata|_end)$/ {
	print "exported without pki_: " $3
	failed = 1
}
END {
	if (!ours)
		print "nothing is exported"
	exit failed || !ours
}'
