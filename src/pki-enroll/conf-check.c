#include "pki-enroll/conf-check.h"

#include <arpa/inet.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pki-enroll/schedule.h"

#define SCHEME "https://"
#define HOST_MAX 253            /* RFC 1035, 2.3.4 */

/* What is checked, for the messages. */
typedef struct checked {
	enroll_conf *conf;
	pki_bytes    text;
	const char  *where;
} checked;

/* Refuse a setting in the words of its own row. */
static pki_code
refuse(const checked *in, const char *name, const char *value, pki_err *err)
{
	const pki_setting *row = enroll_conf_settings;

	while (strcmp(row->name, name) != 0)
		row++;
	return pki_settings_refuse(in->text, in->where, name, value,
	    row->wants, err);
}

static bool
is_name(const char *host)
{
	PKI_AUTO(pki_altnames) names = pki_altnames_new();

	/* The characters and labels of a name in a certificate. */
	return names != NULL && strchr(host, '*') == NULL &&
	    pki_altnames_add(names, PKI_ALT_DNS, host, NULL) == PKI_OK;
}

static bool
is_host(const char *host)
{
	struct in6_addr address;
	size_t len = strlen(host);
	char inner[INET6_ADDRSTRLEN];

	if (host[0] != '[')
		return is_name(host) || inet_pton(AF_INET, host, &address) == 1;
	if (len < 3 || len - 2 >= sizeof(inner) || host[len - 1] != ']')
		return false;
	memcpy(inner, host + 1, len - 2);
	inner[len - 2] = '\0';
	return inet_pton(AF_INET6, inner, &address) == 1;
}

/* A URL's path, user or query has no meaning here: RFC 7030, 3.2.2. */
static pki_code
check_server(const checked *in, pki_err *err)
{
	const char *url = in->conf->server, *end, *colon;
	char host[HOST_MAX + 1];
	int64_t port;
	size_t len;

	if (strncmp(url, SCHEME, strlen(SCHEME)) != 0)
		return refuse(in, "server", url, err);
	url += strlen(SCHEME);
	end = url + strlen(url);
	colon = strrchr(url, ':');
	if (colon != NULL && strchr(colon, ']') == NULL) {
		if (pki_number_parse(colon + 1, 1, 65535, &port, NULL) !=
		    PKI_OK)
			return refuse(in, "server", in->conf->server, err);
		end = colon;
	}
	len = (size_t)(end - url);
	if (len > HOST_MAX)
		return refuse(in, "server", in->conf->server, err);
	memcpy(host, url, len);
	host[len] = '\0';
	return is_host(host) ? PKI_OK :
	    refuse(in, "server", in->conf->server, err);
}

/* The server could not tell it from an operation: RFC 7030, 3.2.2. */
static const char *const operations[] = {
	"cacerts", "simpleenroll", "simplereenroll", "fullcmc",
	"serverkeygen", "csrattrs",
};

