#!/bin/sh
# pki-ctl device add, import, list, show, hold, release, retire, replace.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
published=ca/public/crl/issuing/full.crl
on_crl() {
	expect_ok openssl crl -in "$published" -inform DER -noout -text
	expect_prints "$1"
}

same_state expect_ok pki device add meter-1 --profile auditor --dry-run
expect_says 'Nothing was registered'
expect_ok pki device add meter-1 meter-2 --profile auditor --group north \
    --group pilot --tag site=12 --note 'behind the door'
expect_output <<'END'
NAME    PROFILE
meter-1 auditor
meter-2 auditor
END
expect_ok pki device list
expect_output <<'END'
NAME    STATE      PROFILE GROUPS       TAGS    CREATED              NOTES
meter-1 registered auditor north, pilot site=12 TIME behind the door
meter-2 registered auditor north, pilot site=12 TIME behind the door
END
same_state refused identity-taken pki device add METER-1 --profile auditor
same_state refused identity-reserved pki device add broker-1 \
    --profile auditor
same_state refused identity-reserved pki device add issuing --profile auditor
same_state refused identity pki device add 'a/b' --profile auditor
same_state refused groups pki device add meter-3 --profile auditor \
    --group 'a b'
same_state refused profile pki device add meter-3 --profile nothing
same_state refused profile-kind pki device add meter-3 --profile issuing-ca
same_state expect_exit 2 pki device add meter-3

# A registered device gets its certificate, of its own profile.
new_csr meter-1
expect_ok pki cert issue --profile auditor --csr meter-1.csr --out meter-1.pem
expect_ok pki device show meter-1 -o json
json "d['state'] == 'live' and d['groups'] == ['north', 'pilot'] and
    d['tags'] == ['site=12'] and len(d['certificates']) == 1 and
    d['tokens'] == []"
expect_ok pki device list --state live -o json
json "[x['name'] for x in d] == ['meter-1']"
expect_ok pki device list --limit 1
expect_says 'There are more: --after'
expect_ok pki device list --group nowhere
expect_says 'No device fits.'

# On hold with all that it has, and back.
same_state expect_ok pki device hold meter-1 --dry-run
expect_says 'Nothing was changed'
expect_ok pki device hold meter-1
expect_output <<'END'
NAME    CHANGE CERTIFICATES
meter-1 held              1
END
on_crl 'Certificate Hold'
same_state refused identity-state pki device hold meter-1
same_state refused identity-state pki cert release meter-1
same_state refused identity-unknown pki device hold METER-1
same_state refused identity-unknown pki device hold issuing
expect_ok pki device release meter-1 -o json
json "d == [{'name': 'meter-1', 'change': 'released', 'certificates': 1}]"
on_crl 'No Revoked Certificates.'
same_state refused identity-state pki device release meter-1

# Another box of the same name; then the end, and the name is free.
expect_ok pki device replace meter-1
on_crl Superseded
expect_ok pki device show meter-1 -o json
json "d['state'] == 'registered'"
new_csr second -subj /CN=meter-1
expect_ok pki cert issue --profile auditor --csr second.csr --out second.pem
expect_ok pki device retire meter-1 meter-2
on_crl 'Cessation Of Operation'
same_state refused identity-state pki device retire meter-1
same_state refused identity-state pki device replace meter-1
expect_ok pki device add meter-1 --profile auditor
expect_ok pki device show meter-1 -o json
json "d['state'] == 'registered' and d['certificates'] == []"

# A list is registered as a whole or not at all, and slips have a line.
printf 'name,groups,notes\r\na-1,x;y,"a, ""b"""\r\n\r\na-2,,\r\n' >good.csv
same_state expect_ok pki device import good.csv --profile auditor --dry-run
expect_ok pki device import good.csv --profile auditor -o json
json "d['devices'] == 2"
expect_ok pki device show a-1 -o json
json "d['groups'] == ['x', 'y'] and d['notes'] == 'a, \"b\"'"
expect_ok pki device import - --profile auditor <<'END'
name,profile
server-9,server
a-3,
END
expect_ok pki device list --profile server -o json
json "[x['name'] for x in d] == ['server-9']"
slip() {
	printf '%b' "$1" >bad.csv
	same_state expect_exit 1 pki device import bad.csv --profile auditor
	expect_says "bad.csv: $2"
}
slip 'name\nb-1\nb-2\nb-1\n' 'line 4: identity-taken: '
slip 'name\nb-1\na-1\n' 'line 3: identity-taken: '
slip 'name\nb-1\n\nb 2\n' 'line 4: identity: '
slip 'name,notes\nb-1\n' 'line 2: 1 fields, expected 2'
slip 'name,notes\nb-1,"x\n' 'line 2: a control character or a line break'
slip 'name,notes\nb-1,"x' 'line 2: a quote without its end'
slip 'name,notes\nb-1,"x"y\n' 'line 2: expected a comma'
slip 'name,notes\nb-1,x"y\n' 'line 2: a quote inside'
slip 'name,owner\nb-1,x\n' "column: 'owner' refused"
slip 'name,name\nb-1,x\n' "column: 'name' refused"
slip 'notes\nx\n' 'column: '
slip '' 'column: '
slip 'name\n""\n' 'line 2: no name'
slip 'name,tags\nb-1,a;a\n' 'line 2: tags: '
slip 'name,notes\nb-1,\0303\n' 'line 2: notes: '
same_state expect_exit 1 pki device import nothing.csv
expect_ok pki audit show -o json
json "[sum(r['event']['action'] == 'device-' + a for r in d) for a in
    ('add', 'hold', 'release', 'replace', 'retire')] == [7, 1, 1, 1, 2]"
expect_ok pki audit verify
expect_ok pki db check
