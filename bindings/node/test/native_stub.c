/*
 * A library with the exported functions of ld-dynamo-store and no database: the Python package's, whose head says what its keys do. Its stats are what
 * is not freed yet and what it was told last, for programs that cannot call C.
 */
#ifndef ABI_VERSION
#define ABI_VERSION ((1 << 16) | 3)
#endif
#define ld_dynamo_store_stats stats_of_python
#define ld_dynamo_store_all all_of_python
#include "../../python/tests/native_stub.c"
#undef ld_dynamo_store_stats
#undef ld_dynamo_store_all

int32_t ld_dynamo_store_stats(store *self, char **stats, failure **error) {
    char *text = NULL;
    (void)self, (void)error;
    if (asprintf(&text, "{\"stores\":%d,\"strings\":%d,\"errors\":%d,\"freed_in_a_call\":%d,\"pushes\":%d,\"payload\":%zu,\"configuration\":%s}", live_stores,
                 live_strings, live_errors, freed_in_a_call, pushes, last_payload == NULL ? 0 : strlen(last_payload), last_configuration) < 0) {
        abort();
    }
    *stats = new_string(text);
    free(text);
    return 0;
}

/* The kind "long:N" has a text of N characters. */
int32_t ld_dynamo_store_all(store *self, const char *kind, char **items, failure **error) {
    size_t length;
    if (strncmp(kind, "long:", 5) != 0) {
        return all_of_python(self, kind, items, error);
    }
    length = strtoul(kind + 5, NULL, 10);
    live_strings++;
    *items = malloc(length + 1);
    memset(*items, ' ', length);
    (*items)[length] = 0;
    return 0;
}

#ifndef WITHOUT_JSON_MEMBERS
int32_t ld_dynamo_json_members(const char *object, uint32_t most_levels, void (*member)(void *, const char *, size_t, const char *, size_t),
                               void *userdata, failure **error) {
    (void)object, (void)most_levels, (void)member, (void)userdata, (void)error;
    return 0;
}
#endif
