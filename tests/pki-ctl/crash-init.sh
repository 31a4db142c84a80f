#!/bin/sh
# init, cut off at any step: noticed, and the next one makes it whole.
# shellcheck source=tests/pki-ctl/faults.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/faults.sh"

no_ca() { rm -rf ca; }
make_ca() {
	faulty "$1" "$2" init --templates "$templates" --root-unencrypted
}
# One that lacks no more than a CRL that is on record is kept.
make_anew() {
	run pki init --name Test --base-url http://pki.test \
	    --templates "$templates" --root-unencrypted
	[ $rc != 0 ] || return 0
	expect_says 'there is a whole CA in ca'
	rm ca/init.unfinished
	expect_ok pki crl publish
	[ -s ca/public/crl/issuing/full.crl ] || fail 'wanted it to be whole'
	expect_ok pki status
}
# It is there, or the next one makes it.
check_ca() {
	run pki status
	if [ $rc != 0 ]; then
		[ $ended != 0 ] || fail 'wanted a CA, as was said'
		grep -q -e 'init was cut off' -e 'there is no CA' .err ||
			fail "wanted the cut-off init noticed at step $step"
		make_anew
	fi
	expect_ok pki cert issue --profile broker --name broker-1 \
	    --new-key key --out pem --force
}
each_step kill no_ca make_ca check_ca
stride=7
each_step ENOSPC no_ca make_ca check_ca
