// ld-dynamo-store: LaunchDarkly's DynamoDB persistent data store, behind a C ABI. C11 and C++17.
//
// Generated from the Rust sources by cbindgen; a test compares the two. Do not edit.
//
// A CALL from its beginning to its end:
//
//     ld_dynamo_store *store = NULL;
//     ld_dynamo_error *error = NULL;
//     char *item = NULL;
//     ld_dynamo_status status = ld_dynamo_store_new("{\"table\": \"launchdarkly\"}", &store, &error);
//     if (status >= 0)
//         status = ld_dynamo_store_get(store, "features", "new-checkout", &item, &error);
//     if (status < 0)
//         fprintf(stderr, "%s\n", ld_dynamo_error_message(error));
//     else if (status == LD_DYNAMO_OK)
//         puts(item);
//     ld_dynamo_string_free(item);
//     ld_dynamo_error_free(error);
//     ld_dynamo_store_free(store);
//
// OWNERSHIP: what a function returns through an out-parameter belongs to the caller, who frees it with the function of its kind:
// ld_dynamo_store_free, ld_dynamo_string_free, ld_dynamo_error_free; never with free(). These take NULL and do no I/O. What goes in stays
// the caller's and is only read, during the call. Freeing a thing twice, or using it after it was freed, is undefined. Running out of
// memory aborts.
//
// STRINGS are UTF-8 and NUL-terminated, and hold JSON where a name ends in _json.
//
// RESULTS: an out-parameter other than the error must not be NULL, wanted or not. It is written on every path, and NULL on failure.
//
// ERRORS: every fallible function returns a status: 0 for success, a positive number for a harmless outcome, a negative one for a
// failure. Treat a number that you do not know by its sign. The last parameter may be NULL; else *error is NULL after success or a harmless
// outcome, and an error object after a failure: its message says what is wrong and what to do, and ld_dynamo_error_is_retriable whether the
// same call may succeed later.
//
// TIME: every call blocks until it is done or the time-out of its configuration is over.
//
// THREADS: a store may be used from any number of threads at once, except that nobody may be using it when it is freed. An error or a
// string is for one thread at a time. The calling thread does the work, init with help from threads that end with it; there is no
// background thread. Destructors of thread-local data may make calls.
//
// LOGGERS: ld_dynamo_store_set_logger names a function that runs on the calling thread when the call's work is done.
//
// FORK: a store made before a fork works in the child, which starts with connections, credentials and cache of its own. The
// parent's are left alone. A child may free the store, or not. ld_dynamo_store_free may wait for a fork that is under way, a second at most.
//
// SIGNALS: no handler is set or changed; SIGPIPE is blocked on the calling thread while the AWS SDK works. A handler must not
// make calls; it may fork.
//
// VERSIONS: numbers and functions are only ever added. A program needs a library of the same LD_DYNAMO_ABI_MAJOR, which is in the shared
// library's name, and of at least the LD_DYNAMO_ABI_MINOR that it was compiled with: see ld_dynamo_abi_version.
//
// LINKING with the shared library, and with the static one, which holds everything but the C library and libgcc's unwinder:
//
//     cc program.c $(pkg-config --cflags --libs ld_dynamo_store)
//     cc program.c $(pkg-config --cflags --libs ld_dynamo_store-static)
//
// In CMake: find_package(LdDynamoStore), and the target LdDynamoStore::LdDynamoStore or LdDynamoStore::LdDynamoStoreStatic. The shared library
// stays loaded until the process ends, whatever dlclose is told. The static one defines no global symbol but the functions below.

#ifndef LD_DYNAMO_STORE_H
#define LD_DYNAMO_STORE_H

#include <stddef.h>
#include <stdint.h>

