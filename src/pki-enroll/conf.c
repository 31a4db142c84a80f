#include "pki-enroll/conf.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pki-enroll/conf-check.h"

#define SUFFIX ".conf"
#define COMMAND_WANTS \
	"a list of at most 32 arguments, the first one a program's whole path"

static const pki_choice rekey_names[] = {
	{ "always", ENROLL_REKEY_ALWAYS },
	{ "never", ENROLL_REKEY_NEVER },
	{ NULL, 0 },
};

/* Nobody but its owner ever writes a key. */
static const pki_choice mode_names[] = {
	{ "0600", 0600 }, { "0400", 0400 },
	{ "0640", 0640 }, { "0440", 0440 },
	{ NULL, 0 },
};

#define AT(field) offsetof(enroll_conf, field)

const pki_setting enroll_conf_settings[] = {
	{
		.name = "server", .type = PKI_SET_TEXT,
		.offset = AT(server),
		.wants = "https://HOST or https://HOST:PORT",
	},
	{
		.name = "label", .type = PKI_SET_TEXT,
		.offset = AT(label), .fallback = "",
		.wants = "a label of the server: at most 64 of A-Z a-z 0-9 "
		    ". _ ~ -, no operation of EST", .max = 64,
	},
	{
		.name = "directory", .type = PKI_SET_TEXT,
		.offset = AT(dir), .fallback = "",
		.wants = "a whole path, from /",
	},
	{
		.name = "anchors", .type = PKI_SET_TEXT,
		.offset = AT(anchors), .fallback = "",
		.wants = "a whole path, from /",
	},
	{
		.name = "fingerprint", .type = PKI_SET_TEXT,
		.offset = AT(fingerprint), .fallback = "",
		.wants = "SHA-256 of a CA certificate, 64 hexadecimal digits",
	},
	{
		.name = "device", .type = PKI_SET_TEXT,
		.offset = AT(device), .fallback = "",
		.wants = PKI_IDENTITY_RULE,
	},
	{
		.name = "subject", .type = PKI_SET_LIST,
		.offset = AT(subject), .fallback = "[]", .max = 10,
		.wants = "a list such as [ \"O=Example\", \"CN=meter-0042\" ]",
	},
	{
		.name = "names", .type = PKI_SET_LIST,
		.offset = AT(names), .fallback = "[]", .max = 32,
		.wants = "a list of at most 32 of dns:NAME, ip:ADDRESS, "
		    "uri:URI, email:ADDRESS",
	},
	{
		.name = "key", .type = PKI_SET_CHOICE,
		.offset = AT(key_type), .fallback = "p256",
		.choices = pki_key_type_names, .wants = "a type of key",
	},
	{
		.name = "rekey", .type = PKI_SET_CHOICE,
		.offset = AT(rekey), .fallback = "always",
		.choices = rekey_names, .wants = "always or never",
	},
	{
		.name = "token-file", .type = PKI_SET_TEXT,
		.offset = AT(token_file), .fallback = "",
		.wants = "a whole path, from /",
	},
	{
		.name = "user", .type = PKI_SET_TEXT,
		.offset = AT(user), .fallback = "", .max = 255,
		.wants = "a user name of printable ASCII without ':'",
	},
	{
		.name = "renew-at", .type = PKI_SET_TEXT,
		.offset = AT(renew_at), .fallback = "2/3",
		.wants = "a part of the life from 1/10 to 9/10: \"2/3\" or "
		    "\"75%\"",
	},
	{
		.name = "grace", .type = PKI_SET_DURATION,
		.offset = AT(grace_s), .fallback = "30d",
		.wants = "a duration, 0s to 10y", .min = 0,
		.max = 10 * PKI_YEAR,
	},
	{
		.name = "timeout", .type = PKI_SET_DURATION,
		.offset = AT(timeout_s), .fallback = "60s",
		.wants = "a duration, 1s to 10m", .min = 1,
		.max = 10 * PKI_MINUTE,
	},
	{
		.name = "retry.least", .type = PKI_SET_DURATION,
		.offset = AT(retry_min_s), .fallback = "1m",
		.wants = "a duration, 1s to 1d", .min = 1, .max = PKI_DAY,
	},
	{
		.name = "retry.most", .type = PKI_SET_DURATION,
		.offset = AT(retry_max_s), .fallback = "2d",
		.wants = "a duration, 1s to 7d, not below retry.least",
		.min = 1, .max = 7 * PKI_DAY,
	},
	{
		.name = "retry.per-hour", .type = PKI_SET_INT,
		.offset = AT(retry_per_hour), .fallback = "12",
		.wants = "a number of tries, 1 to 60", .min = 1, .max = 60,
	},
	{
		.name = "probe", .type = PKI_SET_ARGS,
		.offset = AT(probe), .fallback = "[]",
		.wants = COMMAND_WANTS, .max = ENROLL_ARGS_MAX,
	},
	{
		.name = "on-renewed", .type = PKI_SET_ARGS,
		.offset = AT(on_renewed), .fallback = "[]",
		.wants = COMMAND_WANTS, .max = ENROLL_ARGS_MAX,
	},
	{
		.name = "on-failed", .type = PKI_SET_ARGS,
		.offset = AT(on_failed), .fallback = "[]",
		.wants = COMMAND_WANTS, .max = ENROLL_ARGS_MAX,
	},
	{
		.name = "command-timeout", .type = PKI_SET_DURATION,
		.offset = AT(command_timeout_s), .fallback = "60s",
		.wants = "a duration, 1s to 1h", .min = 1, .max = PKI_HOUR,
	},
	{
		.name = "files.owner", .type = PKI_SET_TEXT,
		.offset = AT(owner_name), .fallback = "",
		.wants = "a user of this host",
	},
	{
		.name = "files.group", .type = PKI_SET_TEXT,
		.offset = AT(group_name), .fallback = "",
		.wants = "a group of this host",
	},
	{
		.name = "files.mode", .type = PKI_SET_CHOICE,
		.offset = AT(mode), .fallback = "0600",
		.choices = mode_names, .wants = "a mode",
	},
};
const size_t enroll_conf_setting_count = PKI_COUNT(enroll_conf_settings);

