/*
 * Abuses every export of the library and checks that each mistake has its own status and a message that names it, that results are NULL on every
 * failure, and that nothing was sent. Then checks the positive paths on a running engine.
 *
 *   misuse ENDPOINT TABLE     the table exists and is empty
 *
 * The last line printed is "N passed, N failed"; the exit status is 0 when none failed.
 */
#define _POSIX_C_SOURCE 200809L

#include <ld_dynamo_store.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BROKEN_UTF8 "abcdefg\xff"
#define BROKEN_AT "7"
/* Nothing listens on port 1: a call that reaches the network answers UNREACHABLE, so any other status shows that nothing was sent. */
#define UNREACHABLE_ENDPOINT "http://127.0.0.1:1"
#define WATCHDOG_SECONDS 60

static int passed = 0;
static int failed = 0;
/* What results hold before a call: a library that does not write them is caught. */
static char untouched[] = "untouched";

static void check(int condition, const char *what, int line) {
    if (condition) {
        passed++;
    } else {
        failed++;
        printf("line %d: %s\n", line, what);
    }
}
#define CHECK(condition) check((condition), #condition, __LINE__)

static void check_status(ld_dynamo_status status, ld_dynamo_status expected, const char *call, int line) {
    if (status != expected) {
        printf("line %d: status %d where %d was expected\n", line, (int)status, (int)expected);
    }
    check(status == expected, call, line);
}

static void check_error(const ld_dynamo_error *error, ld_dynamo_status expected, const char *first, const char *second, const char *call, int line) {
    if (error == NULL || error == (void *)untouched) {
        check(0, "the error was not written", line);
        return;
    }
    const char *message = ld_dynamo_error_message(error);
    int named = message != NULL && strstr(message, first) != NULL && strstr(message, second) != NULL;
    if (!named) {
        printf("line %d: the message \"%s\" lacks \"%s\" or \"%s\"\n", line, message == NULL ? "(NULL)" : message, first, second);
    }
    check(named, call, line);
    check(ld_dynamo_error_status(error) == expected, "the error carries the status that was returned", line);
}

/* A failed call leaves NULL in the result it was given, whatever was there before. */
static void check_results(const char *result, const ld_dynamo_store *made, const char *call, int line) {
    check(strstr(call, "&result") == NULL || result == NULL, "the result is NULL after a failure", line);
    check(strstr(call, "&made") == NULL || made == NULL, "the store is NULL after a failure", line);
}

