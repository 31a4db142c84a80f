# All of pki-enroll but main: the program and its tests link it.
noinst_LTLIBRARIES += libenroll.la
libenroll_la_SOURCES = \
	src/common/print-out.c \
	src/common/print-plain.c \
	src/common/print-text.c \
	%D%/conf-check.c \
	%D%/conf-check.h \
	%D%/conf-subject.c \
	%D%/conf.c \
	%D%/conf.h \
	%D%/event.c \
	%D%/event.h \
	%D%/hook.c \
	%D%/hook.h \
	%D%/report.c \
	%D%/report.h \
	%D%/schedule.c \
	%D%/schedule.h \
	%D%/slots-anchors.c \
	%D%/slots-change.c \
	%D%/slots-file.c \
	%D%/slots-pair.c \
	%D%/slots-pending.c \
	%D%/slots-private.h \
	%D%/slots.c \
	%D%/slots.h \
	%D%/state.c \
	%D%/state.h
libenroll_la_CPPFLAGS = $(AM_CPPFLAGS)
libenroll_la_LIBADD =
