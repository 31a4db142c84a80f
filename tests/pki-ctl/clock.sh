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
