#!/bin/sh
# Usage: check-layers.sh [SOURCE-ROOT]
# Fail when a file includes a layer or a library that it must not know.
cd "${1:-${abs_top_srcdir:-.}}" || exit 1
# The list is free of spaces by our own naming.
# shellcheck disable=SC2046
awk '
BEGIN {
	may["base"]    = "base"
	may["x509"]    = "base x509"
	may["est"]     = "base x509 est"
	may["message"] = "base x509 message"
	may["policy"]  = "base x509 policy"
	may["sign"]    = "base x509 sign"
	may["store"]   = "base store"
	may["archive"] = "base x509 message archive"
	may["ca"]      = "base x509 policy sign store ca"
	may["issuer"]  = "base x509 ca est issuer"

	# One library, one place.
	home["openssl"]     = "^(lib/(x509|sign)/|src/pki-enroll/tls\\.c|src/[a-z-]*guard/)"
	home["sqlite3"]     = "^lib/(store/store|archive/archive)-sqlite[a-z-]*\\.[ch]$"
	home["libpq"]       = "^lib/store/store-postgresql[a-z-]*\\.[ch]$"
	home["microhttpd"]  = "^src/pki-estd/http(-daemon)?\\.c$"
	home["gnutls"]      = "^src/pki-estd/tls\\.c$"
	home["libconfig"]   = "^lib/base/settings\\.c$"
	home["seccomp"]     = "^lib/base/sandbox-seccomp\\.c$"
	home["jansson"]     = "^(lib/ca/audit|src/common/print)[a-z-]*\\.c$"
	home["libsmartcols"] = "^src/common/print[a-z-]*\\.c$"
	home["curl"]        = "^src/(pki-enroll/http(-open\\.c|-private\\.h|\\.c)|pki-crl-fetch/)"
}
function bad(what) {
	printf "%s:%d: %s\n", FILENAME, FNR, what
	failed = 1
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	match($0, /<[a-zA-Z0-9]+/)
	library = substr($0, RSTART + 1, RLENGTH - 1)
	if (library in home && FILENAME !~ home[library])
		bad("<" library "> has another home: " home[library])
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, quoted, "\"")
	split(quoted[2], to, "/")
	split(FILENAME, at, "/")
	if (at[1] == "src")
		ok = quoted[2] == "pki.h" || to[1] == "common" || \
		    to[1] == at[2] || quoted[2] !~ /\//
	else
		ok = FILENAME == "lib/pki.h" || \
		    (quoted[2] ~ /\// && \
		    index(" " may[at[2]] " ", " " to[1] " ") > 0)
	if (!ok)
		bad(at[1] "/" at[2] " must not include \"" quoted[2] "\"")
}
# Everything that the CA signs goes through one door.
/pki_signer_(sign|begin)[ \t]*\(/ {
	if (FILENAME !~ /^lib\/sign\// && FILENAME != "lib/ca/sign.c")
		bad("only lib/ca/sign.c may call pki_signer_sign and _begin")
}
END { exit failed }
' $(find lib src -name '*.[ch]' | sort)
