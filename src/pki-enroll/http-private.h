#ifndef PKI_ENROLL_HTTP_PRIVATE_H
#define PKI_ENROLL_HTTP_PRIVATE_H

/* What the files that implement http.h share. */

#include <curl/curl.h>

#include "pki-enroll/http.h"

struct http_client {
	CURL               *curl;
	char                origin[HTTP_URL_MAX];
	enum http_trust     trust;
	tls_material       *tls;
	pki_buf            *token;      /* "user:token" or "Bearer token" */
	long                timeout_ms;
	char                curl_error[CURL_ERROR_SIZE];

	/* Of one exchange. */
	const http_request *request;
	http_answer         answer;
	size_t              head_bytes;
	pki_buf            *made;       /* by make_body */
	pki_err             failed;     /* what a callback of ours says */
};

/* Tell libcurl to call http.c. */
bool http_set_hooks(http_client *client);

#endif
