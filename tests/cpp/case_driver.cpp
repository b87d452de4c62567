// Drives the library from C++17 for the shared cases in tests/cases.
//
// Reads requests from stdin until it ends and answers each on stdout. A frame is a line with the number of fields, then the fields; a field is a
// line with its length in bytes, then the bytes and a newline; NULL is the line "-1".
//
//   request  call, store name, arguments…
//   answer   status, result or NULL, error message or NULL, service code or NULL, retriable "1" or "0" or NULL

#include <ld_dynamo_store.h>

#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using Field = std::optional<std::string>;

struct StoreDeleter {
    void operator()(ld_dynamo_store *store) const { ld_dynamo_store_free(store); }
};
struct ErrorDeleter {
    void operator()(ld_dynamo_error *error) const { ld_dynamo_error_free(error); }
};
struct StringDeleter {
    void operator()(char *string) const { ld_dynamo_string_free(string); }
};

using Store = std::unique_ptr<ld_dynamo_store, StoreDeleter>;
using Error = std::unique_ptr<ld_dynamo_error, ErrorDeleter>;
using String = std::unique_ptr<char, StringDeleter>;

struct Answer {
    ld_dynamo_status status = LD_DYNAMO_OK;
    String result;
    Error error;
};

// Reads a line holding one number; nothing at the end of the input.
std::optional<long> read_number() {
    std::string line;
    if (!std::getline(std::cin, line)) {
        return std::nullopt;
    }
    return std::stol(line);
}

Field read_field() {
    const std::optional<long> length = read_number();
    if (!length) {
        throw std::runtime_error("the input ended inside a frame");
    }
    if (*length == -1) {
        return std::nullopt;
    }
    std::string field(static_cast<std::size_t>(*length), '\0');
    if (!std::cin.read(field.data(), *length) || std::cin.get() != '\n') {
        throw std::runtime_error("the input ended inside a field");
    }
    return field;
}

void write_field(const Field &field) {
    if (field) {
        std::cout << field->size() << '\n' << *field << '\n';
    } else {
        std::cout << "-1\n";
    }
}

// NULL in C is nothing here.
Field text_or_nothing(const char *text) {
    return text == nullptr ? Field() : Field(text);
}

void write_answer(const Answer &answer) {
    std::cout << "5\n";
    write_field(std::to_string(answer.status));
    write_field(text_or_nothing(answer.result.get()));
    if (answer.error) {
        write_field(text_or_nothing(ld_dynamo_error_message(answer.error.get())));
        write_field(text_or_nothing(ld_dynamo_error_service_code(answer.error.get())));
        write_field(ld_dynamo_error_is_retriable(answer.error.get()) != 0 ? "1" : "0");
    } else {
        write_field(std::nullopt);
        write_field(std::nullopt);
        write_field(std::nullopt);
    }
    std::cout.flush();
}

class Driver {
public:
    Answer serve(const std::vector<Field> &request) {
        const std::string &call = request.at(0).value();
        const std::string &name = request.at(1).value();
        const auto argument = [&request](std::size_t position) -> const char * {
            const std::size_t index = position + 1;
            return index < request.size() && request[index] ? request[index]->c_str() : nullptr;
        };
        if (call == "new") {
            stores_.erase(name);
            ld_dynamo_store *made = nullptr;
            Answer answer = run([&](char **, ld_dynamo_error **error) { return ld_dynamo_store_new(argument(1), &made, error); });
            if (made != nullptr) {
                stores_[name] = Store(made);
            }
            return answer;
        }
        if (call == "free") {
            stores_.erase(name);
            return Answer{};
        }
        const auto found = stores_.find(name);
        if (found == stores_.end()) {
            throw std::runtime_error("there is no store named " + name);
        }
        const ld_dynamo_store *store = found->second.get();
        return run([&](char **result, ld_dynamo_error **error) -> ld_dynamo_status {
            if (call == "get") return ld_dynamo_store_get(store, argument(1), argument(2), result, error);
            if (call == "all") return ld_dynamo_store_all(store, argument(1), result, error);
            if (call == "init") return ld_dynamo_store_init(store, argument(1), error);
            if (call == "upsert") return ld_dynamo_store_upsert(store, argument(1), argument(2), argument(3), result, error);
            if (call == "initialized") return ld_dynamo_store_initialized(store, error);
            if (call == "available") return ld_dynamo_store_available(store, error);
            if (call == "big_segments_metadata") return ld_dynamo_store_big_segments_metadata(store, result, error);
            if (call == "big_segments_cursor") return ld_dynamo_store_big_segments_cursor(store, result, error);
            if (call == "big_segments_membership") return ld_dynamo_store_big_segments_membership(store, argument(1), result, error);
            if (call == "big_segments_apply_patch") return ld_dynamo_store_big_segments_apply_patch(store, argument(1), error);
            if (call == "big_segments_set_synchronized") {
                return ld_dynamo_store_big_segments_set_synchronized(store, std::stoll(argument(1)), error);
            }
            if (call == "context_hash") return ld_dynamo_context_hash(argument(1), result, error);
            if (call == "stats") return ld_dynamo_store_stats(store, result, error);
            if (call == "set_credentials") return ld_dynamo_store_set_credentials(store, argument(1), error);
            throw std::runtime_error("an unknown call: " + call);
        });
    }

private:
    // Makes a call and takes ownership of what it returns.
    static Answer run(const std::function<ld_dynamo_status(char **, ld_dynamo_error **)> &call) {
        char *result = nullptr;
        ld_dynamo_error *error = nullptr;
        const ld_dynamo_status status = call(&result, &error);
        return Answer{status, String(result), Error(error)};
    }

    std::map<std::string, Store> stores_;
};

}  // namespace

int main() {
    std::ios::sync_with_stdio(false);
    try {
        Driver driver;
        while (const std::optional<long> count = read_number()) {
            std::vector<Field> request;
            for (long index = 0; index < *count; index++) {
                request.push_back(read_field());
            }
            write_answer(driver.serve(request));
        }
    } catch (const std::exception &exception) {
        // A broken protocol is the runner's mistake: stop, so that no case passes by accident.
        std::cerr << "case_driver: " << exception.what() << '\n';
        return 2;
    }
    return 0;
}
