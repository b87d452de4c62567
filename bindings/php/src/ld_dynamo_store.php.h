// ld-dynamo-store: LaunchDarkly's DynamoDB persistent data store, behind a C ABI.
//
// Generated from the Rust sources by cbindgen; a test compares the two. Do not edit.
//
// STRINGS are UTF-8 and NUL-terminated, and hold JSON where a name ends in _json. A string that goes in is only read, during the
// call. A string that comes out through an out-parameter belongs to the caller, who frees it with ld_dynamo_string_free.
//
// STATUS: every fallible function returns 0 for success, a positive number for a benign outcome, a negative one for a failure. Its last
// parameter may be NULL; else *error is NULL after success and an error object after a failure, freed with ld_dynamo_error_free.
// Out-parameters are written on every path and are NULL on failure. Treat a number that you do not know by its sign.
//
// THREADS: a store may be used from any number of threads at once, except that nobody may be using it when it is freed.
// Every call blocks until it is done or its time-out is over; the calling thread does the work, and there is no background thread.
//
// FORK: a store made before a fork works in the child, which starts with connections, credentials and cache of its own. The
// parent's are left alone. A child may free the store, or not.
//
// SIGNALS: no handler is set or changed; SIGPIPE is blocked on the calling thread while it works.
//
// MEMORY: running out of it aborts. Freeing a thing twice, or using it after it was freed, is undefined. Free functions take
// NULL, never block and do no I/O.
//
// LINKING: -lld_dynamo_store. The library stays loaded until the process ends, whatever dlclose is told.



// What ld_dynamo_abi_version returned when this header was made.


// The ABI's major number. It changes when a program that was compiled against an older header would break.

// The ABI's minor number. It grows with every function or constant that is added.

// Success.

// There is no such item, no full data set, no Big Segments data.

// upsert: the table holds this version or a newer one, which is returned; nothing was written.

// upsert: the item is over the size limit of 400,000 bytes; nothing was written, and the stored row stays as it was.

// A pointer that must not be NULL is; the message names the argument.

// A string is not UTF-8; the message names the argument and the offset of the first bad byte.

// A text is not JSON.

// An item is not a JSON object, or has no integer "version" in 0 … 2^63-1.

// A kind that cannot be a namespace of ours.

// A key that DynamoDB cannot hold: empty, or over 1,024 bytes.

// A data set of the wrong shape: not an object of objects, a key twice, "features" and "flags" at once.

// The configuration is wrong; the message names the key.

// The AWS profile needs credential_process or SSO; the message says what to do instead.

// DynamoDB knows no such table in this region.

// The table has other keys than "namespace" and "key".

// AWS refused the credentials, or they lack a permission.

// No AWS credentials, or no region, could be found.

// Any other refusal or fault that DynamoDB reported; see ld_dynamo_error_service_code.

// DynamoDB throttled every attempt. Retriable.

// The call ran out of its time. Retriable.

// No connection could be made, or it broke. Retriable.

// What came back was no answer of DynamoDB's. Retriable.

// get: the stored "item" is not a string or not a JSON object.

// The store is configured "read_only"; nothing was sent.

// The library could not do its own work, for example for want of file descriptors.

// A defect in the library; the message says where. The store stays usable.

// Log level: something was lost or is wrong with the data.

// Log level: something may be wrong.

// Log level: an init was done.

// Log level: requests and retries.

// Log level: everything that the AWS SDK says, secrets aside.

// Why a call failed. Made by a failing call for the caller, who frees it with ld_dynamo_error_free; safe to read from any thread.
typedef struct ld_dynamo_error ld_dynamo_error;

// A store: one table under one prefix. Opaque; made by ld_dynamo_store_new, ended by ld_dynamo_store_free. Usable from many threads
// at once, and in forked children of the process that made it.
typedef struct ld_dynamo_store ld_dynamo_store;

// What a call came to: 0 is success, positive numbers are benign outcomes, negative numbers are failures.
typedef int32_t ld_dynamo_status;

// Receives one log message: the userdata it was registered with, one of LD_DYNAMO_LOG_*, and a line of UTF-8 that it must not keep. Runs
// on the thread that made the call, after the call's work is done. It may call the library, fork, replace the logger or
// free the store; it must not unwind or longjmp.
typedef void (*ld_dynamo_log_callback)(void *userdata, int32_t level, const char *message);

// Told once that a logger's userdata is not needed any more.
typedef void (*ld_dynamo_log_release)(void *userdata);


// The version of the loaded library, for example "0.1.0". Static: never freed. Never NULL.
const char *ld_dynamo_version(void);

// The ABI of the loaded library: major << 16 | minor. A program needs the same major and at least the minor it was compiled with:
// compare with LD_DYNAMO_ABI_VERSION.
uint32_t ld_dynamo_abi_version(void);

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

