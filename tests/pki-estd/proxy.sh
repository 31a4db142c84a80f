#!/bin/sh
# A balancer in front, which tells whose connection it passes on.
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/lib.sh"
start 'proxies = [ "127.0.0.1" ];' 'limit: { tries-per-token = 0; };'
raw proxy "$port"
[ "$(count 'connections_total{result="proxy"}')" -ge 9 ] ||
	fail 'bad headers are not counted'
stop
