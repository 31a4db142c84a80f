#!/bin/sh
# Meters enroll while all of the daemon is killed at once, again and again, and
# then stopped in order, by a supervisor that starts it anew: what was answered
# is on record, and each meter has one certificate; whoever had sent a request
# when it was stopped has an answer.  G1, G41.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
count=${STORM_METERS:-500}
kills=${STORM_KILLS:-8}

seq -f 'k-%04g' 1 "$count" >names-KILL
seq -f 't-%04g' 1 "$count" >names-TERM
cat names-KILL names-TERM >names
for signal in KILL TERM; do
	(echo name,groups; sed "s/\$/,$signal/" names-$signal) >names.csv
	pki device import --profile auditor names.csv >imported
	pki -o json token create --group $signal | read_tokens >secrets
	sed 's/$/.b64/' names-$signal | paste -d ' ' secrets - >work-$signal
done
"$abs_top_builddir/tests/racer" requests <names || fail 'requests'

: >"$log"
python3 "$abs_top_srcdir/tests/pki-estd/keep.py" ports "$daemon" --dir ca \
    2>>"$log" &
server=$!
wait_until [ -s ports ]
read -r port status_port <ports
wait_until is_ready
certs() {
	grep -c '^cert' result || :
}
# shellcheck disable=SC2317 # wait_until calls it
has_certs() {
	[ "$(certs)" -ge "$1" ]
}
now() {
	read -r seconds _ </proc/uptime
	echo "${seconds%.*}${seconds#*.}"
}
starts=0 worst=0
# storm SIGNAL: all of one group enroll, and the daemon gets it meanwhile.
storm() {
	: >result
	raw storm "$port" 8 120 "work-$1" >result 2>lost.log &
	storm=$!
	children="$children $storm"
	i=0
	while [ $i -lt "$kills" ]; do
		i=$((i + 1))
		wait_until has_certs $((count * i / (kills + 2)))
		read -r pid <ports.pid
		children="$children $(pid_of worker) $(pid_of issuer)"
		kill "-$1" "$pid"
		starts=$((starts + 1))
		wait_until has_event ready $((starts + 1))
		ready=$(now)
		wait_until has_certs $(($(certs) + 1))
		took=$(($(now) - ready))
		[ $took -le $worst ] || worst=$took
	done
	wait "$storm" || fail "the storm and SIG$1 failed"
	awk '$1 == "cert" { print $3 }' result >>answered
	read -r _ ok _ _ _ refused _ lost _ unsent _ other <<end
$(tail -n 1 result)
end
	echo "SIG$1: $(tail -n 1 result)"
	[ "$ok" = "$count" ] || fail "$1: $ok of $count enrolled"
	[ "$refused$other" = 00 ] || fail "$1: $refused refused, $other else"
}
storm KILL
[ "$((lost + unsent))" -ge "$kills" ] || fail 'the kills hit nobody'
storm TERM
[ "$lost" = 0 ] || fail "SIGTERM: $lost requests were lost: $(cat lost.log)"
kill -TERM "$server"
wait "$server" || fail "the daemon ended with $?"
server=

pki -o json cert list --profile auditor >rows
sed -n 's/.*"serial": *"\([0-9a-f]*\)".*/\1/p' rows | sort >recorded
sort answered >serials
comm -13 recorded serials >missing
uniq -d serials >twice
sed -n 's/.*"name": *"\([^"]*\)".*/\1/p' rows | sort >live
echo "guarantee=G1,G41 kills=$kills stops=$kills answered=$(wc -l <serials)" \
    "lost=$(wc -l <missing) duplicate=$(wc -l <twice)" \
    "first=$((worst / 100)).$(printf '%02d' $((worst % 100)))s"
[ ! -s missing ] || fail 'answered, and not on record'
[ ! -s twice ] || fail 'one for two'
# A second is what is wanted; this machine may have other work.
[ "$worst" -le 500 ] || fail "served $worst/100 s after a start"
cmp -s names live || fail 'not one certificate for each meter'
pki audit verify >verified || fail 'the audit log'
pki db check >checked || fail 'the database'
