#include <stdio.h>
#include <string.h>

#include "pki-enroll/cmd.h"

#define NOTE_MAX 256

/* What was found of one feature. */
struct finding {
	const char *feature;
	const char *state;      /* "yes", "no", "wrong" */
	char        note[NOTE_MAX];
};

static void PKI_PRINTF(3, 4)
set(struct finding *finding, const char *state, const char *fmt, ...)
{
	va_list args;

	finding->state = state;
	va_start(args, fmt);
	vsnprintf(finding->note, sizeof(finding->note), fmt, args);
	va_end(args);
}

static void
set_failure(struct finding *finding, const pki_err *err)
{
	set(finding, err->code == PKI_BAD_INPUT ? "wrong" : "no", "%s",
	    err->msg);
}

static void
try_cacerts(est_server *server, struct finding *finding)
{
	est_certs certs = { .count = 0 };
	size_t roots = 0;
	pki_err err;

	if (est_get_cacerts(server, &certs, &err) != PKI_OK) {
		set_failure(finding, &err);
		return;
	}
	for (size_t i = 0; i < certs.count; i++)
		roots += plan_is_root(certs.certs[i]);
	/* RFC 7030, 4.1.3: the current root is in it. */
	set(finding, roots == 0 ? "wrong" : "yes",
	    "%zu certificates, %zu self-signed%s", certs.count, roots,
	    certs.skipped > 0 ? ", and others that cannot be read" : "");
	est_certs_clear(&certs);
}

static void
try_csrattrs(est_server *server, struct finding *finding)
{
	PKI_AUTO(pki_csrattrs) attrs = NULL;
	pki_err err;

	if (est_get_csrattrs(server, &attrs, &err) != PKI_OK)
		set_failure(finding, &err);
	else if (attrs == NULL)
		set(finding, "no", "status %d: no wishes", server->status);
	else
		set(finding, "yes", "%s%s%s%s",
		    attrs->key_types != 0 ? "a type of key, " : "",
		    attrs->subject_count != 0 ? "a subject, " : "",
		    (attrs->challenges & (1u << PKI_CSR_CHALLENGE_PASSWORD |
		    1u << PKI_CSR_IDENTITY_LINKING)) != 0 ?
		    "a link to the connection, " : "",
		    attrs->key_usage != 0 || attrs->ext_usage != 0 ?
		    "usages" : "no usages");
}

/* Without a credential: RFC 7030, 3.2.3 and 4.2, want a 401 or 403. */
static void
try_post(est_server *server, const char *operation, struct finding *finding)
{
	http_request request = {
		.type = "application/pkcs10", .max_bytes = 64 * 1024,
		.body = PKI_BYTES_TEXT("MAA="),
	};
	http_answer answer = { .status = 0 };
	char path[128];
	pki_err err;

	snprintf(path, sizeof(path), "/.well-known/est%s%s/%s",
	    server->label[0] == '\0' ? "" : "/", server->label, operation);
	request.path = path;
	if (http_ask(server->http, &request, &answer, &err) != PKI_OK)
		set_failure(finding, &err);
	else if (answer.status == 404 || answer.status == 405 ||
	    answer.status == 501)
		set(finding, "no", "status %d", answer.status);
	else if (answer.status == 401 && answer.body->len > 0)
		set(finding, "yes", "status 401 with a body, on which some "
		    "clients fail");
	else if (answer.status == 401 || answer.status == 403)
		set(finding, "yes", "status %d without a credential",
		    answer.status);
	else if (answer.status >= 500)
		set(finding, "wrong", "status %d for a client's fault",
		    answer.status);
	else if (answer.status >= 400)
		set(finding, "yes", "status %d before any credential",
		    answer.status);
	else
		set(finding, "wrong", "status %d without a credential",
		    answer.status);
	http_answer_clear(&answer);
}

static void
add_finding(const struct cli *cli, const struct finding *finding, bool first,
    pki_buf *out)
{
	if (cli->format == PRINT_TABLE) {
		pki_buf_add_format(out, "%-15s %-6s %s\n", finding->feature,
		    finding->state, finding->note);
		return;
	}
	pki_buf_add_text(out, first ? "[\n" : ",\n");
	pki_buf_add_format(out, "{\"feature\":\"%s\",\"state\":\"%s\","
	    "\"note\":", finding->feature, finding->state);
	print_json_text(out, finding->note);
	pki_buf_add_text(out, "}");
}

static pki_code
print_findings(struct session *s, const struct finding *list, size_t count)
{
	PKI_AUTO(pki_buf) out = pki_buf_new();

	for (size_t i = 0; i < count; i++)
		add_finding(s->cli, &list[i], i == 0, out);
	if (s->cli->format == PRINT_JSON)
		pki_buf_add_text(out, "\n]\n");
	if (pki_buf_check(out, s->err) != PKI_OK)
		return PKI_NO_MEMORY;
	return print_bytes(pki_buf_bytes(out), s->err);
}

/* Verified where there is something to verify by. */
static pki_code
probe(struct session *s)
{
	PKI_AUTO(enroll_conf) conf = NULL;
	PKI_AUTO(http_client) http = NULL;
	struct finding list[] = {
		{ .feature = "tls" }, { .feature = "cacerts" },
		{ .feature = "csrattrs" }, { .feature = "simpleenroll" },
		{ .feature = "simplereenroll" }, { .feature = "serverkeygen" },
		{ .feature = "fullcmc" },
	};
	est_server server;
	bool wrong = false;
	pki_code rc;

	rc = session_one_off(s, s->cli->args[0], &conf, s->err);
	if (rc == PKI_OK)
		rc = work_open_probe(conf, &http, s->err);
	if (rc != PKI_OK)
		return rc;
	server = (est_server){ .http = http, .label = conf->label };
	set(&list[0], conf->anchors[0] != '\0' ? "yes" : "no",
	    "%s", conf->anchors[0] != '\0' ? "certificate and name verified" :
	    "not verified: --anchors is not given");
	try_cacerts(&server, &list[1]);
	try_csrattrs(&server, &list[2]);
	for (size_t i = 3; i < PKI_COUNT(list); i++)
		try_post(&server, list[i].feature, &list[i]);
	for (size_t i = 0; i < PKI_COUNT(list); i++)
		wrong = wrong || strcmp(list[i].state, "wrong") == 0;
	rc = print_findings(s, list, PKI_COUNT(list));
	if (rc != PKI_OK)
		return rc;
	if (strcmp(list[1].state, "no") == 0)
		return pki_fail(s->err, PKI_NOT_FOUND, "%s", list[1].note);
	return wrong ? pki_fail(s->err, PKI_BAD_INPUT,
	    "the server does something wrong") : PKI_OK;
}

const struct cli_command cmd_probe = {
	.noun = "probe",
	.args = "URL",
	.summary = "say what an EST server has, and what it gets wrong",
	.description =
"No credential is sent and no certificate asked for.  With --anchors the\n"
"server is verified as in earnest; --label names the part of it to try.",
	.min_args = 1,
	.max_args = 1,
	.run = probe,
};
