#!/bin/sh
# A meter's life: registered, enrolled by token, renewed by certificate, held,
# released, revoked; each holds on the next request, also of a connection that
# was open before.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
start_daemon
"$daemon" --dir ca --check >check || fail 'check'
grep -q '^issuer  seccomp  *needed  *holds' check || fail 'check: no sandbox'

ask $est/cacerts
want 200 cacerts
base64 -d body | openssl pkcs7 -inform der -print_certs >got.pem
[ "$(grep -c BEGIN got.pem)" = 2 ] || fail 'cacerts: not root and issuing CA'
ask $est/auditor/csrattrs
want 200 csrattrs
base64 -d body | openssl asn1parse -inform der >/dev/null ||
	fail 'csrattrs: no DER'

# By token; the same token and key again: the same certificate.
request meter-1
token=$(tokens_for meter-1)
post simpleenroll meter-1.b64 -u "meter-1:$token"
want 200 simpleenroll
take meter-1.pem
post simpleenroll meter-1.b64 -u ":$token"
want 200 'the same again'
take again.pem
[ "$(serial meter-1.pem)" = "$(serial again.pem)" ] || fail 'two certificates'
request meter-1 other.key
post simpleenroll meter-1.b64 -u ":$token"
want 409 'another key'
request meter-1

# Who has none, or a wrong one.
post simpleenroll meter-1.b64
want 401 'no credential'
post simpleenroll meter-1.b64 -u ":aaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaa"
want 401 'an unknown token'
[ ! -s body ] || fail 'a body with 401'
request meter-2
token2=$(tokens_for meter-2)
post simpleenroll meter-2.b64 -u "meter-1:$token2"
want 401 "another's name"
post broker/simpleenroll meter-2.b64 -u ":$token2"
want 403 'a label that is not the token'"'"'s'
post nobody/simpleenroll meter-2.b64 -u ":$token2"
want 404 'an unknown label'
request meter-9
post simpleenroll meter-9.b64 -u ":$token2"
want 403 'a foreign name'
head -c 200 meter-2.b64 >cut.b64
post simpleenroll cut.b64 -u ":$token2"
want 400 'half a request'
openssl genrsa -out rsa.key 1024 2>/dev/null
request meter-2 rsa.key
post simpleenroll meter-2.b64 -u ":$token2"
want 403 'a short key'
grep -q 'accepted: ' body || fail 'it does not say what is accepted'
# None of that has spent it.
request meter-2
post auditor/simpleenroll meter-2.b64 -u ":$token2"
want 200 'with its label'
take meter-2.pem

# Renewed by certificate, with both versions of TLS; a new key as well.
for version in --tlsv1.3 --tls-max=1.2; do
	case $version in
	--tlsv1.3) set -- --tlsv1.3 ;;
	*) set -- --tls-max 1.2 ;;
	esac
	post simplereenroll meter-1.b64 --cert meter-1.pem --key meter-1.key \
	    "$@"
	want 200 "simplereenroll $version"
	take new.pem
	[ "$(serial new.pem)" != "$(serial meter-1.pem)" ] ||
		fail 'not a new certificate'
done
mv new.pem meter-1.pem
request meter-1 new.key
post simplereenroll meter-1.b64 --cert meter-1.pem --key meter-1.key
want 200 'with a new key'
take new.pem
mv new.pem meter-1.pem
mv new.key meter-1.key
post simplereenroll meter-2.b64 --cert meter-1.pem --key meter-1.key
want 403 "another's name"
post simplereenroll meter-1.b64 -u ":$token"
want 403 'a token does not renew'

# On one connection: served, held, released, revoked.
raw one-connection "$port" meter-1 "$program" || fail 'one connection'

# Files change: what is bad changes nothing, what is good holds.
cp ca/templates/auditor.conf good.conf
echo 'nonsense' >>ca/templates/auditor.conf
kill -HUP "$server"
wait_until has_event reload-failed
post simplereenroll meter-2.b64 --cert meter-2.pem --key meter-2.key
want 200 'after a reload that failed'
sed 's/^validity = .*/validity = "60d";/' good.conf >ca/templates/auditor.conf
before=$(events offers)
kill -HUP "$server"
wait_until has_event offers $((before + 1))
wait_until has_event reloaded
post simplereenroll meter-2.b64 --cert meter-2.pem --key meter-2.key
want 200 'after a reload'
take new.pem
! openssl x509 -in new.pem -noout -checkend 5270400 >/dev/null ||
	fail 'not the life of today'"'"'s template'

stop_daemon
pki audit verify >/dev/null || fail 'the audit log'
pki db check >/dev/null || fail 'the database'
for secret in "${token#*.}" "${token2#*.}"; do
	! grep -q "$secret" "$log" || fail 'a secret in the log'
	! grep -aq "$secret" ca/ca.db* || fail 'a secret in the database'
done
