/* Prints one flag of the table that TABLE names; everything else comes from the environment. */
#include <ld_dynamo_store.h>

#include <stdio.h>
#include <stdlib.h>

int main(void) {
    char configuration[256];
    ld_dynamo_store *store = NULL;
    ld_dynamo_error *error = NULL;
    char *flag = NULL;
    snprintf(configuration, sizeof configuration, "{\"table\":\"%s\"}", getenv("TABLE"));
    if (ld_dynamo_store_new(configuration, &store, &error) < 0 || ld_dynamo_store_get(store, "features", "flag-1", &flag, &error) < 0) {
        fprintf(stderr, "%s\n", ld_dynamo_error_message(error));
    } else {
        puts(flag == NULL ? "no such flag" : flag);
    }
    ld_dynamo_string_free(flag);
    ld_dynamo_error_free(error);
    ld_dynamo_store_free(store);
    return 0;
}
