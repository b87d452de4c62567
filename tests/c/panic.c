/*
 * Makes the library panic and shows that the program goes on.
 *
 *   LD_DYNAMO_STORE_TEST_PANIC=1 panic FILE
 *
 * FILE receives the status and the message. Nothing may be printed: that is why they go to a file.
 */
#define _POSIX_C_SOURCE 200809L

#include <ld_dynamo_store.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WATCHDOG_SECONDS 60

int main(int count, char **arguments) {
    ld_dynamo_store *store = NULL;
    ld_dynamo_error *error = NULL;
    FILE *report = count == 2 ? fopen(arguments[1], "w") : NULL;
    if (report == NULL) {
        return 2;
    }
    alarm(WATCHDOG_SECONDS);
    ld_dynamo_status status = ld_dynamo_store_new("{\"table\":\"table\"}", &store, &error);
    fprintf(report, "%d %d\n%s\n", (int)status, (int)ld_dynamo_error_status(error), ld_dynamo_error_message(error));
    fclose(report);
    ld_dynamo_error_free(error);
    if (store != NULL) {
        return 3;
    }
    /* The library works on after the defect. */
    unsetenv("LD_DYNAMO_STORE_TEST_PANIC");
    status = ld_dynamo_store_new("{\"table\":\"table\"}", &store, NULL);
    ld_dynamo_store_free(store);
    return status == LD_DYNAMO_OK ? 0 : 4;
}
