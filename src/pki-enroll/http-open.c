/* What is set once of an http_client. */

#include <stdlib.h>
#include <string.h>

#include "pki-enroll/http-private.h"

#define CONNECT_MS 30000L

struct number { CURLoption option; long value; };
struct text { CURLoption option; const char *value; };

static bool
set_numbers(CURL *curl, const struct number *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (curl_easy_setopt(curl, rows[i].option, rows[i].value) !=
		    CURLE_OK)
			return false;
	return true;
}

static bool
set_texts(CURL *curl, const struct text *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (curl_easy_setopt(curl, rows[i].option, rows[i].value) !=
		    CURLE_OK)
			return false;
	return true;
}

static pki_code
set_up(http_client *client, pki_err *err)
{
	bool verify = client->trust == HTTP_VERIFIED;
	const struct number numbers[] = {
		{ CURLOPT_NOSIGNAL, 1 },
		{ CURLOPT_SSL_VERIFYPEER, verify },
		{ CURLOPT_SSL_VERIFYHOST, verify ? 2 : 0 },
		{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
		{ CURLOPT_SSL_SESSIONID_CACHE, 0 },
		{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
		{ CURLOPT_FOLLOWLOCATION, 0 },
		{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
		{ CURLOPT_TIMEOUT_MS, client->timeout_ms },
		{ CURLOPT_CONNECTTIMEOUT_MS, client->timeout_ms < CONNECT_MS ?
		    client->timeout_ms : CONNECT_MS },
	};
	const struct text texts[] = {
		{ CURLOPT_PROTOCOLS_STR, "https" },
		{ CURLOPT_PROXY, "" },  /* none, whatever the environment has */
		{ CURLOPT_CAINFO, NULL },
		{ CURLOPT_CAPATH, NULL },
		{ CURLOPT_USERAGENT, "pki-enroll/" PACKAGE_VERSION },
	};

	if (!set_numbers(client->curl, numbers, PKI_COUNT(numbers)) ||
	    !set_texts(client->curl, texts, PKI_COUNT(texts)) ||
	    !http_set_hooks(client))
		return pki_fail(err, PKI_SYSTEM, "libcurl lacks an option");
	return PKI_OK;
}

/* A line end in a token would be a header of its own. */
static pki_code
set_token(http_client *client, const http_options *options, pki_err *err)
{
	const char *user = options->user;

	if (options->token.len == 0)
		return PKI_OK;
	if (!pki_text_is_printable(options->token) ||
	    memchr(options->token.data, ' ', options->token.len) != NULL)
		return pki_refuse(err, PKI_BAD_INPUT, "token",
		    "one word of printable ASCII", "a token of %zu octets",
		    options->token.len);
	client->token = pki_buf_new();
	if (user == NULL) {
		pki_buf_add_text(client->token, "Authorization: Bearer ");
	} else {
		pki_buf_add_text(client->token, user);
		pki_buf_add_text(client->token, ":");
	}
	pki_buf_add(client->token, options->token);
	if (pki_buf_check(client->token, err) != PKI_OK)
		return PKI_NO_MEMORY;
	if (user == NULL)
		return PKI_OK;
	if (curl_easy_setopt(client->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC) !=
	    CURLE_OK || curl_easy_setopt(client->curl, CURLOPT_USERPWD,
	    pki_buf_text(client->token)) != CURLE_OK)
		return pki_fail_memory(err);
	return PKI_OK;
}

static pki_code
check_options(const http_options *options, pki_err *err)
{
	if (strncmp(options->origin, "https://", 8) != 0)
		return pki_refuse(err, PKI_USAGE, "server",
		    "https://HOST or https://HOST:PORT", "%s",
		    options->origin);
	if (options->trust == HTTP_BLIND && (options->token.len != 0 ||
	    options->tls.cert != NULL))
		return pki_fail(err, PKI_USAGE,
		    "no credential for a server that is not verified");
	return PKI_OK;
}

/* libcurl would write each session's secrets into a file named by it. */
static pki_code
begin_curl(pki_err *err)
{
	static bool begun;

	if (begun)
		return PKI_OK;
	unsetenv("SSLKEYLOGFILE");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return pki_fail(err, PKI_SYSTEM, "libcurl does not start");
	begun = true;
	return PKI_OK;
}

pki_code
http_open(const http_options *options, http_client **out, pki_err *err)
{
	PKI_AUTO(http_client) client = NULL;
	pki_code rc = check_options(options, err);

	if (rc == PKI_OK)
		rc = begin_curl(err);
	if (rc != PKI_OK)
		return rc;
	client = calloc(1, sizeof(*client));
	if (client == NULL)
		return pki_fail_memory(err);
	client->trust = options->trust;
	client->timeout_ms = (long)(options->timeout_s * 1000);
	client->curl = curl_easy_init();
	client->made = pki_buf_new();
	if (client->curl == NULL || client->made == NULL)
		return pki_fail_memory(err);
	rc = pki_text_format(client->origin, sizeof(client->origin), err,
	    "%s", options->origin);
	if (rc == PKI_OK)
		rc = tls_material_new(&options->tls, &client->tls, err);
	if (rc == PKI_OK)
		rc = set_up(client, err);
	if (rc == PKI_OK)
		rc = set_token(client, options, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(client);
	return rc;
}

void
http_client_free(http_client *client)
{
	if (client == NULL)
		return;
	curl_easy_cleanup(client->curl);
	tls_material_free(client->tls);
	pki_buf_free(client->token);
	pki_buf_free(client->made);
	http_answer_clear(&client->answer);
	free(client);
}
