#!/bin/sh
# crl publish, cut off at any step, also between two files: the next one that
# a timer starts finds what is behind, and ends with all files the same.
# shellcheck source=tests/pki-ctl/faults.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/faults.sh"

listed() {
	openssl crl -in "ca/public/crl/issuing/$1" -inform "$2" -noout -text |
	    grep -qi "Serial Number: $serial"
}
publish() { faulty "$1" "$2" crl publish --if-due; }
check_publish() {
	expect_ok pki crl publish --if-due
	for file in $files; do
		listed "$file.crl" DER || fail "wanted it in $file.crl"
		listed "$file.pem" PEM || fail "wanted it in $file.pem"
	done
	listed chain.pem PEM || fail "wanted it in chain.pem"
	same_state expect_ok pki crl publish --if-due
	expect_says 'Nothing was due.'
	expect_ok pki status
	! grep -q 'recorded: ' .err .out || fail 'wanted no file behind'
}
# Revoked on record, and on no list.
revoke_unpublished() {
	meter meter-1
	serial=$(openssl x509 -in meter-1.pem -noout -serial | cut -d = -f 2)
	expect_ok pki crl publish issuing
	rm ca/public/issuing.lock
	mkdir ca/public/issuing.lock
	expect_exit 1 pki cert revoke meter-1
	rmdir ca/public/issuing.lock
	rm -rf whole
	mv ca whole
}

new_ca
files=full
revoke_unpublished
each_step kill fresh publish check_publish
each_step EIO fresh publish check_publish

rm -rf ca
mkdir -m 711 ca
echo 'crl: { form = "partitioned"; };' >ca/pki.conf
new_ca
files='0 complete'
revoke_unpublished
each_step kill fresh publish check_publish

# A twin that stayed behind is noticed, and replaced.
fresh
cp ca/public/crl/issuing/0.pem old.pem
expect_ok pki crl publish --if-due
cp old.pem ca/public/crl/issuing/0.pem
expect_ok pki crl publish --if-due
listed 0.pem PEM || fail 'wanted the old twin replaced'
