#!/bin/sh
# Two operators decide about one request at once, and about one whose device
# is held, retired, registered anew, or whose template changes meanwhile: one
# outcome, which the last row of the audit log says, and never a certificate
# that this outcome does not allow.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
sed -i 's/^est: {/&\n\tapproval = "manual";/' ca/templates/auditor.conf
expect_ok pki profile check ca/templates/auditor.conf
asker=$abs_top_builddir/tests/pki-ctl/ask

# has NAME: registered, with $token and a CSR.
has() {
	expect_ok pki device add "$1" --profile auditor
	expect_ok pki token create "$1" -o json
	token=$(sed -n 's/.*"token":"\([^"]*\)".*/\1/p' .out)
	[ -f "$1.csr" ] || new_csr "$1"
}
# asks NAME: what it gets is in .asked; when it waits, the id is in $id.
asks() {
	LD_LIBRARY_PATH=$libraries "$asker" ca auditor "$1" "$token" \
	    "$1.csr" >.asked || :
	waits=$(sed -n 's/^pending approval //p' .asked)
	id=${waits:-$id}
}
expect_answer() {
	case $(cat .asked) in
	"$1"*) ;;
	*) fail "wanted the answer '$1', not '$(cat .asked)'" ;;
	esac
}
# state NAME: of the request, whatever it is.
state() {
	pki device pending --all --name "$1" -o json |
		sed -n 's/.*"state": *"\([^"]*\)".*/\1/p'
}
# decisions ID: "action was" of each, in the log's order.
decisions() {
	pki audit show -o json | python3 -c '
import json, sys
for row in json.load(sys.stdin):
    event = row["event"]
    if event.get("request") == sys.argv[1]:
        print(event["action"], event["was"])' "$1"
}
certs() {
	pki cert list --profile auditor -o json | grep -c '"serial"' || :
}

# Each round two at once, in both orders; what both say fits the log.
round=0
allowed=0
id=
while [ $round -lt 12 ]; do
	name=meter-$round
	has "$name"
	id=
	asks "$name"
	[ -n "$id" ] || fail "no request: $(cat .asked)"
	pki device approve "$id" >.one 2>&1 &
	first=$!
	if [ $((round % 2)) = 0 ]; then
		second_action=deny
	else
		second_action=approve
	fi
	pki device $second_action "$id" >.two 2>&1 &
	second=$!
	done_one=0
	done_two=0
	wait $first || done_one=$?
	wait $second || done_two=$?
	decisions "$id" >.decisions
	# Who was told that it is done stands in the log, and nobody else.
	said=$(((done_one == 0) + (done_two == 0)))
	[ "$(wc -l <.decisions)" = $said ] ||
		fail "$said were told it is done, the log: $(cat .decisions)"
	[ $said -ge 1 ] || fail "nobody decided: $(cat .one .two)"
	[ $second_action = deny ] || [ $said = 1 ] || fail 'approved twice'
	[ "$(head -n 1 .decisions | cut -d ' ' -f 2)" = waiting ] ||
		fail "the first found it decided: $(cat .decisions)"
	case $(tail -n 1 .decisions) in
	device-approve*) outcome=approved answer='issued' ;;
	device-deny*) outcome=denied answer='denied approval-denied' ;;
	*) fail "the log: $(cat .decisions)" ;;
	esac
	[ "$(state "$name")" = $outcome ] ||
		fail "it is $(state "$name"), the log: $(cat .decisions)"
	asks "$name"
	expect_answer "$answer"
	[ $outcome = denied ] || allowed=$((allowed + 1))
	round=$((round + 1))
done
[ "$(certs)" = $allowed ] || fail "$(certs) certificates for $allowed"

# On hold nobody lets it in, and what was allowed before waits for the release.
has held
asks held
expect_ok pki device hold held
same_state refused identity-state pki device approve "$id"
asks held
expect_answer 'denied '
expect_ok pki device release held
expect_ok pki device approve "$id"
expect_ok pki device hold held
asks held
expect_answer 'denied identity-state'
expect_ok pki device release held
asks held
expect_answer 'issued '

# Let in, retired and registered anew: whoever is new asks anew, and neither
# word about the namesake is about him.
has namesake
asks namesake
old=$id
expect_ok pki device approve "$old"
expect_ok pki device retire namesake
asks namesake
expect_answer 'denied '
has namesake
asks namesake
expect_answer 'pending approval '
[ "$id" != "$old" ] || fail 'the request of a device that was retired'
same_state refused request-state pki device approve "$old"
expect_ok pki device deny "$old"
same_state refused identity-state pki device approve "$old"
asks namesake
expect_answer "pending approval $id"
expect_ok pki device approve "$id"
asks namesake
expect_answer 'issued '

# A request that waits while its device goes is nobody's.
has gone
asks gone
old=$id
expect_ok pki device retire gone
has gone
same_state refused identity-state pki device approve "$old"
asks gone
expect_answer 'pending approval '
[ "$id" != "$old" ] || fail 'the request of a device that was retired'
expect_ok pki device deny "$id"
same_state refused identity-state pki device approve "$old"
asks gone
expect_answer "denied approval-denied $id"

# Today's template decides, also of what was let in yesterday.
has changed
asks changed
expect_ok pki device approve "$id"
cp ca/templates/auditor.conf kept.conf
sed -i 's/\[ "operator", "est" \]/[ "operator" ]/; /^est: {/,/^}/d' \
    ca/templates/auditor.conf
asks changed
expect_answer 'denied requester'
mv kept.conf ca/templates/auditor.conf
asks changed
expect_answer 'issued '
same_state refused request-state pki device deny "$id"

expect_ok pki audit verify
expect_ok pki db check
