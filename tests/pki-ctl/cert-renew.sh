#!/bin/sh
# pki-ctl cert issue --renew: one more certificate of what a name is already.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
meter meter-1
cp meter-1.pem old.pem

# The same key, once more; a dry run first.
same_state expect_ok pki cert issue --renew meter-1 --csr meter-1.csr --dry-run
expect_output <<'END'
name:               meter-1
ca:                 issuing
profile:            auditor
subject:            CN=meter-1
alt-names:          -
not-before:         TIME
not-after:          TIME
key-usage:          digital-signature
extended-key-usage: client-auth
END
expect_ok pki cert issue --renew meter-1 --csr meter-1.csr --out new.pem
mask <.err >.out
expect_output <<'END'
Issued meter-1 by issuing: serial SERIAL, good until TIME, in new.pem.
The one before it, serial SERIAL, stays good.
END
! cmp -s old.pem new.pem || fail 'wanted another certificate'
for cert in old new; do
	expect_ok openssl verify -CAfile ca/public/ca/root-chain.pem \
	    -untrusted $cert.pem $cert.pem
done
expect_ok pki cert list --state good --profile auditor -o json
json "[row['name'] for row in d] == ['meter-1', 'meter-1']"

# A new key, and the whole answer as JSON.
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out next.key
openssl req -new -key next.key -subj /CN=meter-1 -out next.csr
expect_ok pki cert issue --renew meter-1 --profile auditor --csr next.csr \
    --name meter-1 -o json
json "d['name'] == 'meter-1' and d['profile'] == 'auditor' and
    d['replaced'] == 0 and d['chain'].count('BEGIN') == 2 and
    d['follows'] == '$(openssl x509 -in new.pem -noout -serial |
    cut -d = -f 2 | tr A-F a-f)'"

# A broker keeps its names, whether the request repeats them or says nothing.
expect_ok pki cert issue --profile broker --name broker-1 --new-key b.key \
    --alt-name dns:mqtt.example --alt-name ip:192.0.2.1 --out broker.pem
expect_ok pki cert issue --renew broker-1 --new-key c.key --out broker.pem
expect_ok openssl x509 -in broker.pem -noout -ext subjectAltName
expect_prints 'DNS:broker-1, DNS:mqtt.example, IP Address:192.0.2.1'
openssl req -new -key c.key -subj /CN=broker-1 -out same.csr \
    -addext subjectAltName=IP:192.0.2.1,DNS:mqtt.example
expect_ok pki cert issue --renew broker-1 --csr same.csr --out broker.pem
openssl req -new -key c.key -subj /CN=broker-1 -out more.csr \
    -addext subjectAltName=IP:192.0.2.1,DNS:mqtt.example,DNS:more.example
openssl req -new -key c.key -subj /CN=broker-1 -out less.csr \
    -addext subjectAltName=IP:192.0.2.1
for csr in more less; do
	same_state refused names-change pki cert issue --renew broker-1 \
	    --csr $csr.csr
done
expect_says "'without dns:mqtt.example' refused"
same_state refused names-change pki cert issue --renew broker-1 \
    --csr same.csr --alt-name ip:192.0.2.2

# Nothing else changes either, and there must be something to renew.
sed 's/^name = .*/name = "rover";/' "$templates/auditor.conf" \
    >ca/templates/rover.conf
same_state refused profile-change pki cert issue --renew meter-1 \
    --csr next.csr --profile rover
rm ca/templates/rover.conf
same_state refused subject pki cert issue --renew meter-1 --csr same.csr
openssl req -new -key c.key -subj /CN=meter-1 -out foreign.csr
same_state refused key-in-use pki cert issue --renew meter-1 --csr foreign.csr
same_state refused key-origin pki cert issue --renew meter-1 --new-key n.key
same_state refused identity-unknown pki cert issue --renew meter-2 \
    --csr next.csr
same_state refused identity-unknown pki cert issue --renew METER-1 \
    --csr next.csr
same_state refused profile-kind pki cert issue --renew issuing --csr next.csr
same_state refused identity-reserved pki cert issue --renew issuing \
    --csr next.csr --profile auditor
meter held
expect_ok pki cert hold held
same_state refused not-in-force pki cert issue --renew held --csr held.csr
meter gone
expect_ok pki cert revoke gone
same_state refused not-in-force pki cert issue --renew gone --csr gone.csr
expect_says "'gone, revoked' refused"

# Wrong usage.
expect_exit 2 pki cert issue --renew meter-1
expect_exit 2 pki cert issue --renew meter-1 --replace meter-1 --csr next.csr
expect_says 'needs one of --renew and --replace'
expect_exit 2 pki cert issue --renew meter-1 --name meter-2 --csr next.csr
expect_says '--name and --renew name different identities'
expect_exit 2 pki cert issue --renew meter-1 --csr next.csr --change-profile
expect_ok pki audit verify
