#!/bin/sh
# pki-ctl crl publish, crl show, crl verify, crl import.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
meter meter-1
published=ca/public/crl/issuing/full.crl
cp "$published" before.crl

same_state expect_ok pki crl publish --dry-run
expect_says 'Nothing was published.'
expect_ok pki crl publish issuing
expect_output <<'END'
CA       NUMBER ENTRIES THIS-UPDATE          NEXT-UPDATE          FILE
issuing       3       0 TIME TIME crl/issuing/full.crl
END
expect_says 'Audit head: '
expect_ok pki crl publish -o json
json "[(crl['ca'], crl['number']) for crl in d] == [('root', 4), ('issuing', 5)]"
for ca in root issuing; do
	expect_ok openssl crl -in ca/public/crl/$ca/full.crl -inform DER \
	    -noout -verify -CAfile ca/public/ca/issuing-chain.pem
	expect_says 'verify OK'
done
refused ca pki crl publish nowhere

expect_ok pki cert revoke meter-1 --reason superseded
same_state expect_ok pki crl show issuing --entries
expect_output <<'END'
file:               ca/public/crl/issuing/full.crl
issuer:             CN=Test Issuing CA
number:             6
this-update:        TIME
next-update:        TIME
life-left:          SPAN
entries:            1
distribution-point: -
SERIAL                                   REVOKED-AT           REASON               INVALID-SINCE
SERIAL TIME superseded           -
END
expect_ok pki crl show "$published" --entries -o json
json "d['number'] == 6 and d['revoked'][0]['reason'] == 'superseded'"
expect_exit 1 pki crl show nowhere

expect_ok pki crl verify "$published"
expect_output <<'END'
result:      ok
issuer:      issuing
number:      6
next-update: TIME
life-left:   SPAN
entries:     1
END
dir=nothing
expect_ok pki crl verify "$published" --issuer ca/public/ca/issuing.cer -o json
json "d['result'] == 'ok' and d['entries'] == 1"
dir=ca

# One octet of the signature; another CA's certificate; half a file.
python3 - "$published" <<'END'
import sys
crl = bytearray(open(sys.argv[1], 'rb').read())
crl[-1] ^= 1
open('flipped.crl', 'wb').write(crl)
open('half.crl', 'wb').write(crl[:len(crl) // 2])
END
refused signature pki crl verify flipped.crl
refused issuer pki crl verify "$published" --issuer ca/public/ca/root.cer
expect_exit 1 pki crl verify half.crl
expect_says half.crl

# Only what is newer may be imported.
same_state refused crl-gate pki crl import before.crl
same_state refused signature pki crl import flipped.crl
