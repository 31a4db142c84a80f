#!/bin/sh
# One token, one key, whoever comes at the same moment: two daemons on one CA,
# for each token as many racers as there are, each with a key of its own, half
# of them at either daemon.  G23.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
tokens=${RACE_TOKENS:-200}
racers=${RACE_RACERS:-64}

seq -f 'm-%04g' 1 "$tokens" >names
(echo name,groups; sed 's/$/,race/' names) >names.csv
pki device import --profile auditor names.csv >imported
pki -o json token create --group race | read_tokens >secrets
paste -d ' ' names secrets >work.list

start_daemon
first=$server first_port=$port
server=
# The other one has a name of its own, and its own log.
{
	cat ca/pki-estd.conf
	echo 'identity = "est-server-2";'
} >second.conf
children="$children $first"
log=$work/second.log
start_daemon --conf second.conf
"$abs_top_builddir/tests/racer" race ca.pem "$racers" "$first_port" "$port" \
    <work.list >result || fail 'the race'
echo "guarantee=G23 $(cat result)"
read -r _ _ _ requests _ ok _ bound _ other _ lost _ unfair <result
stop_daemon
server=$first log=$work/server.log
stop_daemon

[ "$requests" = $((tokens * racers)) ] || fail "$requests requests"
[ "$ok" = "$tokens" ] || fail "$ok redeemed of $tokens tokens"
[ "$unfair" = 0 ] || fail "$unfair tokens not redeemed once"
[ "$other$lost" = 00 ] || fail "$other other answers, $lost lost"
[ "$bound" = $((requests - tokens)) ] || fail "$bound were told so"
pki -o json cert list --profile auditor >rows
sed -n 's/.*"name": *"\([^"]*\)".*/\1/p' rows | sort >live
cmp -s names live || fail 'not one certificate for each device'
pki -o json token list >tokens.json
[ "$(grep -c '"state": *"used"' tokens.json)" = "$tokens" ] ||
	fail 'not each token is used'
pki audit verify >verified || fail 'the audit log'
pki db check >checked || fail 'the database'
