#!/bin/sh
# A client of GnuTLS alone, and requests by certtool: cacerts, enrollment by
# token, renewal with the same key and with a new one, and a refusal.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
command -v certtool >/dev/null || {
	echo 'SKIP: needs the Debian package gnutls-bin'
	exit 77
}
client=$abs_top_builddir/tests/gnutls-client
start_daemon

# certtool_request NAME KEY: KEY.key is made, and KEY.der asks for NAME.
certtool_request() {
	echo "cn = $1" >template
	certtool --generate-privkey --key-type ecdsa --curve secp256r1 \
	    --outfile "$2.key" 2>/dev/null
	certtool --generate-request --load-privkey "$2.key" \
	    --template template --outder --outfile "$2.der" 2>/dev/null
}

# issued CERT KEY: by the CA, for this key, as GnuTLS sees it.
issued() {
	certtool --verify --load-ca-certificate chain.pem --infile "$1" \
	    >verified 2>&1 || fail "$1 does not verify"
	[ "$(certtool --pubkey-info --load-privkey "$2.key" \
	    --outfile /dev/stdout | openssl pkey -pubin -pubout)" = \
	    "$(openssl x509 -in "$1" -noout -pubkey)" ] ||
		fail "$1 has another key"
}

"$client" "$port" ca.pem cacerts >got.pem </dev/null || fail 'cacerts'
[ "$(grep -c BEGIN got.pem)" = 2 ] || fail 'cacerts: not root and issuing CA'

certtool_request meter-1 first
token=$(tokens_for meter-1)
"$client" "$port" ca.pem simpleenroll "Bearer $token" <first.der >first.pem ||
	fail 'simpleenroll'
issued first.pem first

"$client" "$port" ca.pem simplereenroll first.pem first.key <first.der \
    >renewed.pem || fail 'simplereenroll'
issued renewed.pem first
certtool_request meter-1 second
"$client" "$port" ca.pem simplereenroll renewed.pem first.key <second.der \
    >second.pem || fail 'simplereenroll with a new key'
issued second.pem second

! "$client" "$port" ca.pem simpleenroll "Bearer $token" <second.der \
    >got.pem 2>said || fail 'a token for two keys'
grep -q "'HTTP/1.1 409 " said || fail 'it does not hear of the refusal'
stop_daemon
