#!/bin/sh
# Meters enroll while the issuer is killed again and again: what was answered
# is on record, and each meter has one certificate, however often it asked.
# G1, G24.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
count=${STORM_METERS:-150}
kills=${STORM_KILLS:-4}

seq -f 'm-%04g' 1 "$count" >names
(echo name,groups; sed 's/$/,storm/' names) >names.csv
pki device import --profile auditor names.csv >/dev/null
pki -o json token create --group storm | read_tokens >tokens
while read -r name; do
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout /dev/null -subj "/CN=$name" -outform der 2>/dev/null |
		base64 >"$name.b64"
done <names
sed 's/$/.b64/' names | paste -d ' ' tokens - >work.list

start_daemon
: >result
raw storm "$port" 8 120 work.list >result &
storm=$!
children="$children $storm"
# shellcheck disable=SC2317 # wait_until calls it
has_certs() {
	[ "$(grep -c '^cert' result || :)" -ge "$1" ]
}
i=0
while [ $i -lt "$kills" ]; do
	i=$((i + 1))
	wait_until has_certs $((count * i / (kills + 2)))
	kill -KILL "$(pid_of issuer)"
	wait_until has_event started $((2 + i))
	wait_until is_ready
done
wait "$storm" || fail 'the storm failed'
tail -n 1 result
read -r _ ok _ _ _ refused _ lost _ _ _ other <<end
$(tail -n 1 result)
end
[ "$ok" = "$count" ] || fail "$ok of $count enrolled"
[ "$refused$lost$other" = 000 ] || fail 'refused, lost, or else'
stop_daemon

pki -o json cert list --profile auditor >rows
sed -n 's/.*"serial":"\([0-9a-f]*\)".*/\1/p' rows | sort >recorded
awk '$1 == "cert" { print $3 }' result | sort >answered
[ "$(sort -u answered | wc -l)" = "$count" ] || fail 'one for two meters'
comm -13 recorded answered >missing
[ ! -s missing ] || fail "$(wc -l <missing) answered and not on record"
sed -n 's/.*"name":"\([^"]*\)".*/\1/p' rows | sort >live
cmp -s names live || fail 'not one certificate for each meter'
pki audit verify >/dev/null || fail 'the audit log'
pki db check >/dev/null || fail 'the database'
