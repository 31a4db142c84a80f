#!/bin/sh
# What the program takes from who starts it, and what it lets be seen.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"

# --- no code by environment -------------------------------------------------
# The loader says which files it is asked for, also when they are missing.
cat >openssl.cnf <<END
openssl_conf = start
[start]
providers = all
[all]
foreign = foreign
default = default
[default]
activate = 1
[foreign]
module = $work/foreign.so
activate = 1
END
# traced COMMAND...: with that configuration; what is loaded is in .err.
traced() {
	run env OPENSSL_CONF="$work/openssl.cnf" OPENSSL_MODULES="$work" \
	    LD_DEBUG=files LD_DEBUG_OUTPUT="$work/trace" "$@"
	cat trace.* >loaded
	rm trace.*
}
traced openssl list -providers
grep -q foreign.so loaded || skip 'openssl does not load providers here'
new_ca
new_csr meter-1
traced env LD_LIBRARY_PATH="$libraries" "$program" --dir ca cert issue \
    --profile auditor --csr meter-1.csr --out meter-1.pem
[ "$rc" = 0 ] || fail 'wanted a certificate'
grep -q libcrypto loaded || fail 'wanted to see what is loaded'
! grep foreign.so loaded >.out || fail 'wanted no code loaded'

# --- what is in memory stays there ------------------------------------------
mkdir bin place
cp "$program" "$libraries"/libpki.so.[0-9] bin/
chmod -R go+rX bin
if [ "$(id -u)" = 0 ]; then
	chown 65534:65534 place
fi
nobody true 2>/dev/null || skip 'user 65534 may not enter / here'
cd place
mkfifo ../pipe
as_other=
if [ "$(id -u)" = 0 ]; then
	as_other='setpriv --reuid 65534 --regid 65534 --clear-groups --'
fi
# Words, and no function: its number must be that of the program.
# shellcheck disable=SC2086
$as_other env LD_LIBRARY_PATH=../bin ../bin/pki-ctl --dir ca status \
    --passphrase-fd 3 3<../pipe 2>../.err &
child=$!
children=$child
exec 4>../pipe
tries=0
until grep -q 'Max core file size  *0  *0 ' /proc/"$child"/limits; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || fail 'wanted no core file'
	sleep 0.1
done
# The kernel gives the files of a process that hides to root.
owner=$(stat -c %u /proc/"$child"/environ)
echo secret >&4
exec 4>&-
wait "$child" || :
children=
grep -q '^#define PKI_SANITIZERS' "$abs_top_builddir/config.h" ||
	[ "$owner" = 0 ] || fail 'wanted a process that nobody may look into'
