#include <string.h>

#include "pki-enroll/conf.h"

#define PARTS_MAX 10
#define PARTS_WANT "C=, ST=, L=, O=, OU=, serialNumber= or CN= and a value"

/* "CN=meter-0042".  What is borrowed is the text's. */
static pki_code
read_part(const char *text, pki_name_part *out, pki_err *err)
{
	size_t len = strcspn(text, "=");

	for (int type = PKI_NAME_COUNTRY; type <= PKI_NAME_COMMON_NAME;
	    type++) {
		const char *name = pki_name_type_short((pki_name_type)type);

		if (strlen(name) != len || strncmp(name, text, len) != 0 ||
		    text[len] == '\0')
			continue;
		*out = (pki_name_part){ (pki_name_type)type, text + len + 1 };
		return PKI_OK;
	}
	return pki_refuse(err, PKI_BAD_INPUT, "name", PARTS_WANT, "%s", text);
}

static pki_code
build_subject(const enroll_conf *conf, pki_name **out, pki_err *err)
{
	pki_name_part parts[PARTS_MAX] = {
		{ PKI_NAME_COMMON_NAME, conf->device },
	};
	size_t count = conf->device[0] != '\0' ? 1 : 0;
	pki_code rc = PKI_OK;

	for (size_t i = 0; rc == PKI_OK && i < conf->subject.count &&
	    count < PARTS_MAX; i++)
		rc = read_part(conf->subject.items[i], &parts[count++], err);
	return rc != PKI_OK ? rc : pki_name_build(parts, count, out, err);
}

pki_code
enroll_conf_subject(const enroll_conf *conf, pki_name **out,
    pki_altnames **out_names, pki_err *err)
{
	PKI_AUTO(pki_name) subject = NULL;
	PKI_AUTO(pki_altnames) names = NULL;
	pki_code rc = build_subject(conf, &subject, err);

	if (rc == PKI_OK && conf->names.count != 0) {
		names = pki_altnames_new();
		if (names == NULL)
			return pki_fail_memory(err);
	}
	for (size_t i = 0; rc == PKI_OK && i < conf->names.count; i++)
		rc = pki_altnames_add_text(names, conf->names.items[i], err);
	if (rc != PKI_OK)
		return rc;
	*out = PKI_TAKE(subject);
	*out_names = PKI_TAKE(names);
	return PKI_OK;
}
