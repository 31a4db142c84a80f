#!/bin/sh
# pki-ctl profile list, profile show, profile check.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca

same_state expect_ok pki profile list
expect_output <<'END'
NAME           CA      VALIDITY KEY-FROM SUMMARY
auditor        issuing 90d      device   Metering device: connects to the broker as a client
bridge         issuing 30d      any      Bridge between brokers: client and server
broker         issuing 30d      any      MQTT broker: server to devices, client of other brokers
est-server     issuing 90d      any      Enrollment server (EST over HTTPS)
issuing-ca     root    10y      any      Issuing CA, signs devices, servers and people
ocsp-responder issuing 14d      any      Signs OCSP answers for the issuing CA
operator       issuing 90d      any      Person: connects to the broker as a client
root-ca        root    20y      any      Root CA, self-signed, signs issuing CAs only
server         issuing 90d      any      Central server: reads all measurements, serves results
END
expect_ok pki profile list -o json
json "len(d) == 9 and d[0]['name'] == 'auditor'"

expect_ok pki profile show auditor
expect_prints 'key.origin:                  device'
expect_prints 'key.extended-usage:          client-auth'
expect_ok pki profile show auditor -o json
json "d['key.usage'] == ['digital-signature'] and not d['alt-names.wildcards']"
expect_exit 1 pki profile show auditer
expect_says "auditer"
expect_exit 1 pki profile show auditer -o json
json_error "d['code'] == 'not-found'"

expect_ok pki profile check "$templates"/*.conf
expect_ok pki profile check "$templates"/*.conf -o json
json "len(d) == 9 and all(file['ok'] for file in d)"

# Unknown, repeated and wrong settings: file, line and what is wanted.
sed 's/^validity = .*/validity = "90d"; colour = "red";/' \
    "$templates/auditor.conf" >unknown.conf
sed 's/^validity = .*/validity = "90d"; validity = "90d";/' \
    "$templates/auditor.conf" >twice.conf
sed 's/^validity = .*/validity = 90;/' "$templates/auditor.conf" >type.conf
line=$(grep -n '^validity' "$templates/auditor.conf" | cut -d : -f 1)
for name in unknown twice type; do
	expect_exit 1 pki profile check $name.conf
	expect_says "$name.conf:$line: "
done
expect_exit 1 pki profile check "$templates/auditor.conf" unknown.conf -o json
json "[file['ok'] for file in d] == [True, False]"

# A template that does not load refuses all issuing, not only its own.
cp unknown.conf ca/templates/auditor.conf
expect_exit 1 pki cert issue --profile broker --name broker-1 --new-key b.key
expect_says 'colour'
[ ! -e b.key ] || fail 'wanted no key file after a refusal'
