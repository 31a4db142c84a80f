#!/bin/sh
# Another certificate for new sessions, while running ones go on.
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/lib.sh"
key_and_cert server-2 second
for i in $(seq 0 19); do
	name=server-$((i % 2 + 1))
	use_material $name
	mv tls.key "$name.key.$i"
	mv tls.cer "$name.cer.$i"
done
use_material server-1
start
raw crowd "$port" swap "$server"
# A key that does not fit leaves what is there.
use_material server-1
mv tls.key kept.key
use_material server-2
mv kept.key tls.key
kill -HUP "$server"
i=0
until grep -q 'material: TLS key and certificate' server.log; do
	i=$((i + 1))
	[ $i -lt 50 ] || fail 'a key that does not fit was taken'
	sleep 0.1
done
ask $est/cacerts
want 200 'after material that does not fit'
stop
