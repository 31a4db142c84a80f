#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "pki-enroll/http-private.h"

/* ---- what libcurl calls ---- */

static CURLcode
set_up_tls(CURL *curl, void *ssl_ctx, void *arg)
{
	http_client *client = arg;

	(void)curl;
	return tls_setup(client->tls, ssl_ctx, &client->failed) == PKI_OK ?
	    CURLE_OK : CURLE_ABORTED_BY_CALLBACK;
}

static size_t
take_head(char *data, size_t size, size_t count, void *arg)
{
	http_client *client = arg;

	(void)data;
	client->head_bytes += size * count;
	if (client->head_bytes <= HTTP_HEADERS_MAX)
		return size * count;
	pki_refuse(&client->failed, PKI_BAD_INPUT, "size",
	    "at most 32 KiB of headers", "an answer with more");
	return 0;
}

static size_t
take_body(char *data, size_t size, size_t count, void *arg)
{
	http_client *client = arg;
	pki_buf *body = client->answer.body;
	size_t len = size * count;

	if (len > client->request->max_bytes - body->len) {
		pki_refuse(&client->failed, PKI_BAD_INPUT, "size",
		    "less", "an answer of more than %zu octets",
		    client->request->max_bytes);
		return 0;
	}
	pki_buf_add(body, pki_bytes_of(data, len));
	if (pki_buf_check(body, &client->failed) != PKI_OK)
		return 0;
	return len;
}

/* Who blocks the signals that end a program wants to end by itself, soon. */
static int
may_go_on(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
    curl_off_t up)
{
	http_client *client = arg;
	sigset_t waiting;

	(void)down_all;
	(void)down;
	(void)up_all;
	(void)up;
	if (sigpending(&waiting) != 0 || (sigismember(&waiting, SIGTERM) != 1 &&
	    sigismember(&waiting, SIGINT) != 1))
		return 0;
	pki_fail(&client->failed, PKI_BUSY, "stopped by a signal");
	return 1;
}

static pki_code
make_body(http_client *client, pki_err *err)
{
	const http_request *request = client->request;
	pki_code rc;

	pki_buf_cut(client->made, 0);
	rc = request->make_body(request->arg, &client->answer.facts,
	    client->made, err);
	if (rc == PKI_OK)
		rc = pki_buf_check(client->made, err);
	if (rc == PKI_OK && client->made->len != request->body_bytes)
		rc = pki_fail(err, PKI_USAGE, "a body of %zu octets, not %zu",
		    client->made->len, request->body_bytes);
	return rc;
}

/*
 * The connection is there, this request is the next on it, and the length of
 * its body is all that is settled.  Again when a connection turns out dead.
 */
static int
before_request(void *arg, char *to, char *from, int to_port, int from_port)
{
	http_client *client = arg;
	struct curl_tlssessioninfo *session = NULL;
	pki_err *err = &client->failed;
	pki_code rc = PKI_OK;

	(void)to;
	(void)from;
	(void)to_port;
	(void)from_port;
	if (curl_easy_getinfo(client->curl, CURLINFO_TLS_SSL_PTR, &session) !=
	    CURLE_OK || session == NULL || session->internals == NULL ||
	    session->backend != CURLSSLBACKEND_OPENSSL)
		rc = pki_fail(err, PKI_CRYPTO, "libcurl is not of OpenSSL");
	if (rc == PKI_OK)
		rc = tls_read_facts(session->internals, &client->answer.facts,
		    err);
	if (rc == PKI_OK && client->request->make_body != NULL)
		rc = make_body(client, err);
	return rc == PKI_OK ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

bool
http_set_hooks(http_client *client)
{
	CURL *curl = client->curl;

	return curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, set_up_tls) ==
	    CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, client) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_head) ==
	    CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_HEADERDATA, client) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) ==
	    CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEDATA, client) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, before_request) ==
	    CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_PREREQDATA, client) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, may_go_on) ==
	    CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->curl_error) ==
	    CURLE_OK;
}

void
http_answer_clear(http_answer *answer)
{
	pki_buf_free(answer->body);
	*answer = (http_answer){ .status = 0 };
}

/* ---- one exchange ---- */

