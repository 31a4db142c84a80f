#ifndef TESTS_ENROLL_SLOTS_WORLD_H
#define TESTS_ENROLL_SLOTS_WORLD_H

/* What the tests of slots share: a directory, a clock, a CA, and steps. */

#include "pki-enroll/slots.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/pki-enroll/maker.h"
#include "tests/support/support.h"

static char folder[PKI_PATH_MAX], dir[PKI_PATH_MAX];
static struct test_clock ticking;
static struct maker maker;
static slots_options options;
static pki_err err;

static inline void
begin_world(void)
{
	temp_dir(folder);
	assert_ok(pki_path_join(dir, folder, "meter", &err), &err);
	test_clock_init(&ticking);
	maker_begin(&maker, "Test");
	options = (slots_options){
		.dir = dir, .owner = geteuid(), .group = getegid(),
		.mode = 0600, .clock = &ticking.clock,
	};
}

static inline void
end_world(void)
{
	maker_end(&maker);
	remove_dir(folder);
}

static inline enroll_slots *
open_slots(void)
{
	enroll_slots *slots = NULL;

	assert_ok(slots_open(&options, &slots, &err), &err);
	return slots;
}

static inline int64_t
now(void)
{
	return pki_clock_now(&ticking.clock);
}

static inline pki_code
stage_as(enroll_slots *slots, const pki_cert *leaf, enum slots_proven proven)
{
	/* The leaf last, and the root too, as a server may send them. */
	const pki_bytes certs[] = {
		pki_cert_der(maker.root), pki_cert_der(maker.ca),
		pki_cert_der(leaf),
	};

	return slots_stage(slots, certs, PKI_COUNT(certs), proven, &err);
}

static inline pki_code
stage(enroll_slots *slots, const pki_cert *leaf)
{
	return stage_as(slots, leaf, SLOTS_KEEP_PROVEN);
}

static inline void
set_anchors(enroll_slots *slots)
{
	const pki_cert *const anchors[] = { maker.root };

	assert_ok(slots_set_anchors(slots, anchors, 1, &err), &err);
}

/* A pending key, and a certificate of 90 days for it. */
static inline pki_cert *
ask(enroll_slots *slots)
{
	const pki_key *key = NULL;

	assert_ok(slots_pending(slots, PKI_KEY_P256, "enroll", &key, &err),
	    &err);
	return maker_issue(&maker, pki_key_public(key), "meter", now() - 60,
	    now() + 90 * PKI_DAY);
}

/* One more pair becomes current; its certificate. */
static inline pki_digest
renew(enroll_slots *slots)
{
	PKI_AUTO(pki_cert) cert = ask(slots);

	assert_ok(stage(slots, cert), &err);
	assert_ok(slots_promote(slots, &err), &err);
	return *pki_cert_digest(cert);
}

static inline bool
is_current(const enroll_slots *slots, const pki_digest *cert)
{
	return slots_current(slots) != NULL && pki_digest_equal(cert,
	    pki_cert_digest(slots_current(slots)->cert));
}

static inline void
path_in(char out[PKI_PATH_MAX], const char *name)
{
	assert_ok(pki_path_join(out, dir, name, &err), &err);
}

static inline void
put(const char *name, const char *text, mode_t mode)
{
	char path[PKI_PATH_MAX];

	path_in(path, name);
	assert_ok(pki_file_replace(path, pki_bytes_text(text), mode, &err),
	    &err);
}

static inline pki_buf *
get(const char *name)
{
	PKI_AUTO(pki_buf) buf = NULL;
	char path[PKI_PATH_MAX];

	path_in(path, name);
	assert_ok(pki_file_read(path, 1 << 20, PKI_FILE_ANY, &buf, &err),
	    &err);
	return PKI_TAKE(buf);
}

static inline mode_t
mode_of(const char *name)
{
	char path[PKI_PATH_MAX];
	struct stat st;

	path_in(path, name);
	cr_assert_eq(stat(path, &st), 0, "%s", path);
	return st.st_mode & 07777;
}

static inline bool
complains(const enroll_slots *slots, const char *of)
{
	const char *text;

	for (size_t i = 0; (text = slots_complaint(slots, i)) != NULL; i++)
		if (strstr(text, of) != NULL)
			return true;
	return false;
}

#endif
