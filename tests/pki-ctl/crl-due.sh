#!/bin/sh
# pki-ctl crl publish --if-due and --accept-lost: a restored database, a timer.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
meter meter-1
meter meter-2
meter meter-3
published=ca/public/crl/issuing/full.crl

same_state expect_ok pki crl publish --if-due
expect_says 'Nothing was due.'
same_state expect_ok pki crl publish --if-due -o json
json 'd == []'
# Lost or damaged: it is made anew.
rm "$published"
expect_ok pki crl publish --if-due
expect_prints crl/issuing/full.crl
head -c 100 "$published" >half
cat half >"$published"
expect_ok pki crl publish --if-due
expect_ok pki crl verify "$published"
same_state expect_ok pki crl publish --if-due

# A database from before the revocation.
cp -a ca whole
expect_ok pki cert revoke meter-1
expect_ok pki cert hold meter-2
serial=$(openssl x509 -in meter-1.pem -noout -serial | cut -d = -f 2)
held=$(openssl x509 -in meter-2.pem -noout -serial | cut -d = -f 2)
cp whole/ca.db* ca/
rm -f ca/ca.db-shm
[ -e whole/ca.db-wal ] || rm -f ca/ca.db-wal

same_state refused crl-gate pki crl publish issuing
expect_says "Missing in the database: $(echo "$serial" | tr A-F a-f)"
# The list is young, but not the one on record.
expect_ok pki crl publish --if-due
expect_says 'warning: 2 entries'
same_state expect_ok pki crl publish --if-due
expect_says 'Nothing was due.'

# A revocation that did not get as far as its CRL is what a timer sees to.
rm ca/public/issuing.lock
mkdir ca/public/issuing.lock
expect_exit 1 pki cert revoke meter-3
expect_says 'the revocation is recorded'
rmdir ca/public/issuing.lock
expect_ok pki crl publish --if-due -o json
expect_says 'warning: 2 entries'
json "[crl['kept'] for crl in d if crl['ca'] == 'issuing'] == [2]"
expect_ok pki crl verify "$published" -o json
json "d['entries'] == 3"
same_state expect_ok pki crl publish --if-due
expect_says 'Nothing was due.'

# Given up by hand: exactly what is missing.
echo "$serial" >one
same_state refused crl-gate pki crl publish issuing --accept-lost one
printf '%s\n%s\n%s\n' "$serial" "$held" 0123 >three
same_state refused crl-gate pki crl publish issuing --accept-lost three
expect_exit 2 pki crl publish --accept-lost one
expect_exit 2 pki crl publish issuing --accept-lost one --if-due
echo no-hex >bad
expect_exit 1 pki crl publish issuing --accept-lost bad
printf '%s\n%s\n' "$serial" "$held" >two
same_state expect_ok pki crl publish issuing --accept-lost two --dry-run
expect_ok pki crl publish issuing --accept-lost two
expect_ok pki crl verify "$published" -o json
json "d['entries'] == 1"
expect_ok pki audit show -o json
json "[r['event']['action'] for r in d].count('crl-accept-lost') == 2"
expect_ok pki audit verify
