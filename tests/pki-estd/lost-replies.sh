#!/bin/sh
# Devices enroll through a proxy that eats replies, and ask again: all have a
# certificate in the end, one each, the one that is on record, and no operator
# had to do anything.  G24.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
count=${LOST_DEVICES:-1000}

seq -f 'm-%04g' 1 "$count" >names
(echo name,groups; sed 's/$/,lost/' names) >names.csv
pki device import --profile auditor names.csv >imported
pki -o json token create --group lost | read_tokens >secrets
"$abs_top_builddir/tests/racer" requests <names || fail 'requests'
sed 's/$/.b64/' names | paste -d ' ' secrets - >work.list

start_daemon
PYTHONDONTWRITEBYTECODE=1 python3 "$abs_top_srcdir/tests/pki-estd/eater.py" \
    eater.port "$port" 2 >eaten 2>eater.log &
eater=$!
children="$children $eater"
wait_until [ -s eater.port ]
raw storm "$(cat eater.port)" 12 120 work.list >result 2>lost.log
kill -TERM "$eater"
wait "$eater" || :
[ "$(events started)" = 2 ] || fail 'a process ended'
stop_daemon
read -r _ replies _ whole _ cut _ reset <eaten
read -r _ ok _ _ _ refused _ lost _ unsent _ other <<end
$(tail -n 1 result)
end
echo "guarantee=G24 devices=$count enrolled=$ok $(cat eaten)"
[ "$ok" = "$count" ] || fail "$ok of $count enrolled"
[ "$refused$other" = 00 ] || fail "$refused refused, $other else"
# The proxy did what it is for, in each way, and the clients noticed.
[ "$replies" = "$count" ] || fail "$replies replies went through"
for n in "$whole" "$cut" "$reset"; do
	[ "$n" -ge $((count / 50)) ] || fail "eaten: $(cat eaten)"
done
[ $((lost + unsent)) -ge $((whole + cut + reset)) ] ||
	fail "$lost lost and $unsent unsent of $(cat eaten)"

pki -o json cert list --profile auditor >rows
sed -n 's/.*"name": *"\([^"]*\)".*/\1/p' rows | sort >live
cmp -s names live || fail 'not one certificate for each device'
sed -n 's/.*"serial": *"\([0-9a-f]*\)".*/\1/p' rows | sort >recorded
awk '$1 == "cert" { print $3 }' result | sort >answered
cmp -s recorded answered || fail 'other certificates than those on record'
pki audit verify >verified || fail 'the audit log'
pki db check >checked || fail 'the database'
