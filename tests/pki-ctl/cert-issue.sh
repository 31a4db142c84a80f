#!/bin/sh
# pki-ctl cert issue: for a request, for a new key, in another's place.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
new_csr meter-1

# A dry run shows what would be, and nothing comes of it.
same_state expect_ok pki cert issue --profile auditor --csr meter-1.csr \
    --out meter-1.pem --dry-run
expect_says 'Nothing was issued.'
[ ! -e meter-1.pem ] || fail 'wanted no certificate after a dry run'
expect_output <<'END'
name:               meter-1
ca:                 issuing
profile:            auditor
subject:            CN=meter-1
alt-names:          -
not-before:         TIME
not-after:          TIME
key-usage:          digital-signature
extended-key-usage: client-auth
END
same_state expect_ok pki cert issue --profile broker --name broker-1 \
    --new-key broker.key --dry-run -o json
json "d['alt-names'] == 'dns:broker-1' and d['dry-run']"
[ ! -e broker.key ] || fail 'wanted no key after a dry run'

expect_ok pki cert issue --profile auditor --csr meter-1.csr --out meter-1.pem
mask <.err >.out
expect_output <<'END'
Issued meter-1 by issuing: serial SERIAL, good until TIME, in meter-1.pem.
END
[ "$(stat -c %a meter-1.pem)" = 644 ] || fail 'wanted mode 644'
expect_ok openssl verify -CAfile ca/public/ca/root-chain.pem \
    -untrusted meter-1.pem meter-1.pem

# A new key: mode 0600, fits the certificate, an existing one stays.
expect_ok pki cert issue --profile broker --name broker-1 --validity 2d \
    --alt-name dns:localhost --alt-name ip:127.0.0.1 --new-key broker.key \
    --out broker.pem -o json
json "d['name'] == 'broker-1' and d['new-key'] == 'broker.key' and
    d['out'] == 'broker.pem' and d['chain'].count('BEGIN') == 2"
[ "$(stat -c %a broker.key)" = 600 ] || fail 'wanted mode 600'
openssl pkey -in broker.key -pubout >of-key
openssl x509 -in broker.pem -noout -pubkey >of-cert
cmp of-key of-cert || fail 'wanted the key of the certificate'
expect_ok openssl x509 -in broker.pem -noout -ext subjectAltName
expect_prints 'DNS:broker-1, DNS:localhost, IP Address:127.0.0.1'
cp broker.key kept
same_state expect_exit 1 pki cert issue --profile broker --name broker-2 \
    --new-key broker.key
expect_says 'broker.key exists; --force replaces it'
cmp broker.key kept || fail 'wanted the key file untouched'

# A name has one certificate, unless it is replaced.
new_csr again -subj /CN=meter-1
same_state refused identity-taken pki cert issue --profile auditor --csr again.csr
expect_ok pki cert issue --profile auditor --csr again.csr --replace meter-1 \
    --out meter-1.pem
expect_says '1 certificate is superseded by it.'
expect_ok pki crl show issuing --entries -o json
json "[entry['reason'] for entry in d['revoked']] == ['superseded']"

# An auditor's key is made on the device.
refused key-origin pki cert issue --profile auditor --name m --new-key m.key
[ ! -e m.key ] || fail 'wanted no key file after a refusal'

# Wrong usage.
expect_exit 2 pki cert issue --profile auditor
expect_says 'needs either --csr FILE or --new-key FILE'
expect_exit 2 pki cert issue --csr again.csr
expect_exit 2 pki cert issue --profile auditor --csr again.csr --out again.csr
expect_says "--out would replace 'again.csr'"
expect_exit 2 pki cert issue --prof auditor --csr again.csr

# --out replaces a certificate, and nothing else.
ln -s elsewhere link
mkfifo pipe
cp meter-1.key kept.key 2>/dev/null || openssl genpkey -algorithm ED25519 \
    -out kept.key
for place in link pipe kept.key; do
	expect_exit 1 pki ca export issuing --out $place
	expect_says 'is not replaced'
done
if [ ! -h link ] || [ ! -p pipe ] || ! grep -q 'PRIVATE KEY' kept.key; then
	fail 'wanted all three as they were'
fi
