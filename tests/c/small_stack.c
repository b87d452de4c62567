/*
 * Every call of the library on a thread of 128 KB, which is what threads have under musl: each must leave half of it to the host. A call that runs
 * over is measured all the same, as there is room below. So is a call in a child that such a thread forked.
 *
 * What the AWS SDK takes where it is called on the thread that calls is measured on a stack of 2 MB, where "transport" is "sdk".
 *
 *   small_stack UNREACHABLE CONFIGURATION…     a configuration where nothing listens, and others that are used in turn, each with a table of its own.
 *                                              The first ends an init soon ("init_timeout_ms").
 *
 * Prints a line for each call: how much of the stack was used, and by what.
 */
#define _GNU_SOURCE

#include <ld_dynamo_store.h>

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define KB 1024
#define STACK (128 * KB)
#define FOR_THE_HOST (64 * KB)
#define ROOM_BELOW (1024 * KB)
/* On such a stack the AWS SDK is called without a thread of its own. */
#ifndef LARGE_STACK
#define LARGE_STACK (2048 * KB)
#endif
/* src/process/stack.rs has it called on a stack of which no more than that is left, if there are no threads to be had. */
#ifndef FOR_THE_AWS_SDK
#define FOR_THE_AWS_SDK (900 * KB)
#endif
#define AREA (ROOM_BELOW + LARGE_STACK)
#define PAINT 0xA5
#define WATCHDOG_SECONDS 120
/* Prerequisites one behind the other. */
#ifndef CHAIN
#define CHAIN 10000
#endif
/* As many as an item has room for, and more. */
#define LEVELS 60000
#define TOO_MANY_LEVELS 100000

/* What a call needs and what comes of it. */
static const char *configuration;
static ld_dynamo_store *store;
static char *result;
static ld_dynamo_error *error;
static char *data_set, *deep_data_set, *large_data_set, *deep_item, *large_item, *deep_patch, *deep_configuration;
static char *context_hash;

static unsigned char *area;
static int failures;

typedef ld_dynamo_status call(void);

/* One call, on a stack that nobody has used. */
struct step {
    call *call;
    ld_dynamo_status status;
};

static void *make_call(void *argument) {
    struct step *step = argument;
    step->status = step->call();
    return NULL;
}

static size_t used_of_the_area(void) {
    size_t untouched = 0;
    while (untouched < AREA && area[untouched] == PAINT) {
        untouched++;
    }
    return AREA - untouched;
}

static int is_right(const char *name, size_t used, size_t most, ld_dynamo_status status, ld_dynamo_status expected) {
    printf("%6zu bytes: %s%s\n", used, name, used <= most ? "" : "  TOO MUCH");
    if (status != expected) {
        printf("%s: status %d instead of %d: %s\n", name, (int)status, (int)expected, ld_dynamo_error_message(error));
    }
    return used <= most && status == expected;
}

static void measure(call *made, ld_dynamo_status expected, const char *name, size_t stack, size_t most) {
    pthread_t thread;
    pthread_attr_t attributes;
    struct step step = {made, -1};
    memset(area, PAINT, AREA);
    pthread_attr_init(&attributes);
    if (pthread_attr_setstack(&attributes, area + AREA - stack, stack) != 0 || pthread_create(&thread, &attributes, make_call, &step) != 0 ||
        pthread_join(thread, NULL) != 0) {
        fprintf(stderr, "no thread\n");
        exit(1);
    }
    pthread_attr_destroy(&attributes);
    failures += !is_right(name, used_of_the_area(), most, step.status, expected);
    ld_dynamo_string_free(result);
    ld_dynamo_error_free(error);
    result = NULL;
    error = NULL;
}

/* A call by its name and the status it has to end with. */
#define MEASURE(name, expected) measure(name, expected, #name, STACK, STACK - FOR_THE_HOST)
#define MEASURE_AWS_SDK(name, expected) measure(name, expected, #name, LARGE_STACK, FOR_THE_AWS_SDK)
#define CALL(name, expression)           \
    static ld_dynamo_status name(void) { \
        return expression;               \
    }

static void hear(void *userdata, int32_t level, const char *message) {
    (void)level;
    *(size_t *)userdata += strlen(message);
}

