#!/bin/sh
# Usage: check-installed.sh DESTDIR LIBDIR
# Build and run a program against the installed library, by pkg-config.
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cat >"$work/program.c" <<'C'
#include <pki.h>
#include <stdio.h>

int
main(void)
{
	return puts(pki_code_name(PKI_OK)) < 0;
}
C
export PKG_CONFIG_PATH="$1$2/pkgconfig"
[ -z "$1" ] || export PKG_CONFIG_SYSROOT_DIR="$1"
flags=$(pkg-config --cflags --libs libpki) || exit 1
# shellcheck disable=SC2086
${CC:-cc} -o "$work/program" "$work/program.c" $flags &&
	LD_LIBRARY_PATH="$1$2" "$work/program"
