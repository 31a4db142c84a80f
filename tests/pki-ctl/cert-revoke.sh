#!/bin/sh
# pki-ctl cert revoke: final, published before it returns.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
for name in meter-1 meter-2 meter-3; do
	meter $name
done

same_state expect_ok pki cert revoke meter-1 --dry-run
expect_says 'Nothing was revoked; this would be:'
same_state expect_ok pki cert revoke meter-1 meter-2 --dry-run -o json
json "[(row['name'], row['crl-number']) for row in d] ==
    [('meter-1', None), ('meter-2', None)]"

expect_ok pki cert revoke meter-1 --reason cessationOfOperation
sed -i 's/ *$//' .out
expect_output <<'END'
NAME    SERIAL                                   CA      REASON               CRL-NUMBER
meter-1 SERIAL issuing cessationOfOperation          3
END
serial=$(openssl x509 -in meter-1.pem -noout -serial | cut -d = -f 2)
expect_ok openssl crl -in ca/public/crl/issuing/full.pem -noout -text \
    -CAfile ca/public/ca/issuing-chain.pem -verify
expect_prints "Serial Number: $serial"
expect_prints 'Cessation Of Operation'
expect_says 'verify OK'

# By serial, by file, several at once; every ID is looked at first.
expect_exit 1 pki cert revoke meter-2 nobody
expect_says "no certificate on record is called 'nobody'"
expect_ok pki cert list --state good --profile auditor -o json
json "len(d) == 2"
serial=$(openssl x509 -in meter-2.pem -noout -serial | cut -d = -f 2)
expect_ok pki cert revoke "serial:$(echo "$serial" | tr A-F a-f)" \
    file:meter-3.pem --reason superseded -o json
json "[(row['name'], row['reason']) for row in d] ==
    [('meter-2', 'superseded'), ('meter-3', 'superseded')]"

# A revocation is final; only a reason that is worse may follow.
same_state refused already-revoked pki cert revoke meter-1
same_state refused reason pki cert revoke meter-1 --reason removeFromCRL
same_state expect_exit 2 pki cert revoke meter-1 --reason bored
# No reason is offered that would be refused.
expect_says 'superseded, cessationOfOperation, privilegeWithdrawn'
! grep -E 'Hold|removeFromCRL|aACompromise' .err ||
	fail 'wanted no reason that is refused'
expect_says 'bored'
expect_ok pki cert revoke meter-1 --reason keyCompromise \
    --invalid-since 2026-01-31T12:00:00Z
expect_ok pki cert show meter-1 -o json
json "d[0]['reason'] == 'keyCompromise' and
    d[0]['invalid-since'] == '2026-01-31T12:00:00Z'"

# What fits several in force lists them and changes nothing: a serial's end
# that is also a name.
meter meter-4
end=$(openssl x509 -in meter-4.pem -noout -serial | tail -c 9 | tr A-F a-f)
meter "$end"
same_state refused ambiguous pki cert revoke "$end"
[ "$(grep -c ' good ' .out)" = 2 ] || fail 'wanted a list of two'
expect_ok pki cert revoke "name:$end"
expect_ok pki cert list --state good --profile auditor -o json
json "[row['name'] for row in d] == ['meter-4']"

# What goes with a CA is counted before it goes: by a dry run, and where a
# terminal is asked.
same_state expect_ok pki cert revoke issuing --reason cACompromise --dry-run
expect_says 'this would be, and the 1 in force that go with it:'
ask() {
	python3 - "$program" --dir "$dir" "$@" <<-'PYTHON'
		import os, pty, sys
		child, fd = pty.fork()
		if child == 0:
		    os.execv(sys.argv[1], sys.argv[1:])
		text = b''
		while b'[' not in text.rpartition(b'?')[2] or b'?' not in text:
		    text += os.read(fd, 1024)
		os.write(fd, b'n\n')
		try:
		    while True:
		        text += os.read(fd, 1024)
		except OSError:
		    pass
		sys.stdout.write(text.decode().replace('\r', ''))
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
	PYTHON
}
LD_LIBRARY_PATH=$libraries
export LD_LIBRARY_PATH
same_state expect_exit 1 ask cert revoke issuing --reason cACompromise
expect_prints '(issuing), and the 1 in force that go with it for ever, reason'

# Recorded is not published: what undoes it behind our back is found out.  A
# store that refuses to open such a database is as good.
meter meter-5
meter meter-6
python3 -c 'import sqlite3
db = sqlite3.connect("ca/ca.db")
db.execute("CREATE TRIGGER undo AFTER UPDATE OF status ON cert BEGIN"
    " UPDATE cert SET status = 0 WHERE id = NEW.id; END")
db.commit()'
for command in 'cert revoke meter-5' 'cert hold meter-6'; do
	# shellcheck disable=SC2086
	expect_exit 1 pki $command
	grep -q 'not published' .err || grep -qi -e trigger -e schema .err ||
	    fail 'wanted it said that nothing is published'
done
