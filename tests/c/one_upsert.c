/*
 * Makes one upsert through a store of its own.
 *
 *   one_upsert CONFIGURATION
 *
 * Prints its status, whether it may succeed later, and what is wrong.
 */
#include <ld_dynamo_store.h>

#include <stdio.h>
#include <unistd.h>

int main(int count, char **arguments) {
    ld_dynamo_store *store = NULL;
    ld_dynamo_error *error = NULL;
    char *winner = NULL;
    if (count != 2) {
        fprintf(stderr, "usage: one_upsert CONFIGURATION\n");
        return 2;
    }
    alarm(60);
    ld_dynamo_status status = ld_dynamo_store_new(arguments[1], &store, &error);
    if (status == LD_DYNAMO_OK) {
        status = ld_dynamo_store_upsert(store, "features", "new", "{\"key\": \"new\", \"version\": 1}", &winner, &error);
    }
    printf("%d %d %s\n", (int)status, (int)ld_dynamo_error_is_retriable(error), error == NULL ? "" : ld_dynamo_error_message(error));
    ld_dynamo_string_free(winner);
    ld_dynamo_error_free(error);
    ld_dynamo_store_free(store);
    return 0;
}
