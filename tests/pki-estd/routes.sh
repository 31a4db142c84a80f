#!/bin/sh
# What each route refuses before its handler runs; and how often one may try.
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/lib.sh"
start 'limit: { tries-per-token = 0; tries-per-address = 0; };'
raw routes "$port"
for path in /health/live /metrics /; do
	ask "$path"
	want 404 "$path at the door for devices"
done
status=$(curl -s -o body -w '%{http_code}' \
    "http://127.0.0.1:$status_port$est/cacerts")
want 404 'cacerts at the door for monitoring'
stop

# try TOKEN
try() {
	ask $est/simpleenroll -H 'Content-Type: application/pkcs10' -d x \
	    -H "Authorization: Bearer $1"
}
start 'limit: { tries-per-token = 3; tries-per-address = 6; };'
for i in 1 2 3; do
	try "$token"
	want 200 "try $i of a token"
done
try "$token"
want 429 'the fourth try of a token'
grep -qi '^retry-after: [1-9]' headers || fail 'no Retry-After'
grep -q '^rate [0-9a-f]\{16\}$' body || fail 'no code and id in the body'
try "other.${token#*.}"
want 200 'another token'
try malformed
want 401 'a malformed token'
try malformed
want 401 'a malformed token again'
try "third.${token#*.}"
want 429 'the seventh try of an address'
ask $est/cacerts
want 200 'cacerts has no limit of tries'
ask $est/simpleenroll -H 'Content-Type: application/pkcs10' -d x \
    -H "Authorization: Bearer $token" --interface 127.0.0.2
want 429 'the token from another address'
ask $est/simpleenroll -H 'Content-Type: application/pkcs10' -d x \
    -H "Authorization: Bearer third.${token#*.}" --interface 127.0.0.2
want 200 'another token from another address'
stop
