#!/bin/sh
# A passphrase is in no argument, environment, file, message or log of ours.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
[ -r /proc/self/environ ] || skip 'there is no /proc here'
(umask 077 && echo 'Correct-Horse-7' >passphrase && echo wrong >wrong)

expect_ok pki init --templates "$templates" --root-passphrase-file passphrase \
    --issuing-passphrase-file passphrase
cp .err messages
for key in root issuing; do
	grep -q 'BEGIN ENCRYPTED PRIVATE KEY' ca/keys/$key.key ||
		fail "wanted $key.key encrypted"
	expect_ok openssl pkey -in ca/keys/$key.key -passin file:passphrase \
	    -noout
done
expect_exit 1 openssl pkey -in ca/keys/root.key -passin file:wrong -noout

# Without one, and with a wrong one: nothing happens, and why is said.
new_csr meter-1
for option in '' '--passphrase-file wrong'; do
	# None, or two words.
	# shellcheck disable=SC2086
	same_state refused passphrase pki cert issue --profile auditor \
	    --csr meter-1.csr --out meter-1.pem $option </dev/null
	cat .err >>messages
	[ ! -e meter-1.pem ] || fail 'wanted no certificate'
done
# What follows a NUL would not count everywhere.
(umask 077 && printf 'Correct-Horse-7\0x\n' >nul)
refused passphrase pki crl publish issuing --passphrase-file nul
expect_says 'none of them NUL'
chmod 644 wrong
refused file-mode pki crl publish issuing --passphrase-file wrong

# What others see of the program while it waits for a passphrase to come.
mkfifo pipe
LD_LIBRARY_PATH=$libraries "$program" --dir ca cert issue --profile auditor \
    --csr meter-1.csr --out meter-1.pem --passphrase-fd 3 3<pipe 2>>messages &
child=$!
children=$child
exec 4>pipe
# Until it is the program, and no longer the shell that started it.
tries=0
until grep -q passphrase-fd /proc/"$child"/cmdline; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || fail 'wanted the program to start'
	sleep 0.1
done
printf 'Correct-' >&4
# Only root may see the environment of a process that hides.
cat /proc/"$child"/cmdline /proc/"$child"/environ >seen 2>/dev/null || :
printf 'Horse-7\n' >&4
cat /proc/"$child"/cmdline /proc/"$child"/environ >>seen 2>/dev/null || :
exec 4>&-
rc=0 last='pki cert issue --passphrase-fd 3'
cp messages .err
wait "$child" || rc=$?
children=
[ "$rc" = 0 ] || fail 'wanted exit status 0'
[ -s seen ] || fail 'wanted to see something'
[ -s meter-1.pem ] || fail 'wanted a certificate'

expect_ok pki crl publish --passphrase-file passphrase
cat .err >>messages
expect_ok pki audit show -o json
cp .out audit
last='grep'
! grep -rlaF -e 'Horse' ca seen messages audit >.out ||
	fail 'wanted the passphrase nowhere'

# A new device's key, encrypted by a passphrase of its own.
expect_ok pki cert issue --profile operator --name operator-1 \
    --passphrase-file passphrase --key-passphrase-file passphrase \
    --new-key operator.key --out operator.pem
grep -q 'BEGIN ENCRYPTED' operator.key || fail 'wanted an encrypted key'
expect_ok openssl pkey -in operator.key -passin file:passphrase -noout