// The version of the library that this header was made with.
#define LD_DYNAMO_VERSION "0.1.0"
// The first number of LD_DYNAMO_VERSION.
#define LD_DYNAMO_VERSION_MAJOR 0
// The second number of LD_DYNAMO_VERSION.
#define LD_DYNAMO_VERSION_MINOR 1
// The third number of LD_DYNAMO_VERSION.
#define LD_DYNAMO_VERSION_PATCH 0
// What ld_dynamo_abi_version returned when this header was made.
#define LD_DYNAMO_ABI_VERSION ((LD_DYNAMO_ABI_MAJOR << 16) | LD_DYNAMO_ABI_MINOR)


// The ABI's major number. It changes when a program that was compiled against an older header would break.
#define LD_DYNAMO_ABI_MAJOR 1

// The ABI's minor number. It grows with every function or constant that is added.
#define LD_DYNAMO_ABI_MINOR 3

// Success.
#define LD_DYNAMO_OK 0

// There is no such item, no full data set, no Big Segments data.
#define LD_DYNAMO_NOT_FOUND 1

// upsert: the table holds this version or a newer one, which is returned; nothing was written.
#define LD_DYNAMO_NOT_NEWER 2

// upsert: the item is over the size limit of 400,000 bytes; nothing was written, and the stored row stays as it was.
#define LD_DYNAMO_TOO_LARGE 3

// get_cached, all_cached, initialized_cached: the cache does not know, and the table would have to be asked.
#define LD_DYNAMO_NOT_CACHED 4

// big_segments_apply_patch: the table's cursor is not the patch's previous version; a patch of one transaction has changed nothing.
#define LD_DYNAMO_OUT_OF_ORDER 5

// A pointer that must not be NULL is; the message names the argument.
#define LD_DYNAMO_NULL_ARGUMENT -1

// A string is not UTF-8; the message names the argument and the offset of the first bad byte.
#define LD_DYNAMO_INVALID_UTF8 -2

// A text is not JSON; json_members: or is no object, or holds what was not to be there.
#define LD_DYNAMO_INVALID_JSON -3

// An item is not a JSON object, or has no integer "version" in 0 … 2^63-1.
#define LD_DYNAMO_INVALID_ITEM -4

// A kind that cannot be a namespace of ours.
#define LD_DYNAMO_INVALID_KIND -5

// A key that DynamoDB cannot hold: empty, or over 1,024 bytes.
#define LD_DYNAMO_INVALID_KEY -6

// A data set of the wrong shape: not an object of objects, a key twice, "features" and "flags" at once.
#define LD_DYNAMO_INVALID_DATA_SET -7

// A patch of Big Segments of the wrong shape, which the message describes, or a time before 1970.
#define LD_DYNAMO_INVALID_BIG_SEGMENTS -8

// The configuration is wrong; the message names the key.
#define LD_DYNAMO_INVALID_CONFIGURATION -100

// The AWS profile needs credential_process, SSO or a sign-in; the message says what to do instead.
#define LD_DYNAMO_UNSUPPORTED_CREDENTIALS -101

// No AWS region could be found; the message says where it was looked for.
#define LD_DYNAMO_NO_REGION -102

// DynamoDB knows no such table in this region.
#define LD_DYNAMO_TABLE_NOT_FOUND -200

// The table has other keys than "namespace" and "key".
#define LD_DYNAMO_TABLE_MISMATCH -201

// AWS refused the credentials, or they lack a permission.
#define LD_DYNAMO_ACCESS_DENIED -202

// No AWS credentials could be found; or none were pushed, or those have expired, which alone is retriable.
#define LD_DYNAMO_NO_CREDENTIALS -203

// Any other refusal or fault that DynamoDB reported; see ld_dynamo_error_service_code.
#define LD_DYNAMO_SERVICE_ERROR -204

// DynamoDB throttled every attempt. Retriable.
#define LD_DYNAMO_THROTTLED -300

// The call ran out of its time. Retriable.
#define LD_DYNAMO_TIMED_OUT -400

// No connection could be made, or it broke. Retriable.
#define LD_DYNAMO_UNREACHABLE -401

// What came back was no answer of DynamoDB's. Retriable.
#define LD_DYNAMO_INVALID_RESPONSE -402

