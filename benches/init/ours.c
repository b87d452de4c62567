/*
 * Measures one init through the C ABI; see benches/README.md.
 *
 *   ours ENDPOINT TABLE DATA_SET
 */
#define _POSIX_C_SOURCE 200809L

#include "measure.h"

#include <string.h>

static char *read_text(const char *path) {
    FILE *file = fopen(path, "rb");
    long size;
    char *text;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0) {
        stop(path);
    }
    rewind(file);
    text = malloc((size_t)size + 1);
    if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size) {
        stop(path);
    }
    text[size] = '\0';
    fclose(file);
    return text;
}

static void forget_peak_memory(void) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file == NULL || fputs("5", file) == EOF || fclose(file) == EOF) {
        stop("/proc/self/clear_refs");
    }
}

static long peak_kilobytes(void) {
    char line[256];
    long kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL) {
        stop("/proc/self/status");
    }
    while (kilobytes == 0 && fgets(line, sizeof line, file) != NULL) {
        sscanf(line, "VmHWM: %ld", &kilobytes);
    }
    fclose(file);
    return kilobytes;
}

int main(int count, char **arguments) {
    ld_dynamo_store *store;
    ld_dynamo_error *error;
    double began;
    double seconds;
    double cpu;
    char *data_set;

    if (count != 4) {
        fprintf(stderr, "usage: ours ENDPOINT TABLE DATA_SET\n");
        return 2;
    }
    data_set = read_text(arguments[3]);
    store = open_store(arguments[1], arguments[2]);

    forget_peak_memory();
    cpu = cpu_seconds();
    began = seconds_now();
    check(ld_dynamo_store_init(store, data_set, &error), error);
    seconds = seconds_now() - began;
    cpu = cpu_seconds() - cpu;
    printf("{\"seconds\": %f, \"cpu_seconds\": %f, \"peak_kilobytes\": %ld}\n", seconds, cpu, peak_kilobytes());

    ld_dynamo_store_free(store);
    free(data_set);
    return 0;
}
