/* The native library, loaded once for each path and never unloaded. */
#ifndef LIBRARY_H
#define LIBRARY_H

#include <ld_dynamo_store.h>

/* Every function of the library that the addon calls, without "ld_dynamo_". */
#define LIBRARY_FUNCTIONS(function)            \
    function(version)                          \
    function(context_hash)                     \
    function(json_members)                     \
    function(store_new)                        \
    function(store_init)                       \
    function(store_get)                        \
    function(store_get_cached)                 \
    function(store_all)                        \
    function(store_all_cached)                 \
    function(store_upsert)                     \
    function(store_initialized)                \
    function(store_initialized_cached)         \
    function(store_available)                  \
    function(store_big_segments_metadata)      \
    function(store_big_segments_cursor)        \
    function(store_big_segments_membership)    \
    function(store_big_segments_apply_patch)   \
    function(store_big_segments_set_synchronized) \
    function(store_stats)                      \
    function(store_set_logger)                 \
    function(store_set_credentials)            \
    function(store_free)                       \
    function(string_free)                      \
    function(error_is_retriable)               \
    function(error_message)                    \
    function(error_service_code)               \
    function(error_free)

#define LIBRARY_MEMBER(name) __typeof__(&ld_dynamo_##name) name;

struct library {
    struct library *next;
    char *path;
    LIBRARY_FUNCTIONS(LIBRARY_MEMBER)
    /* Of the library; 0 where it has no function that tells it. */
    uint32_t abi_version;
    /* The first function that it lacks, or NULL. */
    const char *missing;
};

/* Loads a library; NULL with the loader's message where there is none, which the caller frees. One that lacks functions must not be called. */
const struct library *library_load(const char *path, char **message);

#endif
