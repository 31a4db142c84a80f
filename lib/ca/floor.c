#include "ca/floor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "x509/digest.h"

#define FLOOR_MAX 1024
/* 9999-12-31T23:59:59Z: no certificate can say more. */
#define TIME_MAX INT64_C(253402300799)

static pki_code
print_floor(const pki_floor *floor, pki_buf *out, pki_err *err)
{
	char hex[PKI_DIGEST_TEXT];
	pki_digest digest;
	pki_code rc;

	pki_buf_add_format(out, "pki-ctl-floor 1\ntime %" PRId64
	    "\ncrl-number %" PRId64 "\nepoch %" PRId64 "\n",
	    floor->time, floor->crl_number, floor->epoch);
	rc = pki_digest_of(pki_buf_bytes(out), &digest, err);
	if (rc != PKI_OK)
		return rc;
	pki_buf_add_format(out, "sha256 %s\n", pki_digest_format(&digest, hex));
	return pki_buf_check(out, err);
}

pki_code
pki_floor_write(const char *path, const pki_floor *floor, pki_err *err)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	pki_code rc = print_floor(floor, text, err);

	if (rc != PKI_OK)
		return rc;
	return pki_file_replace(path, pki_buf_bytes(text), 0600, err);
}

pki_code
pki_floor_read(const char *path, pki_floor *out, pki_err *err)
{
	PKI_AUTO(pki_buf) text = NULL;
	PKI_AUTO(pki_buf) again = pki_buf_new();
	pki_floor floor = { 0 };
	int fields;
	pki_code rc;

	rc = pki_file_read(path, FLOOR_MAX, PKI_FILE_SECRET, &text, err);
	if (rc == PKI_NOT_FOUND)
		return pki_fail(err, PKI_DAMAGED, "%s is missing: restore it, "
		    "or state the time with 'pki-ctl clock accept'", path);
	if (rc != PKI_OK)
		return rc;
	/* Whole and untouched means: printed again it gives the same octets. */
	fields = sscanf(pki_buf_text(text), "pki-ctl-floor 1\ntime %" SCNd64
	    "\ncrl-number %" SCNd64 "\nepoch %" SCNd64, &floor.time,
	    &floor.crl_number, &floor.epoch);
	rc = print_floor(&floor, again, err);
	if (rc != PKI_OK)
		return rc;
	if (fields != 3 ||
	    !pki_bytes_equal(pki_buf_bytes(text), pki_buf_bytes(again)) ||
	    floor.time < 0 || floor.time > TIME_MAX || floor.crl_number < 0 ||
	    floor.epoch < 1 || floor.epoch > 127)
		return pki_fail(err, PKI_DAMAGED, "%s is damaged: restore it, "
		    "or state the time with 'pki-ctl clock accept'", path);
	*out = floor;
	return PKI_OK;
}

pki_code
pki_floor_raise(const char *path, int64_t time, int64_t crl_number,
    pki_err *err)
{
	pki_floor floor;
	pki_code rc = pki_floor_read(path, &floor, err);

	if (rc != PKI_OK)
		return rc;
	if (time <= floor.time + PKI_FLOOR_STEP &&
	    crl_number <= floor.crl_number)
		return PKI_OK;
	if (time > floor.time)
		floor.time = time;
	if (crl_number > floor.crl_number)
		floor.crl_number = crl_number;
	return pki_floor_write(path, &floor, err);
}
