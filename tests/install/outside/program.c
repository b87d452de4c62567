/* Valid C11 and C++17: writes a flag and reads it back, with a table and an endpoint from the command line. Prints the library's version. */
#include <ld_dynamo_store.h>

#include <stdio.h>
#include <string.h>

/* Names that the library has inside, too: one of the Rust library's, and one of the cryptography's. */
#ifdef __cplusplus
extern "C" {
#endif
int rust_eh_personality(void);
int rust_eh_personality(void) {
    return 1;
}
int sha3_keccak4_f1600(void);
int sha3_keccak4_f1600(void) {
    return 2;
}
#ifdef __cplusplus
}
#endif

static int failed(const char *what, ld_dynamo_status status, ld_dynamo_error *error) {
    fprintf(stderr, "%s: status %d: %s\n", what, (int)status, ld_dynamo_error_message(error));
    ld_dynamo_error_free(error);
    return 1;
}

int main(int count, char **arguments) {
    static const char item[] = "{\"key\":\"flag\",\"version\":1}";
    char configuration[1024], *stored = NULL, *found = NULL;
    ld_dynamo_store *store = NULL;
    ld_dynamo_error *error = NULL;
    if (count != 4) {
        return 2;
    }
    snprintf(configuration, sizeof configuration,
             "{\"table\":\"%s\",\"prefix\":\"%s\",\"endpoint\":\"%s\",\"region\":\"local\",\"credentials\":{\"access_key_id\":\"local\",\"secret_access_key\":\"local\"}}",
             arguments[2], arguments[3], arguments[1]);
    ld_dynamo_status status = ld_dynamo_store_new(configuration, &store, &error);
    if (status != LD_DYNAMO_OK) {
        return failed("new", status, error);
    }
    status = ld_dynamo_store_upsert(store, "features", "flag", item, &stored, &error);
    if (status != LD_DYNAMO_OK) {
        return failed("upsert", status, error);
    }
    status = ld_dynamo_store_get(store, "features", "flag", &found, &error);
    if (status != LD_DYNAMO_OK || strcmp(found, item) != 0) {
        return failed("get", status, error);
    }
    ld_dynamo_string_free(found);
    ld_dynamo_store_free(store);
    if (rust_eh_personality() != 1 || sha3_keccak4_f1600() != 2 || ld_dynamo_abi_version() < LD_DYNAMO_ABI_VERSION) {
        return 1;
    }
    puts(ld_dynamo_version());
    return 0;
}
