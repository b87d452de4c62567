// Stands between a binding and the library: hands on every call to the one that LD_DYNAMO_STAND_IN_FOR names, counts what is handed out and not yet
// given back, and lets one function fail. Counts and orders lie in the file that LD_DYNAMO_STAND_IN names, which the test maps, too: some
// languages end a process without telling its libraries.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ld_dynamo_store.h"

// tests/support/stand_in.rs has the same; the tests for Ruby and PHP read the three counts.
struct shared {
    _Atomic int64_t strings, errors, stores;
    // The function that fails, with this status; a name of no function for none.
    int64_t status;
    char function[64];
    // All that was ever handed out: none means that nobody called this.
    _Atomic int64_t handed_out;
};

static struct shared *shared;
static void *library;

static void fail(const char *what) {
    fprintf(stderr, "stand_in: %s\n", what);
    abort();
}

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("LD_DYNAMO_STAND_IN"), *path = getenv("LD_DYNAMO_STAND_IN_FOR");
    if (file == NULL || path == NULL) fail("LD_DYNAMO_STAND_IN and LD_DYNAMO_STAND_IN_FOR must be set");
    int descriptor = open(file, O_RDWR | O_CLOEXEC);
    // Whoever made it need not know how long.
    if (ftruncate(descriptor, sizeof *shared) != 0) fail(file);
    void *mapped = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (mapped == MAP_FAILED) fail(file);
    close(descriptor);
    shared = mapped;
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) fail(dlerror());
}

static void *real(const char *name) {
    void *function = dlsym(library, name);
    if (function == NULL) fail(name);
    return function;
}

#define REAL(name) (__extension__(__typeof__(name) *)real(#name))

// An error of its own, recognised by where it lies.
struct own {
    int32_t status;
};
static struct own owns[4096];
static _Atomic unsigned next;

static const struct own *own(const ld_dynamo_error *error) {
    const struct own *found = (const struct own *)error;
    return found >= owns && found < owns + sizeof owns / sizeof *owns ? found : NULL;
}

static void hand_out(_Atomic int64_t *kept) {
    (*kept)++;
    shared->handed_out++;
}

static int is_to_fail(const char *function) { return strcmp(shared->function, function) == 0; }

static ld_dynamo_status failed(ld_dynamo_error **error) {
    struct own *made = &owns[next++ % (sizeof owns / sizeof *owns)];
    made->status = (int32_t)shared->status;
    if (error != NULL) {
        *error = (ld_dynamo_error *)made;
        hand_out(&shared->errors);
    }
    return made->status;
}

static void count(char **string, ld_dynamo_error **error) {
    if (string != NULL && *string != NULL) hand_out(&shared->strings);
    if (error != NULL && *error != NULL) hand_out(&shared->errors);
}