// Makes a store from its configuration, a JSON object. Starts no thread and does no I/O: a missing table is found by the first call.
//
// `config_json`: "table" (required) and optionally the keys that README.md lists; an unknown or mistyped key is an error that names it.
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
// written, the mark is as it was, and the next init goes on from there. Blocks; several may run at once, the last write stands.
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
// failure. A corrupt row is left out and logged as an error with its key. Costs one request per MB stored.
ld_dynamo_status ld_dynamo_store_all(const ld_dynamo_store *store,
                                     const char *kind,
                                     char **items_json,
                                     ld_dynamo_error **error);

// Writes one item where the table holds none or an older version. Costs one request, even when it is refused.
//
// `item_json`: the whole item, a JSON object with an integer "version"; it is stored byte for byte under `key`. A deletion ("deleted":
// true) of a feature or segment that lacks the kind's full schema is stored as a tombstone that every official SDK can read.
// `stored_json`: receives the row that won where LD_DYNAMO_NOT_NEWER is returned, to be freed with ld_dynamo_string_free; else NULL.
// Returns LD_DYNAMO_OK, LD_DYNAMO_NOT_NEWER or LD_DYNAMO_TOO_LARGE (logged as an error; the stored row stays as it was).
ld_dynamo_status ld_dynamo_store_upsert(const ld_dynamo_store *store,
                                        const char *kind,
                                        const char *key,
                                        const char *item_json,
                                        char **stored_json,
                                        ld_dynamo_error **error);

// Ends a store; NULL is nothing. Never blocks, does no I/O, cannot fail. In a forked child it frees nothing of the parent's. No call on
// the store may be under way; freeing it twice, or using it afterwards, is undefined.
void ld_dynamo_store_free(ld_dynamo_store *store);

// Whether the table holds a full data set under the store's prefix: LD_DYNAMO_OK, or LD_DYNAMO_NOT_FOUND.
ld_dynamo_status ld_dynamo_store_initialized(const ld_dynamo_store *store, ld_dynamo_error **error);

// LD_DYNAMO_OK when the table answers now, else the failure. Always asks the table, never the cache; one request.
ld_dynamo_status ld_dynamo_store_available(const ld_dynamo_store *store, ld_dynamo_error **error);

// When the Relay Proxy last synchronized Big Segments. Costs one request.
//
// `metadata_json`: receives {"synchronizedOn": Unix time in milliseconds}, to be freed with ld_dynamo_string_free; NULL unless
// LD_DYNAMO_OK is returned. Returns LD_DYNAMO_OK, or LD_DYNAMO_NOT_FOUND where nothing has been synchronized.
ld_dynamo_status ld_dynamo_store_big_segments_metadata(const ld_dynamo_store *store,
                                                       char **metadata_json,
                                                       ld_dynamo_error **error);

// The Big Segments that include or exclude a context. Costs one request.
//
// `context_hash`: base64 of the SHA-256 of the context's key, which the SDK computes.
// `membership_json`: receives {"segment-key.g1": true, …}, true for included and false for excluded, to be freed with
// ld_dynamo_string_free; NULL unless LD_DYNAMO_OK is returned. Returns LD_DYNAMO_OK, or LD_DYNAMO_NOT_FOUND where the context has no row.
ld_dynamo_status ld_dynamo_store_big_segments_membership(const ld_dynamo_store *store,
                                                         const char *context_hash,
                                                         char **membership_json,
                                                         ld_dynamo_error **error);

// What the store counted in this process, for monitoring. Sends nothing.
//
// `stats_json`: receives one JSON object, to be freed with ld_dynamo_string_free; README.md lists its fields.
ld_dynamo_status ld_dynamo_store_stats(const ld_dynamo_store *store, char **stats_json, ld_dynamo_error **error);

// Sets the function that receives the store's log messages from now on, those of the AWS SDK included, down to "log_level".
//
// `callback`: runs on the thread that made a call, when the call's work is done; NULL for no more messages. At most 256 messages a
// call are kept, the others counted. Never a secret. `userdata`: handed to the callback. `release`: NULL, or a function that is
// called once with userdata when the logger was replaced or the store freed and the last call that uses it is over; in a forked child
// never for a logger that the parent set. On failure release is not called.
ld_dynamo_status ld_dynamo_store_set_logger(const ld_dynamo_store *store,
                                            ld_dynamo_log_callback callback,
                                            void *userdata,
                                            ld_dynamo_log_release release,
                                            ld_dynamo_error **error);

// Frees a string that a function of this library returned through an out-parameter; NULL is nothing. Never blocks. Freeing it
// twice, using it afterwards, or freeing a string from elsewhere is undefined; it must not have been changed in length.
void ld_dynamo_string_free(char *string);

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

