#!/bin/sh
# Good requests: each route, both versions of TLS, tokens and certificates.
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/lib.sh"
start
head -c 900 /dev/zero | base64 >csr

ask $est/cacerts
want 200 cacerts
[ "$(cat body)" = cacerts ] || fail 'cacerts: wrong body'
! grep -qi '^connection: close' headers || fail 'cacerts ends the connection'
ask $est/meter/cacerts
want 200 'cacerts with a label'
ask $est/cacerts -I
want 200 HEAD
[ ! -s body ] || [ "$(grep -ci '^content-length: 8' headers)" = 1 ] ||
	fail 'HEAD: a body, or no length'
ask $est/csrattrs
want 200 csrattrs

# enroll PATH [CURL-OPTION...]
enroll() {
	where=$1
	shift
	ask "$where" -H 'Content-Type: application/pkcs10' \
	    --data-binary @csr "$@"
	want 200 "$where $*"
}
enroll $est/simpleenroll -u "meter-1:$token"
grep -q 'user=meter-1 ' body || fail 'the user was not read'
grep -q "token=$token " body || fail 'the token was not read'
enroll $est/simpleenroll -u ":$token"
grep -q 'user= ' body || fail 'the empty user was not read'
enroll $est/simpleenroll -H "Authorization: Bearer $token"
enroll $est/meter/simpleenroll -u ":$token"
grep -q 'label=meter ' body || fail 'the label was not read'
enroll $est/simpleenroll -u ":$token" -H 'Transfer-Encoding: chunked'
enroll $est/simpleenroll -u ":$token" -H 'Expect: 100-continue'
ask $est/simpleenroll -u ":$token" --data-binary @csr \
    -H 'Content-Type: Application/PKCS10; charset=utf-8'
want 200 'a media type in other case'

# What TLS tells: the certificate, and bindings as the version has them.
fingerprint=$(openssl x509 -in meter.pem -outform der | sha256sum |
    cut -d ' ' -f 1)
enroll $est/simplereenroll --cert meter.pem --key meter.key --tlsv1.3
grep -q "^version=0304 ems=1 unique= exporter=[0-9a-f]\{64\} \
peer=$fingerprint " body || fail 'TLS 1.3: wrong facts'
enroll $est/simplereenroll --cert meter.pem --key meter.key --tls-max 1.2
grep -q "^version=0303 ems=1 unique=[0-9a-f]\{24\} exporter=[0-9a-f]\{64\} \
peer=$fingerprint " body || fail 'TLS 1.2: wrong facts'
enroll $est/simpleenroll --cert meter.pem --key meter.key

# The other door speaks HTTP.
for path in /health/live /health/ready /metrics; do
	status=$(curl -s -o body -w '%{http_code}' \
	    "http://127.0.0.1:$status_port$path")
	want 200 "$path"
done
grep -q '^pki_estd_requests_total{route="simpleenroll",status="200"} ' body ||
	fail 'metrics do not count'
! grep -q "$(echo "$token" | cut -d . -f 2)" server.log ||
	fail 'a secret in the log'
stop
