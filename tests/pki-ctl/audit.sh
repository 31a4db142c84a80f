#!/bin/sh
# pki-ctl audit show, audit verify, audit head.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
meter meter-1

expect_ok pki audit show -o json
json "[row['seq'] for row in d] == list(range(len(d)))"
json "[row['event']['action'] for row in d][:3] ==
    ['init', 'cert-issue', 'cert-issue']"
json "d[-1]['event']['name'] == 'meter-1' and d[-1]['event']['ca'] == 'issuing'"
expect_ok pki audit show --from 5 --limit 1 -o json
json "[row['seq'] for row in d] == [5]"
same_state expect_ok pki audit show --limit 1
sed -i 's/by=operator:[^ ]*/by=operator:ME/' .out
expect_output <<'END'
   SEQ TIME                 EVENT
     0 TIME action=init by=operator:ME
END

same_state expect_ok pki audit head
read -r head <.out
expect_ok pki audit head -o json
json "d['head'] == '$head' and '$head' == '%d:%s' % (d['size'], d['root'])"

meter meter-2
same_state expect_ok pki audit verify --head "$head"
expect_output <<'END'
result: ok
rows:   7
head:   7:HASH
END
expect_ok pki audit verify --head "$head" -o json
json "d['result'] == 'ok' and d['rows'] == 7"
expect_exit 2 pki audit verify --head 6:00
expect_says '--head'

# A head of another history.
expect_exit 1 pki audit verify \
    --head "6:$(printf nothing | sha256sum | cut -c -64)"
expect_says 'head'

# A row that was changed, and one that was removed, are found.
row=$(sqlite3 ca/ca.db 'select count(*) - 1 from audit')
cp -r ca kept
tamper "update audit set line = replace(line, 'meter-2', 'meter-3')
    where seq = $row"
expect_exit 1 pki audit verify
expect_says 'audit'
rm -rf ca
mv kept ca
tamper "delete from audit where seq = $row"
expect_exit 1 pki audit verify -o json
json_error "d['code'] == 'damaged'"
