/*
 * Prints every log message and every error of one call after the other, well and badly: for a search through all that is told.
 *
 *   log_printer CONFIGURATION     a line is "LEVEL MESSAGE", "status NUMBER ERROR", or last "told COUNT"
 */
#define _POSIX_C_SOURCE 200809L

#include "loggers.h"

#define WATCHDOG_SECONDS 60

static void print(void *argument, int32_t level, const char *message) {
    count_in(argument, level, message);
    printf("%d %s\n", (int)level, message);
}

static ld_dynamo_error *error;
static char *result;

/* Whatever the call came to: its messages matter here. */
static void forget(ld_dynamo_status status) {
    printf("status %d %s\n", (int)status, ld_dynamo_error_message(error));
    ld_dynamo_error_free(error);
    ld_dynamo_string_free(result);
    error = NULL;
    result = NULL;
}

/* Every call, well and badly, with every message and every error printed. */
int main(int argument_count, char **arguments) {
    struct userdata *userdata = new_userdata();
    REQUIRE(argument_count == 2);
    watch(WATCHDOG_SECONDS);
    ld_dynamo_store *store = open_store(arguments[1]);
    char *large = malloc(500000);
    REQUIRE(large != NULL);
    memset(large, 'x', 500000);
    memcpy(large, "{\"version\":1,\"x\":\"", 18);
    strcpy(large + 499990, "\"}");
    REQUIRE(ld_dynamo_store_set_logger(store, print, userdata, release, NULL) == LD_DYNAMO_OK);
    forget(ld_dynamo_store_init(store, "{\"features\":{\"flag-0\":{\"version\":1},\"b\":{\"version\":2}},\"segments\":{\"s\":{\"version\":1}}}", &error));
    forget(ld_dynamo_store_get(store, "features", "flag-0", &result, &error));
    forget(ld_dynamo_store_get(store, "features", "absent", &result, &error));
    forget(ld_dynamo_store_get(store, "a:b", "absent", &result, &error));
    forget(ld_dynamo_store_all(store, "features", &result, &error));
    forget(ld_dynamo_store_upsert(store, "features", "b", "{\"version\":3}", &result, &error));
    forget(ld_dynamo_store_upsert(store, "features", "b", "{\"version\":3,\"x\":1}", &result, &error));
    forget(ld_dynamo_store_upsert(store, "features", "b", large, &result, &error));
    forget(ld_dynamo_store_initialized(store, &error));
    forget(ld_dynamo_store_available(store, &error));
    forget(ld_dynamo_store_big_segments_metadata(store, &result, &error));
    forget(ld_dynamo_store_big_segments_membership(store, "hash", &result, &error));
    forget(ld_dynamo_store_big_segments_apply_patch(store, "{\"segmentId\": \"segment.g1\", \"version\": \"1\"}", &error));
    forget(ld_dynamo_store_big_segments_set_synchronized(store, 1, &error));
    free(large);
    ld_dynamo_store_free(store);
    REQUIRE(atomic_load(&userdata->releases) == 1);
    printf("told %ld\n", atomic_load(&userdata->messages));
    free(userdata);
    return 0;
}