static size_t heard;

static void take_member(void *userdata, const char *name, size_t name_length, const char *value_json, size_t value_length) {
    (void)name;
    (void)value_json;
    *(size_t *)userdata += name_length + value_length;
}

static ld_dynamo_status end(void) {
    ld_dynamo_store_free(store);
    store = NULL;
    return LD_DYNAMO_OK;
}

#define PUSHED "{\"access_key_id\": \"local\", \"secret_access_key\": \"local\", \"session_token\": \"local\"}"
#define NEW_FLAG "{\"key\": \"new\", \"version\": 5, \"on\": true, \"prerequisites\": [{\"key\": \"flag-1\", \"variation\": 0}]}"
#define NEWER_FLAG "{\"key\": \"new\", \"version\": 6, \"on\": true}"
#define NEWEST_FLAG "{\"key\": \"new\", \"version\": 8, \"on\": true}"
#define FLAG_OF_A_CHILD "{\"key\": \"child\", \"version\": 1}"
#define LITTLE_DATA_SET "{\"segments\": {}, \"features\": {\"new\": {\"version\": 7}}}"
#define NEXT_PATCH \
    "{\"segmentId\": \"segment.g1\", \"version\": \"2\", \"previousVersion\": \"1\", \"changes\": {\"included\": {\"remove\": [\"context\"]}}}"
#define PATCH "{\"segmentId\": \"segment.g1\", \"version\": \"1\", \"changes\": {\"included\": {\"add\": [\"context\"]}}}"

CALL(new_store, ld_dynamo_store_new(configuration, &store, &error))
CALL(new_store_of_text_that_is_no_json, ld_dynamo_store_new("{", &store, &error))
CALL(new_store_of_deep_json, ld_dynamo_store_new(deep_configuration, &store, &error))
CALL(new_store_of_an_unknown_key, ld_dynamo_store_new("{\"table\": \"flags\", \"colour\": 1}", &store, &error))
CALL(set_logger, ld_dynamo_store_set_logger(store, hear, &heard, NULL, &error))
CALL(set_credentials, ld_dynamo_store_set_credentials(store, PUSHED, &error))
CALL(available, ld_dynamo_store_available(store, &error))
CALL(initialized, ld_dynamo_store_initialized(store, &error))
CALL(initialized_cached, ld_dynamo_store_initialized_cached(store, &error))
CALL(init, ld_dynamo_store_init(store, data_set, &error))
CALL(init_of_deep_json, ld_dynamo_store_init(store, deep_data_set, &error))
CALL(init_of_deep_json_that_is_too_large, ld_dynamo_store_init(store, large_data_set, &error))
CALL(get, ld_dynamo_store_get(store, "features", "flag-1", &result, &error))
CALL(get_once_more, ld_dynamo_store_get(store, "features", "flag-2", &result, &error))
CALL(get_absent, ld_dynamo_store_get(store, "features", "absent", &result, &error))
CALL(get_deep, ld_dynamo_store_get(store, "features", "deep", &result, &error))
CALL(get_cached, ld_dynamo_store_get_cached(store, "features", "flag-1", &result, &error))
CALL(all, ld_dynamo_store_all(store, "features", &result, &error))
CALL(all_cached, ld_dynamo_store_all_cached(store, "features", &result, &error))
CALL(upsert, ld_dynamo_store_upsert(store, "features", "new", NEW_FLAG, &result, &error))
CALL(upsert_refused, ld_dynamo_store_upsert(store, "features", "new", "{\"version\": 1, \"deleted\": true}", &result, &error))
CALL(upsert_deep, ld_dynamo_store_upsert(store, "features", "deep", deep_item, &result, &error))
CALL(upsert_deep_and_too_large, ld_dynamo_store_upsert(store, "features", "deep", large_item, &result, &error))
CALL(hash_of_a_context, ld_dynamo_context_hash("context", &context_hash, &error))
CALL(apply_patch, ld_dynamo_store_big_segments_apply_patch(store, PATCH, &error))
CALL(apply_patch_once_more, ld_dynamo_store_big_segments_apply_patch(store, PATCH, &error))
CALL(apply_patch_of_deep_json, ld_dynamo_store_big_segments_apply_patch(store, deep_patch, &error))
CALL(set_synchronized, ld_dynamo_store_big_segments_set_synchronized(store, 1700000000000, &error))
CALL(metadata, ld_dynamo_store_big_segments_metadata(store, &result, &error))
CALL(cursor, ld_dynamo_store_big_segments_cursor(store, &result, &error))
CALL(membership, ld_dynamo_store_big_segments_membership(store, "context", &result, &error))
CALL(json_members, ld_dynamo_json_members(NEW_FLAG, 128, take_member, &heard, &error))
CALL(json_members_of_deep_json, ld_dynamo_json_members(deep_item, 0, take_member, &heard, &error))
CALL(json_members_of_too_deep_json, ld_dynamo_json_members(deep_item, 128, take_member, &heard, &error))
CALL(upsert_newer, ld_dynamo_store_upsert(store, "features", "new", NEWER_FLAG, &result, &error))
CALL(upsert_newest, ld_dynamo_store_upsert(store, "features", "new", NEWEST_FLAG, &result, &error))
CALL(init_of_little, ld_dynamo_store_init(store, LITTLE_DATA_SET, &error))
CALL(apply_next_patch, ld_dynamo_store_big_segments_apply_patch(store, NEXT_PATCH, &error))
CALL(stats, ld_dynamo_store_stats(store, &result, &error))

