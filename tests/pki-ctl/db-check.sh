#!/bin/sh
# pki-ctl db check: damage is found before it is needed.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
meter meter-1

same_state expect_ok pki db check
expect_output <<'END'
result: ok
rows:   11
END
expect_ok pki db check -o json
json "d['result'] == 'ok' and d['rows'] == 11"
expect_exit 2 pki db check twice

# damaged SQL RULES...: the database with this change is refused.
cp -r ca whole
damaged() {
	rm -rf ca
	cp -r whole ca
	sqlite3 ca/ca.db "$1"
	expect_exit 1 pki db check
	expect_exit 1 pki db check -o json
	json_error "d['code'] == 'damaged' and '$2' in d['error']"
}
damaged "update cert set not_after = not_after + 1 where id = 3" cert
damaged "update identity set state = 2 where name = 'meter-1'" identity
damaged "update ca set base_url = 'http://elsewhere' where id = 1" CA
damaged "update pubkey set blocked_at = 1 where id = 3" key
damaged "update cert set status = 1 where id = 3" cert

# Pages of the file itself.
rm -rf ca
cp -r whole ca
sqlite3 ca/ca.db 'pragma wal_checkpoint(truncate)' >pragma
dd if=/dev/zero of=ca/ca.db bs=4096 seek=5 count=6 conv=notrunc 2>pragma
expect_exit 1 pki db check