/* A call that must fail, once with an error to fill and once without. `call` uses `error_out` and, where it has a result, `&result` or `&made`. */
#define REFUSED(expected, first, second, call)                                                                  \
    do {                                                                                                        \
        char *result = untouched;                                                                               \
        ld_dynamo_store *made = (void *)untouched;                                                              \
        ld_dynamo_error *error = (void *)untouched;                                                             \
        ld_dynamo_error **error_out = &error;                                                                   \
        check_status((call), (expected), #call, __LINE__);                                                      \
        check_error(error, (expected), (first), (second), #call, __LINE__);                                     \
        check_results(result, made, #call, __LINE__);                                                           \
        if (error != (void *)untouched) {                                                                       \
            ld_dynamo_error_free(error);                                                                        \
        }                                                                                                       \
        error_out = NULL;                                                                                       \
        result = untouched;                                                                                     \
        made = (void *)untouched;                                                                               \
        check_status((call), (expected), #call " without an error", __LINE__);                                  \
        check_results(result, made, #call, __LINE__);                                                           \
    } while (0)

/* A call that must not fail: the error is NULL afterwards. `call` uses `error_out`. */
#define ANSWERED(expected, call)                                                                                \
    do {                                                                                                        \
        ld_dynamo_error *error = (void *)untouched;                                                             \
        ld_dynamo_error **error_out = &error;                                                                   \
        check_status((call), (expected), #call, __LINE__);                                                      \
        if (error != NULL && error != (void *)untouched) {                                                      \
            printf("line %d: %s\n", __LINE__, ld_dynamo_error_message(error));                                  \
        }                                                                                                       \
        check(error == NULL, "the error is NULL: " #call, __LINE__);                                            \
    } while (0)

/* A store on `endpoint`; `more` is appended to the configuration and begins with a comma. */
static ld_dynamo_store *open_store(const char *endpoint, const char *table, const char *more) {
    char configuration[1024];
    ld_dynamo_store *store = NULL;
    ld_dynamo_error *error = NULL;
    snprintf(configuration, sizeof configuration,
             "{\"table\":\"%s\",\"endpoint\":\"%s\",\"region\":\"us-east-1\",\"credentials\":{\"access_key_id\":\"local\",\"secret_access_key\":\"local\"},"
             "\"cache_ttl_ms\":0%s}",
             table, endpoint, more);
    if (ld_dynamo_store_new(configuration, &store, &error) != LD_DYNAMO_OK) {
        printf("the store could not be made: %s\n0 passed, 1 failed\n", ld_dynamo_error_message(error));
        exit(1);
    }
    return store;
}

static void versions_agree(void) {
    char composed[32];
    snprintf(composed, sizeof composed, "%d.%d.%d", LD_DYNAMO_VERSION_MAJOR, LD_DYNAMO_VERSION_MINOR, LD_DYNAMO_VERSION_PATCH);
    CHECK(strcmp(composed, LD_DYNAMO_VERSION) == 0);
    CHECK(strcmp(ld_dynamo_version(), LD_DYNAMO_VERSION) == 0);
    CHECK(ld_dynamo_abi_version() == (uint32_t)LD_DYNAMO_ABI_VERSION);
    CHECK(LD_DYNAMO_ABI_VERSION == (LD_DYNAMO_ABI_MAJOR << 16 | LD_DYNAMO_ABI_MINOR));
}

static void null_is_accepted_where_it_is_documented(void) {
    ld_dynamo_store_free(NULL);
    ld_dynamo_string_free(NULL);
    ld_dynamo_error_free(NULL);
    CHECK(ld_dynamo_error_status(NULL) == LD_DYNAMO_OK);
    CHECK(ld_dynamo_error_is_retriable(NULL) == 0);
    CHECK(ld_dynamo_error_message(NULL) != NULL);
    CHECK(ld_dynamo_error_service_code(NULL) == NULL);
}

static void a_bad_configuration_is_refused(void) {
#define MAKE(text) ld_dynamo_store_new(text, &made, error_out)
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "config_json", "NULL", MAKE(NULL));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_new("{\"table\":\"flags\"}", NULL, error_out));
    REFUSED(LD_DYNAMO_INVALID_UTF8, "config_json", BROKEN_AT, MAKE(BROKEN_UTF8));
    REFUSED(LD_DYNAMO_INVALID_JSON, "configuration", "", MAKE("{\"table\":"));
    REFUSED(LD_DYNAMO_INVALID_CONFIGURATION, "table", "", MAKE("{}"));
    REFUSED(LD_DYNAMO_INVALID_CONFIGURATION, "tabel", "", MAKE("{\"table\":\"flags\",\"tabel\":\"t\"}"));
    REFUSED(LD_DYNAMO_INVALID_CONFIGURATION, "max_attempts", "", MAKE("{\"table\":\"flags\",\"max_attempts\":\"three\"}"));
    REFUSED(LD_DYNAMO_INVALID_CONFIGURATION, "cache_ttl_ms", "read_only", MAKE("{\"table\":\"flags\",\"cache_ttl_ms\":-1,\"read_only\":true}"));
#undef MAKE
}

/* Is never called, as all that is to be taken apart is refused. */
static void on_member(void *userdata, const char *name, size_t name_length, const char *value_json, size_t value_length) {
    (void)userdata, (void)name_length, (void)value_json, (void)value_length;
    check(0, name, __LINE__);
}

static void every_null_argument_is_named(const ld_dynamo_store *store) {
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_init(NULL, "{}", error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "all_data_json", "NULL", ld_dynamo_store_init(store, NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_get(NULL, "features", "flag", &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "kind", "NULL", ld_dynamo_store_get(store, NULL, "flag", &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "key", "NULL", ld_dynamo_store_get(store, "features", NULL, &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "item_json", "NULL", ld_dynamo_store_get(store, "features", "flag", NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_all(NULL, "features", &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "kind", "NULL", ld_dynamo_store_all(store, NULL, &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "items_json", "NULL", ld_dynamo_store_all(store, "features", NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_upsert(NULL, "features", "flag", "{\"version\":1}", &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "kind", "NULL", ld_dynamo_store_upsert(store, NULL, "flag", "{\"version\":1}", &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "key", "NULL", ld_dynamo_store_upsert(store, "features", NULL, "{\"version\":1}", &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "item_json", "NULL", ld_dynamo_store_upsert(store, "features", "flag", NULL, &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "stored_json", "NULL", ld_dynamo_store_upsert(store, "features", "flag", "{\"version\":1}", NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_initialized(NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_get_cached(NULL, "features", "flag", &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "kind", "NULL", ld_dynamo_store_get_cached(store, NULL, "flag", &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "key", "NULL", ld_dynamo_store_get_cached(store, "features", NULL, &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "item_json", "NULL", ld_dynamo_store_get_cached(store, "features", "flag", NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_all_cached(NULL, "features", &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "kind", "NULL", ld_dynamo_store_all_cached(store, NULL, &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "items_json", "NULL", ld_dynamo_store_all_cached(store, "features", NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_initialized_cached(NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_available(NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_big_segments_metadata(NULL, &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "metadata_json", "NULL", ld_dynamo_store_big_segments_metadata(store, NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_big_segments_cursor(NULL, &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "cursor_out", "NULL", ld_dynamo_store_big_segments_cursor(store, NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_big_segments_membership(NULL, "hash", &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "context_hash", "NULL", ld_dynamo_store_big_segments_membership(store, NULL, &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_big_segments_apply_patch(NULL, "{}", error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "patch_json", "NULL", ld_dynamo_store_big_segments_apply_patch(store, NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_big_segments_set_synchronized(NULL, 1, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "key", "NULL", ld_dynamo_context_hash(NULL, &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "hash_out", "NULL", ld_dynamo_context_hash("user", NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "object_json", "NULL", ld_dynamo_json_members(NULL, 0, on_member, NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "member", "NULL", ld_dynamo_json_members("{}", 0, NULL, NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "membership_json", "NULL", ld_dynamo_store_big_segments_membership(store, "hash", NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_stats(NULL, &result, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "stats_json", "NULL", ld_dynamo_store_stats(store, NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_set_logger(NULL, NULL, NULL, NULL, error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "store", "NULL", ld_dynamo_store_set_credentials(NULL, "{}", error_out));
    REFUSED(LD_DYNAMO_NULL_ARGUMENT, "credentials_json", "NULL", ld_dynamo_store_set_credentials(store, NULL, error_out));
}

static void every_invalid_utf8_is_named_with_its_offset(const ld_dynamo_store *store) {
    REFUSED(LD_DYNAMO_INVALID_UTF8, "all_data_json", BROKEN_AT, ld_dynamo_store_init(store, BROKEN_UTF8, error_out));
    REFUSED(LD_DYNAMO_INVALID_UTF8, "kind", BROKEN_AT, ld_dynamo_store_get(store, BROKEN_UTF8, "flag", &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_UTF8, "key", BROKEN_AT, ld_dynamo_store_get(store, "features", BROKEN_UTF8, &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_UTF8, "kind", BROKEN_AT, ld_dynamo_store_all(store, BROKEN_UTF8, &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_UTF8, "kind", BROKEN_AT, ld_dynamo_store_upsert(store, BROKEN_UTF8, "flag", "{\"version\":1}", &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_UTF8, "key", BROKEN_AT, ld_dynamo_store_upsert(store, "features", BROKEN_UTF8, "{\"version\":1}", &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_UTF8, "item_json", BROKEN_AT, ld_dynamo_store_upsert(store, "features", "flag", BROKEN_UTF8, &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_UTF8, "key", BROKEN_AT, ld_dynamo_context_hash(BROKEN_UTF8, &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_UTF8, "object_json", BROKEN_AT, ld_dynamo_json_members(BROKEN_UTF8, 0, on_member, NULL, error_out));
    REFUSED(LD_DYNAMO_INVALID_UTF8, "patch_json", BROKEN_AT, ld_dynamo_store_big_segments_apply_patch(store, BROKEN_UTF8, error_out));
    REFUSED(LD_DYNAMO_INVALID_UTF8, "context_hash", BROKEN_AT, ld_dynamo_store_big_segments_membership(store, BROKEN_UTF8, &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_UTF8, "credentials_json", BROKEN_AT, ld_dynamo_store_set_credentials(store, BROKEN_UTF8, error_out));
    /* A surrogate and a cut sequence are as invalid as a stray byte. */
    REFUSED(LD_DYNAMO_INVALID_UTF8, "key", "3", ld_dynamo_store_get(store, "features", "abc\xed\xa0\x80", &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_UTF8, "key", "3", ld_dynamo_store_get(store, "features", "abc\xe2\x82", &result, error_out));
}

/* `store` has an endpoint where nothing listens, so each of these is refused before the first request. */
static void bad_data_is_refused_before_the_first_request(const ld_dynamo_store *store) {
    REFUSED(LD_DYNAMO_INVALID_JSON, "", "", ld_dynamo_store_init(store, "{\"features\":", error_out));
    REFUSED(LD_DYNAMO_INVALID_JSON, "", "", ld_dynamo_store_init(store, "", error_out));
    REFUSED(LD_DYNAMO_INVALID_DATA_SET, "", "", ld_dynamo_store_init(store, "[]", error_out));
    REFUSED(LD_DYNAMO_INVALID_DATA_SET, "features", "", ld_dynamo_store_init(store, "{\"features\":[]}", error_out));
    REFUSED(LD_DYNAMO_INVALID_DATA_SET, "twice", "", ld_dynamo_store_init(store, "{\"features\":{\"twice\":{\"version\":1},\"twice\":{\"version\":2}}}", error_out));
    REFUSED(LD_DYNAMO_INVALID_DATA_SET, "flags", "features", ld_dynamo_store_init(store, "{\"features\":{},\"flags\":{}}", error_out));
    REFUSED(LD_DYNAMO_INVALID_ITEM, "versionless", "", ld_dynamo_store_init(store, "{\"features\":{\"versionless\":{}}}", error_out));
    REFUSED(LD_DYNAMO_INVALID_KIND, "$inited", "", ld_dynamo_store_init(store, "{\"$inited\":{}}", error_out));
    REFUSED(LD_DYNAMO_INVALID_KEY, "", "", ld_dynamo_store_init(store, "{\"features\":{\"\":{\"version\":1}}}", error_out));

    REFUSED(LD_DYNAMO_INVALID_JSON, "", "", ld_dynamo_store_upsert(store, "features", "flag", "{\"version\":1", &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_JSON, "column 14", "", ld_dynamo_json_members("{\"a\":1,\"b\":2 x", 0, on_member, NULL, error_out));
    REFUSED(LD_DYNAMO_INVALID_JSON, "object", "", ld_dynamo_json_members("[]", 0, on_member, NULL, error_out));
    REFUSED(LD_DYNAMO_INVALID_JSON, "\"b\"", "surrogate", ld_dynamo_json_members("{\"a\":1,\"b\":\"\\ud800\"}", 1, on_member, NULL, error_out));
    REFUSED(LD_DYNAMO_INVALID_JSON, "\"b\"", "double", ld_dynamo_json_members("{\"a\":1,\"b\":1e999}", 1, on_member, NULL, error_out));
    REFUSED(LD_DYNAMO_INVALID_JSON, "\"b\"", "levels", ld_dynamo_json_members("{\"a\":1,\"b\":[]}", 1, on_member, NULL, error_out));
    REFUSED(LD_DYNAMO_INVALID_ITEM, "flag", "", ld_dynamo_store_upsert(store, "features", "flag", "[]", &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_ITEM, "version", "", ld_dynamo_store_upsert(store, "features", "flag", "{}", &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_ITEM, "version", "", ld_dynamo_store_upsert(store, "features", "flag", "{\"version\":-1}", &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_ITEM, "version", "", ld_dynamo_store_upsert(store, "features", "flag", "{\"version\":9223372036854775808}", &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_KEY, "", "", ld_dynamo_store_upsert(store, "features", "", "{\"version\":1}", &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_KIND, "", "", ld_dynamo_store_upsert(store, "", "flag", "{\"version\":1}", &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_KIND, "a:b", "", ld_dynamo_store_upsert(store, "a:b", "flag", "{\"version\":1}", &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_KIND, "a:b", "", ld_dynamo_store_get(store, "a:b", "flag", &result, error_out));
    REFUSED(LD_DYNAMO_INVALID_KIND, "$inited", "", ld_dynamo_store_all(store, "$inited", &result, error_out));

    char *item = untouched;
    ANSWERED(LD_DYNAMO_NOT_FOUND, ld_dynamo_store_get(store, "features", "", &item, error_out));
    CHECK(item == NULL);
}

static void credentials_are_taken_where_they_are_expected(const char *endpoint, const char *table) {
#define SET(text) ld_dynamo_store_set_credentials(store, text, error_out)
    char configuration[512];
    ld_dynamo_store *store = open_store(endpoint, table, "");
    REFUSED(LD_DYNAMO_INVALID_CONFIGURATION, "pushed", "", SET("{\"access_key_id\":\"id\",\"secret_access_key\":\"key\"}"));
    ld_dynamo_store_free(store);

    snprintf(configuration, sizeof configuration,
             "{\"table\":\"%s\",\"endpoint\":\"%s\",\"region\":\"us-east-1\",\"credentials\":\"pushed\",\"cache_ttl_ms\":0}", table, endpoint);
    ANSWERED(LD_DYNAMO_OK, ld_dynamo_store_new(configuration, &store, error_out));
    REFUSED(LD_DYNAMO_NO_CREDENTIALS, "pushed", "", ld_dynamo_store_available(store, error_out));
    REFUSED(LD_DYNAMO_INVALID_JSON, "credentials", "", SET("{\"access_key_id\":"));
    REFUSED(LD_DYNAMO_INVALID_CONFIGURATION, "object", "", SET("[]"));
    REFUSED(LD_DYNAMO_INVALID_CONFIGURATION, "access_key_id", "secret_access_key", SET("{}"));
    REFUSED(LD_DYNAMO_INVALID_CONFIGURATION, "access_key", "", SET("{\"access_key\":\"id\",\"secret_access_key\":\"key\"}"));
    REFUSED(LD_DYNAMO_INVALID_CONFIGURATION, "expires_ms", "", SET("{\"access_key_id\":\"id\",\"secret_access_key\":\"key\",\"expires_ms\":\"soon\"}"));
    REFUSED(LD_DYNAMO_NO_CREDENTIALS, "pushed", "", ld_dynamo_store_available(store, error_out));
    ANSWERED(LD_DYNAMO_OK, SET("{\"access_key_id\":\"id\",\"secret_access_key\":\"key\",\"session_token\":\"\",\"expires_ms\":null}"));
    ANSWERED(LD_DYNAMO_OK, ld_dynamo_store_available(store, error_out));
    ANSWERED(LD_DYNAMO_OK, SET("{\"access_key_id\":\"id\",\"secret_access_key\":\"key\",\"session_token\":\"token\",\"expires_ms\":86400000}"));
    REFUSED(LD_DYNAMO_NO_CREDENTIALS, "expired at 1970-01-02T00:00:00Z", "", ld_dynamo_store_available(store, error_out));
    ld_dynamo_store_free(store);
#undef SET
}

static void a_read_only_store_writes_nothing(void) {
    ld_dynamo_store *store = open_store(UNREACHABLE_ENDPOINT, "table", ",\"read_only\":true");
    REFUSED(LD_DYNAMO_READ_ONLY, "read_only", "", ld_dynamo_store_init(store, "{}", error_out));
    REFUSED(LD_DYNAMO_READ_ONLY, "read_only", "", ld_dynamo_store_upsert(store, "features", "flag", "{\"version\":1}", &result, error_out));
    ld_dynamo_store_free(store);
}

static void an_unreachable_endpoint_fails_in_time(void) {
    ld_dynamo_store *store = open_store(UNREACHABLE_ENDPOINT, "table", ",\"connect_timeout_ms\":300,\"operation_timeout_ms\":5000");
    char *item = untouched;
    ld_dynamo_error *error = NULL;
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    CHECK(ld_dynamo_store_get(store, "features", "flag", &item, &error) == LD_DYNAMO_UNREACHABLE);
    clock_gettime(CLOCK_MONOTONIC, &after);
    double seconds = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    CHECK(seconds < 6);
    CHECK(item == NULL);
    CHECK(ld_dynamo_error_is_retriable(error) == 1);
    CHECK(ld_dynamo_error_service_code(error) == NULL);
    CHECK(strstr(ld_dynamo_error_message(error), "table") != NULL);
    ld_dynamo_error_free(error);
    REFUSED(LD_DYNAMO_UNREACHABLE, "127.0.0.1", "", ld_dynamo_store_available(store, error_out));
    ld_dynamo_store_free(store);
}

static void the_positive_paths_answer(const char *endpoint, const char *table) {
    ld_dynamo_store *store = open_store(endpoint, table, "");
    char *text = untouched;
    ANSWERED(LD_DYNAMO_OK, ld_dynamo_store_available(store, error_out));
    ANSWERED(LD_DYNAMO_NOT_FOUND, ld_dynamo_store_initialized(store, error_out));
    ANSWERED(LD_DYNAMO_OK, ld_dynamo_store_init(store, "{\"features\":{\"flag\":{\"version\":2,\"on\":true}}}", error_out));
    ANSWERED(LD_DYNAMO_OK, ld_dynamo_store_initialized(store, error_out));

    ANSWERED(LD_DYNAMO_OK, ld_dynamo_store_get(store, "features", "flag", &text, error_out));
    CHECK(text != NULL && strcmp(text, "{\"version\":2,\"on\":true}") == 0);
    ld_dynamo_string_free(text);
    text = untouched;
    ANSWERED(LD_DYNAMO_NOT_FOUND, ld_dynamo_store_get(store, "features", "absent", &text, error_out));
    CHECK(text == NULL);
    text = untouched;
    ANSWERED(LD_DYNAMO_OK, ld_dynamo_store_all(store, "segments", &text, error_out));
    CHECK(text != NULL && strcmp(text, "{}") == 0);
    ld_dynamo_string_free(text);

    text = untouched;
    ANSWERED(LD_DYNAMO_OK, ld_dynamo_store_upsert(store, "features", "flag", "{\"version\":3}", &text, error_out));
    CHECK(text == NULL);
    text = untouched;
    ANSWERED(LD_DYNAMO_NOT_NEWER, ld_dynamo_store_upsert(store, "features", "flag", "{\"version\":1}", &text, error_out));
    CHECK(text != NULL && strcmp(text, "{\"version\":3}") == 0);
    ld_dynamo_string_free(text);

    text = untouched;
    ANSWERED(LD_DYNAMO_OK, ld_dynamo_store_stats(store, &text, error_out));
    CHECK(text != NULL && text[0] == '{');
    ld_dynamo_string_free(text);
    ld_dynamo_store_free(store);

    ld_dynamo_store *elsewhere = open_store(endpoint, "no-such-table", "");
    REFUSED(LD_DYNAMO_TABLE_NOT_FOUND, "no-such-table", "us-east-1", ld_dynamo_store_get(elsewhere, "features", "flag", &result, error_out));
    ld_dynamo_error *error = NULL;
    ld_dynamo_store_available(elsewhere, &error);
    CHECK(error != NULL && ld_dynamo_error_service_code(error) != NULL && strcmp(ld_dynamo_error_service_code(error), "ResourceNotFoundException") == 0);
    ld_dynamo_error_free(error);
    ld_dynamo_store_free(elsewhere);
}

/* What a logger saw: the store it may call back into, and counts. */
typedef struct log_record {
    const ld_dynamo_store *store;
    int errors;
    int released;
    int answers;
} log_record;

static void on_log(void *userdata, int32_t level, const char *message) {
    log_record *record = userdata;
    if (level == LD_DYNAMO_LOG_ERROR && strstr(message, "too large") != NULL) {
        char *item = NULL;
        record->errors++;
        /* A callback may call the library. */
        record->answers += ld_dynamo_store_get(record->store, "features", "absent", &item, NULL) == LD_DYNAMO_NOT_FOUND;
        ld_dynamo_string_free(item);
    }
}

static void on_release(void *userdata) {
    ((log_record *)userdata)->released++;
}

static void a_logger_is_called_and_released_once(const char *endpoint, const char *table) {
    ld_dynamo_store *store = open_store(endpoint, table, "");
    log_record first = {store, 0, 0, 0};
    log_record second = {store, 0, 0, 0};
    size_t length = 401000;
    char *item = malloc(length + 64);
    char *stored = untouched;
    if (item == NULL) {
        exit(1);
    }
    int start = sprintf(item, "{\"version\":9,\"filler\":\"");
    memset(item + start, 'x', length);
    strcpy(item + start + length, "\"}");

    ANSWERED(LD_DYNAMO_OK, ld_dynamo_store_set_logger(store, on_log, &first, on_release, error_out));
    ANSWERED(LD_DYNAMO_TOO_LARGE, ld_dynamo_store_upsert(store, "features", "large", item, &stored, error_out));
    CHECK(stored == NULL);
    CHECK(first.errors == 1 && first.answers == 1 && first.released == 0);
    ANSWERED(LD_DYNAMO_OK, ld_dynamo_store_set_logger(store, on_log, &second, on_release, error_out));
    CHECK(first.released == 1);
    ANSWERED(LD_DYNAMO_OK, ld_dynamo_store_set_logger(store, NULL, NULL, NULL, error_out));
    CHECK(second.released == 1);
    ANSWERED(LD_DYNAMO_OK, ld_dynamo_store_set_logger(store, on_log, &second, on_release, error_out));
    ld_dynamo_store_free(store);
    CHECK(first.released == 1 && second.released == 2 && second.errors == 0);
    free(item);
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: misuse ENDPOINT TABLE\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(WATCHDOG_SECONDS);
    versions_agree();
    null_is_accepted_where_it_is_documented();
    a_bad_configuration_is_refused();
    ld_dynamo_store *store = open_store(UNREACHABLE_ENDPOINT, "table", "");
    every_null_argument_is_named(store);
    every_invalid_utf8_is_named_with_its_offset(store);
    bad_data_is_refused_before_the_first_request(store);
    ld_dynamo_store_free(store);
    a_read_only_store_writes_nothing();
    an_unreachable_endpoint_fails_in_time();
    credentials_are_taken_where_they_are_expected(arguments[1], arguments[2]);
    the_positive_paths_answer(arguments[1], arguments[2]);
    a_logger_is_called_and_released_once(arguments[1], arguments[2]);
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
