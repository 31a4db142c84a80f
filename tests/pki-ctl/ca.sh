#!/bin/sh
# pki-ctl ca list, ca show, ca export.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca

same_state expect_ok pki ca list
expect_output <<'END'
NAME    PARENT KEY-TYPE STATE KEY  ISSUED EXPIRES              EXPIRES-IN
root    root   p256     good  here      2 TIME SPAN
issuing root   p256     good  here      0 TIME SPAN
END
expect_ok pki ca list -o json
json "[ca['name'] for ca in d] == ['root', 'issuing']"

expect_ok pki ca show issuing
expect_output <<'END'
name:            issuing
subject:         CN=Test Issuing CA
parent:          root
serial:          SERIAL
state:           good
key-type:        p256
key:             file:keys/issuing.key
not-before:      TIME
not-after:       TIME
expires-in:      SPAN
issued:          0
created:         TIME
base-url:        http://pki.test
crl-form:        full
partition-size:  5000
fingerprint:     HASH
key-fingerprint: HASH
END
expect_ok pki ca show root -o json
json "d['subject'] == 'CN=Test Root CA' and d['parent'] == 'root'"
expect_exit 1 pki ca show nowhere
expect_says 'nowhere'
expect_exit 1 pki ca show nowhere -o json
json_error "d['code'] == 'not-found'"
expect_exit 2 pki ca show

# What is exported is what openssl reads, and what is published.
expect_ok pki ca export issuing --chain --out chain.pem
expect_says "Wrote the certificate of 'issuing' and its issuers' to chain.pem."
[ "$(grep -c BEGIN chain.pem)" = 2 ] || fail 'wanted two certificates'
cmp chain.pem ca/public/ca/issuing-chain.pem ||
	fail 'wanted what is published'
expect_ok pki ca export issuing
cp .out issuing.pem
expect_ok openssl x509 -in issuing.pem -noout -subject
expect_output <<'END'
subject=CN = Test Issuing CA
END
expect_ok pki ca export root -o json
json "d['name'] == 'root' and d['certificate'].startswith('-----BEGIN ')"
expect_exit 1 pki ca export nowhere --out none.pem
[ ! -e none.pem ] || fail 'wanted no file after a refusal'