static pki_code
check_label(const checked *in, pki_err *err)
{
	const char *label = in->conf->label;

	/* Of RFC 3986, 2.3: what is never escaped, and no dots alone. */
	if (strspn(label, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789._~-") != strlen(label) ||
	    strcmp(label, ".") == 0 || strcmp(label, "..") == 0)
		return refuse(in, "label", label, err);
	for (size_t i = 0; i < PKI_COUNT(operations); i++)
		if (strcmp(label, operations[i]) == 0)
			return refuse(in, "label", label, err);
	return PKI_OK;
}

/* Without "directory" it is named after the file. */
static pki_code
fill_dir(const checked *in, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc;

	if (in->conf->dir[0] != '\0')
		return PKI_OK;
	rc = pki_path_join(path, ENROLL_STATE_DIR, in->conf->name, err);
	if (rc != PKI_OK)
		return rc;
	free(in->conf->dir);
	in->conf->dir = pki_text_copy(path);
	return in->conf->dir != NULL ? PKI_OK : pki_fail_memory(err);
}

static pki_code
check_paths(const checked *in, pki_err *err)
{
	const struct {
		const char *name, *path;
	} paths[] = {
		{ "directory", in->conf->dir },
		{ "anchors", in->conf->anchors },
		{ "token-file", in->conf->token_file },
	};

	for (size_t i = 0; i < PKI_COUNT(paths); i++)
		if (paths[i].path[0] != '\0' && paths[i].path[0] != '/')
			return refuse(in, paths[i].name, paths[i].path, err);
	return PKI_OK;
}

static pki_code
check_commands(const checked *in, pki_err *err)
{
	const struct {
		const char          *name;
		const pki_text_list *args;
	} commands[] = {
		{ "probe", &in->conf->probe },
		{ "on-renewed", &in->conf->on_renewed },
		{ "on-failed", &in->conf->on_failed },
	};

	for (size_t i = 0; i < PKI_COUNT(commands); i++)
		if (commands[i].args->count != 0 &&
		    commands[i].args->items[0][0] != '/')
			return refuse(in, commands[i].name,
			    commands[i].args->items[0], err);
	return PKI_OK;
}

/* Fingerprints are often shown with colons between the octets. */
static pki_code
read_pin(const checked *in, pki_err *err)
{
	PKI_AUTO(pki_buf) octets = NULL;
	const char *given = in->conf->fingerprint;
	char digits[PKI_DIGEST_TEXT];
	size_t len = 0;

	if (given[0] == '\0')
		return PKI_OK;
	for (const char *p = given; *p != '\0'; p++) {
		if (*p == ':' && (p - given) % 3 == 2)
			continue;
		if (len == sizeof(digits) - 1)
			return refuse(in, "fingerprint", given, err);
		digits[len++] = *p;
	}
	digits[len] = '\0';
	if (len != sizeof(digits) - 1 || pki_hex_parse(digits,
	    sizeof(in->conf->pin.octets), &octets, NULL) != PKI_OK)
		return refuse(in, "fingerprint", given, err);
	memcpy(in->conf->pin.octets, octets->data, octets->len);
	return PKI_OK;
}

static pki_code
check_identity(const checked *in, pki_err *err)
{
	const enroll_conf *conf = in->conf;
	PKI_AUTO(pki_name) subject = NULL;
	PKI_AUTO(pki_altnames) names = NULL;
	pki_err why;

	if ((conf->device[0] == '\0') == (conf->subject.count == 0))
		return pki_settings_refuse(in->text, in->where, "device",
		    conf->device[0] == '\0' ? NULL : conf->device,
		    "either a device or a subject", err);
	if (conf->device[0] != '\0' && pki_identity_check(
	    pki_bytes_text(conf->device), NULL) != PKI_OK)
		return refuse(in, "device", conf->device, err);
	if (enroll_conf_subject(conf, &subject, &names, &why) == PKI_OK)
		return PKI_OK;
	/* The sentence says more than the row could. */
	return pki_settings_refuse(in->text, in->where,
	    strcmp(why.rule, "alt-name") == 0 ? "names" :
	    conf->device[0] != '\0' ? "device" : "subject",
	    why.value[0] != '\0' ? why.value : "", why.accepts[0] != '\0' ?
	    why.accepts : why.msg, err);
}

static pki_code
check_user(const checked *in, pki_err *err)
{
	const char *user = in->conf->user;

	return pki_text_is_printable(pki_bytes_text(user)) &&
	    strchr(user, ':') == NULL ? PKI_OK : refuse(in, "user", user, err);
}

/* "2/3" or "75%" in parts of a million.  0: neither. */
static int64_t
read_part(const char *text)
{
	char number[16];
	const char *mark = strpbrk(text, "/%");
	size_t len = mark == NULL ? 0 : (size_t)(mark - text);
	int64_t part, of = 100;

	if (len == 0 || len >= sizeof(number))
		return 0;
	memcpy(number, text, len);
	number[len] = '\0';
	if (pki_number_parse(number, 1, 1000000, &part, NULL) != PKI_OK)
		return 0;
	if (*mark == '%')
		return mark[1] != '\0' ? 0 : part * SCHEDULE_MILLION / of;
	if (pki_number_parse(mark + 1, 1, 1000000, &of, NULL) != PKI_OK)
		return 0;
	return part * SCHEDULE_MILLION / of;
}

static pki_code
read_times(const checked *in, pki_err *err)
{
	enroll_conf *conf = in->conf;
	char text[PKI_DURATION_TEXT];

	conf->renew_ppm = read_part(conf->renew_at);
	if (conf->renew_ppm < SCHEDULE_MILLION / 10 ||
	    conf->renew_ppm > SCHEDULE_MILLION / 10 * 9)
		return refuse(in, "renew-at", conf->renew_at, err);
	if (conf->retry_max_s < conf->retry_min_s)
		return refuse(in, "retry.most",
		    pki_duration_format(conf->retry_max_s, text), err);
	return PKI_OK;
}

/* Only at start: what looks names up may load code and open sockets. */
static pki_code
find_owner(const checked *in, pki_err *err)
{
	enroll_conf *conf = in->conf;
	const struct passwd *user;
	const struct group *group;

	conf->owner = geteuid();
	conf->group = getegid();
	if (conf->owner_name[0] != '\0') {
		user = getpwnam(conf->owner_name);
		if (user == NULL)
			return refuse(in, "files.owner", conf->owner_name, err);
		conf->owner = user->pw_uid;
		conf->group = user->pw_gid;
	}
	if (conf->group_name[0] != '\0') {
		group = getgrnam(conf->group_name);
		if (group == NULL)
			return refuse(in, "files.group", conf->group_name, err);
		conf->group = group->gr_gid;
	}
	return PKI_OK;
}

static pki_code
check_key(const checked *in, pki_err *err)
{
	pki_key_type type = (pki_key_type)in->conf->key_type;

	return pki_key_type_available(type) ? PKI_OK :
	    pki_settings_refuse(in->text, in->where, "key",
	    pki_key_type_name(type), "a type that this OpenSSL knows", err);
}

pki_code
enroll_conf_check(enroll_conf *conf, pki_bytes text, const char *where,
    pki_err *err)
{
	static pki_code (*const checks[])(const checked *in, pki_err *err) = {
		check_server, check_label, fill_dir, check_paths,
		check_commands, read_pin, check_identity, check_user,
		read_times, find_owner, check_key,
	};
	const checked in = { conf, text, where };
	pki_code rc = PKI_OK;

	for (size_t i = 0; rc == PKI_OK && i < PKI_COUNT(checks); i++)
		rc = checks[i](&in, err);
	return rc;
}
