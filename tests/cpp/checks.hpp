// What the programs of tests here have in common: counted checks, and a configuration for the engine of a test.
#ifndef LD_DYNAMO_TESTS_CHECKS_HPP
#define LD_DYNAMO_TESTS_CHECKS_HPP

#include <ld_dynamo_store_settings.hpp>

#include <atomic>
#include <cstdio>
#include <string>

namespace checks {

inline std::atomic<int> passed{0};
inline std::atomic<int> failed{0};

inline void check(bool holds, const char *what, const char *file, int line) {
    if (holds) {
        passed++;
    } else {
        failed++;
        std::printf("%s:%d: not so: %s\n", file, line, what);
    }
}
#define CHECK(...) checks::check((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)

// Checks that an expression throws exactly this class, and that the message holds a text.
#define THROWS(class_, text, ...)                                                                                       \
    try {                                                                                                               \
        static_cast<void>(__VA_ARGS__);                                                                                 \
        checks::check(false, "throws: " #__VA_ARGS__, __FILE__, __LINE__);                                              \
    } catch (const std::exception &thrown) {                                                                            \
        checks::check(typeid(thrown) == typeid(class_), "throws " #class_ ": " #__VA_ARGS__, __FILE__, __LINE__);       \
        checks::check(std::string(thrown.what()).find(text) != std::string::npos, thrown.what(), __FILE__, __LINE__);   \
    }

// The last line that a program prints, and its exit status.
inline int summary() {
    std::printf("%d passed, %d failed\n", passed.load(), failed.load());
    return failed == 0 ? 0 : 1;
}

inline ld_dynamo::Settings credentials() {
    return ld_dynamo::Settings().set("access_key_id", "local").set("secret_access_key", "local");
}

inline ld_dynamo::Settings configuration(const std::string &endpoint, const std::string &table, const std::string &prefix) {
    ld_dynamo::Settings settings;
    settings.set("table", table).set("endpoint", endpoint).set("prefix", prefix).set("region", "eu-west-1").set("cache_ttl_ms", 0);
    settings.set("credentials", credentials());
    return settings;
}

}  // namespace checks

#endif
