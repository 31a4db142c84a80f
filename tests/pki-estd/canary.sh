#!/bin/sh
# Secrets go through each path, the failing ones above all, and are in none of
# what is left: log, answers, database, published files, what commands print,
# command lines and environments; the CA's are in the issuer's memory alone.
# G37.
passphrase='canary passphrase of the issuing key'
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
mkdir left

# secret NAME: of standard input, to the list of what is looked for.
secret() {
	echo "$1 $(od -An -v -tx1 | tr -d ' \n')" >>secrets
}
# scalar KEY-FILE: of a P-256 key, RFC 5915.
scalar() {
	openssl ec -in "$1" -passin file:credentials/issuing-passphrase \
	    -outform der 2>/dev/null | tail -c +8 | head -c 32
}
# keep: the answer is one of the places.
answers=0
keep() {
	answers=$((answers + 1))
	cat headers body >"left/answer-$answers" 2>/dev/null || :
}
type=application/pkcs10
# try PATH STATUSES [CURL-OPTION...]
try() {
	path=$1 statuses=$2
	shift 2
	ask "$path" -H "Content-Type: $type" --data-binary @meter-1.b64 "$@"
	keep
	case " $statuses " in
	*" $status "*) ;;
	*) fail "$path $*: $status, wanted $statuses" ;;
	esac
}

approve='est: { approval = "manual"; };'
sed 's/"auditor"/"slow"/; /^est:/,$d' ca/templates/auditor.conf \
    >ca/templates/slow.conf
echo "$approve" >>ca/templates/slow.conf
for name in meter-1 meter-2 meter-3 meter-4; do
	request "$name"
done
tokens_for meter-1 meter-2 meter-3 >tokens
pki device add --profile slow meter-4 >left/add
pki -o json token create meter-4 | read_tokens >>tokens
n=0
while read -r token; do
	n=$((n + 1))
	eval "token$n=\$token"
	printf '%s' "${token#*.}" | secret "token-$n"
done <tokens
wrong=canarywrongcanarywrongcana
printf '%s' $wrong | secret wrong-secret
printf 'canary-challenge-password' | secret challenge
printf '%s' "$passphrase" | secret passphrase

start_daemon
scalar ca/keys/issuing.key | secret issuing-key
scalar ca/keys/root.key | secret root-key
secret token-key <ca/keys/token.key
for key in ca/keys/*; do
	case $key in
	*/issuing.key | */root.key | */token.key) ;;
	*) scalar "$key" | secret tls-key ;;
	esac
done
[ "$(wc -l <secrets)" = 11 ] || fail 'not the secrets that there are'

# Good, the same again, another key, and whose token it is not.
# shellcheck disable=SC2154 # set above, one for each line
first=$token1 second=$token2 third=$token3 fourth=$token4
simple=$est/simpleenroll
try $simple 200 -u ":$first"
take meter-1.pem
try $simple 200 -u "meter-1:$first"
cp meter-1.b64 first.b64
request meter-1 other.key
try $simple 409 -u ":$first"
mv first.b64 meter-1.b64
try $simple 401 -u "meter-2:$first"
try $simple 403 -u ":$second"
try $est/broker/simpleenroll 403 -u ":$second"
try $est/nobody/simpleenroll 404 -u ":$second"
try $simple 401 -u ":${second%%.*}.$wrong"
try $simple 401 -u ":aaaaaaaaaaaa.$wrong"
try $simple 401 -u ":nothing.${second#*.}"

# Malformed, and in the wrong place.
try $simple '400 401' -H "Authorization: Bearer  $second"
try $simple '400 401' -H "Authorization: Bearer $second x"
try $simple '400 401' -H "Authorization: Basic $second"
try $simple '400 401' -H "Authorization: Basic $(printf %s "$second" |
	base64 | tr -d '\n')"
try $simple '400 401' -H "Authorization: Digest password=$second"
try $simple '400 401' -H "Authorization: $second"
try $simple '400 401' -u "$second:"
try $simple 400 -H "Authorization: Bearer $second" \
    -H "Authorization: Bearer $third"
try $simple '400 401' -H "Authorization: Bearer $second$(printf '%03000d' 0)"
try "$simple?token=$second" '400 401 404'
try "$simple/$second" 404
try "$est/$second/simpleenroll" 404
try "/$second" 404
type=text/plain
try $simple 415 -u ":$second"
type=application/pkcs10
try $simple 401 -u ":${second#*.}.${second%%.*}"
try $simple 401 -u ":${second#*.}.${second#*.}"
try $simple 401 -u "${second#*.}:$second"
try $simple '400 401' -H "X-Token: $second"
try $simple '400 401' -H "Cookie: token=$second" -A "$second"
try $simple 405 -X PUT -u ":$second"
try $est/cacerts '400 405' -X TRACE -u ":$second"
try $est/simplereenroll 403 -u ":$second"
head -c 300000 /dev/zero >large
ask $simple -u ":$second" -H 'Content-Type: application/pkcs10' \
    --data-binary @large
keep
want 413 'a large body'
curl -s --max-time 5 -o body -u ":$second" "http://localhost:$port$simple" ||
	keep

