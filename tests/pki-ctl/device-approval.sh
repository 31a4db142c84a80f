#!/bin/sh
# pki-ctl device pending, approve, deny.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
sed -i 's/^est: {/&\n\tapproval = "manual";/' ca/templates/auditor.conf
expect_ok pki profile check ca/templates/auditor.conf
asker=$abs_top_builddir/tests/pki-ctl/ask

# What a device gets that asks: ask NAME CSR.
ask() {
	LD_LIBRARY_PATH=$libraries "$asker" ca auditor "$1" "$token" "$2.csr" \
	    >.asked || :
	cat .asked
}
# ask NAME CSR, and the answer begins so.
expect_answer() {
	case $(ask "$2" "$3") in
	"$1"*) ;;
	*) fail "wanted the answer '$1', not '$(cat .asked)'" ;;
	esac
}
pending() { sed -n 's/^pending approval //p' .asked; }

same_state expect_ok pki device pending
expect_says 'No such request waits for approval.'
expect_ok pki device add meter-1 meter-2 --profile auditor
expect_ok pki token create meter-1 -o json
token=$(sed -n 's/.*"token":"\([^"]*\)".*/\1/p' .out)
new_csr meter-1
new_csr other -subj /CN=meter-1

expect_answer 'pending approval ' meter-1 meter-1
id=$(pending)
expect_answer "pending approval $id" meter-1 meter-1
same_state expect_ok pki device pending -o json
json "[(r['request'], r['name'], r['profile'], r['state'], r['names'],
    r['decided'], r['by']) for r in d] ==
    [('$id', 'meter-1', 'auditor', 'waiting', 'CN=meter-1', None, None)]"
key=$(openssl req -in meter-1.csr -pubkey -noout |
	openssl pkey -pubin -outform DER | openssl sha256 -r | cut -c1-64)
json "d[0]['key'] == '$key'"
expect_ok pki device pending --name meter-2 -o json
json 'd == []'
expect_ok pki device pending
sed -i -E "s/^[a-z2-7]{12} /REQUEST /" .out
expect_output <<'END'
REQUEST      NAME    PROFILE STATE   REQUESTED            NAMES      KEY
REQUEST meter-1 auditor waiting TIME CN=meter-1 HASH
END

same_state expect_ok pki status -o json
json "d['waiting'] == 1 and 1 <= d['oldest'] < 600"

# None is decided unless all can be.
same_state refused request-unknown pki device approve "$id" aaaaaaaaaaaa
same_state expect_exit 2 pki device approve
same_state expect_ok pki device approve "$id" --dry-run
expect_says 'Nothing was changed'
expect_answer "pending approval $id" meter-1 meter-1
expect_ok pki device approve "$id" -o json
json "[(r['request'], r['state']) for r in d] == [('$id', 'approved')]"
json "d[0]['decided'] is not None and d[0]['by']"
same_state refused request-state pki device approve "$id"

# Another key waits for itself, and is denied; the first one gets in.
expect_answer 'pending approval ' meter-1 other
second=$(pending)
[ "$second" != "$id" ] || fail 'wanted another request'
same_state expect_ok pki device deny "$second" --dry-run
expect_ok pki device deny "$second"
expect_answer "denied approval-denied $second" meter-1 other
expect_ok pki status -o json
json "(d['waiting'], d['oldest']) == (0, None)"
expect_answer 'issued ' meter-1 meter-1
expect_answer 'again ' meter-1 meter-1
same_state refused request-state pki device deny "$id"
expect_ok pki device pending
expect_says 'No such request waits for approval.'
expect_ok pki device pending --all -o json
json "[(r['request'], r['state']) for r in d] ==
    [('$id', 'issued'), ('$second', 'denied')]"

# Filters and pages, as of other lists.
expect_ok pki device pending --all --profile auditor --limit 1 -o json
json "[r['request'] for r in d] == ['$id']"
expect_says 'There are more: --after 1'
expect_ok pki device pending --all --limit 1 --after 1 -o json
json "[r['request'] for r in d] == ['$second']"
expect_ok pki device pending --all --profile server -o json
json 'd == []'
expect_ok pki device pending --all --older-than 0s -o json
json 'len(d) == 2'
expect_ok pki device pending --all --older-than 1h -o json
json 'd == []'
expect_exit 2 pki device pending --older-than soon
expect_exit 2 pki device pending --limit 0

# An operator at the shell waits for nobody.
new_csr meter-2
expect_ok pki cert issue --profile auditor --csr meter-2.csr --out m.pem

expect_ok pki audit show -o json
expect_prints device-approve
expect_prints device-deny
expect_ok pki audit verify
expect_ok pki db check

# What is not as we write it is found, and lets nobody in.
cp -R ca kept
for sql in "state = 1" "state = 9" "names = 'CN=x'" "name = 'x'" \
    "decided_by = ''" "decided_at = 0" "names = char(27)" \
    "pubkey_digest = zeroblob(32)" "pubkey_digest = x'00'" "profile = ''"; do
	rm -rf ca
	cp -R kept ca
	sqlite3 ca/ca.db "UPDATE approval SET $sql WHERE state = 2"
	expect_exit 1 pki db check
	expect_exit 1 pki device pending --all
done
rm -rf ca
cp -R kept ca
sqlite3 ca/ca.db 'DELETE FROM approval WHERE state = 2'
expect_exit 1 pki audit verify
expect_says 'denied requests'
