#!/bin/sh
# A start with a clock that cannot be trusted: cacerts is served, nothing is
# issued, monitoring hears of it; "clock accept" ends that.  G13.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
set -- /usr/lib/*/faketime/libfaketime.so.1
[ -e "$1" ] || {
	echo 'SKIP: needs the Debian package faketime'
	exit 77
}
request meter-1
token=$(tokens_for meter-1)
start_daemon
stop_daemon
LD_LIBRARY_PATH=$abs_top_builddir/.libs LD_PRELOAD=$1 FAKETIME=+2h \
    "$program" -q --dir ca crl publish >/dev/null 2>&1 || :

is_ready() {
	curl -s -o ready "http://127.0.0.1:$status_port/health/ready" &&
		grep -qx "${wanted:-clock-suspect}" ready
}
start_daemon
ask $est/cacerts
want 200 'cacerts without a clock'
post simpleenroll meter-1.b64 -u ":$token"
want 503 'enrolling without a clock'
grep -q '^clock-suspect ' body || fail 'it does not say why'
grep -qi '^retry-after: ' headers || fail 'no Retry-After'
[ "$(count clock_trusted)" = 0 ] || fail 'metrics do not tell'
pki clock accept >/dev/null
wanted=ready
wait_until is_ready
post simpleenroll meter-1.b64 -u ":$token"
want 200 'once the clock is accepted'
stop_daemon
