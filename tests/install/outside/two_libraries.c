/* Uses this library and another one that holds the Rust library, too. */
#include <ld_dynamo_store.h>

#include <stddef.h>

int another_library(void);

int main(void) {
    ld_dynamo_store *store = NULL;
    ld_dynamo_error *error = NULL;
    ld_dynamo_status status = ld_dynamo_store_new("{}", &store, &error);
    ld_dynamo_error_free(error);
    return another_library() == 42 && status == LD_DYNAMO_INVALID_CONFIGURATION ? 0 : 1;
}
