#!/bin/sh
# pki-ctl token create, list, revoke.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
[ "$(stat -c '%a %s' ca/keys/token.key)" = '600 32' ] ||
	fail 'wanted a token key of 32 octets, mode 600'
expect_ok pki device add meter-1 meter-2 meter-3 --profile auditor --group g
new_csr meter-3
expect_ok pki cert issue --profile auditor --csr meter-3.csr --out meter-3.pem

same_state expect_ok pki token create meter-1 --dry-run -o json
json "d[0]['name'] == 'meter-1' and d[0]['token'] is None"
expect_ok pki token create meter-1 --expires 1d -o json
json "len(d) == 1 and d[0]['name'] == 'meter-1' and
    re.fullmatch('[a-z2-7]{12}[.][a-z2-7]{26}', d[0]['token'])"
token=$(sed -n 's/.*"token":"\([^"]*\)".*/\1/p' .out)
id=${token%.*} secret=${token#*.}

# Told once: neither a list nor a file of the CA has the secret.
expect_ok pki token list -o json
json "[(t['token'], t['name'], t['state']) for t in d] ==
    [('$id', 'meter-1', 'unused')]"
! grep -rqF "$secret" ca || fail 'wanted the secret nowhere'
expect_ok pki audit show -o json
expect_prints "$id"
! grep -qF "$secret" .out || fail 'wanted no secret in the audit log'

# For a group: those that have no certificate yet, into a file of one's own.
same_state expect_ok pki token create --group g --out t.csv --dry-run
[ ! -e t.csv ] || fail 'wanted no file'
expect_ok pki token create --group g --out t.csv
[ "$(stat -c %a t.csv)" = 600 ] || fail 'wanted mode 600'
[ "$(cut -d, -f1 t.csv | tr '\n' ' ')" = 'name meter-1 meter-2 ' ] ||
	fail 'wanted the two devices without a certificate'
! grep -qF "$(sed -n '2s/.*[.]\([a-z2-7]*\),.*/\1/p' t.csv)" .out ||
	fail 'wanted the secrets in the file only'
same_state expect_exit 1 pki token create meter-1 --out t.csv
expect_ok pki token create meter-1 --out t.csv --force
same_state expect_exit 1 pki token create meter-1 --out nowhere/t.csv

same_state refused identity-state pki token create meter-3
same_state refused identity-unknown pki token create meter-9
same_state refused identity-unknown pki token create METER-1
same_state refused token-profile pki token create meter-1 --profile server
same_state expect_exit 1 pki token create --group nobody
same_state expect_exit 2 pki token create
same_state expect_exit 2 pki token create meter-1 --group g
same_state expect_exit 2 pki token create meter-1 --expires 11y

same_state expect_ok pki token revoke "$id" --dry-run
expect_ok pki token revoke "$id"
same_state refused token-revoked pki token revoke "$id"
same_state expect_exit 1 pki token revoke aaaaaaaaaaaa
# A whole token is not repeated, whoever reads the terminal later.
same_state expect_exit 2 pki token revoke "$token"
! grep -qF "$secret" .err || fail 'wanted no secret in the message'
expect_ok pki token list --state revoked -o json
json "[t['token'] for t in d] == ['$id']"
expect_ok pki token list --name meter-2
sed -i -E "s/^[a-z2-7]{12} /TOKEN /" .out
expect_output <<'END'
TOKEN        NAME    PROFILE STATE  CREATED              EXPIRES              USED
TOKEN meter-2 auditor unused TIME TIME -
END
expect_ok pki device retire meter-2
expect_ok pki token list --name meter-2 --state unused
expect_says 'No token fits.'
expect_ok pki audit verify
expect_ok pki db check
