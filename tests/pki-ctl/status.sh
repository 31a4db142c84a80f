#!/bin/sh
# pki-ctl status: how things stand.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"

expect_exit 1 pki status
expect_says 'there is no CA in ca; run: pki-ctl --dir ca init'

new_ca
meter meter-1
meter meter-2
expect_ok pki cert revoke meter-2
same_state expect_ok pki status -o json
json "[(ca['name'], ca['good'], ca['revoked'], ca['crl-entries'])
    for ca in d['cas']] == [('root', 2, 0, 0), ('issuing', 1, 1, 1)]"
json "d['audit-head'].startswith('9:') and d['warnings'] == []"
json "all(0 < ca['crl-life-left'] < 367 * 86400 for ca in d['cas'])"

expect_ok pki status
sed -i -E 's/^(wal-bytes: +)[0-9]+$/\1N/' .out
expect_output <<'END'
NAME    KEY  EXPIRES              GOOD EXPIRING EXPIRED HELD REVOKED CRL-NUMBER CRL-ENTRIES CRL-NEXT-UPDATE      CRL-LIFE-LEFT
root    here TIME    2        0       0    0       0          1           0 TIME SPAN
issuing here TIME    1        0       0    0       1          3           1 TIME SPAN
now:        TIME
state:      ca
conf:       ca
audit-head: 9:HASH
wal-bytes:  N
END

# A revocation that was cut off before its CRL went out is noticed.
meter thief
cp -a ca/public kept
expect_ok pki cert revoke thief
rm -rf ca/public
mv kept ca/public
expect_ok pki status
expect_prints "revocations of 'issuing' are missing in its published CRL: 1"
refused already-revoked pki cert revoke thief
expect_ok pki status -o json
json "d['warnings'] == []"

# A key that is gone and a template that does not load need attention.
mv ca/keys/issuing.key kept
echo 'nonsense' >>ca/templates/auditor.conf
expect_ok pki status -o json
json "any('issuing.key' in warning for warning in d['warnings'])"
json "any('auditor.conf:' in warning for warning in d['warnings'])"
expect_ok pki status
expect_prints 'warning: '

expect_exit 2 pki status now
