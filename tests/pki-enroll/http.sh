#!/bin/sh
# One exchange: what a client accepts of a server, and what it tells to whom.
# shellcheck source=tests/pki-enroll/hostile-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-enroll/hostile-lib.sh"
asker=$abs_top_builddir/tests/http-ask
other_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout other.key -out other.pem -days 2 -subj '/CN=Other' \
	    2>/dev/null
}
other_ca
start_hostile server-1
origin=https://localhost:$port
echo hello >hello
echo 'no HTTP at all' >noise

# ask_for ANCHORS ARGUMENT...: the line in "got".
ask_for() {
	anchors=$1
	shift
	: >requests
	"$asker" "$anchors" "$origin" "$@" >got 2>&1 || :
}
# got PATTERN WHAT
got() {
	grep -q "$1" got || {
		cat got >&2
		fail "$2"
	}
}
unasked() {
	! grep -q 'GET\|POST' requests || fail "$1: something was asked"
}

echo 'x answer 200 text/x-hello hello Retry-After:_30' >plan
ask_for ca.pem /x
got "^200 'text/x-hello' 30 hello" 'a plain answer'
grep -q '^1 GET /x - - - TLSv1.3' requests || fail 'the request'
ask_for ca.pem /x /x
[ "$(cut -d' ' -f1 requests | sort -u | wc -l)" = 1 ] ||
	fail 'two connections for two requests'

# Whom it believes: nothing leaves before.
token=abc.defgh
ask_for other.pem user= token=$token /x
got '^denied tls-server: .*certificate' 'another root'
unasked 'another root'
origin=https://127.0.0.1:$port ask_for ca.pem /x
got '^200' 'an address in the certificate'
origin=http://localhost:$port ask_for ca.pem /x
got '^usage: .*https' 'http'
ask_for blind /x
got '^200' 'blind'
ask_for blind user= token=$token /x
got '^usage: ' 'a token for anybody'
ask_for blind cert=meter.pem key=meter.key /x
got '^usage: ' 'a certificate for anybody'
stop_hostile
openssl req -x509 -CA ca.pem -CAkey ca.pem.key -newkey ec -nodes \
    -pkeyopt ec_paramgen_curve:P-256 -keyout wrong.key -out wrong.pem \
    -days 2 -subj /CN=localhost -addext subjectAltName=DNS:other.example \
    2>/dev/null
start_hostile wrong
origin=https://localhost:$port
ask_for ca.pem user= token=$token /x
got '^denied tls-server: .*name' 'the name of another'
unasked 'the name of another'
stop_hostile

# Credentials, and nothing from the environment.
start_hostile server-1
origin=https://localhost:$port
ask_for ca.pem user=meter token=$token /x
basic=$(printf 'meter:%s' "$token" | base64)
grep -q "GET /x Basic $basic " requests || fail 'Basic'
ask_for ca.pem user= token=$token /x
grep -q "GET /x Basic $(printf ':%s' "$token" | base64) " requests ||
	fail 'Basic without a user'
ask_for ca.pem token=$token /x
grep -q "GET /x Bearer $token" requests || fail 'Bearer'
ask_for ca.pem token="a
X-Evil: 1" /x
got '^bad-input: ' 'a line end in a token'
ask_for ca.pem cert=meter.pem key=meter.key /x
grep -q 'GET /x - cert' requests || fail 'a client certificate'
HTTPS_PROXY=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 \
    ALL_PROXY=http://127.0.0.1:1 SSLKEYLOGFILE=$work/secrets \
    SSL_CERT_FILE=$work/other.pem ask_for ca.pem /x
got '^200' 'a proxy of the environment'
[ ! -e secrets ] || fail 'secrets were written'
printf 'machine localhost login a password b\n' >.netrc
HOME=$work ask_for ca.pem /x
grep -q 'GET /x - -' requests || fail 'something from .netrc'

# Redirects: here, three at most, and a POST stays one.
cat >plan <<end
x answer 200 text/x-hello hello
here redirect 302 /x
h1 redirect 308 /here
h2 redirect 301 /h1
h3 redirect 307 /h2
loop redirect 302 /loop
away redirect 302 https://127.0.0.1:$port/x
down redirect 302 http://localhost:$port/x
user redirect 302 https://a:b@localhost:$port/x
file redirect 302 file:///etc/passwd
see redirect 303 /x
end
ask_for ca.pem token=$token body=hello /h2
got '^200' 'three redirects'
grep -q 'POST /x Bearer' requests || fail 'not a POST in the end'
[ "$(cat body)" = hello ] || fail 'not its body'
for path in away down user file loop h3; do
	ask_for ca.pem token=$token /$path
	got '^denied redirect: ' "redirect $path"
	! grep -q ' /x ' requests || fail "$path was followed"
done
ask_for ca.pem body=hello /see
got '^303' 'a POST that would become a GET'

# Limits.
cat >plan <<end
endless endless
heads heads
huge huge
drip drip
silent silent
cut cut
raw raw noise
empty raw empty
end
: >empty
for row in 'endless bad-input size' 'heads bad-input size' \
    'huge bad-input size' 'drip busy connection' 'silent busy connection' \
    'cut busy connection' 'raw bad-input http' 'empty busy connection'; do
	# A row's words.
	# shellcheck disable=SC2086
	set -- $row
	ask_for ca.pem "/$1"
	got "^$2 $3: " "$1"
done

# What a request is bound to is of the connection that it travels on, also
# when each one is closed.
echo 'x closing 200 text/x-hello hello' >plan
ask_for ca.pem bind /x
grep -q '^exporter [A-Za-z0-9+/=]\{44\}$' body || fail 'tls-exporter'
stop_hostile
start_hostile server-1 tls1.2
origin=https://localhost:$port
ask_for ca.pem bind /x /x /x
[ "$(grep -c POST requests)" = 3 ] || fail 'three requests'
[ "unique $(tail -n 1 requests | cut -d' ' -f6)" = "$(head -n 1 body)" ] ||
	fail 'tls-unique is of another connection'
stop_hostile
ask_for ca.pem /x
got '^busy connection: ' 'nobody there'
