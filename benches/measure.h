/*
 * What the programs in C that measure have in common: a store, whose caches are off, and this process's time and CPU.
 */
#ifndef LD_DYNAMO_BENCHES_MEASURE_H
#define LD_DYNAMO_BENCHES_MEASURE_H

#include <ld_dynamo_store.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static inline void stop(const char *what) {
    perror(what);
    exit(1);
}

/* Ends the program with the message where a call of the library failed; a refused upsert is none. */
static inline void check(ld_dynamo_status status, ld_dynamo_error *error) {
    if (status < LD_DYNAMO_OK) {
        fprintf(stderr, "status %d: %s\n", (int)status, error == NULL ? "" : ld_dynamo_error_message(error));
        exit(1);
    }
}

/* The caches of the official stores are not measured either, so ours is off; LD_DYNAMO_BENCH_CACHE_TTL_MS turns it on. */
static inline ld_dynamo_store *open_store(const char *endpoint, const char *table) {
    const char *cache_ttl_ms = getenv("LD_DYNAMO_BENCH_CACHE_TTL_MS");
    char configuration[1024];
    ld_dynamo_store *store;
    ld_dynamo_error *error;
    snprintf(configuration, sizeof configuration,
             "{\"endpoint\": \"%s\", \"table\": \"%s\", \"region\": \"us-east-1\", \"cache_ttl_ms\": %s,"
             " \"credentials\": {\"access_key_id\": \"benchmark\", \"secret_access_key\": \"benchmark\"}}",
             endpoint, table, cache_ttl_ms == NULL ? "0" : cache_ttl_ms);
    check(ld_dynamo_store_new(configuration, &store, &error), error);
    return store;
}

static inline double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline double cpu_seconds(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) {
        stop("getrusage");
    }
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

#endif