# The request has a secret, too: RFC 2985, 5.4.1.
printf '%s\n' '[req]' 'prompt = no' 'distinguished_name = dn' \
    'attributes = given' '[dn]' 'CN = meter-2' '[given]' \
    'challengePassword = canary-challenge-password' >req.conf
openssl req -new -config req.conf -key meter-2.key -outform der |
	base64 >meter-2.b64
post simpleenroll meter-2.b64 -u ":$second"
keep
want 400 "another connection's proof"
head -c 100 meter-3.b64 >cut.b64
post simpleenroll cut.b64 -u ":$third"
keep
want 400 'half a request'

# An operator's part.
post simpleenroll meter-4.b64 -u ":$fourth"
keep
want 202 'what waits'
pki -o json device pending >left/pending
id=$(sed -n 's/.*"request": *"\([^"]*\)".*/\1/p' left/pending)
[ -n "$id" ] || fail 'nothing waits'
pki device deny "$id" >left/deny
post simpleenroll meter-4.b64 -u ":$fourth"
keep
want 403 'what was denied'
pki token revoke "${third%%.*}" >left/revoke
post simpleenroll meter-3.b64 -u ":$third"
keep
want 401 'a revoked token'

# What is asked of it beside.
for page in health/live health/ready metrics; do
	curl -s "http://127.0.0.1:$status_port/$page" -u ":$second" \
	    >"left/${page#*/}"
done
for words in 'status' 'token list' 'device list' 'device show meter-1' \
    'cert list' 'cert show meter-1' 'audit show' 'audit verify' 'db check' \
    'ca show issuing' 'profile list'; do
	for format in table json; do
		# shellcheck disable=SC2086 # words
		pki -o $format $words >>left/printed 2>&1 || :
	done
done
"$daemon" --dir ca --check >left/check 2>&1 || fail '--check'
"$daemon" --dir ca --check -o json >left/check-json 2>&1 || fail '--check'

# Keys that are none, the issuer's end, and a wrong passphrase.
cp ca/keys/token.key kept.token
head -c 30 kept.token >ca/keys/token.key
kill -HUP "$server"
post simpleenroll meter-2.b64 -u ":$second"
keep
cat kept.token >ca/keys/token.key
cp ca/keys/issuing.key kept.key
head -c 200 kept.key >ca/keys/issuing.key
kill -SEGV "$(pid_of issuer)"
wait_until grep -q 'without its END' "$log"
post simpleenroll meter-2.b64 -u ":$second"
keep
want 503 'without the key'
"$daemon" --dir ca --check >>left/check 2>&1 || :
echo 'another passphrase' >credentials/issuing-passphrase
# One that has read the right passphrase must not find the key.
before=$(events started)
wait_until has_event started $((before + 1))
cat kept.key >ca/keys/issuing.key
wait_until grep -q 'a wrong passphrase' "$log"
post simpleenroll meter-2.b64 -u ":$second"
keep
want 503 'with a wrong passphrase'
printf '%s\n' "$passphrase" >credentials/issuing-passphrase
wait_until is_ready
post simplereenroll meter-1.b64 --cert meter-1.pem --key meter-1.key
keep
want 200 'at the end'

[ -z "$(find . -name 'core*')" ] || fail 'a core was left'
parent=$server worker=$(pid_of worker) issuer=$(pid_of issuer)
mkdir -p left/proc
for pid in $parent $worker $issuer; do
	cat "/proc/$pid/cmdline" >"left/proc/cmdline-$pid"
	cat "/proc/$pid/environ" >"left/proc/environ-$pid"
done
cp -r ca left/ca
rm -r left/ca/keys
cp "$log" left/log
search() {
	PYTHONDONTWRITEBYTECODE=1 python3 \
	    "$abs_top_srcdir/tests/pki-estd/canary.py" "$@" >finds ||
		fail "the search: $(cat finds)"
}
# none WHERE: the search found nothing.
none() {
	grep -q '^found 0 in [1-9]' finds || fail "$1: $(head -n 5 finds)"
	echo "guarantee=G37 $1: $(tail -n 1 finds)"
}
search secrets left
none 'what is left'
grep -v -e '^tls-key' -e '^token-[0-9]' -e ^wrong -e ^challenge secrets >of-ca
search of-ca "memory:$worker" "memory:$parent"
none 'memory of worker and parent'

# The search finds what is there: in its process, and when it is planted.
search of-ca "memory:$issuer"
for key in issuing-key token-key; do
	grep -q "^$key" finds || fail "the issuer's memory: no $key in it"
done
mkdir planted
printf '{"authorization":"Basic %s"}' \
    "$(printf 'meter-2:%s' "$second" | base64 | tr -d '\n')" >planted/basic
echo "secret $second" >planted/plain
od -An -v -tx1 ca/keys/token.key | tr -d ' \n' >planted/hex
cp ca/keys/root.key planted/pem
search secrets planted
for where in basic plain hex pem; do
	grep -q "planted/$where\$" finds || fail "not found: $where"
done
[ "$(tail -n 1 finds | cut -d ' ' -f 2)" = 4 ] || fail 'not four finds'
stop_daemon
search secrets "$log"
none 'the log at the end'
