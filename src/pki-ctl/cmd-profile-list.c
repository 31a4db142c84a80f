#include "pki-ctl/cmd.h"

static pki_code
list_profiles(struct session *s)
{
	static const struct print_column columns[] = {
		{ .key = "name" },
		{ .key = "ca", .spare = 1 },
		{ .key = "validity" },
		{ .key = "key-from", .spare = 2 },
		{ .key = "summary" },
	};
	const pki_profiles *profiles;
	PKI_AUTO(print_doc) doc = NULL;
	pki_code rc;
	size_t i;

	rc = pki_ca_profiles(s->ca, &profiles, s->err);
	if (rc == PKI_OK)
		rc = print_open_rows(s->cli->format, columns,
		    PKI_COUNT(columns), &doc, s->err);
	for (i = 0; rc == PKI_OK && i < pki_profiles_count(profiles); i++) {
		const pki_profile *profile = pki_profiles_at(profiles, i);
		char validity[PKI_DURATION_TEXT];
		const struct print_value values[] = {
			{ .text = profile->name },
			{ .text = profile->ca },
			{ .text = pki_duration_format(profile->validity,
			    validity) },
			{ .text = profile->key_from_device ? "device" :
			    "any" },
			{ .text = profile->summary },
		};

		rc = print_row(doc, values, s->err);
	}
	return rc == PKI_OK ? print_close(doc, s->err) : rc;
}

const struct cli_command cmd_profile_list = {
	.noun = "profile",
	.verb = "list",
	.summary = "list the profiles",
	.flags = SESSION_NEEDS_CA,
	.run = list_profiles,
};
