#!/bin/sh
# pki-ctl clock accept: a clock that went back is not believed.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
meter meter-1
new_csr meter-2

# The floor says that it was an hour later once: the clock went back.
{
	sed -e '/^sha256/d' -e "s/^time .*/time $(($(date +%s) + 3600))/" \
	    ca/floor
} >later
printf 'sha256 %s\n' "$(sha256sum <later | cut -c -64)" >>later
cat later >ca/floor

same_state expect_exit 3 pki cert issue --profile auditor --csr meter-2.csr \
    --out meter-2.pem
expect_says 'clock'
expect_exit 3 pki cert issue --profile auditor --csr meter-2.csr -o json
json_error "d['code'] == 'clock-suspect'"
[ ! -e meter-2.pem ] || fail 'wanted no certificate'
same_state expect_exit 3 pki crl publish issuing
expect_ok pki status
expect_prints 'warning: '

expect_ok pki clock accept
expect_output <<'END'
accepted: TIME
END
expect_ok pki audit show --from 6 -o json
json "d[-1]['event']['action'] == 'clock-accept'"
expect_ok pki cert issue --profile auditor --csr meter-2.csr --out meter-2.pem
expect_ok pki clock accept -o json
json "list(d) == ['accepted']"
expect_exit 2 pki clock accept now

# A root's CRL that was signed with the clock ahead: nobody's is, until it is
# said that the clock is right.
python3 -c 'import sqlite3, sys
db = sqlite3.connect("ca/ca.db")
db.execute("UPDATE crl SET this_update = this_update + 86400 WHERE ca_id = 1")
db.commit()'
expect_ok pki status
expect_prints "run 'pki-ctl --dir ca crl publish --accept-clock root'"
same_state expect_exit 3 pki crl publish
expect_says "run 'pki-ctl --dir ca crl publish --accept-clock'"
expect_exit 2 pki crl publish --accept-clock --if-due
expect_ok pki crl publish --accept-clock
expect_ok pki audit show -o json
json "[r['event']['ca'] for r in d if r['event']['action'] == 'clock-accept'
    and 'ca' in r['event']] == ['root']"
expect_ok pki status
! grep -q accept-clock .out || fail 'wanted nothing ahead of the clock'
