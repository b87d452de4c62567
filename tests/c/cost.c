/*
 * What single calls cost once everything is warm: allocations are counted here, instructions by callgrind, which writes a file for each
 * part that this program marks.
 *
 *   cost CONFIGURATION     prints a line for each part: its name, its calls, its allocations
 *
 * The table holds flag-0 … flag-7 of "features" in version 1, a hundred rows of "few" and a thousand more of "many".
 */
#define _GNU_SOURCE

#include "calls.h"

#include <stdatomic.h>
#include <valgrind/callgrind.h>

#define CALLS 200
#define CALLS_OF_ALL 5
#define WARM_UP_CALLS 20
#define ITEM_BYTES 1024

/* The system's own, which the functions below stand before, for the library too. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_long allocations;

void *malloc(size_t size) {
    atomic_fetch_add(&allocations, 1);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    atomic_fetch_add(&allocations, 1);
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    atomic_fetch_add(&allocations, 1);
    return __libc_realloc(memory, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    atomic_fetch_add(&allocations, 1);
    *memory = __libc_memalign(alignment, size);
    return *memory == NULL;
}

static ld_dynamo_store *store;
static char keys[FLAGS][32];
/* One for each call, in rising versions. */
static char newer[WARM_UP_CALLS + CALLS][2 * ITEM_BYTES];
static char older[2 * ITEM_BYTES];

static void require(ld_dynamo_status status, ld_dynamo_status expected, const ld_dynamo_error *error, const char *step) {
    if (status != expected) {
        report(step, status, error);
        exit(1);
    }
}

static void get(int number) {
    char *item = NULL;
    ld_dynamo_error *error = NULL;
    require(ld_dynamo_store_get(store, "features", keys[number % FLAGS], &item, &error), LD_DYNAMO_OK, error, "get");
    ld_dynamo_string_free(item);
}

static void upsert(int number, const char *item, ld_dynamo_status expected) {
    char *stored = NULL;
    ld_dynamo_error *error = NULL;
    require(ld_dynamo_store_upsert(store, "features", keys[number % FLAGS], item, &stored, &error), expected, error, "upsert");
    ld_dynamo_string_free(stored);
}

static void upsert_newer(int number) {
    upsert(number, newer[number], LD_DYNAMO_OK);
}

static void upsert_refused(int number) {
    upsert(number, older, LD_DYNAMO_NOT_NEWER);
}

static void all(const char *kind) {
    char *items = NULL;
    ld_dynamo_error *error = NULL;
    require(ld_dynamo_store_all(store, kind, &items, &error), LD_DYNAMO_OK, error, "all");
    ld_dynamo_string_free(items);
}

static void all_few(int number) {
    (void)number;
    all("few");
}

static void all_many(int number) {
    (void)number;
    all("many");
}

static void write_item(char *item, int version) {
    int length = sprintf(item, "{\"version\":%d,\"salt\":\"", version);
    memset(item + length, 'x', ITEM_BYTES);
    strcpy(item + ITEM_BYTES - 2, "\"}");
}

/* Callgrind's client requests do nothing elsewhere. */
#define MEASURE(part, calls)                                                   \
    do {                                                                       \
        int number = 0;                                                        \
        long before, after;                                                    \
        while (number < WARM_UP_CALLS) {                                       \
            part(number++);                                                    \
        }                                                                      \
        before = atomic_load(&allocations);                                    \
        CALLGRIND_ZERO_STATS;                                                  \
        while (number < WARM_UP_CALLS + (calls)) {                             \
            part(number++);                                                    \
        }                                                                      \
        CALLGRIND_DUMP_STATS_AT(#part);                                        \
        after = atomic_load(&allocations);                                     \
        printf("%s %d %ld\n", #part, (calls), after - before);                 \
    } while (0)

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: cost CONFIGURATION\n");
        return 2;
    }
    watch(120);
    for (int number = 0; number < FLAGS; number++) {
        snprintf(keys[number], sizeof keys[number], "flag-%d", number);
    }
    for (int number = 0; number < WARM_UP_CALLS + CALLS; number++) {
        write_item(newer[number], number + 2);
    }
    write_item(older, 0);
    store = open_store(arguments[1]);
    MEASURE(get, CALLS);
    MEASURE(upsert_refused, CALLS);
    MEASURE(upsert_newer, CALLS);
    MEASURE(all_few, CALLS_OF_ALL);
    MEASURE(all_many, CALLS_OF_ALL);
    ld_dynamo_store_free(store);
    return 0;
}