// Frees a string that a function of this library returned through an out-parameter; NULL is nothing. Never blocks. Freeing it
// twice, using it afterwards, or freeing a string from elsewhere is undefined; it must not have been changed in length.
void ld_dynamo_string_free(char *string);

// Makes a store from its configuration, a JSON object. Starts no thread and does no I/O: a missing table is found by the first call.
//
// `config_json`: "table" (required) and optionally the keys that README.md lists; an unknown or mistyped key is an error that names it.
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
// written, the mark is as it was, and the next init goes on from there. Blocks; several may run at once, the last write stands.
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
// failure. A corrupt row is left out and logged as an error with its key. Costs one request per MB stored.
ld_dynamo_status ld_dynamo_store_all(const ld_dynamo_store *store,
                                     const char *kind,
                                     char **items_json,
                                     ld_dynamo_error **error);

// Writes one item where the table holds none or an older version. Costs one request, even when it is refused.
//
// `item_json`: the whole item, a JSON object with an integer "version"; it is stored byte for byte under `key`. A deletion ("deleted":
// true) of a feature or segment that lacks the kind's full schema is stored as a tombstone that every official SDK can read.
// `stored_json`: receives the row that won where LD_DYNAMO_NOT_NEWER is returned, to be freed with ld_dynamo_string_free; else NULL.
// Returns LD_DYNAMO_OK, LD_DYNAMO_NOT_NEWER or LD_DYNAMO_TOO_LARGE (logged as an error; the stored row stays as it was).
ld_dynamo_status ld_dynamo_store_upsert(const ld_dynamo_store *store,
                                        const char *kind,
                                        const char *key,
                                        const char *item_json,
                                        char **stored_json,
                                        ld_dynamo_error **error);

// Ends a store; NULL is nothing. Never blocks, does no I/O, cannot fail. In a forked child it frees nothing of the parent's. No call on
// the store may be under way; freeing it twice, or using it afterwards, is undefined.
void ld_dynamo_store_free(ld_dynamo_store *store);

// Whether the table holds a full data set under the store's prefix: LD_DYNAMO_OK, or LD_DYNAMO_NOT_FOUND.
ld_dynamo_status ld_dynamo_store_initialized(const ld_dynamo_store *store, ld_dynamo_error **error);

// LD_DYNAMO_OK when the table answers now, else the failure. Always asks the table, never the cache; one request.
ld_dynamo_status ld_dynamo_store_available(const ld_dynamo_store *store, ld_dynamo_error **error);

// When the Relay Proxy last synchronized Big Segments. Costs one request.
//
// `metadata_json`: receives {"synchronizedOn": Unix time in milliseconds}, to be freed with ld_dynamo_string_free; NULL unless
// LD_DYNAMO_OK is returned. Returns LD_DYNAMO_OK, or LD_DYNAMO_NOT_FOUND where nothing has been synchronized.
ld_dynamo_status ld_dynamo_store_big_segments_metadata(const ld_dynamo_store *store,
                                                       char **metadata_json,
                                                       ld_dynamo_error **error);

// The Big Segments that include or exclude a context. Costs one request.
//
// `context_hash`: base64 of the SHA-256 of the context's key, which the SDK computes.
// `membership_json`: receives {"segment-key.g1": true, …}, true for included and false for excluded, to be freed with
// ld_dynamo_string_free; NULL unless LD_DYNAMO_OK is returned. Returns LD_DYNAMO_OK, or LD_DYNAMO_NOT_FOUND where the context has no row.
ld_dynamo_status ld_dynamo_store_big_segments_membership(const ld_dynamo_store *store,
                                                         const char *context_hash,
                                                         char **membership_json,
                                                         ld_dynamo_error **error);

// What the store counted in this process, for monitoring. Sends nothing.
//
// `stats_json`: receives one JSON object, to be freed with ld_dynamo_string_free; README.md lists its fields.
ld_dynamo_status ld_dynamo_store_stats(const ld_dynamo_store *store, char **stats_json, ld_dynamo_error **error);

// Sets the function that receives the store's log messages from now on, those of the AWS SDK included, down to "log_level".
//
// `callback`: runs on the thread that made a call, when the call's work is done; NULL for no more messages. At most 256 messages a
// call are kept, the others counted. Never a secret. `userdata`: handed to the callback. `release`: NULL, or a function that is
// called once with userdata when the logger was replaced or the store freed and the last call that uses it is over; in a forked child
// never for a logger that the parent set. On failure release is not called.
ld_dynamo_status ld_dynamo_store_set_logger(const ld_dynamo_store *store,
                                            ld_dynamo_log_callback callback,
                                            void *userdata,
                                            ld_dynamo_log_release release,
                                            ld_dynamo_error **error);


