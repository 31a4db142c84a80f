#!/bin/sh
# The settings that the package installs are ones that the server takes, also
# once each line is switched on.
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:=$PWD}/tests/pki-estd/lib.sh"
example=$abs_top_srcdir/debian/pki-estd.conf
[ -f "$example" ] || {
	echo 'SKIP: no folder debian, as in a release'
	exit 77
}

sed -n 's/^#\([^ ]\)/\1/p' "$example" >lines
grep -q '^listen = ' lines || fail 'the example has no lines to switch on'

# start() sets threads itself.
start "$(grep -v '^threads' lines)"
ask $est/cacerts
want 200 'with every line of the example'
stop
start "$(cat "$example")"
ask $est/cacerts
want 200 'with the example as it is'
stop
