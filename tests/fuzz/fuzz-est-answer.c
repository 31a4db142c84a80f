#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>

#include "pki-enroll/plan.h"

/*
 * A server's answer: "STATUS MEDIA-TYPE LF BODY".  Whatever it is, a client
 * refuses it with a sentence, or takes what names and keys say: no root is
 * believed, no certificate is for our key, and a plan has a subject.
 */

#define NOW INT64_C(1767225600)

static const pki_key *
our_key(void)
{
	static pki_key *key;

	if (key == NULL)
		fuzz_assert(pki_key_generate(PKI_KEY_P256, &key, NULL) ==
		    PKI_OK);
	return key;
}

static const pki_name *
our_name(void)
{
	static const pki_name_part part = { PKI_NAME_COMMON_NAME, "meter" };
	static pki_name *name;

	if (name == NULL)
		fuzz_assert(pki_name_build(&part, 1, &name, NULL) == PKI_OK);
	return name;
}

static void
try_certs(est_server *server, const http_answer *answer)
{
	pki_name *subject = NULL;
	enroll_plan plan = { .key_type = PKI_KEY_P256 };
	const pki_cert *leaf = NULL;
	plan_anchors anchors;
	est_certs certs = { .count = 0 };
	pki_err err = { .code = PKI_OK };
	pki_code rc;

	rc = est_take_certs(server, "cacerts", answer, &certs, &err);
	fuzz_assert(rc == PKI_OK ? certs.count > 0 : err.msg[0] != '\0');
	if (rc != PKI_OK)
		return;
	fuzz_assert(pki_name_copy(our_name(), &subject, NULL) == PKI_OK);
	plan.subject = subject;
	fuzz_assert(plan_check_answer(&plan, pki_key_public(our_key()),
	    &certs, NOW, &leaf, &err) != PKI_OK);
	fuzz_assert(plan_choose_anchors(NULL, 0, NULL, &certs, NOW, &anchors,
	    &err) == PKI_DENIED);
	plan_clear(&plan);
	est_certs_clear(&certs);
}

static void
try_csrattrs(est_server *server, const http_answer *answer)
{
	PKI_AUTO(pki_csrattrs) wanted = NULL;
	const plan_wish wish = {
		.subject = our_name(), .key_type = PKI_KEY_P256,
	};
	enroll_plan plan = { .key_type = PKI_KEY_P256 };
	pki_err err = { .code = PKI_OK };
	pki_code rc;

	rc = est_take_csrattrs(server, answer, &wanted, &err);
	if (rc == PKI_OK)
		rc = plan_make(&wish, wanted, &plan, &err);
	fuzz_assert(rc == PKI_OK ? plan.subject != NULL :
	    err.msg[0] != '\0');
	if (rc == PKI_OK)
		plan_clear(&plan);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *end = len == 0 ? NULL : memchr(data, '\n', len);
	est_server server = { .label = "" };
	http_answer answer = { .status = 0 };
	char head[HTTP_TYPE_MAX + 8];

	if (end == NULL || (size_t)(end - data) >= sizeof(head))
		return 0;
	snprintf(head, sizeof(head), "%.*s", (int)(end - data),
	    (const char *)data);
	if (sscanf(head, "%3d %127[^\n]", &answer.status, answer.type) < 1)
		return 0;
	end++;
	answer.body = pki_buf_copy(pki_bytes_of(end,
	    len - (size_t)(end - data)));
	fuzz_assert(answer.body != NULL);
	try_certs(&server, &answer);
	try_csrattrs(&server, &answer);
	http_answer_clear(&answer);
	return 0;
}
