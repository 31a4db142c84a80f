#!/bin/sh
# State directories that may not be written, or belong to somebody else.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"

# Another user may not see the build folder: a copy of the program for all.
mkdir bin
cp "$program" bin/pki-ctl
for library in "$libraries"/libpki.so.[0-9]; do
	[ ! -e "$library" ] || cp "$library" bin/
done
cp -r "$templates" templates
program=$work/bin/pki-ctl libraries=$work/bin templates=$work/templates
chmod -R go+rX bin templates

# as_nobody ARGUMENT...: an ordinary user's pki-ctl.
as_nobody() {
	nobody env LD_LIBRARY_PATH="$libraries" "$program" --dir "$dir" "$@"
}

new_ca
new_csr meter-1

# --- twice ------------------------------------------------------------------
same_state expect_exit 1 pki init --templates "$templates" --root-unencrypted
expect_says 'there is a CA in ca already'

# --- no directory, no file ---------------------------------------------------
dir=meter-1.csr
for command in status 'init --root-unencrypted'; do
	# Words.
	# shellcheck disable=SC2086
	expect_exit 1 pki $command
	expect_says 'meter-1.csr is not a directory'
done
dir=ca
expect_exit 1 pki --conf meter-1.csr status
expect_says 'meter-1.csr is not a directory'
expect_exit 1 pki cert issue --profile auditor --csr bin
expect_says 'bin is a directory, wants a file'
expect_exit 1 pki ca export root --out bin
expect_says 'bin is a directory, wants the name of a file'

nobody true 2>/dev/null || skip 'user 65534 may not enter / here'

# --- read-only, and in a folder where nothing may be made --------------------
mkdir locked place
if [ "$(id -u)" = 0 ]; then
	chown 65534:65534 locked place
fi
chmod 555 locked
dir=locked/ca
expect_exit 1 as_nobody init --templates "$templates" --root-unencrypted
expect_says 'make directory locked/ca: Permission denied'
dir=place/ca
expect_ok as_nobody init --templates "$templates" --root-unencrypted
nobody chmod 555 place/ca
nobody chmod 444 place/ca/ca.db place/ca/write.lock
same_state expect_exit 1 as_nobody cert issue --profile auditor \
    --csr meter-1.csr
expect_says 'place/ca'
[ ! -s .out ] || fail 'wanted nothing on stdout'
nobody chmod 711 place/ca
nobody chmod 600 place/ca/ca.db place/ca/write.lock

# An output folder where nothing may be made: refused before it is issued.
same_state expect_exit 1 as_nobody cert issue --profile auditor \
    --csr meter-1.csr --out locked/meter-1.pem
expect_says 'locked'
expect_ok as_nobody cert list --profile auditor -o json
json 'd == []'

# --- foreign owner ----------------------------------------------------------
if [ "$(id -u)" = 0 ]; then
	# root becomes the owner: what is made inside is his.
	# (A program that became another may not be looked at for leaks.)
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	export ASAN_OPTIONS
	expect_ok pki cert issue --profile auditor --csr meter-1.csr \
	    --out mine.pem
	expect_ok pki cert revoke meter-1
	[ -z "$(find place/ca ! -user 65534)" ] ||
		fail 'wanted all files to stay the owner'"'"'s'
	[ "$(stat -c %u mine.pem)" = 0 ] || fail 'wanted the output to be mine'
	expect_ok as_nobody crl publish
	# runs_as UIDS ARGUMENT...: real, effective and saved one, and that of
	# files, while it waits for the write lock.
	runs_as() {
		uids=$1
		shift
		exec 8>>place/ca/write.lock
		flock 8
		LD_LIBRARY_PATH=$libraries "$program" --dir place/ca "$@" \
		    >.out 2>.err 8>&- &
		children=$!
		tries=0
		until tr '\t' ' ' </proc/$children/status |
		    grep -q "^Uid: $uids"; do
			tries=$((tries + 1))
			[ $tries -lt 20 ] || fail "wanted user ids $uids"
			sleep 0.1
		done
		exec 8>&-
		wait $children || fail 'wanted an exit status of 0'
		children=
	}
	# root comes back only to write a file of its own.
	runs_as '65534 65534 65534 65534' clock accept
	runs_as '0 65534 0 65534' cert issue --profile auditor \
	    --csr meter-1.csr --replace meter-1 --out mine.pem
	dir=ca
	same_state expect_exit 1 as_nobody status
	expect_says 'belongs to user root (uid 0); run: sudo -u root pki-ctl'

	# Settings where others may put files: not for root, nor whom it
	# becomes.
	mkdir conf
	cp -r ca/pki.conf ca/templates conf
	expect_ok pki --conf conf status
	chmod 777 conf
	same_state refused file-mode pki --conf conf status
	chmod 755 conf
	chmod 1777 conf/templates
	same_state refused file-mode pki --conf conf status
	chmod 755 conf/templates
	chown 65534 conf
	same_state refused file-owner pki --conf conf status
	dir=new
	refused file-owner pki --conf conf init --root-unencrypted
	[ ! -e new ] || fail 'wanted nothing made'
	dir=place/ca
	expect_ok pki --conf conf status
	chown 65533 conf
	same_state refused file-owner pki --conf conf status
	dir=ca
	chown 0 conf
	ln -s "$work/templates/auditor.conf" conf/templates/linked.conf
	same_state refused file-link pki --conf conf profile list
fi