// get: the stored "item" is not a string or not a JSON object.
#define LD_DYNAMO_CORRUPT_ITEM -500

// The store is configured "read_only"; nothing was sent.
#define LD_DYNAMO_READ_ONLY -600

// The library could not do its own work, for example for want of file descriptors.
#define LD_DYNAMO_INTERNAL -900

// A defect in the library; the message says where. The store stays usable.
#define LD_DYNAMO_PANIC -901

// Log level: something was lost or is wrong with the data.
#define LD_DYNAMO_LOG_ERROR 1

// Log level: something may be wrong.
#define LD_DYNAMO_LOG_WARN 2

// Log level: an init was done.
#define LD_DYNAMO_LOG_INFO 3

// Log level: attempts, retries and time-outs of requests, and where region and credentials come from.
#define LD_DYNAMO_LOG_DEBUG 4

// Log level: the steps within an attempt.
#define LD_DYNAMO_LOG_TRACE 5

// Why a call failed. Made by a failing call for the caller, who frees it with ld_dynamo_error_free; safe to read from any thread.
typedef struct ld_dynamo_error ld_dynamo_error;

// A store: one table under one prefix. Opaque; made by ld_dynamo_store_new, ended by ld_dynamo_store_free. Usable from many threads
// at once, and in forked children of the process that made it.
typedef struct ld_dynamo_store ld_dynamo_store;

// What a call came to: 0 is success, positive numbers are benign outcomes, negative numbers are failures.
typedef int32_t ld_dynamo_status;

// Receives one member of a JSON object: the userdata of the call, the member's name without escapes, and its value as it stands in the text.
// Both end with a NUL, too, which the lengths do not count; a name may hold others. It must keep neither. It may call the library, and fork.
// It must not unwind, nor jump over the library (longjmp).
typedef void (*ld_dynamo_member_callback)(void *userdata,
                                          const char *name,
                                          size_t name_length,
                                          const char *value_json,
                                          size_t value_length);

// Receives one log message: the userdata it was registered with, one of LD_DYNAMO_LOG_*, and a line of UTF-8 that it must not keep. Runs
// on the thread that made the call, after the call's work is done. It may call the library, fork, replace the logger or free the store.
// It must not unwind. One that jumps over the library (longjmp) loses the rest of the call's messages and what the call returns. Its
// logger counts as in use until the thread's next call from the same depth of the stack or less; until then messages of calls from
// deeper down may be lost. A callback may go on to another stack (a fiber's, a coroutine's) and return later. Where stacks are copied
// away to make room for each other, the logger must not be replaced, and the store not freed, before it has returned.
typedef void (*ld_dynamo_log_callback)(void *userdata, int32_t level, const char *message);

// Told once that a logger's userdata is not needed any more.
typedef void (*ld_dynamo_log_release)(void *userdata);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the loaded library, for example "0.1.0". Static: never freed. Never NULL.
const char *ld_dynamo_version(void);

// The ABI of the loaded library: major << 16 | minor. A program needs the same major and at least the minor it was compiled with:
// compare with LD_DYNAMO_ABI_VERSION.
uint32_t ld_dynamo_abi_version(void);

// The key under which Big Segments know a context: base64, in the standard alphabet and padded, of the SHA-256 of the context's key.
// LaunchDarkly's SDKs compute it themselves; this is for users without one. Sends nothing.
//
// `key`: the context's key; of a context of several kinds, LaunchDarkly hashes the key of the kind that the segment is about.
// `hash_out`: receives the hash, to be freed with ld_dynamo_string_free; NULL unless LD_DYNAMO_OK is returned.
ld_dynamo_status ld_dynamo_context_hash(const char *key,
                                        char **hash_out,
                                        ld_dynamo_error **error);

