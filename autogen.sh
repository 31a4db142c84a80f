#!/bin/sh
# Makes ./configure.  Needed once after git clone.
set -e
cd "$(dirname "$0")"

for tool in autoreconf:autoconf automake:automake libtoolize:libtool \
    pkg-config:pkgconf; do
	command -v "${tool%:*}" >/dev/null || {
		echo "autogen.sh: ${tool%:*} is missing:" \
		    "install the Debian package ${tool#*:}" >&2
		exit 1
	}
done
mkdir -p m4
exec autoreconf --force --install
