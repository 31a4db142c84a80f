# Kill, cut the power, stop readers: in a build with --enable-fault-tests only,
# elsewhere each says SKIP.  Bigger sizes by hand: see each script's usage.
dist_check_SCRIPTS += \
	%D%/four-writers.sh \
	%D%/model.sh \
	%D%/powercut.sh \
	%D%/slow-sync.sh \
	%D%/stopped-reader.sh \
	%D%/storm.sh
EXTRA_DIST += %D%/lib.sh

if FAULT_TESTS
noinst_LTLIBRARIES += tests/libfault.la
tests_libfault_la_SOURCES = \
	%D%/fault-storm.c \
	%D%/fault.c \
	%D%/fault.h

fault_ldadd = tests/libfault.la libpki-ca.la libpki-core.la
noinst_PROGRAMS += \
	tests/faults/four-writers \
	tests/faults/model \
	tests/faults/powercut \
	tests/faults/stopped-reader \
	tests/faults/storm \
	tests/faults/throughput
tests_faults_four_writers_SOURCES = %D%/four-writers.c
tests_faults_four_writers_LDADD = $(fault_ldadd)
tests_faults_model_SOURCES = \
	%D%/model-state.c \
	%D%/model.c \
	%D%/model.h
tests_faults_model_LDADD = $(fault_ldadd)
tests_faults_powercut_SOURCES = %D%/powercut.c
tests_faults_powercut_LDADD = $(fault_ldadd)
tests_faults_stopped_reader_SOURCES = %D%/stopped-reader.c
tests_faults_stopped_reader_LDADD = $(fault_ldadd)
tests_faults_storm_SOURCES = %D%/storm.c
tests_faults_storm_LDADD = $(fault_ldadd)
tests_faults_throughput_SOURCES = %D%/throughput.c
tests_faults_throughput_LDADD = $(fault_ldadd)
endif
