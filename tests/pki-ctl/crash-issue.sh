#!/bin/sh
# cert issue, cut off at any step: what is acknowledged is on record, and what
# is not on record is no certificate.
# shellcheck source=tests/pki-ctl/faults.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/faults.sh"
prepare

issue() {
	faulty "$1" "$2" cert issue --profile auditor --csr meter-1.csr \
	    --out out/meter-1.pem
}
# On record with its certificate, or free: and the file, if any, is whole.
check_issue() {
	whole
	run pki cert show meter-1 --chain
	cp .out on-record
	[ $ended != 0 ] || [ $rc = 0 ] ||
		fail "wanted on record what was acknowledged, at step $step"
	if [ -e out/meter-1.pem ]; then
		cmp out/meter-1.pem on-record ||
			fail "wanted the certificate on record, at step $step"
	elif [ $ended = 0 ]; then
		fail 'wanted out/meter-1.pem'
	fi
	# A stray temporary file has a name that nobody takes for a result.
	stray=$(find out -type f ! -name meter-1.pem ! -name '.*.tmp')
	[ -z "$stray" ] || fail "wanted no $stray at step $step"
	if [ $rc != 0 ]; then
		expect_ok pki cert issue --profile auditor --csr meter-1.csr
	fi
}
for fault in kill EIO ENOSPC; do
	each_step $fault fresh issue check_issue
done

# Control: a file cut in half, after an issuance that was acknowledged.
fresh
run issue kill 0
ended=$rc step=0
check_issue
truncate -s -700 out/meter-1.pem
! (trap - EXIT; check_issue) 2>caught || fail 'wanted half a file caught'
grep -q 'wanted the certificate on record' caught ||
	fail 'wanted it caught for that reason'

# With a new key: no certificate on record without its key on the disk.
issue_new() {
	faulty "$1" "$2" cert issue --profile broker --name broker-1 \
	    --new-key out/key --out out/pem
}
check_new() {
	whole
	run pki cert show broker-1 --pem
	[ $rc = 0 ] || return 0
	cp .out on-record
	expect_ok openssl pkey -in out/key -pubout
	cp .out of-key
	expect_ok openssl x509 -in on-record -noout -pubkey
	cmp .out of-key || fail "wanted the key of the certificate on disk"
}
each_step kill fresh issue_new check_new

# In place of another: that is there, or beside, and the next command says so.
fresh_forced() {
	fresh
	cp meter-1.key out/key
}
issue_forced() {
	faulty "$1" "$2" cert issue --profile broker --name broker-1 \
	    --new-key out/key --force --out out/pem
}
check_forced() {
	check_new
	old=$(find out -name '.key.*.old')
	cmp -s meter-1.key "${old:-out/key}" || [ $ended = 0 ] ||
		fail "wanted the old key kept, at step $step"
	[ -n "$old" ] || return 0
	left=$((left + 1))
	expect_ok pki cert issue --profile broker --name broker-2 \
	    --new-key out/key --force --dry-run
	expect_says "warning: $old is a key that was being replaced"
}
left=0
each_step kill fresh_forced issue_forced check_forced
[ $left -gt 0 ] || fail 'wanted an old key left at some step'
