#!/bin/sh
# A start with a clock that cannot be trusted: cacerts is served, nothing is
# issued, monitoring hears of it; "clock accept" ends that.  G13.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
request meter-1
token=$(tokens_for meter-1)
start_daemon
stop_daemon
# The floor says that it was two hours later once: the clock went back.
awk -v later="$(($(date +%s) + 7200))" '
    $1 == "time" { $2 = later } $1 != "sha256"' ca/floor >later
echo "sha256 $(sha256sum <later | cut -d ' ' -f 1)" >>later
cat later >ca/floor

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
# A reload has to wait, too, and happens by itself.
sed 's/"auditor"/"sampler"/' ca/templates/auditor.conf \
    >ca/templates/sampler.conf
kill -HUP "$server"
wait_until grep -q '"event":"reload-failed"' "$log"
ask $est/sampler/cacerts
want 404 'a label before the reload'
pki clock accept >/dev/null
wanted=ready
wait_until is_ready
post simpleenroll meter-1.b64 -u ":$token"
want 200 'once the clock is accepted'
wait_until grep -q '"event":"reloaded"' "$log"
ask $est/sampler/cacerts
want 200 'a label after the reload'
stop_daemon
