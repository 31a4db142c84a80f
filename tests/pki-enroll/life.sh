#!/bin/sh
# A device's life: whom to believe, the first certificate by token, the next
# ones by the one before, and back.
# shellcheck source=tests/pki-enroll/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-enroll/lib.sh"
start_daemon
print=$(openssl x509 -in ca.pem -noout -fingerprint -sha256 | cut -d= -f2)

# Nobody is believed for being there.
device m1
say m1
do_it enroll m1
did 1 'nobody is known' 'anchors or fingerprint'
do_it bootstrap m1
did 1 'bootstrap without a person' "$(echo "$print" | tr -d : | tr A-F a-f)"
[ ! -e m1/anchors.pem ] || fail 'believed without a word'
say m1 "fingerprint = \"$(echo "$print" | tr 0123 1230)\";"
do_it enroll m1
did 1 'a fingerprint of nobody' 'self-signed'
say m1 "fingerprint = \"$print\";"
do_it bootstrap m1
did 0 bootstrap
cmp -s m1/anchors.pem ca.pem || fail 'not the root'

do_it enroll m1 --dry-run
did 0 'dry run' 'simpleenroll.*CN=m1'
[ ! -e m1/pending.pem ] || fail 'a dry run made a key'
do_it enroll m1
did 0 enroll 'CN=m1'
works m1
[ ! -e m1/pending.pem ] || fail 'a key still waits'
[ "$(stat -c %a m1/current/key.pem)" = 600 ] || fail 'the key can be read'
first=$(serial m1/current/cert.pem)
do_it enroll m1
did 0 'enroll again' 'already'
[ "$first" = "$(serial m1/current/cert.pem)" ] || fail 'another one'

# Renewed, with a new key; and the old pair is there.
cp m1/current/key.pem first.key
do_it renew -o json m1
did 0 renew '"subject":"CN=m1"'
works m1
[ "$first" != "$(serial m1/current/cert.pem)" ] || fail 'not renewed'
! cmp -s m1/current/key.pem first.key || fail 'the old key'
second=$(serial m1/current/cert.pem)
do_it rollback m1
did 0 rollback
[ "$first" = "$(serial m1/current/cert.pem)" ] || fail 'not back'
works m1
do_it rollback m1
did 0 'rollback undone'
[ "$second" = "$(serial m1/current/cert.pem)" ] || fail 'not forth'

# The same key, when it is to be so; a new one, when it is said.
say m1 'rekey = "never";'
cp m1/current/key.pem second.key
do_it renew m1
did 0 'renew with the same key'
cmp -s m1/current/key.pem second.key || fail 'not the same key'
do_it rekey m1
did 0 rekey
! cmp -s m1/current/key.pem second.key || fail 'not a new key'
works m1

# The operator's commands: a probe that refuses leaves all as it was.
cat >hear <<end
#!/bin/sh
openssl x509 -in "\$PKI_ENROLL_CERT" -noout -serial >"$work/heard"
end
cat >fail <<end
#!/bin/sh
echo "\$PKI_ENROLL_ERROR_CODE" >"$work/sorry"
end
chmod +x hear fail
third=$(serial m1/current/cert.pem)
say m1 'probe = [ "/bin/false" ];' "on-failed = [ \"$work/fail\" ];" \
    "on-renewed = [ \"$work/hear\" ];"
do_it renew m1
did 1 'a probe that refuses' 'probe'
[ "$third" = "$(serial m1/current/cert.pem)" ] || fail 'promoted all the same'
[ "$(cat sorry)" = denied ] || fail 'on-failed'
[ ! -e heard ] || fail 'on-renewed after a refusal'
say m1 "probe = [ \"$work/hear\" ];" "on-renewed = [ \"$work/hear\" ];"
do_it renew m1
did 0 'a probe that agrees'
[ "$(cat heard)" = "$(serial m1/current/cert.pem)" ] || fail 'on-renewed'
works m1

# All of a directory; one that fails keeps nobody from its turn.
device m2
say m2 "anchors = \"$work/ca.pem\";"
say m0 "anchors = \"$work/ca.pem\";"
do_it enroll
did 1 'three of which one has no token' '1 of 3'
works m2

# Without a file.
device m3
"$enroller" enroll --server "https://localhost:$port" --dir m3 --device m3 \
    --anchors ca.pem --token-file m3.token >out 2>said ||
	fail "one-off: $(cat said)"
works m3

# A token that is spent, and none at all.
device m4
say m4 "anchors = \"$work/ca.pem\";"
cp m3.token m4.token
do_it enroll m4
did 1 'another device'"'"'s token' 'server'
[ ! -e m4/current ] || fail 'a pair from nowhere'
do_it renew m4
did 1 'nothing to renew' 'no pair'
! grep -rq "$(cut -d. -f2 m3.token)" m3 m4 out said || fail 'a token on disk'

# A person has to approve: the same key waits, and gets its certificate.
sed -i 's/^est: {/&\n\tapproval = "manual";/' ca/templates/auditor.conf
before=$(events offers)
kill -HUP "$server"
wait_until has_event offers $((before + 1))
wait_until has_event reloaded
device m5
say m5 "anchors = \"$work/ca.pem\";"
do_it enroll m5
did 3 'nobody has approved' '202'
cp m5/pending.pem waiting
do_it check m5
did 3 'check while it waits'
pki device approve "$(pki -o json device pending |
    sed -n 's/.*"request": *"\([^"]*\)".*/\1/p')" >/dev/null || fail 'approve'
do_it enroll m5
did 0 'approved' 'CN=m5'
openssl pkey -in waiting -out waiting.key
cmp -s m5/current/key.pem waiting.key || fail 'not the key that waited'
works m5

# What the server has.
"$enroller" probe "https://localhost:$port" --anchors ca.pem >out 2>said ||
	fail "probe: $(cat said)"
for row in 'cacerts  *yes' 'simpleenroll  *yes' 'serverkeygen  *no'; do
	grep -q "^$row" out || fail "probe: $row"
done
"$enroller" probe -o json "https://localhost:$port" >out 2>said ||
	fail "probe without anchors: $(cat said)"
python3 -c 'import json, sys; json.load(sys.stdin)' <out || fail 'no JSON'
stop_daemon
