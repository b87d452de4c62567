/*
 * What can go wrong, and what a program does about it: mistakes of its own, outcomes that are no failures, and outages.
 *
 *   errors     TABLE names the table and ENDPOINT, when set, a local engine; region and credentials come from the environment
 *
 *   cc -std=c11 errors.c $(pkg-config --cflags --libs ld_dynamo_store) -o errors
 */
#include <ld_dynamo_store.h>

#include <stdio.h>
#include <stdlib.h>

/* Takes the error, prints it and frees it. Below 0 a status is a failure, also one that a later version of the library adds. */
static void explain(const char *what, ld_dynamo_status status, ld_dynamo_error *error) {
    printf("%s: status %d: %s\n", what, (int)status, ld_dynamo_error_message(error));
    /* What AWS called it, where AWS said something. */
    if (ld_dynamo_error_service_code(error) != NULL) {
        printf("  AWS says %s\n", ld_dynamo_error_service_code(error));
    }
    printf("  the same call %s\n", ld_dynamo_error_is_retriable(error) ? "may succeed later" : "will fail again");
    ld_dynamo_error_free(error);
}

/* Makes a store; ends the program where its configuration is wrong. */
static ld_dynamo_store *open_store(const char *table, const char *endpoint) {
    char configuration[1024];
    ld_dynamo_store *store = NULL;
    ld_dynamo_error *error = NULL;
    /* At most half a second for a call, so that an outage is told soon. */
    snprintf(configuration, sizeof configuration, "{\"table\":\"%s\",\"prefix\":\"errors\",\"cache_ttl_ms\":0,\"operation_timeout_ms\":500%s%s%s}", table,
             endpoint == NULL ? "" : ",\"endpoint\":\"", endpoint == NULL ? "" : endpoint, endpoint == NULL ? "" : "\"");
    ld_dynamo_status status = ld_dynamo_store_new(configuration, &store, &error);
    if (status < 0) {
        explain("new", status, error);
        exit(1);
    }
    return store;
}

/* A mistake in the configuration is told before anything is sent. */
static void show_mistake(void) {
    ld_dynamo_store *store = NULL;
    ld_dynamo_error *error = NULL;
    ld_dynamo_status status = ld_dynamo_store_new("{\"table\":\"flags\",\"cache_ttl\":5}", &store, &error);
    explain("a key that does not exist", status, error);
    /* The store is NULL then, and may be freed all the same. */
    ld_dynamo_store_free(store);
}

/* Who does not want to know why passes NULL in the place of the error; the status says what to do. */
static void show_status_alone(const ld_dynamo_store *store) {
    char *item = NULL;
    ld_dynamo_status status = ld_dynamo_store_get(store, "features", NULL, &item, NULL);
    printf("a key that is NULL: status %d%s\n", (int)status, status == LD_DYNAMO_NULL_ARGUMENT ? ", LD_DYNAMO_NULL_ARGUMENT" : "");
}

/* Above 0 is an outcome, and there is no error to free. */
static void show_outcomes(const ld_dynamo_store *store) {
    char *item = NULL, *stored = NULL;
    ld_dynamo_error *error = NULL;
    ld_dynamo_status status = ld_dynamo_store_get(store, "features", "nobody-made-this", &item, &error);
    if (status < 0) {
        explain("get", status, error);
        return;
    }
    printf("a flag that does not exist: status %d%s\n", (int)status, status == LD_DYNAMO_NOT_FOUND ? ", LD_DYNAMO_NOT_FOUND" : "");
    ld_dynamo_string_free(item);
    for (int attempt = 0; attempt < 2; attempt++) {
        status = ld_dynamo_store_upsert(store, "features", "flag", "{\"key\":\"flag\",\"version\":1}", &stored, &error);
        if (status < 0) {
            explain("upsert", status, error);
            return;
        }
        printf("upsert: status %d%s\n", (int)status, status == LD_DYNAMO_NOT_NEWER ? ", LD_DYNAMO_NOT_NEWER" : "");
        ld_dynamo_string_free(stored);
    }
}

/* An outage is retriable. Nobody answers on port 9 of this machine. */
static void show_outage(const char *table) {
    ld_dynamo_store *store = open_store(table, "http://127.0.0.1:9");
    ld_dynamo_error *error = NULL;
    ld_dynamo_status status = ld_dynamo_store_available(store, &error);
    explain("nobody there", status, error);
    ld_dynamo_store_free(store);
}

/* AWS refused: the table does not exist. */
static void show_refusal(const char *endpoint) {
    ld_dynamo_store *store = open_store("a-table-that-nobody-made", endpoint);
    ld_dynamo_error *error = NULL;
    ld_dynamo_status status = ld_dynamo_store_available(store, &error);
    explain("no such table", status, error);
    ld_dynamo_store_free(store);
}

int main(void) {
    const char *table = getenv("TABLE"), *endpoint = getenv("ENDPOINT");
    if (table == NULL) {
        fprintf(stderr, "TABLE names no table\n");
        return 2;
    }
    ld_dynamo_store *store = open_store(table, endpoint);
    show_mistake();
    show_status_alone(store);
    show_outcomes(store);
    show_outage(table);
    show_refusal(endpoint);
    ld_dynamo_store_free(store);
    return 0;
}
