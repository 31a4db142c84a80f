#include "pki-ctl/listing.h"

#include <string.h>
#include <unistd.h>

pki_code
listing_read(struct session *s, struct listing *out)
{
	pki_code rc;

	*out = (struct listing){
		.s = s, .now = session_now(), .left = INT64_MAX,
	};
	rc = cli_number(s->cli, "limit", 1, &out->left, s->err);
	return rc == PKI_OK ?
	    cli_number(s->cli, "after", 0, &out->after, s->err) : rc;
}

pki_code
listing_begin(struct listing *listing, const char *what,
    const struct print_column *columns, size_t count)
{
	const struct session *s = listing->s;
	pki_code rc = print_open_rows(s->cli->format, columns, count,
	    &listing->doc, s->err);

	/* On one terminal the rows themselves are the progress. */
	if (rc == PKI_OK)
		term_progress_begin(&listing->progress, what,
		    s->cli->quiet || isatty(STDOUT_FILENO) == 1);
	return rc;
}

bool
listing_wants(const struct listing *listing, const char *state)
{
	return listing->state == NULL || strcmp(listing->state, state) == 0;
}

pki_code
listing_step(struct listing *listing, int64_t id)
{
	/* Any code ends the walk; this one cannot come from the store. */
	if (listing->left == 0)
		return PKI_PENDING;
	listing->left--;
	listing->last_id = id;
	term_progress_step(++listing->shown, 0, &listing->progress);
	return PKI_OK;
}

pki_code
listing_end(struct listing *listing, pki_code rc, const char *none)
{
	const struct session *s = listing->s;
	bool more = rc == PKI_PENDING && listing->left == 0;

	term_progress_end(&listing->progress);
	if (more)
		rc = PKI_OK;
	if (rc == PKI_OK)
		rc = print_close(listing->doc, s->err);
	print_doc_free(listing->doc);
	if (rc == PKI_OK && more)
		cli_say(s->cli, "There are more: --after %lld",
		    (long long)listing->last_id);
	else if (rc == PKI_OK && listing->shown == 0)
		cli_say(s->cli, "%s", none);
	return rc;
}
