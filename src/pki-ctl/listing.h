#ifndef PKI_CTL_LISTING_H
#define PKI_CTL_LISTING_H

/*
 * What commands share that list rows by their ids: --limit and --after,
 * progress, and what is said at the end.
 */

#include "common/term.h"
#include "pki-ctl/cmd.h"

#define LISTING_OPTIONS(rows)                                           \
	{ .name = "limit", .arg = "N", .help = "at most N " rows },     \
	{ .name = "after", .arg = "ID",                                 \
	  .help = "go on behind the one whose \"id\" this is" }

struct listing {
	struct session      *s;
	print_doc           *doc;
	struct term_progress progress;
	const char          *state;     /* NULL: any; the command's */
	int64_t              now, after;
	int64_t              left, shown, last_id;
};

/*
 * Read the options: now and after are set, all else is 0.  Then begin, with
 * what the command is called.  PKI_USAGE.
 */
PKI_CHECKED pki_code listing_read(struct session *s, struct listing *out);
PKI_CHECKED pki_code listing_begin(struct listing *listing, const char *what,
    const struct print_column *columns, size_t count);

/* Is the row one in a state that was asked for? */
bool listing_wants(const struct listing *listing, const char *state);
/* Before a row is printed.  Another code than PKI_OK ends the walk. */
PKI_CHECKED pki_code listing_step(struct listing *listing, int64_t id);

/*
 * After the walk, with what came of it; frees.  none: what is said when there
 * was no row.  Ended by --limit: PKI_OK, and how to go on is said.
 */
PKI_CHECKED pki_code listing_end(struct listing *listing, pki_code rc,
    const char *none);

#endif
