#!/bin/sh
# What pki-enroll brings to a device: five libraries, and 300 KiB.
: "${abs_top_builddir:=$PWD/build}"
program=$abs_top_builddir/pki-enroll
for tool in readelf strip; do
	command -v $tool >/dev/null || {
		echo 'SKIP: needs the Debian package binutils'
		exit 77
	}
done
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

needed=$(readelf -d "$program" |
    sed -n 's/.*(NEEDED).*\[\(.*\)\.so.*/\1/p' | sort)
sanitized=$(echo "$needed" | grep -c 'lib[a-z]*san$')
[ "$(echo "$needed" | grep -v 'lib[a-z]*san$\|^libm$')" = 'libc
libconfig
libcrypto
libcurl
libssl' ] || {
	echo "pki-enroll needs: $needed"
	exit 1
}
[ "$sanitized" = 0 ] || exit 0
strip -o "$work/stripped" "$program"
size=$(stat -c %s "$work/stripped")
echo "size=$size"
[ "$size" -le 307200 ] || {
	echo "pki-enroll has $size octets, 307200 is the limit"
	exit 1
}
