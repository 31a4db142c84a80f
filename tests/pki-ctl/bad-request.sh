#!/bin/sh
# Whole requests that the record, the profile or our own keys speak against.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
meter live
new_csr good

# --- what is on record ------------------------------------------------------
openssl req -new -key live.key -subj /CN=other -out bad.csr
bad key-in-use bad.csr
meter lost
expect_ok pki cert revoke lost --reason keyCompromise
openssl req -new -key lost.key -subj /CN=found -out bad.csr
bad key-blocked bad.csr
expect_says "public key $(openssl req -in bad.csr -noout -pubkey |
    openssl pkey -pubin -outform DER | sha256sum | cut -c -64)"
expect_says "in the hands of 'lost'"
bad key-blocked lost.csr --replace lost
# The name of one who was revoked stays his, and the way on is said.
new_csr lost
bad identity-taken lost.csr
expect_says 'or --replace NAME, also when all its certificates are revoked'

# --- the names of CAs: following one would end all that it issued ------------
for name in issuing root ROOT; do
	csr -subj "/CN=$name"
	bad identity-reserved bad.csr
	bad identity-reserved bad.csr --replace "$name"
done

# --- the profile ------------------------------------------------------------
same_state refused profile pki cert issue --profile auditer --csr good.csr
same_state refused profile-kind pki cert issue --profile issuing-ca \
    --csr good.csr
bad validity good.csr --validity 20y
# A device stays what it is, unless somebody says so.
sed 's/^name = .*/name = "rover";/' "$templates/auditor.conf" \
    >ca/templates/rover.conf
csr -subj /CN=live
same_state refused profile-change pki cert issue --profile rover --csr bad.csr \
    --replace live
expect_says "'auditor to rover' refused"
same_state expect_exit 2 pki cert issue --profile rover --csr bad.csr \
    --change-profile
same_state expect_ok pki cert issue --profile rover --csr bad.csr \
    --replace live --change-profile --dry-run
rm ca/templates/rover.conf
openssl req -new -key live.key -subj /CN=more -out bad.csr \
    -addext extendedKeyUsage=serverAuth
bad extended-usage bad.csr
openssl req -new -key live.key -subj /CN=more -out bad.csr \
    -addext keyUsage=digitalSignature,keyEncipherment
bad key-usage bad.csr
bad validity good.csr --validity 91d
bad validity good.csr --validity 1s
expect_says 'accepted: 5m 1s to 90d'
for none in 0s 0m 0y; do
	bad validity good.csr --validity $none
done
same_state expect_exit 2 pki cert issue --profile auditor --csr good.csr \
    --validity soon

# --- keys of ours -----------------------------------------------------------
chmod 640 ca/keys/issuing.key
bad key-file good.csr
chmod 600 ca/keys/issuing.key

# None of this left anything: what is right still works.
expect_ok pki audit verify
expect_ok pki db check
expect_ok pki cert issue --profile auditor --csr good.csr --out good.pem