// When Big Segments were last synchronized, by the Relay Proxy or ld_dynamo_store_big_segments_set_synchronized. Costs one request;
// never cached.
//
// `metadata_json`: receives {"synchronizedOn": Unix time in milliseconds}, to be freed with ld_dynamo_string_free; NULL unless
// LD_DYNAMO_OK is returned. Returns LD_DYNAMO_OK, or LD_DYNAMO_NOT_FOUND where nothing has been synchronized.
ld_dynamo_status ld_dynamo_store_big_segments_metadata(const ld_dynamo_store *store,
                                                       char **metadata_json,
                                                       ld_dynamo_error **error);

// The version of the last patch that was applied, after which LaunchDarkly is asked for the next ones. Costs one strongly consistent
// request; never cached.
//
// `cursor_out`: receives the version, to be freed with ld_dynamo_string_free; NULL unless LD_DYNAMO_OK is returned. Returns LD_DYNAMO_OK,
// or LD_DYNAMO_NOT_FOUND where no patch was ever applied.
ld_dynamo_status ld_dynamo_store_big_segments_cursor(const ld_dynamo_store *store,
                                                     char **cursor_out,
                                                     ld_dynamo_error **error);

// The Big Segments that include or exclude a context. Costs one request, or none within "context_cache_ttl_ms" of the last.
//
// `context_hash`: what ld_dynamo_context_hash makes of the context's key; an SDK hands it over.
// `membership_json`: receives {"segment-key.g1": true, …}, true for included and false for excluded, to be freed with
// ld_dynamo_string_free; NULL unless LD_DYNAMO_OK is returned. Returns LD_DYNAMO_OK, or LD_DYNAMO_NOT_FOUND where the context has no row.
ld_dynamo_status ld_dynamo_store_big_segments_membership(const ld_dynamo_store *store,
                                                         const char *context_hash,
                                                         char **membership_json,
                                                         ld_dynamo_error **error);

// Applies a patch of one Big Segment, as LaunchDarkly sends it to the Relay Proxy.
//
// `patch_json`: {"environmentId": text, "segmentId": "segment-key.g1", "version": text, "previousVersion": text, "changes": {"included":
// {"add": [context hash, …], "remove": […]}, "excluded": {"add": […], "remove": […]}}}. "segmentId" and "version" are required. A removal
// wins over an addition of the same context to the same set.
//
// The patch is applied where the table's cursor is its "previousVersion" (or there is none and that is empty), and moves the cursor to
// "version". Up to 99 contexts, whose rows have no more than 4 MB together, are changed all at once or not at all; more in several
// transactions, of which the last moves the cursor, so that a patch which failed can be applied again. Costs two write units for each KB of each context's row, and two for the cursor
// in each transaction. What may pass is repeated until "init_timeout_ms".
// Returns LD_DYNAMO_OK, or LD_DYNAMO_OUT_OF_ORDER where the cursor is another: ask LaunchDarkly for the patches since ld_dynamo_store_big_segments_cursor.
// A bad patch is LD_DYNAMO_INVALID_BIG_SEGMENTS or LD_DYNAMO_INVALID_JSON, before the first request.
ld_dynamo_status ld_dynamo_store_big_segments_apply_patch(const ld_dynamo_store *store,
                                                          const char *patch_json,
                                                          ld_dynamo_error **error);

// Notes that Big Segments were in step with LaunchDarkly, whatever was noted before. SDKs take memberships for stale some time after
// it, 120 s by default; the Relay Proxy notes it every 30 s. Costs one request.
//
// `unix_ms`: the time in milliseconds since 1970; a negative one is LD_DYNAMO_INVALID_BIG_SEGMENTS.
ld_dynamo_status ld_dynamo_store_big_segments_set_synchronized(const ld_dynamo_store *store,
                                                               int64_t unix_ms,
                                                               ld_dynamo_error **error);

// As ld_dynamo_store_get, but from the cache alone: never asks the table and never waits for somebody who does. For event loops and
// greenlets, which leave to another thread only what has to wait.
//
// Returns LD_DYNAMO_OK, LD_DYNAMO_NOT_FOUND where the cache knows that there is no item, and LD_DYNAMO_NOT_CACHED where
// ld_dynamo_store_get would have to ask. Logs nothing.
ld_dynamo_status ld_dynamo_store_get_cached(const ld_dynamo_store *store,
                                            const char *kind,
                                            const char *key,
                                            char **item_json,
                                            ld_dynamo_error **error);

