/*
 * A library with the exported functions of ld-dynamo-store and no database, for tests of the binding alone.
 *
 * What ld_dynamo_store_get does is told by its key:
 *   sleep:MS          takes MS milliseconds
 *   status:N          fails with status N, the message "status N" and, from -299 to -200, the service code "Code"
 *   bare-status:N     fails with status N and no error object
 *   log:LEVEL:TEXT    delivers a log event
 *   log-after:MS      sleeps, then delivers a log event
 *   thread            is answered with an item whose version is the number of the system's thread
 * and anything else is answered with an item that holds the key. Its cache knows the keys that begin with "cached".
 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef ABI_VERSION
#define ABI_VERSION ((1 << 16) | 2)
#endif

typedef void (*log_callback)(void *userdata, int32_t level, const char *message);
typedef void (*log_release)(void *userdata);

typedef struct {
    atomic_int calls;
    log_callback callback;
    log_release release;
    void *userdata;
} store;

typedef struct {
    int32_t status;
    char message[64];
} failure;

static atomic_int pushes;
static atomic_int live_stores, live_strings, live_errors, freed_in_a_call;
static char *last_configuration, *last_payload, *last_credentials;

int stub_pushes(void) { return pushes; }
int stub_live_stores(void) { return live_stores; }
int stub_live_strings(void) { return live_strings; }
int stub_live_errors(void) { return live_errors; }
int stub_freed_in_a_call(void) { return freed_in_a_call; }
const char *stub_last_configuration(void) { return last_configuration; }
const char *stub_last_credentials(void) { return last_credentials; }
const char *stub_last_payload(void) { return last_payload; }

static char *new_string(const char *text) {
    live_strings++;
    return strdup(text);
}

static int32_t fail(int32_t status, failure **error) {
    failure *made = calloc(1, sizeof *made);
    made->status = status;
    snprintf(made->message, sizeof made->message, "status %d", (int)status);
    live_errors++;
    *error = made;
    return status;
}

static void sleep_ms(long milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void deliver(const store *self, int32_t level, const char *message) {
    if (self->callback != NULL) {
        self->callback(self->userdata, level, message);
    }
}

uint32_t ld_dynamo_abi_version(void) { return ABI_VERSION; }
const char *ld_dynamo_version(void) { return "0.0.0-stub"; }

int32_t ld_dynamo_store_new(const char *configuration, store **made, failure **error) {
    free(last_configuration);
    last_configuration = strdup(configuration);
    if (strstr(configuration, "\"refused\"") != NULL) {
        return fail(-100, error);
    }
    *made = calloc(1, sizeof **made);
    live_stores++;
    return 0;
}

static int32_t keep_payload(const char *payload) {
    free(last_payload);
    last_payload = strdup(payload);
    return 0;
}

int32_t ld_dynamo_store_init(store *self, const char *data, failure **error) {
    (void)self, (void)error;
    return keep_payload(data);
}

static int32_t answer(store *self, const char *key, char **item, failure **error) {
    char text[256];
    if (strncmp(key, "sleep:", 6) == 0) {
        sleep_ms(atol(key + 6));
    } else if (strncmp(key, "status:", 7) == 0) {
        return fail(atoi(key + 7), error);
    } else if (strncmp(key, "bare-status:", 12) == 0) {
        return atoi(key + 12);
    } else if (strncmp(key, "log:", 4) == 0) {
        deliver(self, atoi(key + 4), strchr(key + 4, ':') + 1);
    } else if (strncmp(key, "log-after:", 10) == 0) {
        sleep_ms(atol(key + 10));
        deliver(self, 3, "late");
    }
    snprintf(text, sizeof text, "{\"key\":\"%s\",\"version\":%d}", key, strstr(key, "thread") == NULL ? 1 : (int)gettid());
    *item = new_string(text);
    return 0;
}

int32_t ld_dynamo_store_get(store *self, const char *kind, const char *key, char **item, failure **error) {
    int32_t status;
    (void)kind;
    self->calls++;
    status = answer(self, key, item, error);
    self->calls--;
    return status;
}

int32_t ld_dynamo_store_get_cached(store *self, const char *kind, const char *key, char **item, failure **error) {
    (void)kind;
    return strncmp(key, "cached", 6) == 0 ? answer(self, key, item, error) : 4;
}

int32_t ld_dynamo_store_all_cached(store *self, const char *kind, char **items, failure **error) {
    (void)self, (void)kind, (void)items, (void)error;
    return 4;
}

int32_t ld_dynamo_store_initialized_cached(store *self, failure **error) { (void)self, (void)error; return 4; }

int32_t ld_dynamo_store_all(store *self, const char *kind, char **items, failure **error) {
    (void)self, (void)kind, (void)error;
    *items = new_string("{}");
    return 0;
}

int32_t ld_dynamo_store_upsert(store *self, const char *kind, const char *key, const char *item, char **stored, failure **error) {
    (void)self, (void)kind, (void)error;
    keep_payload(item);
    if (strcmp(key, "not-newer") == 0) {
        *stored = new_string("{\"version\":9}");
        return 2;
    }
    return strcmp(key, "too-large") == 0 ? 3 : 0;
}

int32_t ld_dynamo_store_initialized(store *self, failure **error) { (void)self, (void)error; return 1; }
int32_t ld_dynamo_store_available(store *self, failure **error) { (void)self; return fail(-401, error); }

int32_t ld_dynamo_store_big_segments_metadata(store *self, char **metadata, failure **error) {
    (void)self, (void)metadata, (void)error;
    return 1;
}

int32_t ld_dynamo_store_big_segments_cursor(store *self, char **cursor, failure **error) {
    (void)self, (void)cursor, (void)error;
    return 1;
}

int32_t ld_dynamo_store_big_segments_membership(store *self, const char *hash, char **membership, failure **error) {
    (void)self, (void)hash, (void)membership, (void)error;
    return 1;
}

int32_t ld_dynamo_store_big_segments_apply_patch(store *self, const char *patch, failure **error) {
    (void)self, (void)error;
    keep_payload(patch);
    return strstr(patch, "\"out-of-order\"") != NULL ? 5 : 0;
}

int32_t ld_dynamo_store_big_segments_set_synchronized(store *self, int64_t unix_ms, failure **error) {
    char text[32];
    (void)self, (void)error;
    snprintf(text, sizeof text, "%lld", (long long)unix_ms);
    return keep_payload(text);
}

int32_t ld_dynamo_context_hash(const char *key, char **hash, failure **error) {
    if (strncmp(key, "status:", 7) == 0) {
        return fail(atoi(key + 7), error);
    }
    *hash = new_string(key);
    return 0;
}

int32_t ld_dynamo_store_stats(store *self, char **stats, failure **error) {
    (void)self, (void)error;
    *stats = new_string("{\"requests\":0}");
    return 0;
}

int32_t ld_dynamo_store_set_logger(store *self, log_callback callback, void *userdata, log_release release, failure **error) {
    (void)error;
    if (self->release != NULL) {
        self->release(self->userdata);
    }
    self->callback = callback;
    self->userdata = userdata;
    self->release = release;
    return 0;
}

int32_t ld_dynamo_store_set_credentials(store *self, const char *credentials, failure **error) {
    (void)self, (void)error;
    free(last_credentials);
    last_credentials = strdup(credentials);
    pushes++;
    return 0;
}

void ld_dynamo_store_free(store *self) {
    if (self->calls > 0) {
        freed_in_a_call++;
    }
    if (self->release != NULL) {
        self->release(self->userdata);
    }
    live_stores--;
    free(self);
}

void ld_dynamo_string_free(char *text) {
    if (text != NULL) {
        live_strings--;
        free(text);
    }
}

int32_t ld_dynamo_error_status(const failure *error) { return error->status; }
int32_t ld_dynamo_error_is_retriable(const failure *error) { return error->status <= -300 && error->status > -500; }
const char *ld_dynamo_error_message(const failure *error) { return error->message; }

const char *ld_dynamo_error_service_code(const failure *error) {
    return error->status <= -200 && error->status > -300 ? "Code" : NULL;
}

void ld_dynamo_error_free(failure *error) {
    if (error != NULL) {
        live_errors--;
        free(error);
    }
}