/* The child has this small stack and no other thread. It measures itself: the parent does not see what it touches. */
static ld_dynamo_status upsert_in_a_child(void) {
    int status = 1;
    pid_t child = fork();
    if (child == 0) {
        alarm(WATCHDOG_SECONDS);
        ld_dynamo_status stored = ld_dynamo_store_upsert(store, "features", "child", FLAG_OF_A_CHILD, &result, &error);
        _exit(is_right("upsert, seen by the child", used_of_the_area(), STACK - FOR_THE_HOST, stored, LD_DYNAMO_OK) ? 0 : 1);
    }
    return waitpid(child, &status, 0) == child && status == 0 ? LD_DYNAMO_OK : LD_DYNAMO_INTERNAL;
}

/* Objects within objects, in the place of `%s` in `around`. */
static char *nested(const char *around, int levels) {
    const char *place = strstr(around, "%s");
    char *text = malloc(strlen(around) + 7 * (size_t)levels + 1), *end = text;
    end += sprintf(end, "%.*s", (int)(place - around), around);
    for (int level = 0; level < levels; level++) {
        end += sprintf(end, "{\"a\":");
    }
    *end++ = '1';
    memset(end, '}', (size_t)levels);
    end += levels;
    strcpy(end, place + 2);
    return text;
}

/* Flags that each need the next. */
static char *chain(void) {
    char *text = malloc(CHAIN * 128), *end = text;
    end += sprintf(end, "{\"segments\": {}, \"features\": {");
    for (int number = 0; number < CHAIN; number++) {
        end += sprintf(end, "\"flag-%d\": {\"version\": 1, \"prerequisites\": [{\"key\": \"flag-%d\", \"variation\": 0}]},", number, number + 1);
    }
    sprintf(end, "\"flag-%d\": {\"version\": 1}}}", CHAIN);
    return text;
}

