// Drives ld_dynamo_store.hpp for the shared cases in tests/cases. Calls are made in their throwing form, whose exceptions carry what try_ returns.
//
// Reads requests from stdin until it ends and answers each on stdout. A frame is a line with the number of fields, then the fields; a field is a
// line with its length in bytes, then the bytes and a newline; NULL is the line "-1".
//
//   request  call, store name, arguments…
//   answer   status, result or NULL, error message or NULL, service code or NULL, retriable "1" or "0" or NULL

#include <ld_dynamo_store.hpp>

#include <chrono>
#include <iostream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using Field = std::optional<std::string>;

struct Answer {
    ld_dynamo_status status = LD_DYNAMO_OK;
    Field result;
    std::optional<ld_dynamo::Error> error;
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

void write_answer(const Answer &answer) {
    std::cout << "5\n";
    write_field(std::to_string(answer.status));
    write_field(answer.result);
    write_field(answer.error ? Field(answer.error->what()) : std::nullopt);
    write_field(answer.error ? answer.error->service_code() : std::nullopt);
    write_field(answer.error ? Field(answer.error->is_retriable() ? "1" : "0") : std::nullopt);
    std::cout.flush();
}

Answer found(Field result) {
    return Answer{result ? LD_DYNAMO_OK : LD_DYNAMO_NOT_FOUND, std::move(result), std::nullopt};
}

class Driver {
public:
    Answer serve(const std::vector<Field> &request) {
        try {
            return call(request);
        } catch (const ld_dynamo::Error &error) {
            return Answer{error.status(), std::nullopt, error};
        }
    }

private:
    Answer call(const std::vector<Field> &request) {
        const std::string &call = request.at(0).value();
        const std::string &name = request.at(1).value();
        const auto argument = [&request](std::size_t position) -> const std::string & { return request.at(position + 1).value(); };
        if (call == "new") {
            stores_.erase(name);
            stores_.emplace(name, ld_dynamo::Store(argument(1)));
            return Answer{};
        }
        if (call == "free") {
            stores_.erase(name);
            return Answer{};
        }
        const auto position = stores_.find(name);
        if (position == stores_.end()) {
            throw std::runtime_error("there is no store named " + name);
        }
        const ld_dynamo::Store &store = position->second;
        if (call == "get") return found(store.get(argument(1), argument(2)));
        if (call == "all") return found(store.all(argument(1)));
        if (call == "initialized") return Answer{store.initialized() ? LD_DYNAMO_OK : LD_DYNAMO_NOT_FOUND, std::nullopt, std::nullopt};
        if (call == "big_segments_metadata") return found(store.big_segments_metadata());
        if (call == "big_segments_cursor") return found(store.big_segments_cursor());
        if (call == "big_segments_membership") return found(store.big_segments_membership(argument(1)));
        if (call == "context_hash") return found(ld_dynamo::context_hash(argument(1)));
        if (call == "stats") return found(store.stats());
        if (call == "upsert") {
            ld_dynamo::Upsert upsert = store.upsert(argument(1), argument(2), argument(3));
            return Answer{static_cast<ld_dynamo_status>(upsert.outcome), std::move(upsert.winner), std::nullopt};
        }
        if (call == "big_segments_apply_patch") {
            return Answer{static_cast<ld_dynamo_status>(store.big_segments_apply_patch(argument(1))), std::nullopt, std::nullopt};
        }
        if (call == "init") {
            store.init(argument(1));
        } else if (call == "available") {
            store.available();
        } else if (call == "big_segments_set_synchronized") {
            store.big_segments_set_synchronized(std::chrono::milliseconds(std::stoll(argument(1))));
        } else if (call == "set_credentials") {
            store.set_credentials(argument(1));
        } else {
            throw std::runtime_error("an unknown call: " + call);
        }
        return Answer{};
    }

    std::map<std::string, ld_dynamo::Store> stores_;
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
