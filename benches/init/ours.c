/*
 * Measures one init through the C ABI; see benches/README.md.
 *
 *   ours ENDPOINT TABLE DATA_SET
 *
 * The caches of the official stores are not measured either, so ours is off; LD_DYNAMO_BENCH_CACHE_TTL_MS turns it on.
 */
#define _POSIX_C_SOURCE 200809L

#include <ld_dynamo_store.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static void stop(const char *what) {
    perror(what);
    exit(1);
}

/* Ends the program with the message where a call of the library failed. */
static void check(ld_dynamo_status status, ld_dynamo_error *error) {
    if (status != LD_DYNAMO_OK) {
        fprintf(stderr, "status %d: %s\n", (int)status, error == NULL ? "" : ld_dynamo_error_message(error));
        exit(1);
    }
}

static char *read_text(const char *path) {
    FILE *file = fopen(path, "rb");
    long size;
    char *text;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0) {
        stop(path);
    }
    rewind(file);
    text = malloc((size_t)size + 1);
    if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size) {
        stop(path);
    }
    text[size] = '\0';
    fclose(file);
    return text;
}

static double seconds(struct timespec began, struct timespec ended) {
    return (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9;
}

static double cpu_seconds(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) {
        stop("getrusage");
    }
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void forget_peak_memory(void) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file == NULL || fputs("5", file) == EOF || fclose(file) == EOF) {
        stop("/proc/self/clear_refs");
    }
}

static long peak_kilobytes(void) {
    char line[256];
    long kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL) {
        stop("/proc/self/status");
    }
    while (kilobytes == 0 && fgets(line, sizeof line, file) != NULL) {
        sscanf(line, "VmHWM: %ld", &kilobytes);
    }
    fclose(file);
    return kilobytes;
}

int main(int count, char **arguments) {
    const char *cache_ttl_ms = getenv("LD_DYNAMO_BENCH_CACHE_TTL_MS");
    char configuration[1024];
    ld_dynamo_store *store;
    ld_dynamo_error *error;
    struct timespec began;
    struct timespec ended;
    double cpu_before;
    double cpu;
    char *data_set;

    if (count != 4) {
        fprintf(stderr, "usage: ours ENDPOINT TABLE DATA_SET\n");
        return 2;
    }
    snprintf(configuration, sizeof configuration,
             "{\"endpoint\": \"%s\", \"table\": \"%s\", \"region\": \"us-east-1\", \"cache_ttl_ms\": %s,"
             " \"credentials\": {\"access_key_id\": \"benchmark\", \"secret_access_key\": \"benchmark\"}}",
             arguments[1], arguments[2], cache_ttl_ms == NULL ? "0" : cache_ttl_ms);
    data_set = read_text(arguments[3]);
    check(ld_dynamo_store_new(configuration, &store, &error), error);

    forget_peak_memory();
    cpu_before = cpu_seconds();
    clock_gettime(CLOCK_MONOTONIC, &began);
    check(ld_dynamo_store_init(store, data_set, &error), error);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    cpu = cpu_seconds() - cpu_before;
    printf("{\"seconds\": %f, \"cpu_seconds\": %f, \"peak_kilobytes\": %ld}\n", seconds(began, ended), cpu,
           peak_kilobytes());

    ld_dynamo_store_free(store);
    free(data_set);
    return 0;
}
