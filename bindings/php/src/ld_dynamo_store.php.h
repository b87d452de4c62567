// Generated from include/ld_dynamo_store.h, where the documentation is: make header. Do not edit.

typedef struct ld_dynamo_error ld_dynamo_error;
typedef struct ld_dynamo_store ld_dynamo_store;
typedef int32_t ld_dynamo_status;
typedef void (*ld_dynamo_log_callback)(void *userdata, int32_t level, const char *message);
typedef void (*ld_dynamo_log_release)(void *userdata);
const char *ld_dynamo_version(void);
uint32_t ld_dynamo_abi_version(void);
ld_dynamo_status ld_dynamo_store_set_credentials(const ld_dynamo_store *store, const char *credentials_json, ld_dynamo_error **error);
int32_t ld_dynamo_error_status(const ld_dynamo_error *error);
int32_t ld_dynamo_error_is_retriable(const ld_dynamo_error *error);
const char *ld_dynamo_error_message(const ld_dynamo_error *error);
const char *ld_dynamo_error_service_code(const ld_dynamo_error *error);
void ld_dynamo_error_free(ld_dynamo_error *error);
ld_dynamo_status ld_dynamo_store_new(const char *config_json, ld_dynamo_store **store, ld_dynamo_error **error);
ld_dynamo_status ld_dynamo_store_init(const ld_dynamo_store *store, const char *all_data_json, ld_dynamo_error **error);
ld_dynamo_status ld_dynamo_store_get(const ld_dynamo_store *store, const char *kind, const char *key, char **item_json, ld_dynamo_error **error);
ld_dynamo_status ld_dynamo_store_all(const ld_dynamo_store *store, const char *kind, char **items_json, ld_dynamo_error **error);
ld_dynamo_status ld_dynamo_store_upsert(const ld_dynamo_store *store, const char *kind, const char *key, const char *item_json, char **stored_json, ld_dynamo_error **error);
void ld_dynamo_store_free(ld_dynamo_store *store);
ld_dynamo_status ld_dynamo_store_initialized(const ld_dynamo_store *store, ld_dynamo_error **error);
ld_dynamo_status ld_dynamo_store_available(const ld_dynamo_store *store, ld_dynamo_error **error);
ld_dynamo_status ld_dynamo_store_big_segments_metadata(const ld_dynamo_store *store, char **metadata_json, ld_dynamo_error **error);
ld_dynamo_status ld_dynamo_store_big_segments_membership(const ld_dynamo_store *store, const char *context_hash, char **membership_json, ld_dynamo_error **error);
ld_dynamo_status ld_dynamo_store_stats(const ld_dynamo_store *store, char **stats_json, ld_dynamo_error **error);
ld_dynamo_status ld_dynamo_store_set_logger(const ld_dynamo_store *store, ld_dynamo_log_callback callback, void *userdata, ld_dynamo_log_release release, ld_dynamo_error **error);
void ld_dynamo_string_free(char *string);
