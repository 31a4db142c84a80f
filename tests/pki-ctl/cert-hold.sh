#!/bin/sh
# pki-ctl cert hold, cert release.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
meter meter-1
meter meter-2
published=ca/public/crl/issuing/full.crl
entries() {
	expect_ok openssl crl -in "$published" -inform DER -noout -text \
	    -verify -CAfile ca/public/ca/issuing-chain.pem
	expect_says 'verify OK'
}

same_state expect_ok pki cert hold meter-1 --dry-run
expect_says 'Nothing was changed'
expect_ok pki cert hold meter-1
expect_output <<'END'
NAME    SERIAL                                   CA      CHANGE CRL-NUMBER
meter-1 SERIAL issuing held            3
END
entries
expect_prints 'Certificate Hold'
expect_ok pki cert list --state held -o json
json "[c['name'] for c in d] == ['meter-1'] and d[0]['state'] == 'held'"
expect_ok pki status -o json
json "[c['held'] for c in d['cas'] if c['name'] == 'issuing'] == [1]"

# Who is held gets nothing; a hold is not doubled, and no CA is held.
new_csr again -subj /CN=meter-1
same_state refused identity-state pki cert issue --profile auditor \
    --csr again.csr --out again.pem --replace meter-1
same_state refused already-held pki cert hold meter-1
same_state refused not-held pki cert release meter-2
same_state refused hold-ca pki cert hold issuing

expect_ok pki cert release meter-1 -o json
json "[(c['name'], c['change']) for c in d] == [('meter-1', 'released')]"
entries
expect_prints 'No Revoked Certificates.'
expect_ok pki cert show meter-1 -o json
json "d[0]['state'] == 'good'"

# A hold may become a revocation, and that is final.
expect_ok pki cert hold meter-1 meter-2
expect_ok pki cert revoke meter-1 --reason superseded
same_state refused already-revoked pki cert release meter-1
same_state refused already-revoked pki cert hold meter-1
entries
expect_prints Superseded
expect_prints 'Certificate Hold'
expect_ok pki audit show -o json
json "[r['event']['action'] for r in d].count('cert-hold') == 3"
expect_ok pki audit verify
expect_ok pki db check