#define NONE ((char **)NULL)
#define FORWARD(name, parameters, arguments, string)                     \
    ld_dynamo_status name parameters {                                   \
        if (is_to_fail(#name)) {                                         \
            if (string != NULL) *(string) = NULL;                        \
            return failed(error);                                        \
        }                                                                \
        ld_dynamo_status status = REAL(name) arguments;                  \
        count(string, error);                                            \
        return status;                                                   \
    }

FORWARD(ld_dynamo_context_hash, (const char *key, char **out, ld_dynamo_error **error), (key, out, error), out)
FORWARD(ld_dynamo_store_big_segments_metadata, (const ld_dynamo_store *store, char **out, ld_dynamo_error **error), (store, out, error), out)
FORWARD(ld_dynamo_store_big_segments_cursor, (const ld_dynamo_store *store, char **out, ld_dynamo_error **error), (store, out, error), out)
FORWARD(ld_dynamo_store_big_segments_membership, (const ld_dynamo_store *store, const char *hash, char **out, ld_dynamo_error **error),
        (store, hash, out, error), out)
FORWARD(ld_dynamo_store_big_segments_apply_patch, (const ld_dynamo_store *store, const char *patch, ld_dynamo_error **error), (store, patch, error), NONE)
FORWARD(ld_dynamo_store_big_segments_set_synchronized, (const ld_dynamo_store *store, int64_t when, ld_dynamo_error **error), (store, when, error), NONE)
FORWARD(ld_dynamo_store_get_cached, (const ld_dynamo_store *store, const char *kind, const char *key, char **out, ld_dynamo_error **error),
        (store, kind, key, out, error), out)
FORWARD(ld_dynamo_store_all_cached, (const ld_dynamo_store *store, const char *kind, char **out, ld_dynamo_error **error), (store, kind, out, error), out)
FORWARD(ld_dynamo_store_initialized_cached, (const ld_dynamo_store *store, ld_dynamo_error **error), (store, error), NONE)
FORWARD(ld_dynamo_store_set_credentials, (const ld_dynamo_store *store, const char *credentials, ld_dynamo_error **error), (store, credentials, error), NONE)
FORWARD(ld_dynamo_json_members, (const char *json, uint32_t most_levels, ld_dynamo_member_callback callback, void *userdata, ld_dynamo_error **error),
        (json, most_levels, callback, userdata, error), NONE)
FORWARD(ld_dynamo_store_init, (const ld_dynamo_store *store, const char *data, ld_dynamo_error **error), (store, data, error), NONE)
FORWARD(ld_dynamo_store_get, (const ld_dynamo_store *store, const char *kind, const char *key, char **out, ld_dynamo_error **error),
        (store, kind, key, out, error), out)
FORWARD(ld_dynamo_store_all, (const ld_dynamo_store *store, const char *kind, char **out, ld_dynamo_error **error), (store, kind, out, error), out)
FORWARD(ld_dynamo_store_upsert,
        (const ld_dynamo_store *store, const char *kind, const char *key, const char *item, char **out, ld_dynamo_error **error),
        (store, kind, key, item, out, error), out)
FORWARD(ld_dynamo_store_initialized, (const ld_dynamo_store *store, ld_dynamo_error **error), (store, error), NONE)
FORWARD(ld_dynamo_store_available, (const ld_dynamo_store *store, ld_dynamo_error **error), (store, error), NONE)
FORWARD(ld_dynamo_store_stats, (const ld_dynamo_store *store, char **out, ld_dynamo_error **error), (store, out, error), out)
FORWARD(ld_dynamo_store_set_logger,
        (const ld_dynamo_store *store, ld_dynamo_log_callback callback, void *userdata, ld_dynamo_log_release release, ld_dynamo_error **error),
        (store, callback, userdata, release, error), NONE)

ld_dynamo_status ld_dynamo_store_new(const char *configuration, ld_dynamo_store **store, ld_dynamo_error **error) {
    if (is_to_fail("ld_dynamo_store_new")) {
        if (store != NULL) *store = NULL;
        return failed(error);
    }
    ld_dynamo_status status = REAL(ld_dynamo_store_new)(configuration, store, error);
    if (store != NULL && *store != NULL) hand_out(&shared->stores);
    count(NONE, error);
    return status;
}

void ld_dynamo_store_free(ld_dynamo_store *store) {
    if (store != NULL) shared->stores--;
    REAL(ld_dynamo_store_free)(store);
}

void ld_dynamo_string_free(char *string) {
    if (string != NULL) shared->strings--;
    REAL(ld_dynamo_string_free)(string);
}

void ld_dynamo_error_free(ld_dynamo_error *error) {
    if (error != NULL) shared->errors--;
    if (own(error) == NULL) REAL(ld_dynamo_error_free)(error);
}

int32_t ld_dynamo_error_status(const ld_dynamo_error *error) {
    const struct own *found = own(error);
    return found != NULL ? found->status : REAL(ld_dynamo_error_status)(error);
}

int32_t ld_dynamo_error_is_retriable(const ld_dynamo_error *error) {
    return own(error) != NULL ? 1 : REAL(ld_dynamo_error_is_retriable)(error);
}

const char *ld_dynamo_error_message(const ld_dynamo_error *error) {
    return own(error) != NULL ? "asked to fail" : REAL(ld_dynamo_error_message)(error);
}

const char *ld_dynamo_error_service_code(const ld_dynamo_error *error) {
    return own(error) != NULL ? "AskedToFail" : REAL(ld_dynamo_error_service_code)(error);
}

const char *ld_dynamo_version(void) { return REAL(ld_dynamo_version)(); }

uint32_t ld_dynamo_abi_version(void) { return REAL(ld_dynamo_abi_version)(); }