// As ld_dynamo_store_all, but from the cache alone: never asks the table and never waits for somebody who does.
//
// Returns LD_DYNAMO_OK, or LD_DYNAMO_NOT_CACHED where ld_dynamo_store_all would have to ask. Logs nothing.
ld_dynamo_status ld_dynamo_store_all_cached(const ld_dynamo_store *store,
                                            const char *kind,
                                            char **items_json,
                                            ld_dynamo_error **error);

// As ld_dynamo_store_initialized, but from the cache alone: never asks the table and never waits for somebody who does.
//
// Returns LD_DYNAMO_OK, LD_DYNAMO_NOT_FOUND, or LD_DYNAMO_NOT_CACHED where ld_dynamo_store_initialized would have to ask. Logs nothing.
ld_dynamo_status ld_dynamo_store_initialized_cached(const ld_dynamo_store *store,
                                                    ld_dynamo_error **error);

// Gives a store the AWS credentials that its requests are signed with from now on. The store must have been configured with
// "credentials": "pushed"; until the first ones come, and when the last ones have expired, what has to ask the table fails with
// LD_DYNAMO_NO_CREDENTIALS and sends nothing.
//
// `credentials_json`: {"access_key_id": …, "secret_access_key": …, "session_token": …, "expires_ms": Unix time in milliseconds}. The
// token is for temporary credentials; without "expires_ms" they count as lasting for ever. An unknown or mistyped member, or one that is
// given twice, is an error that names it; null is absent, and an empty token is none. Copied: the text may be wiped afterwards.
// At any time, from any thread, also before the first call and during others: those use the new ones for their next request or retry.
// The last ones given stand, and a forked child has those that were there at the fork, then its own. They are of this store alone.
// Sends nothing, checks nothing with AWS, waits for no call and no lock that a fork could leave taken, and never logs them.
// Fails with LD_DYNAMO_NULL_ARGUMENT, LD_DYNAMO_INVALID_UTF8, LD_DYNAMO_INVALID_JSON, and LD_DYNAMO_INVALID_CONFIGURATION for wrong
// members or a store that is configured otherwise; the store keeps what it had.
ld_dynamo_status ld_dynamo_store_set_credentials(const ld_dynamo_store *store,
                                                 const char *credentials_json,
                                                 ld_dynamo_error **error);

// The status that the failed call returned; LD_DYNAMO_OK for NULL.
int32_t ld_dynamo_error_status(const ld_dynamo_error *error);

// 1 when the same call may succeed later without any change, else 0; 0 for NULL.
int32_t ld_dynamo_error_is_retriable(const ld_dynamo_error *error);

// One line of UTF-8 for people: names what is wrong, never a secret. It lives as long as the error. Never NULL: "" for NULL.
const char *ld_dynamo_error_message(const ld_dynamo_error *error);

// The AWS error code, for example "ResourceNotFoundException"; it lives as long as the error. NULL when AWS gave none, and for NULL.
const char *ld_dynamo_error_service_code(const ld_dynamo_error *error);

// Frees an error; NULL is nothing. Freeing it twice, or using it afterwards, is undefined.
void ld_dynamo_error_free(ld_dynamo_error *error);

