#!/bin/sh
# A server's bad answers: each has its sentence and its exit status, and the
# pair in use stays as it is.
# shellcheck source=tests/pki-enroll/hostile-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-enroll/hostile-lib.sh"
command -v faketime >/dev/null || {
	echo 'SKIP: needs the Debian package faketime'
	exit 77
}
enroller=$abs_top_builddir/pki-enroll

# new_ca NAME: NAME.pem and NAME.key
new_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$1.key" -out "$1.pem" -days 20 -subj "/CN=$1" \
	    -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
}
# bag FILE CERTIFICATE...: certs-only, as base64
bag() {
	to=$1
	shift
	for from in "$@"; do
		set -- "$@" -certfile "$from"
		shift
	done
	openssl crl2pkcs7 -nocrl "$@" -outform der | base64 >"$to"
}
new_ca ca
cp ca.key ca.pem.key
new_ca stranger
key_and_cert server-1 first
key_and_cert meter m1
printf '%s\n' authorityKeyIdentifier=keyid subjectKeyIdentifier=hash \
    basicConstraints=critical,CA:FALSE keyUsage=digitalSignature \
    extendedKeyUsage=clientAuth >leaf.ext
bag cacerts ca.pem
bag strangers stranger.pem
bag both ca.pem stranger.pem
bag other meter.pem
bag three ca.pem meter.pem
openssl ecparam -name prime256v1 -genkey -noout |
	openssl ec -pubout -out other.pub 2>/dev/null
echo '<html><body>Welcome to the portal</body></html>' >page
head -c 3000 /dev/urandom >noise
head -c 300 cacerts >half
printf 'token-used AbCd1234\nan \033[31maccepted: one more\n' >reason
start_hostile server-1
echo abc.defgh >token
chmod 600 token

