/*
 * What a cached get costs a C program: one item of 1 KB, copied out and freed, by 1, 2 and 8 threads and with 1 to 100,000
 * entries; with one, all threads meet at one lock.
 *
 *   cached_get ENDPOINT TABLE            the figures
 *   cached_get ENDPOINT TABLE syscalls   100,000 gets between two sched_yield calls, for strace
 *
 * The table exists. Threads outnumber the processors of most machines, so each figure is CPU time a get, as the threads themselves used it; the
 * best of several rounds, as other programs only ever add to it.
 */
#define _POSIX_C_SOURCE 200809L

#include <ld_dynamo_store.h>

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ITEM_BYTES 1024
#define GETS 400000
#define ROUNDS 5
#define KEY_BYTES 32
#define MOST_ENTRIES 100000
#define MOST_THREADS 8

static const ld_dynamo_store *store;
static char (*keys)[KEY_BYTES];
static int entries;
static pthread_barrier_t barrier;

static void require(ld_dynamo_status status, ld_dynamo_error *error) {
    if (status != LD_DYNAMO_OK) {
        fprintf(stderr, "status %d: %s\n", (int)status, ld_dynamo_error_message(error));
        exit(1);
    }
}

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* One get, copied and freed. */
static void get(const char *key) {
    char *item = NULL;
    ld_dynamo_status status = ld_dynamo_store_get(store, "features", key, &item, NULL);
    if (status != LD_DYNAMO_OK || item[0] != '{') {
        fprintf(stderr, "get of %s: status %d\n", key, (int)status);
        exit(1);
    }
    ld_dynamo_string_free(item);
}

/* Gets keys in an order of its own; returns CPU seconds through its argument, which holds the seed. */
static void *get_many(void *argument) {
    double *result = argument;
    uint64_t random = 88172645463325252ULL + (uint64_t)*result * 7919;
    pthread_barrier_wait(&barrier);
    double before = seconds(CLOCK_THREAD_CPUTIME_ID);
    for (int number = 0; number < GETS; number++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        get(keys[random % (uint64_t)entries]);
    }
    *result = seconds(CLOCK_THREAD_CPUTIME_ID) - before;
    return NULL;
}

/* CPU nanoseconds a get, and the gets a second of all threads together. */
static void measure(int threads) {
    double best = 1e9, fastest = 0;
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t running[MOST_THREADS];
        double results[MOST_THREADS], sum = 0;
        pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
        for (int number = 0; number < threads; number++) {
            results[number] = number;
            if (pthread_create(&running[number], NULL, get_many, &results[number]) != 0) {
                exit(1);
            }
        }
        pthread_barrier_wait(&barrier);
        double before = seconds(CLOCK_MONOTONIC);
        for (int number = 0; number < threads; number++) {
            pthread_join(running[number], NULL);
            sum += results[number];
        }
        double rate = (double)threads * GETS / (seconds(CLOCK_MONOTONIC) - before);
        double each = sum / threads / GETS * 1e9;
        best = each < best ? each : best;
        fastest = rate > fastest ? rate : fastest;
        pthread_barrier_destroy(&barrier);
    }
    printf("%7d entries %2d thread(s) %7.1f ns of CPU a get %8.2f million gets a second\n", entries, threads, best, fastest / 1e6);
    fflush(stdout);
}

/* Stores `count` flags of 1 KB with one init, which also puts them into the cache. */
static void fill(int count) {
    char *data = malloc((size_t)count * (ITEM_BYTES + 2 * KEY_BYTES) + 64);
    ld_dynamo_error *error = NULL;
    if (data == NULL) {
        exit(1);
    }
    char *end = data + sprintf(data, "{\"features\":{");
    for (int number = 0; number < count; number++) {
        sprintf(keys[number], "flag-%06d", number);
        char *item = end + sprintf(end, "%s\"%s\":", number == 0 ? "" : ",", keys[number]);
        int head = sprintf(item, "{\"key\":\"%s\",\"version\":1,\"salt\":\"", keys[number]);
        memset(item + head, 'x', (size_t)(ITEM_BYTES - head - 2));
        memcpy(item + ITEM_BYTES - 2, "\"}", 3);
        end = item + ITEM_BYTES;
    }
    strcpy(end, "}}");
    require(ld_dynamo_store_init(store, data, &error), error);
    free(data);
    entries = count;
}

int main(int count, char **arguments) {
    static const int sizes[] = {1, 10, 1000, 10000, MOST_ENTRIES};
    static const int threads[] = {1, 2, MOST_THREADS};
    char configuration[1024];
    ld_dynamo_store *made = NULL;
    ld_dynamo_error *error = NULL;
    if (count < 3) {
        fprintf(stderr, "usage: cached_get ENDPOINT TABLE [syscalls]\n");
        return 2;
    }
    snprintf(configuration, sizeof configuration,
             "{\"table\":\"%s\",\"endpoint\":\"%s\",\"region\":\"us-east-1\",\"credentials\":{\"access_key_id\":\"local\",\"secret_access_key\":\"local\"},"
             "\"cache_ttl_ms\":3600000}",
             arguments[2], arguments[1]);
    require(ld_dynamo_store_new(configuration, &made, &error), error);
    store = made;
    keys = calloc(MOST_ENTRIES, KEY_BYTES);
    if (keys == NULL) {
        return 1;
    }
    if (count > 3) {
        fill(10);
        sched_yield();
        for (int number = 0; number < 100000; number++) {
            get(keys[number % entries]);
        }
        sched_yield();
    } else {
        for (size_t size = 0; size < sizeof sizes / sizeof *sizes; size++) {
            fill(sizes[size]);
            for (size_t number = 0; number < sizeof threads / sizeof *threads; number++) {
                measure(threads[number]);
            }
        }
    }
    free(keys);
    ld_dynamo_store_free(made);
    return 0;
}
