pkistoreinclude_HEADERS += \
	%D%/store.h
libpki_ca_la_SOURCES += \
	%D%/backend.h \
	%D%/row-flaw.c \
	%D%/row.c \
	%D%/row.h \
	%D%/schema-sqlite.h \
	%D%/store-memory-approval.c \
	%D%/store-memory-cert.c \
	%D%/store-memory-identity.c \
	%D%/store-memory-token.c \
	%D%/store-memory.c \
	%D%/store-memory.h \
	%D%/store-read.c \
	%D%/store-sqlite-approval.c \
	%D%/store-sqlite-audit.c \
	%D%/store-sqlite-ca.c \
	%D%/store-sqlite-cert.c \
	%D%/store-sqlite-connect.c \
	%D%/store-sqlite-history.c \
	%D%/store-sqlite-identity.c \
	%D%/store-sqlite-open.c \
	%D%/store-sqlite-rows.c \
	%D%/store-sqlite-run.c \
	%D%/store-sqlite-schema.c \
	%D%/store-sqlite-sql.c \
	%D%/store-sqlite-token.c \
	%D%/store-sqlite.c \
	%D%/store-sqlite.h \
	%D%/store.c
