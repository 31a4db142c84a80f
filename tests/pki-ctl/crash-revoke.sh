#!/bin/sh
# cert revoke, cut off at any step: the published CRL is always whole, and a
# rerun ends with the certificate on it.
# shellcheck source=tests/pki-ctl/faults.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/faults.sh"
prepare

revoke() { faulty "$1" "$2" cert revoke old --reason superseded; }
listed() {
	expect_ok openssl crl -in ca/public/crl/issuing/full.crl -inform DER \
	    -noout -text -verify -CAfile ca/public/ca/issuing-chain.pem
	expect_says 'verify OK'
	grep -qi "Serial Number: $serial" .out
}
# The published CRL is whole; a rerun ends with the certificate on it.
check_revoke() {
	whole
	listed || [ "$ended" != 0 ] || fail 'wanted on the CRL what was revoked'
	run pki cert revoke old --reason superseded
	# Revoked already: what was cut off is published all the same.
	if [ $rc != 0 ] && ! grep -q already-revoked .err; then
		fail "wanted the rerun to revoke, at step $step"
	fi
	listed || fail "wanted it on the CRL after a rerun, at step $step"
}
serial=$(openssl x509 -in old.pem -noout -serial | cut -d = -f 2)
for fault in kill EIO ENOSPC; do
	each_step $fault fresh revoke check_revoke
done

# Control: a CRL without it, after a revocation that was acknowledged.
fresh
run revoke kill 0
ended=$rc step=0
check_revoke
cp -a whole/public ca/
! (trap - EXIT; check_revoke) 2>caught || fail 'wanted an old CRL caught'
grep -q 'wanted on the CRL' caught || fail 'wanted it caught for that reason'
