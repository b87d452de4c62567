/*
 * Log messages go to a function of the program's: what it is given, when it is called, and when its data may be freed.
 *
 *   loggers     TABLE names the table and ENDPOINT, when set, a local engine; region and credentials come from the environment
 *
 *   cc -std=c11 loggers.c $(pkg-config --cflags --libs ld_dynamo_store) -o loggers
 */
#include <ld_dynamo_store.h>

#include <stdio.h>
#include <stdlib.h>

/* What the library hands to the function each time. */
struct journal {
    const char *name;
    FILE *file;
    int lines;
};

static const char *name_of(int32_t level) {
    static const char *const names[] = {"?", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"};
    return names[level >= LD_DYNAMO_LOG_ERROR && level <= LD_DYNAMO_LOG_TRACE ? level : 0];
}

/* Runs on the thread that made the call, when its work is done. With several threads at one store it runs on several at once: a FILE has a
   lock of its own, and `lines` would need one. The message is the library's, and is gone after this. */
static void write_line(void *userdata, int32_t level, const char *message) {
    struct journal *journal = userdata;
    journal->lines++;
    fprintf(journal->file, "[%s] %s: %s\n", journal->name, name_of(level), message);
}

/* Called once, when the logger was replaced or its store freed, and the last call that used it is over. */
static void close_journal(void *userdata) {
    struct journal *journal = userdata;
    printf("the journal \"%s\" was closed after %s\n", journal->name, journal->lines > 0 ? "some lines" : "no line");
    free(journal);
}

static struct journal *new_journal(const char *name) {
    struct journal *journal = malloc(sizeof *journal);
    if (journal == NULL) {
        abort();
    }
    *journal = (struct journal){.name = name, .file = stdout, .lines = 0};
    return journal;
}

static int set_journal(ld_dynamo_store *store, const char *name) {
    struct journal *journal = new_journal(name);
    ld_dynamo_error *error = NULL;
    if (ld_dynamo_store_set_logger(store, write_line, journal, close_journal, &error) < 0) {
        fprintf(stderr, "set_logger: %s\n", ld_dynamo_error_message(error));
        ld_dynamo_error_free(error);
        /* Where setting it fails, nothing is released. */
        free(journal);
        return 0;
    }
    return 1;
}

int main(void) {
    const char *table = getenv("TABLE"), *endpoint = getenv("ENDPOINT");
    char configuration[1024];
    ld_dynamo_store *store = NULL;
    ld_dynamo_error *error = NULL;
    /* "log_level" decides which messages are made at all; "info" is the default. */
    snprintf(configuration, sizeof configuration, "{\"table\":\"%s\",\"prefix\":\"loggers\",\"log_level\":\"info\"%s%s%s}", table == NULL ? "" : table,
             endpoint == NULL ? "" : ",\"endpoint\":\"", endpoint == NULL ? "" : endpoint, endpoint == NULL ? "" : "\"");
    if (ld_dynamo_store_new(configuration, &store, &error) < 0 || !set_journal(store, "first")) {
        fprintf(stderr, "%s\n", ld_dynamo_error_message(error));
        ld_dynamo_error_free(error);
        return 1;
    }
    /* An init is told at INFO. */
    ld_dynamo_status status = ld_dynamo_store_init(store, "{\"features\":{\"flag\":{\"key\":\"flag\",\"version\":1}},\"segments\":{}}", &error);
    if (status < 0) {
        fprintf(stderr, "init: %s\n", ld_dynamo_error_message(error));
        ld_dynamo_error_free(error);
    }
    /* The new one takes the place of the old one, which is released here, as nobody uses it. */
    if (!set_journal(store, "second")) {
        return 1;
    }
    /* No function: nothing is told any more. */
    ld_dynamo_store_set_logger(store, NULL, NULL, NULL, NULL);
    ld_dynamo_store_free(store);
    return status < 0;
}
