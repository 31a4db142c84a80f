#!/bin/sh
# State directories that are damaged, incomplete, or newer than the program.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
new_csr meter-1

mv ca whole
fresh() {
	rm -rf ca
	cp -a whole ca
}
refuses() {
	for command in status 'cert issue --profile auditor --csr meter-1.csr' \
	    'crl publish' "${2:-audit verify}"; do
		# Words.
		# shellcheck disable=SC2086
		expect_exit 1 pki $command
		expect_says "$1"
		[ ! -s .out ] || fail 'wanted nothing on stdout'
	done
}
fresh
sqlite3 ca/ca.db 'PRAGMA user_version = 99'
refuses 'store-version: '
same_state expect_exit 1 pki status
fresh
rm ca/ca.db-wal ca/ca.db-shm
head -c 90112 /dev/urandom >ca/ca.db
refuses ca.db
fresh
rm ca/ca.db ca/ca.db-wal ca/ca.db-shm
refuses 'there is no CA in ca'
expect_exit 1 pki init --templates "$templates" --root-unencrypted
expect_says 'the rest of one'
fresh
rm ca/floor
expect_exit 1 pki cert issue --profile auditor --csr meter-1.csr
expect_says 'floor is missing: restore it'
expect_exit 1 pki crl publish
expect_ok pki status
expect_prints 'floor'
expect_ok pki clock accept
expect_ok pki cert issue --profile auditor --csr meter-1.csr
fresh
echo 'colour = "red";' >>ca/pki.conf
refuses 'pki.conf:'
# A trigger that takes a revocation back, a view in a table's place.
fresh
sqlite3 ca/ca.db 'create trigger undo after update on cert begin
    update cert set status = 0 where id = new.id; end'
refuses "trigger 'undo' is not as this library makes it"
expect_exit 1 pki cert revoke meter-1 --reason superseded
expect_says "trigger 'undo'"
fresh
sqlite3 ca/ca.db 'alter table cert rename to was;
    create view cert as select * from was'
refuses "table 'was'"

# Numbers that would divide by nothing, overflow, or lead out of keys/.
fresh
tamper 'update ca set partition_size = 0'
refuses 'CA row has a bad partition_size' 'db check'
fresh
tamper "update ca set key_ref = 'file:keys/../../etc/key'"
refuses 'CA row has a bad key_ref' 'db check'
fresh
tamper "update ca set name = '../' || name"
refuses 'CA row has a bad name' 'db check'
fresh
tamper 'update audit_tree set size = 9223372036854775807,
    frontier = zeroblob(63 * 32)'
refuses 'audit tree'