// Takes a JSON object apart, such as this library returns: calls a function for each member, in their order, those of the same name
// included. For programs without a JSON parser. Needs no store, sends nothing, waits for nothing.
//
// `object_json`: must stay as it is until the call returns. `most_levels`: with 0 the values are any JSON, for what holds texts of others,
// which are then looked at one by one. Else the values, to their last level, must be what other JSON parsers take, too: no half of a
// surrogate pair (\ud800), no number outside a double's range or with an exponent of over 9 digits, and no more than so many levels of
// objects and arrays, 128 at most, the object itself being the first.
// `member`: runs on the calling thread, after all of the text was found to be in order: on failure it is not called. `userdata`: handed to it.
// Fails with LD_DYNAMO_NULL_ARGUMENT, LD_DYNAMO_INVALID_UTF8, and LD_DYNAMO_INVALID_JSON for a text that is no JSON object, or as said above.
ld_dynamo_status ld_dynamo_json_members(const char *object_json,
                                        uint32_t most_levels,
                                        ld_dynamo_member_callback member,
                                        void *userdata,
                                        ld_dynamo_error **error);

// Makes a store from its configuration, a JSON object. Starts no thread and sends nothing: a missing table is found by the first call.
// Only with "share"
// does it look at the time and size of the AWS files.
//
// `config_json`: "table" (required) and optionally the keys that docs/configuration.md lists; an unknown or mistyped key, or one that is
// given twice, is an error that names it.
// `store`: receives the store, to be freed with ld_dynamo_store_free; NULL on failure.
// Fails with LD_DYNAMO_NULL_ARGUMENT, LD_DYNAMO_INVALID_UTF8, LD_DYNAMO_INVALID_JSON, LD_DYNAMO_INVALID_CONFIGURATION.
ld_dynamo_status ld_dynamo_store_new(const char *config_json,
                                     ld_dynamo_store **store,
                                     ld_dynamo_error **error);

// Makes the kinds in a data set hold exactly its items, then marks the table as initialized.
//
// `all_data_json`: {"features": {key: item, …}, "segments": {key: item, …}}, as LaunchDarkly sends it ("flags" is another name for
// "features"). A kind that is absent is left alone, an empty one is emptied. Each item is a JSON object with an integer "version". Bad
// input is refused before the first request. An item over 400,000 bytes is logged as an error and left out, with its older copy.
// Reads what is stored and writes only the difference; takes at most "init_timeout_ms". On failure some rows may have been
// written, the mark is as it was unless putting it is what failed, and the next init goes on from there. Blocks; several may run at
// once, the last write stands.
// Costs one read of the kinds' rows and one write unit per KB that differs, and one for the mark.
ld_dynamo_status ld_dynamo_store_init(const ld_dynamo_store *store,
                                      const char *all_data_json,
                                      ld_dynamo_error **error);

// Gets one item as stored, tombstones included.
//
// `kind`: "features" (or "flags"), "segments", or a kind of your own. `key`: the flag's or segment's key.
// `item_json`: receives the item's JSON, to be freed with ld_dynamo_string_free; NULL unless LD_DYNAMO_OK is returned.
// Returns LD_DYNAMO_OK or LD_DYNAMO_NOT_FOUND; fails with LD_DYNAMO_CORRUPT_ITEM where the row holds no JSON object.
// A row deleted by an official store comes back as an item with "deleted": true. Costs at most one request.
ld_dynamo_status ld_dynamo_store_get(const ld_dynamo_store *store,
                                     const char *kind,
                                     const char *key,
                                     char **item_json,
                                     ld_dynamo_error **error);

// Gets all items of a kind, tombstones included.
//
// `items_json`: receives one JSON object from key to item, {} where there are none, to be freed with ld_dynamo_string_free; NULL on
// failure. A corrupt row is left out and logged as an error with its key. Costs one request per MB stored, and at least one.
ld_dynamo_status ld_dynamo_store_all(const ld_dynamo_store *store,
                                     const char *kind,
                                     char **items_json,
                                     ld_dynamo_error **error);

