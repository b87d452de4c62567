/*
 * Calls that a destructor of thread-local data makes, while its thread is ending: they work, and are told of as any others.
 *
 *   logger_ending CONFIGURATION     the table holds the flags of calls.h
 *
 * CONFIGURATION has "log_level":"trace" and no cache, so that every call says something. The exit status is 0 when all was as it should be.
 */
#define _XOPEN_SOURCE 700

#include "loggers.h"

#include <pthread.h>

#define WATCHDOG_SECONDS 60

static ld_dynamo_store *store;

static void get_one(const char *step) {
    REQUIRE(get_flag(store, 0, step));
}

#define TOO_LARGE_BYTES 400001

/* Refused without a request, and logged as an error. */
static void upsert_too_large(void) {
    static const char beginning[] = "{\"version\":1,\"text\":\"";
    char *item = malloc(TOO_LARGE_BYTES + sizeof beginning + 2), *stored = NULL;
    REQUIRE(item != NULL);
    memcpy(item, beginning, sizeof beginning - 1);
    memset(item + sizeof beginning - 1, 'x', TOO_LARGE_BYTES);
    strcpy(item + sizeof beginning - 1 + TOO_LARGE_BYTES, "\"}");
    REQUIRE(ld_dynamo_store_upsert(store, "others", "large", item, &stored, NULL) == LD_DYNAMO_TOO_LARGE);
    free(item);
}

struct heard {
    struct userdata *userdata;
    atomic_long errors;
    atomic_long of_a_get;
};

static void hear(void *argument, int32_t level, const char *message) {
    struct heard *heard = argument;
    count_in(heard->userdata, level, message);
    if (level == LD_DYNAMO_LOG_ERROR && strstr(message, "\"large\" in \"others\" was too large to store") != NULL) {
        atomic_fetch_add(&heard->errors, 1);
    }
}

static void release_heard(void *argument) {
    release(((struct heard *)argument)->userdata);
}

/* How much a get of a connection that is there says. */
static long messages_of_a_get(struct heard *heard, const char *step) {
    get_one(step);
    long before = atomic_load(&heard->userdata->messages);
    get_one(step);
    return atomic_load(&heard->userdata->messages) - before;
}

static pthread_key_t at_end;

static void call_at_end(void *argument) {
    struct heard *heard = argument;
    long of_a_get = messages_of_a_get(heard, "a get by a destructor");
    upsert_too_large();
    atomic_store(&heard->of_a_get, of_a_get);
}

/* Uses the library before it ends, so that the library's own variables of this thread are gone when the destructor runs. */
static void *end_with_a_call(void *argument) {
    struct heard *heard = argument;
    atomic_store(&heard->of_a_get, messages_of_a_get(heard, "a get of a thread that will end"));
    REQUIRE(pthread_setspecific(at_end, argument) == 0);
    return NULL;
}

static void *end_with_a_first_call(void *argument) {
    REQUIRE(pthread_setspecific(at_end, argument) == 0);
    return NULL;
}

static void run_one(void *(*run)(void *), void *argument) {
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, run, argument) == 0);
    pthread_join(thread, NULL);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 2) {
        fprintf(stderr, "usage: logger_ending CONFIGURATION\n");
        return 2;
    }
    watch(WATCHDOG_SECONDS);
    store = open_store(arguments[1]);
    struct heard heard = {.userdata = new_userdata()};
    REQUIRE(pthread_key_create(&at_end, call_at_end) == 0);
    run_one(end_with_a_call, &heard);
    REQUIRE(atomic_load(&heard.userdata->messages) == 0);
    REQUIRE(ld_dynamo_store_set_logger(store, hear, &heard, release_heard, NULL) == LD_DYNAMO_OK);
    long before = messages_of_a_get(&heard, "a get of the first thread");
    REQUIRE(before > 0);
    run_one(end_with_a_call, &heard);
    REQUIRE(atomic_load(&heard.of_a_get) == before && atomic_load(&heard.errors) == 1);
    run_one(end_with_a_first_call, &heard);
    REQUIRE(atomic_load(&heard.of_a_get) == before && atomic_load(&heard.errors) == 2);
    ld_dynamo_store_free(store);
    REQUIRE(atomic_load(&heard.userdata->releases) == 1);
    free(heard.userdata);
    return 0;
}