static void use(const char *used) {
    configuration = used;
    printf("%s\n", configuration);
    MEASURE(new_store, LD_DYNAMO_OK);
    MEASURE(set_logger, LD_DYNAMO_OK);
    MEASURE(set_credentials, strstr(used, "\"pushed\"") != NULL ? LD_DYNAMO_OK : LD_DYNAMO_INVALID_CONFIGURATION);
    MEASURE(available, LD_DYNAMO_OK);
    MEASURE(initialized, LD_DYNAMO_NOT_FOUND);
    MEASURE(init, LD_DYNAMO_OK);
    MEASURE(initialized_cached, LD_DYNAMO_OK);
    MEASURE(get, LD_DYNAMO_OK);
    MEASURE(get_once_more, LD_DYNAMO_OK);
    MEASURE(get_absent, LD_DYNAMO_NOT_FOUND);
    MEASURE(get_cached, LD_DYNAMO_OK);
    MEASURE(all, LD_DYNAMO_OK);
    MEASURE(all_cached, LD_DYNAMO_OK);
    MEASURE(upsert, LD_DYNAMO_OK);
    MEASURE(upsert_refused, LD_DYNAMO_NOT_NEWER);
    MEASURE(upsert_deep, LD_DYNAMO_OK);
    MEASURE(upsert_deep_and_too_large, LD_DYNAMO_TOO_LARGE);
    MEASURE(get_deep, LD_DYNAMO_OK);
    MEASURE(init_of_deep_json, LD_DYNAMO_OK);
    MEASURE(init_of_deep_json_that_is_too_large, LD_DYNAMO_OK);
    MEASURE(hash_of_a_context, LD_DYNAMO_OK);
    ld_dynamo_string_free(context_hash);
    MEASURE(apply_patch, LD_DYNAMO_OK);
    MEASURE(apply_patch_once_more, LD_DYNAMO_OUT_OF_ORDER);
    MEASURE(apply_patch_of_deep_json, LD_DYNAMO_INVALID_BIG_SEGMENTS);
    MEASURE(set_synchronized, LD_DYNAMO_OK);
    MEASURE(metadata, LD_DYNAMO_OK);
    MEASURE(cursor, LD_DYNAMO_OK);
    MEASURE(membership, LD_DYNAMO_OK);
    MEASURE(stats, LD_DYNAMO_OK);
    MEASURE(upsert_in_a_child, LD_DYNAMO_OK);
    if (strstr(used, "\"transport\":\"sdk\"") != NULL) {
        MEASURE_AWS_SDK(upsert_newer, LD_DYNAMO_OK);
        MEASURE_AWS_SDK(init_of_little, LD_DYNAMO_OK);
        MEASURE_AWS_SDK(upsert_refused, LD_DYNAMO_NOT_NEWER);
        MEASURE_AWS_SDK(apply_next_patch, LD_DYNAMO_OK);
        MEASURE(end, LD_DYNAMO_OK);
        MEASURE(new_store, LD_DYNAMO_OK);
        MEASURE_AWS_SDK(upsert_newest, LD_DYNAMO_OK);
    }
    MEASURE(end, LD_DYNAMO_OK);
}

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "usage: small_stack UNREACHABLE CONFIGURATION...\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(WATCHDOG_SECONDS);
    area = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    data_set = chain();
    deep_data_set = nested("{\"segments\": {\"deep\": {\"version\": 1, \"a\": %s}}}", LEVELS);
    large_data_set = nested("{\"segments\": {\"deep\": {\"version\": 1, \"a\": %s}}}", TOO_MANY_LEVELS);
    deep_item = nested("{\"version\": 1, \"a\": %s}", LEVELS);
    large_item = nested("{\"version\": 1, \"a\": %s}", TOO_MANY_LEVELS);
    deep_patch = nested("{\"segmentId\": \"segment.g1\", \"version\": \"2\", \"changes\": %s}", TOO_MANY_LEVELS);
    deep_configuration = nested("{\"table\": %s}", TOO_MANY_LEVELS);
    MEASURE(new_store_of_text_that_is_no_json, LD_DYNAMO_INVALID_JSON);
    MEASURE(new_store_of_deep_json, LD_DYNAMO_INVALID_CONFIGURATION);
    MEASURE(new_store_of_an_unknown_key, LD_DYNAMO_INVALID_CONFIGURATION);
    MEASURE(json_members, LD_DYNAMO_OK);
    MEASURE(json_members_of_deep_json, LD_DYNAMO_OK);
    MEASURE(json_members_of_too_deep_json, LD_DYNAMO_INVALID_JSON);
    configuration = arguments[1];
    printf("%s\n", configuration);
    MEASURE(new_store, LD_DYNAMO_OK);
    MEASURE(set_logger, LD_DYNAMO_OK);
    MEASURE(get, LD_DYNAMO_UNREACHABLE);
    MEASURE(init, LD_DYNAMO_TIMED_OUT);
    MEASURE(end, LD_DYNAMO_OK);
    for (int number = 2; number < count; number++) {
        use(arguments[number]);
    }
    printf("%d calls went wrong or used too much\n", failures);
    return failures == 0 ? 0 : 1;
}