/* What libcurl's codes mean to who may try again later. */
static const struct meaning {
	CURLcode    curl;
	pki_code    code;
	const char *rule;
} meanings[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, PKI_BUSY, "connection" },
	{ CURLE_COULDNT_CONNECT, PKI_BUSY, "connection" },
	{ CURLE_OPERATION_TIMEDOUT, PKI_BUSY, "connection" },
	{ CURLE_RECV_ERROR, PKI_BUSY, "connection" },
	{ CURLE_SEND_ERROR, PKI_BUSY, "connection" },
	{ CURLE_GOT_NOTHING, PKI_BUSY, "connection" },
	{ CURLE_PARTIAL_FILE, PKI_BUSY, "connection" },
	{ CURLE_PEER_FAILED_VERIFICATION, PKI_DENIED, "tls-server" },
	{ CURLE_SSL_CONNECT_ERROR, PKI_DENIED, "tls" },
	{ CURLE_SSL_CIPHER, PKI_DENIED, "tls" },
	{ CURLE_URL_MALFORMAT, PKI_USAGE, "server" },
	{ CURLE_OUT_OF_MEMORY, PKI_NO_MEMORY, "memory" },
};

static pki_code
explain(http_client *client, CURLcode code, pki_err *err)
{
	struct meaning meaning = { code, PKI_BAD_INPUT, "http" };
	const char *text = client->curl_error[0] != '\0' ?
	    client->curl_error : curl_easy_strerror(code);
	long verified = 0;

	if (client->failed.code != PKI_OK) {
		*err = client->failed;
		return client->failed.code;
	}
	for (size_t i = 0; i < PKI_COUNT(meanings); i++)
		if (meanings[i].curl == code)
			meaning = meanings[i];
	curl_easy_getinfo(client->curl, CURLINFO_SSL_VERIFYRESULT, &verified);
	/* 1, "unspecified", is what libcurl begins with. */
	if (code == CURLE_PEER_FAILED_VERIFICATION && verified > 1)
		text = tls_verify_text(verified);
	pki_fail(err, meaning.code, "%s: %s", client->origin, text);
	snprintf(err->rule, sizeof(err->rule), "%s", meaning.rule);
	return meaning.code;
}

static bool
add_line(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (longer == NULL)
		return false;
	*list = longer;
	return true;
}

/* An empty "Expect:" leaves out libcurl's own. */
static bool
make_head(const http_client *client, struct curl_slist **out)
{
	const http_request *request = client->request;
	char line[HTTP_TYPE_MAX + 32];

	if (!add_line(out, "Expect:"))
		return false;
	snprintf(line, sizeof(line), "Accept: %s", request->accept != NULL ?
	    request->accept : "*/*");
	if (!add_line(out, line))
		return false;
	if (client->token != NULL && strncmp(pki_buf_text(client->token),
	    "Authorization: ", 15) == 0 &&
	    !add_line(out, pki_buf_text(client->token)))
		return false;
	if (request->type == NULL)
		return true;
	snprintf(line, sizeof(line), "Content-Type: %s", request->type);
	/* RFC 8951, 3, wants none; servers of RFC 7030 do. */
	return add_line(out, line) &&
	    add_line(out, "Content-Transfer-Encoding: base64");
}

static pki_code
set_method(http_client *client, pki_err *err)
{
	const http_request *request = client->request;
	const void *body = request->body.data;
	size_t len = request->body.len;

	if (request->type == NULL) {
		curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
		return PKI_OK;
	}
	if (request->make_body != NULL) {
		/* It must not move when it is filled. */
		len = request->body_bytes;
		pki_buf_cut(client->made, 0);
		body = pki_buf_reserve(client->made, len);
	}
	if (body == NULL)
		return pki_fail_memory(err);
	curl_easy_setopt(client->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE, (long)len);
	curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, body);
	return PKI_OK;
}

