/*
 * Usage: http-ask ANCHORS ORIGIN [OPTION...] PATH...
 * One client asks for each path in turn, as pki-enroll would.  ANCHORS is a
 * certificate's file, or "blind".  Options: cert=FILE and key=FILE, token=WORD,
 * user=NAME, bind (POST base64 of the connection's binding), body=TEXT.
 */

#include <stdio.h>
#include <string.h>

#include "pki-enroll/http.h"

#define ANSWER_MAX 4096
#define BOUND 128               /* octets of a body with a binding */

static pki_cert *
load_cert(const char *path)
{
	PKI_AUTO(pki_buf) pem = NULL;
	pki_cert *cert = NULL;
	pki_err err;

	if (pki_file_read(path, PKI_CERT_MAX * 2, PKI_FILE_ANY, &pem, &err) !=
	    PKI_OK || pki_cert_parse(pki_buf_bytes(pem), &cert, &err) !=
	    PKI_OK)
		fprintf(stderr, "http-ask: %s\n", err.msg);
	return cert;
}

static pki_key *
load_key(const char *path)
{
	PKI_AUTO(pki_buf) pem = NULL;
	pki_key *key = NULL;
	pki_err err;

	if (pki_file_read(path, PKI_KEY_FILE_MAX, PKI_FILE_ANY, &pem, &err) !=
	    PKI_OK || pki_key_parse(pki_buf_bytes(pem), pki_bytes_text(NULL),
	    &key, &err) != PKI_OK)
		fprintf(stderr, "http-ask: %s\n", err.msg);
	return key;
}

/* "tls-unique BASE64" or so, and line ends up to the length. */
static pki_code
bind(void *arg, const tls_facts *facts, pki_buf *out, pki_err *err)
{
	(void)arg;
	pki_buf_add_text(out, facts->is_13 ? "exporter " : "unique ");
	pki_base64_add(out, pki_bytes_of(facts->binding, facts->binding_len),
	    0);
	while (!out->failed && out->len < BOUND)
		pki_buf_add_byte(out, '\n');
	return pki_buf_check(out, err);
}

static int
ask(http_client *client, const http_request *request)
{
	http_answer answer = { .status = 0 };
	pki_err err;
	pki_code rc = http_ask(client, request, &answer, &err);

	if (rc != PKI_OK) {
		printf("%s %s: %s\n", pki_code_name(rc), err.rule, err.msg);
		return 1;
	}
	printf("%d '%s' %lld %.*s\n", answer.status, answer.type,
	    (long long)answer.retry_after_s, 60, pki_buf_text(answer.body));
	http_answer_clear(&answer);
	return 0;
}

static const char *
value_of(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, name, len) == 0 ? word + len : NULL;
}

int
main(int argc, char **argv)
{
	PKI_AUTO(http_client) client = NULL;
	http_options options = { .timeout_s = 2 };
	http_request request = { .max_bytes = ANSWER_MAX, .type = NULL };
	pki_cert *anchor = NULL, *cert = NULL;
	const pki_cert *anchors;
	pki_key *key = NULL;
	const char *value;
	pki_err err;
	int i, status = 0;

	if (argc < 4)
		return 2;
	options.origin = argv[2];
	if (strcmp(argv[1], "blind") == 0) {
		options.trust = HTTP_BLIND;
	} else {
		anchors = anchor = load_cert(argv[1]);
		options.tls.anchors = &anchors;
		options.tls.anchor_count = 1;
	}
	for (i = 3; i < argc && argv[i][0] != '/'; i++) {
		if ((value = value_of(argv[i], "cert=")) != NULL)
			options.tls.cert = cert = load_cert(value);
		else if ((value = value_of(argv[i], "key=")) != NULL)
			options.tls.key = key = load_key(value);
		else if ((value = value_of(argv[i], "token=")) != NULL)
			options.token = pki_bytes_text(value);
		else if ((value = value_of(argv[i], "user=")) != NULL)
			options.user = value;
		else if ((value = value_of(argv[i], "body=")) != NULL)
			request.body = pki_bytes_text(value);
		else if (strcmp(argv[i], "bind") == 0)
			request.make_body = bind;
	}
	if (request.body.data != NULL || request.make_body != NULL)
		request.type = "application/pkcs10";
	request.body_bytes = BOUND;
	if (http_open(&options, &client, &err) != PKI_OK) {
		printf("%s: %s\n", pki_code_name(err.code), err.msg);
		status = 1;
	}
	for (; client != NULL && i < argc; i++) {
		request.path = argv[i];
		status |= ask(client, &request);
	}
	pki_cert_free(anchor);
	pki_cert_free(cert);
	pki_key_free(key);
	return status;
}
