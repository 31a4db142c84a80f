#!/bin/sh
# Read by tests against a server that means ill: hostile.py.
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/lib.sh"
: >server.log

# start_hostile CERT-NAME [ARGUMENT...]: its port in $port.
start_hostile() {
	rm -f hostile.port
	PYTHONDONTWRITEBYTECODE=1 python3 \
	    "$abs_top_srcdir/tests/pki-enroll/hostile.py" hostile.port \
	    "$1.pem" "$1.key" ${2:+"$2"} 2>>server.log &
	server=$!
	wait_until [ -s hostile.port ]
	read -r port <hostile.port
}
stop_hostile() {
	kill "$server"
	wait "$server" 2>/dev/null || :
	server=
}
