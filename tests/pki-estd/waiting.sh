#!/bin/sh
# A first request waits for an operator: the device is told to come again,
# monitoring hears of it, and it is let in once somebody said so.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
sed -i 's/^est: {/&\n\tapproval = "manual";/' ca/templates/auditor.conf
request meter-1
token=$(tokens_for meter-1)

waiting_is() {
	[ "$(count issuer_approvals_waiting)" = "$1" ]
}
begin=$(date +%s)
start_daemon
wait_until waiting_is 0
[ "$(count issuer_approvals_oldest_timestamp_seconds)" = 0 ] ||
	fail 'wanted no time of none'
post simpleenroll meter-1.b64 -u ":$token"
want 202 'waits for approval'
wait_until waiting_is 1
oldest=$(count issuer_approvals_oldest_timestamp_seconds)
if [ "$oldest" -lt "$begin" ] || [ "$oldest" -gt "$(date +%s)" ]; then
	fail "wanted the time of the request, not $oldest"
fi
id=$(pki -o json device pending | sed -n 's/.*"request":"\([^"]*\)".*/\1/p')
pki device approve "$id" >/dev/null
wait_until waiting_is 0
post simpleenroll meter-1.b64 -u ":$token"
want 200 'once it was approved'
take meter-1.pem
stop_daemon