# enroll [OPTION...]
enroll() {
	status=0
	: >requests
	"$enroller" enroll --server "https://localhost:$port" --dir m1 \
	    --device m1 --anchors ca.pem --token-file token --timeout 2s \
	    "$@" >out 2>said || status=$?
}
# plan [LINE]: a server in order, but for this line.
plan() {
	{
		printf '%s\n' "$@"
		echo 'cacerts answer 200 application/pkcs7-mime cacerts'
		echo 'simpleenroll issue ca'
	} >plan
}
# state: what consumers see
state() {
	readlink m1/current
	cat m1/current/*.pem m1/anchors.pem | sha256sum
}

plan
enroll
[ "$status" = 0 ] || fail "the first one: $(cat said)"
state >before

# Status, a word of the sentence, and what the server does.
cat >table <<'end'
1|media type|simpleenroll answer 200 text/html page
1|media type|simpleenroll answer 200 text/plain other
1|base64|simpleenroll answer 200 application/pkcs7-mime noise
1|simpleenroll|simpleenroll answer 200 application/pkcs7-mime half
1|simpleenroll|simpleenroll answer 200 application/pkcs7-mime page
1|simpleenroll|simpleenroll answer 200 application/pkcs7-mime
1|our key|simpleenroll answer 200 application/pkcs7-mime other
1|our key|simpleenroll answer 200 application/pkcs7-mime three
1|our key|simpleenroll issue ca 0 -force_pubkey other.pub
1|valid now|simpleenroll issue ca -10
3|valid now|simpleenroll issue ca +10
1|CN=m1|simpleenroll issue ca 0 -subj /CN=m2
1|chain|simpleenroll issue stranger
1|131072 octets|simpleenroll huge
1|131072 octets|simpleenroll endless
1|headers|simpleenroll heads
3|timed out|simpleenroll drip
3|timed out|simpleenroll silent
3|simpleenroll|simpleenroll cut
1|simpleenroll|simpleenroll raw page
1|redirect|simpleenroll redirect 302 https://127.0.0.1:1/x
3|202|simpleenroll answer 202 text/plain
1|credentials|simpleenroll answer 401 text/plain
1|token-used|simpleenroll answer 403 text/plain reason
1|400|simpleenroll answer 400 text/html page
1|204|simpleenroll answer 204
3|503|simpleenroll answer 503 text/plain page Retry-After:_7200
3|429|simpleenroll answer 429
3|500|simpleenroll answer 500
1|csrattrs|csrattrs answer 200 application/csrattrs page
1|csrattrs|csrattrs answer 200 text/html page
3|csrattrs|csrattrs answer 500
1|cacerts|cacerts answer 200 text/html page
1|cacerts|cacerts answer 200 application/pkcs7-mime noise
1|cacerts|cacerts answer 404
1|cacerts|cacerts endless
end
while IFS='|' read -r wanted word line; do
	plan "$line"
	enroll --again
	[ "$status" = "$wanted" ] ||
		fail "$line: status $status, wanted $wanted: $(cat said)"
	grep -q -- "$word" said || fail "$line: no word of it: $(cat said)"
	! LC_ALL=C grep -q "$(printf '\033')" said || fail "$line: escapes"
	state >after
	cmp -s before after || fail "$line: the pair has changed"
done <table

# A root that nobody vouches for is said, and no reason to stop.
for roots in strangers both; do
	plan "cacerts answer 200 application/pkcs7-mime $roots"
	enroll --again
	grep -q "not believed: the root 'CN=stranger'" said ||
		fail "$roots: not said"
	cmp -s m1/anchors.pem ca.pem || fail "$roots: believed"
done

# A new root is believed when the old one signed a certificate for its name and
# key, and stays so; the answer may lead to it then.
new_ca next
printf '%s\n' basicConstraints=critical,CA:TRUE authorityKeyIdentifier=keyid \
    subjectKeyIdentifier=hash keyUsage=critical,keyCertSign,cRLSign >ca.ext
openssl req -new -key next.key -subj /CN=next 2>/dev/null |
	openssl x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -days 5 \
	    -extfile ca.ext -out link.pem 2>/dev/null
bag unlinked ca.pem next.pem
bag linked next.pem link.pem stranger.pem ca.pem
plan 'cacerts answer 200 application/pkcs7-mime unlinked' \
    'simpleenroll issue next'
enroll --again
[ "$status" = 1 ] || fail "a root without a link: $status"
plan 'cacerts answer 200 application/pkcs7-mime linked' \
    'simpleenroll issue next'
enroll --again
[ "$status" = 0 ] || fail "a root with a link: $status: $(cat said)"
[ "$(grep -c BEGIN m1/anchors.pem)" = 2 ] || fail 'not two anchors'
openssl verify -CAfile next.pem m1/current/cert.pem >/dev/null ||
	fail 'not of the new root'

# Waiting: the same key asks again, however often, and after a failure.
plan 'simpleenroll answer 202 text/plain reason Retry-After:_99999999999'
enroll --again
[ "$status" = 3 ] || fail "waiting: $status"
cp m1/pending.pem waiting
cp body first
enroll --again
cmp -s m1/pending.pem waiting || fail 'another key'
! grep -q "$(cat token)" m1/state || fail 'the token in the state'
plan
enroll --again
[ "$status" = 0 ] || fail "after waiting: $(cat said)"
openssl pkey -in waiting -out waiting.key
cmp -s m1/current/key.pem waiting.key || fail 'not the key that waited'
[ ! -e m1/pending.pem ] || fail 'it still waits'

# Nothing leaves for a server that is not the right one.
stop_hostile
openssl req -x509 -CA ca.pem -CAkey ca.key -newkey ec -nodes -keyout wrong.key \
    -pkeyopt ec_paramgen_curve:P-256 -out wrong.pem -days 2 -subj /CN=x \
    -addext subjectAltName=DNS:other.example 2>/dev/null
state >before
start_hostile wrong
enroll --again
[ "$status" = 1 ] || fail "another's name: $status"
! grep -q 'GET\|POST' requests || fail "another's name: something was asked"
stop_hostile
enroll --again
[ "$status" = 3 ] || fail "nobody there: $status: $(cat said)"
state >after
cmp -s before after || fail 'the pair has changed'

# A daemon that hangs on a silent server ends when it is told to.
start_hostile server-1
plan 'cacerts silent'
mkdir etc
printf '%s\n' "server = \"https://localhost:$port\"; device = \"m9\";" \
    "directory = \"$work/m9\"; anchors = \"$work/ca.pem\";" \
    "token-file = \"$work/token\"; timeout = \"10m\";" >etc/m9.conf
: >requests
"$enroller" run --conf etc 2>said &
children=$!
wait_until grep -q cacerts requests
began=$(date +%s)
kill -TERM "$children"
wait "$children" || fail "run ended with $?"
children=
[ $(($(date +%s) - began)) -lt 30 ] || fail 'it did not end soon'