void
enroll_conf_free(enroll_conf *conf)
{
	if (conf == NULL)
		return;
	pki_settings_clear(enroll_conf_settings, enroll_conf_setting_count,
	    conf);
	free(conf);
}

static pki_code
set_name(enroll_conf *conf, const char *name, pki_err *err)
{
	if (pki_identity_check(pki_bytes_text(name), NULL) != PKI_OK)
		return pki_refuse(err, PKI_BAD_INPUT, "conf-name",
		    PKI_IDENTITY_RULE ", then .conf", "%s", name);
	return pki_text_format(conf->name, sizeof(conf->name), err, "%s",
	    name);
}

/* The zeroed struct with its name. */
static pki_code
make(const char *name, enroll_conf **out, pki_err *err)
{
	PKI_AUTO(enroll_conf) conf = calloc(1, sizeof(*conf));
	pki_code rc;

	if (conf == NULL)
		return pki_fail_memory(err);
	rc = set_name(conf, name, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(conf);
	return rc;
}

pki_code
enroll_conf_parse(const char *name, pki_bytes text, const char *where,
    enroll_conf **out, pki_err *err)
{
	PKI_AUTO(enroll_conf) conf = NULL;
	pki_code rc = make(name, &conf, err);

	if (rc == PKI_OK)
		rc = pki_settings_parse(text, where, enroll_conf_settings,
		    enroll_conf_setting_count, conf, err);
	if (rc == PKI_OK)
		rc = enroll_conf_check(conf, text, where, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(conf);
	return rc;
}

/* "NAME" of "NAME.conf".  False: it ends otherwise, or does not fit. */
static bool
strip_suffix(const char *file, char out[ENROLL_NAME_MAX + 1])
{
	size_t len = strlen(file), suffix = strlen(SUFFIX);

	if (len <= suffix || len - suffix > ENROLL_NAME_MAX ||
	    strcmp(file + len - suffix, SUFFIX) != 0)
		return false;
	memcpy(out, file, len - suffix);
	out[len - suffix] = '\0';
	return true;
}

pki_code
enroll_conf_load(const char *path, enroll_conf **out, pki_err *err)
{
	PKI_AUTO(enroll_conf) conf = NULL;
	PKI_AUTO(pki_buf) text = NULL;
	const char *slash = strrchr(path, '/');
	char name[ENROLL_NAME_MAX + 1];
	pki_code rc;

	if (!strip_suffix(slash == NULL ? path : slash + 1, name))
		return pki_refuse(err, PKI_BAD_INPUT, "conf-name",
		    PKI_IDENTITY_RULE ", then " SUFFIX, "%s", path);
	rc = make(name, &conf, err);
	if (rc == PKI_OK)
		rc = pki_settings_load(path, enroll_conf_settings,
		    enroll_conf_setting_count, conf, &text, err);
	if (rc == PKI_OK)
		rc = enroll_conf_check(conf, pki_buf_bytes(text), path, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(conf);
	return rc;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static pki_code
read_names(DIR *dir, const char *path, pki_text_list *out, pki_err *err)
{
	char name[ENROLL_NAME_MAX + 1];
	const struct dirent *entry;
	pki_code rc = PKI_OK;

	/* What begins with a dot is an editor's. */
	while (rc == PKI_OK && (errno = 0, entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    strip_suffix(entry->d_name, name))
			rc = pki_text_list_add(out, name, err);
	if (rc == PKI_OK && errno != 0)
		rc = pki_fail_errno(err, "read directory %s", path);
	if (rc == PKI_OK && out->count != 0)
		qsort(out->items, out->count, sizeof(*out->items),
		    compare_texts);
	return rc;
}

pki_code
enroll_conf_names(const char *path, pki_text_list *out, pki_err *err)
{
	pki_text_list list = { .count = 0 };
	pki_code rc = pki_dir_check(path, err);
	DIR *dir;

	*out = list;
	if (rc == PKI_NOT_FOUND)
		return PKI_OK;
	if (rc != PKI_OK)
		return rc;
	dir = opendir(path);
	if (dir == NULL)
		return pki_fail_errno(err, "open directory %s", path);
	rc = read_names(dir, path, &list, err);
	closedir(dir);
	if (rc == PKI_OK)
		*out = list;
	else
		pki_text_list_clear(&list);
	return rc;
}
