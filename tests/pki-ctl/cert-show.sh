#!/bin/sh
# pki-ctl cert show: by name, serial, fingerprint and file.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
meter meter-1

same_state expect_ok pki cert show meter-1
expect_output <<'END'
name:               meter-1
serial:             SERIAL
ca:                 issuing
profile:            auditor
profile-digest:     HASH
state:              good
subject:            CN=meter-1
alt-names:          -
not-before:         TIME
not-after:          TIME
expires-in:         SPAN
issued-at:          TIME
key-type:           p256
key-origin:         device
key-usage:          digital-signature
extended-key-usage: client-auth
crl-url:            http://pki.test/crl/issuing/full.crl
fingerprint:        HASH
key-fingerprint:    HASH
revoked-at:         -
reason:             -
invalid-since:      -
END

serial=$(openssl x509 -in meter-1.pem -noout -serial | cut -d = -f 2 |
    tr A-F a-f)
sha256=$(openssl x509 -in meter-1.pem -outform DER | sha256sum | cut -c -64)
end=$(printf '%s' "$serial" | tail -c 8)
for id in meter-1 METER-1 name:meter-1 "$serial" "serial:$end" \
    "sha256:$sha256" "$sha256" file:meter-1.pem; do
	expect_ok pki cert show "$id" -o json
	json "[row['serial'] for row in d] == ['$serial'] and
	    d[0]['fingerprint'] == '$sha256'"
done

expect_ok pki cert show meter-1 --pem
openssl x509 -in meter-1.pem | cmp - .out || fail 'wanted the certificate'
expect_ok pki cert show meter-1 --chain
cmp meter-1.pem .out || fail 'wanted the certificate and its issuer'
expect_ok pki cert show meter-1 --chain --out shown.pem
expect_says "Wrote 1 certificate with the issuing CA's to shown.pem."
[ ! -s .out ] || fail 'wanted nothing on stdout'
cmp meter-1.pem shown.pem || fail 'wanted the same in the file'
expect_exit 2 pki cert show meter-1 --out shown.pem
expect_says '--out goes with --pem or --chain'

expect_exit 1 pki cert show nobody
expect_says "no certificate on record is called 'nobody'"
# What was probably meant is said.
expect_exit 1 pki cert show meter-1.pem
expect_says "put 'file:' in front"
expect_exit 1 pki cert show "${end#?}"
expect_says 'the end of a serial has 8 digits or more'
expect_exit 1 pki cert show "1$end"
expect_says 'an even number of digits'
expect_exit 1 pki cert show "serial:1$end"
expect_says '(an even number)'
expect_exit 1 pki cert show nobody -o json
json_error "d['code'] == 'not-found'"
expect_exit 1 pki cert show serial:0000000000
expect_exit 2 pki cert show

# A certificate of somebody else is not on record here.
openssl req -x509 -key meter-1.key -subj /CN=meter-1 -out foreign.pem
expect_exit 1 pki cert show file:foreign.pem
