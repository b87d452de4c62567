/*
 * Measures single calls through the C ABI; see benches/README.md.
 *
 *   ours ENDPOINT TABLE WORK THREADS SECONDS     WORK: get, all, newer or refused
 */
#define _POSIX_C_SOURCE 200809L

#include "measure.h"

#include <pthread.h>
#include <string.h>

/* Flags that gets and upserts take turns with. */
#define KEYS 1000
#define WARM_UP_CALLS 20
#define MAXIMUM_THREADS 64
#define ITEM_BYTES 4096

static ld_dynamo_store *store;
static const char *work;
static double duration;
static pthread_barrier_t warm;
static pthread_barrier_t done;
/* The flag that upserts send, before and behind its version. */
static char before_version[ITEM_BYTES];
static char behind_version[ITEM_BYTES];

static void require(int holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        exit(1);
    }
}

static void get(long number) {
    char key[32];
    char *item;
    ld_dynamo_error *error;
    snprintf(key, sizeof key, "flag-%06ld", number);
    check(ld_dynamo_store_get(store, "features", key, &item, &error), error);
    require(item != NULL, "a flag is missing");
    ld_dynamo_string_free(item);
}

static void all(void) {
    char *items;
    ld_dynamo_error *error;
    check(ld_dynamo_store_all(store, "features", &items, &error), error);
    require(items[1] != '}', "there are no flags");
    ld_dynamo_string_free(items);
}

static void upsert(const char *kind, long number, long long version, ld_dynamo_status expected) {
    char key[32];
    char item[2 * ITEM_BYTES + 32];
    char *stored;
    ld_dynamo_error *error;
    ld_dynamo_status status;
    snprintf(key, sizeof key, "flag-%06ld", number);
    snprintf(item, sizeof item, "%s%lld%s", before_version, version, behind_version);
    status = ld_dynamo_store_upsert(store, kind, key, item, &stored, &error);
    check(status, error);
    require(status == expected, "an upsert ended otherwise");
    ld_dynamo_string_free(stored);
}

static void call(long number, long long version) {
    if (strcmp(work, "get") == 0) {
        get(number % KEYS);
    } else if (strcmp(work, "all") == 0) {
        all();
    } else if (strcmp(work, "newer") == 0) {
        upsert("segments", number % KEYS, version + number, LD_DYNAMO_OK);
    } else {
        upsert("features", number % KEYS, 0, LD_DYNAMO_NOT_NEWER);
    }
}

static void read_template(void) {
    static const char name[] = "\"version\":";
    char *item;
    char *version;
    ld_dynamo_error *error;
    check(ld_dynamo_store_get(store, "features", "flag-000000", &item, &error), error);
    require(item != NULL && strlen(item) < ITEM_BYTES && (version = strstr(item, name)) != NULL, "flag-000000 is no flag");
    version += sizeof name - 1;
    strcpy(behind_version, version + strspn(version, "0123456789"));
    *version = '\0';
    strcpy(before_version, item);
    ld_dynamo_string_free(item);
}

/* Calls until the time is over; leaves the number of calls in the argument. */
static void *call_often(void *argument) {
    struct timespec now;
    double end;
    long long version;
    long calls = 0;
    long warm_up = strcmp(work, "all") == 0 ? 1 : WARM_UP_CALLS;
    clock_gettime(CLOCK_REALTIME, &now);
    /* Greater than any that an earlier run has stored. */
    version = (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    while (calls < warm_up) {
        call(calls++, version);
    }
    pthread_barrier_wait(&warm);
    end = seconds_now() + duration;
    while (seconds_now() < end) {
        call(calls++, version);
    }
    *(long *)argument = calls - warm_up;
    pthread_barrier_wait(&done);
    return NULL;
}

int main(int count, char **arguments) {
    pthread_t threads[MAXIMUM_THREADS];
    long calls[MAXIMUM_THREADS];
    long all_calls = 0;
    int thread_count;
    double began;
    double seconds;
    double cpu;
    if (count != 6 || (thread_count = atoi(arguments[4])) < 1 || thread_count > MAXIMUM_THREADS) {
        fprintf(stderr, "usage: ours ENDPOINT TABLE get|all|newer|refused THREADS SECONDS\n");
        return 2;
    }
    work = arguments[3];
    duration = atof(arguments[5]);
    store = open_store(arguments[1], arguments[2]);
    read_template();
    pthread_barrier_init(&warm, NULL, (unsigned)thread_count + 1);
    pthread_barrier_init(&done, NULL, (unsigned)thread_count + 1);
    for (int number = 0; number < thread_count; number++) {
        require(pthread_create(&threads[number], NULL, call_often, &calls[number]) == 0, "no thread");
    }
    pthread_barrier_wait(&warm);
    began = seconds_now();
    cpu = cpu_seconds();
    pthread_barrier_wait(&done);
    seconds = seconds_now() - began;
    cpu = cpu_seconds() - cpu;
    for (int number = 0; number < thread_count; number++) {
        pthread_join(threads[number], NULL);
        all_calls += calls[number];
    }
    printf("{\"calls\": %ld, \"seconds\": %f, \"cpu_seconds\": %f}\n", all_calls, seconds, cpu);
    ld_dynamo_store_free(store);
    return 0;
}
