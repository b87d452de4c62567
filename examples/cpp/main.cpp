// A first program in C++: loads, shows, lists and changes LaunchDarkly flags in a DynamoDB table, and prints what the library logs.
//
//   flags load FILE                 replaces the whole data set by the one in FILE
//   flags show KIND KEY             one item; KIND is features or segments
//   flags list KIND                 every item of a kind
//   flags upsert KIND KEY JSON      writes one item, unless the table holds a newer version
//
// The environment says where: TABLE names the table; PREFIX, when set, goes before its namespaces; ENDPOINT, when set, is the address of a local
// engine instead of AWS; region and credentials come from AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or wherever else AWS programs find
// them. A local engine takes any credentials.
//
//   c++ -std=c++17 examples/cpp/main.cpp -I include -L target/release -l ld_dynamo_store "-Wl,-rpath,$PWD/target/release" -o flags
#include <ld_dynamo_store.hpp>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::optional<std::string> environment(const char *name) {
    const char *value = std::getenv(name);
    return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

// Whatever is left out of the configuration has a default.
ld_dynamo::Store open_store() {
    ld_dynamo::Settings configuration;
    configuration.set("table", environment("TABLE").value_or("")).set("prefix", environment("PREFIX").value_or(""));
    if (const auto endpoint = environment("ENDPOINT")) {
        configuration.set("endpoint", *endpoint);
    }
    ld_dynamo::Store store(configuration);
    store.set_logger([](ld_dynamo::LogLevel level, std::string_view message) {
        std::cerr << (level == ld_dynamo::LogLevel::Error ? "error: " : "log: ") << message << '\n';
    });
    return store;
}

std::string read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (!(text << file.rdbuf())) {
        throw std::runtime_error(path + " cannot be read");
    }
    return text.str();
}

void upsert(const ld_dynamo::Store &store, const std::string &kind, const std::string &key, const std::string &item) {
    const ld_dynamo::Upsert upsert = store.upsert(kind, key, item);
    switch (upsert.outcome) {
    case ld_dynamo::UpsertOutcome::Stored:
        std::cout << "C++: \"" << key << "\" was written.\n";
        break;
    case ld_dynamo::UpsertOutcome::NotNewer:
        std::cout << "C++: \"" << key << "\" was left alone, since the table holds this version or a newer one:\n  " << *upsert.winner << '\n';
        break;
    case ld_dynamo::UpsertOutcome::TooLarge:
        std::cout << "C++: \"" << key << "\" is too large for DynamoDB; the table was left alone.\n";
        break;
    }
}

int run(const std::vector<std::string> &arguments) {
    const std::string command = arguments.empty() ? "" : arguments[0];
    const ld_dynamo::Store store = open_store();
    if (command == "load" && arguments.size() == 2) {
        store.init(read_file(arguments[1]));
        std::cout << "C++: the table now holds the data set of " << arguments[1] << ".\n";
    } else if (command == "show" && arguments.size() == 3) {
        const std::optional<std::string> item = store.get(arguments[1], arguments[2]);
        std::cout << "C++: " << item.value_or("there is no such item") << '\n';
    } else if (command == "list" && arguments.size() == 2) {
        std::cout << "C++: " << store.all(arguments[1]) << '\n';
    } else if (command == "upsert" && arguments.size() == 4) {
        upsert(store, arguments[1], arguments[2], arguments[3]);
    } else {
        std::cerr << "usage: flags load FILE | show KIND KEY | list KIND | upsert KIND KEY JSON\n";
        return 2;
    }
    return 0;
}

}  // namespace

int main(int count, char **arguments) {
    try {
        return run(std::vector<std::string>(arguments + 1, arguments + count));
    } catch (const ld_dynamo::Error &error) {
        std::cerr << "failed with status " << error.status() << ": " << error.what() << '\n';
        if (error.is_retriable()) {
            std::cerr << "The same call may succeed later.\n";
        }
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
    }
    return 1;
}