static void
read_answer(http_client *client)
{
	http_answer *answer = &client->answer;
	curl_off_t retry_after = 0;
	long status = 0;
	char *type = NULL;

	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(client->curl, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(client->curl, CURLINFO_RETRY_AFTER, &retry_after);
	answer->status = (int)status;
	snprintf(answer->type, sizeof(answer->type), "%s", type == NULL ? "" :
	    type);
	answer->retry_after_s = retry_after > 0 ? retry_after : 0;
}

static pki_code
exchange(http_client *client, const char *url, pki_err *err)
{
	struct curl_slist *head = NULL;
	CURLcode code = CURLE_OUT_OF_MEMORY;
	pki_code rc;

	http_answer_clear(&client->answer);
	client->answer.body = pki_buf_new();
	client->head_bytes = 0;
	client->failed.code = PKI_OK;
	client->curl_error[0] = '\0';
	if (client->answer.body == NULL)
		return pki_fail_memory(err);
	rc = set_method(client, err);
	if (rc != PKI_OK)
		return rc;
	if (make_head(client, &head) &&
	    curl_easy_setopt(client->curl, CURLOPT_URL, url) == CURLE_OK &&
	    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, head) ==
	    CURLE_OK)
		code = curl_easy_perform(client->curl);
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(head);
	if (code != CURLE_OK)
		return explain(client, code, err);
	read_answer(client);
	return PKI_OK;
}

/* ---- redirects ---- */

/* Is a part of both URLs the same, in whatever case? */
static bool
same_part(CURLU *a, CURLU *b, CURLUPart part)
{
	char *a_text = NULL, *b_text = NULL;
	bool same = curl_url_get(a, part, &a_text, CURLU_DEFAULT_PORT) ==
	    CURLUE_OK && curl_url_get(b, part, &b_text, CURLU_DEFAULT_PORT) ==
	    CURLUE_OK && strcasecmp(a_text, b_text) == 0;

	curl_free(a_text);
	curl_free(b_text);
	return same;
}

static bool
same_origin(const char *url, const char *origin)
{
	CURLU *a = curl_url(), *b = curl_url();
	bool same = a != NULL && b != NULL &&
	    curl_url_set(a, CURLUPART_URL, url, CURLU_DISALLOW_USER) ==
	    CURLUE_OK &&
	    curl_url_set(b, CURLUPART_URL, origin, CURLU_DISALLOW_USER) ==
	    CURLUE_OK && same_part(a, b, CURLUPART_SCHEME) &&
	    same_part(a, b, CURLUPART_HOST) && same_part(a, b, CURLUPART_PORT);

	curl_url_cleanup(a);
	curl_url_cleanup(b);
	return same;
}

/* Does the answer point elsewhere, for a request of this kind? */
static bool
is_redirect(const http_client *client)
{
	int status = client->answer.status;

	return status == 301 || status == 302 || status == 307 ||
	    status == 308 || (status == 303 && client->request->type == NULL);
}

static pki_code
follow(http_client *client, char *url, pki_err *err)
{
	char *next = NULL;

	curl_easy_getinfo(client->curl, CURLINFO_REDIRECT_URL, &next);
	if (next == NULL || !same_origin(next, client->origin))
		return pki_refuse(err, PKI_DENIED, "redirect",
		    client->origin, "%s", next == NULL ? "nowhere" : next);
	return pki_text_format(url, HTTP_URL_MAX, err, "%s", next);
}

pki_code
http_ask(http_client *client, const http_request *request, http_answer *out,
    pki_err *err)
{
	char url[HTTP_URL_MAX];
	pki_err own;
	pki_code rc;

	err = err != NULL ? err : &own;
	client->request = request;
	rc = pki_text_format(url, sizeof(url), err, "%s%s", client->origin,
	    request->path);
	for (int left = HTTP_REDIRECTS; rc == PKI_OK; left--) {
		rc = exchange(client, url, err);
		if (rc != PKI_OK || !is_redirect(client))
			break;
		if (left == 0)
			return pki_refuse(err, PKI_DENIED, "redirect",
			    "at most 3 redirects", "%s", url);
		rc = follow(client, url, err);
	}
	if (rc != PKI_OK)
		return rc;
	*out = client->answer;
	client->answer = (http_answer){ .status = 0 };
	return PKI_OK;
}

bool
http_type_is(const http_answer *answer, const char *type)
{
	size_t len = strcspn(answer->type, "; \t");

	return strlen(type) == len && strncasecmp(answer->type, type, len) ==
	    0;
}