// Writes one item where the table holds none or an older version. Costs one request, even when it is refused.
//
// `item_json`: the whole item, a JSON object with an integer "version"; it is stored byte for byte under `key`. A deletion ("deleted":
// true) of a feature or segment that lacks the kind's full schema is stored as a tombstone that every official SDK can read.
// `stored_json`: receives the row that won where LD_DYNAMO_NOT_NEWER is returned, to be freed with ld_dynamo_string_free; else NULL.
// It must not be NULL itself: like every place for a result, it is needed, and nothing is sent without it.
// Returns LD_DYNAMO_OK, LD_DYNAMO_NOT_NEWER or LD_DYNAMO_TOO_LARGE (logged as an error; the stored row stays as it was).
ld_dynamo_status ld_dynamo_store_upsert(const ld_dynamo_store *store,
                                        const char *kind,
                                        const char *key,
                                        const char *item_json,
                                        char **stored_json,
                                        ld_dynamo_error **error);

// Ends a store; NULL is nothing. Does no I/O and cannot fail. While another thread forks the process it waits for that, a second at
// most; nothing else blocks it. In a forked child it frees nothing of the parent's. No call on the store may be under way; freeing it
// twice, or using it afterwards, is undefined.
void ld_dynamo_store_free(ld_dynamo_store *store);

// Whether the table holds a full data set under the store's prefix: LD_DYNAMO_OK, or LD_DYNAMO_NOT_FOUND.
ld_dynamo_status ld_dynamo_store_initialized(const ld_dynamo_store *store, ld_dynamo_error **error);

// LD_DYNAMO_OK when the table answers now, else the failure. Always asks the table, never the cache; one request.
ld_dynamo_status ld_dynamo_store_available(const ld_dynamo_store *store, ld_dynamo_error **error);

// What the store counted in this process, or with "share" all stores of its live state, for monitoring. Sends nothing.
//
// `stats_json`: receives one JSON object, to be freed with ld_dynamo_string_free. Fields may be added. Numbers only grow, but for
// "last_init" and "generation"; they begin at 0 with the first call in a process, and a forked child counts for itself.
// "hits": get, all, initialized and membership calls answered from the cache. "misses": those that were not, while there is a cache.
// "stale_hits": misses whose read failed, or another's within the last second, and that were served what was known before.
// "joined_calls": misses served the answer
// to another caller's request. "requests": HTTP requests to DynamoDB, retries included. "direct_requests": those of them that the
// calling thread sent itself, past the AWS SDK. "retries": those that repeat one that
// failed. "throttles": answers that said that the table or the account is asked too much. "consumed_read_units" and
// "consumed_write_units": capacity units that DynamoDB bills, halves included; a write refused for its version counts as one.
// "unprocessed_rows": rows of batches that DynamoDB left undone, each time; they are sent again. "last_init": rows of the
// last init that succeeded, "written", "unchanged", "deleted", and "dropped" for their size. "generation": a number of the process that
// counted this; it is another in a forked child.
ld_dynamo_status ld_dynamo_store_stats(const ld_dynamo_store *store,
                                       char **stats_json,
                                       ld_dynamo_error **error);

// Sets the function that receives the store's log messages from now on, those of the AWS SDK included, down to "log_level".
//
// `callback`: runs on the thread that made a call, when the call's work is done; NULL for no more messages, and then `userdata` and
// `release` are not looked at. At most 256 messages a call are delivered, the less severe giving way, and the others counted in one
// more. What the callback's own calls on this store log is delivered after it has returned, within that limit; where a destructor of
// thread-local data makes the call as its thread ends, it is not delivered, and the callback must not jump (longjmp). Never a secret.
// `userdata`: handed to the callback. `release`: NULL, or a function that is called once with userdata when the logger was replaced
// or the store freed and the last call that uses it is over; in a forked child never for a logger that the parent set. On failure
// release is not called.
ld_dynamo_status ld_dynamo_store_set_logger(const ld_dynamo_store *store,
                                            ld_dynamo_log_callback callback,
                                            void *userdata,
                                            ld_dynamo_log_release release,
                                            ld_dynamo_error **error);

// Frees a string that a function of this library returned through an out-parameter; NULL is nothing. Never blocks. Freeing it
// twice, using it afterwards, or freeing a string from elsewhere is undefined; it must not have been changed in length.
void ld_dynamo_string_free(char *string);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LD_DYNAMO_STORE_H */
