#!/bin/sh
# A server that wants each request bound to its connection, and a key of its
# choice: tls-exporter of TLS 1.3, tls-unique of TLS 1.2, wished for in either
# form of csrattrs.
# shellcheck source=tests/pki-enroll/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-enroll/lib.sh"
shim=$abs_top_builddir/tests/.libs/tls12-shim.so

# template FORM: auditor, that wants all that it can.
template() {
	sed 's/^est: {/est: { linking = "required"; csr-attributes = "'"$1"'";/
	    /^	types = /{N;s/.*/	types = [ "p384" ];/}' \
	    "$abs_top_srcdir/ca-templates/auditor.conf" \
	    >ca/templates/auditor.conf
	grep -q 'required' ca/templates/auditor.conf || fail 'no est group'
}
# twice NAME: enrolled, and renewed.
twice() {
	device "$1"
	say "$1" "anchors = \"$work/ca.pem\";" 'label = "auditor";'
	do_it enroll "$1"
	did 0 "enroll $1"
	do_it renew "$1"
	did 0 "renew $1"
	works "$1"
	openssl x509 -in "$1/current/cert.pem" -noout -text |
		grep -q 'P-384\|secp384r1' || fail "$1: not the key it wants"
}
real=$enroller
printf '#!/bin/sh\n%s LD_PRELOAD="%s" exec "%s" "$@"\n' \
    ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 "$shim" "$real" \
    >old.sh
chmod +x old.sh
for form in both template plain; do
	template $form
	start_daemon
	enroller=$real
	twice "new-$form"
	enroller=./old.sh
	twice "old-$form"
	stop_daemon
done

# Which versions those were, by a server that notes them.
: >requests
echo 'cacerts answer 404' >plan
PYTHONDONTWRITEBYTECODE=1 python3 \
    "$abs_top_srcdir/tests/pki-enroll/hostile.py" noted server-1.pem \
    server-1.key &
server=$!
wait_until [ -s noted ]
"$real" probe "https://localhost:$(cat noted)" >out 2>said || :
grep -q TLSv1.3 requests || fail 'not TLS 1.3'
./old.sh probe "https://localhost:$(cat noted)" >out 2>said || :
grep -q TLSv1.2 requests || fail 'not TLS 1.2'
