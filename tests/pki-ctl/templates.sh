#!/bin/sh
# Every template's certificate is what openssl and GnuTLS take it for, and no
# longer once it is revoked.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
root=ca/public/ca/root-chain.pem
chain=ca/public/ca/issuing-chain.pem
crls=ca/public/crl/issuing/chain.pem

# openssl_verify PURPOSE NAME: RFC 5280 to the letter, with CRLs.
openssl_verify() {
	openssl verify -x509_strict -crl_check -crl_check_all -CAfile $root \
	    -untrusted $chain -CRLfile $crls -purpose "$1" "$2.pem"
}

# gnutls_verify PURPOSE NAME: with the chain and the CRLs.
gnutls_verify() {
	openssl x509 -in "$2.pem" -out leaf.pem
	certtool --verify --load-ca-certificate $chain --load-crl $crls \
	    --verify-purpose "$1" --infile leaf.pem
}

oid=1.3.6.1.5.5.7.3
# Profile, name, openssl's purposes, GnuTLS's purposes.
while read -r profile name purposes oids; do
	new_csr "$name"
	expect_ok pki cert issue --profile "$profile" --csr "$name.csr" \
	    --out "$name.pem"
	for purpose in $(echo "$purposes" | tr , ' '); do
		expect_ok openssl_verify "$purpose" "$name"
	done
	for number in $(echo "$oids" | tr , ' '); do
		expect_ok gnutls_verify $oid."$number" "$name"
	done
done <<'END'
auditor        meter-1          sslclient                  2
server         central-server   sslclient,sslserver        1,2
broker         broker-1         sslclient,sslserver        1,2
bridge         bridge-1         sslclient,sslserver        1,2
operator       operator-1       sslclient                  2
est-server     est-1            sslserver                  1
ocsp-responder ocsp-1           ocsphelper                 9
END
leaves=$(find ca/templates -name '*.conf' ! -name '*-ca.conf' | grep -c '')
[ "$leaves" = 7 ] || fail "wanted every template tried, there are $leaves"

# A stolen meter is no server, and an enrolment server no client.
expect_exit 2 openssl_verify sslserver meter-1
expect_exit 1 gnutls_verify $oid.1 meter-1
expect_exit 2 openssl_verify sslclient est-1
expect_exit 1 gnutls_verify $oid.2 est-1

# Revoked: refused by both; the others are not.
expect_ok pki cert revoke meter-1
expect_exit 2 openssl_verify sslclient meter-1
grep -q 'certificate revoked' .out .err || fail 'wanted: certificate revoked'
expect_exit 1 gnutls_verify $oid.2 meter-1
grep -qi revoked .out .err || fail 'wanted: revoked'
expect_ok openssl_verify sslclient broker-1
expect_ok gnutls_verify $oid.2 broker-1
