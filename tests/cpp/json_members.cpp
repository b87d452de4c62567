// Takes JSON objects apart with ld_dynamo_store.hpp: callables of all kinds, what they throw, and what is refused.
//
//   json_members ENDPOINT TABLE     the table exists and is empty
#include "checks.hpp"

#include <ld_dynamo_store.hpp>

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

namespace {

using namespace std::string_view_literals;
using ld_dynamo::json_members;
using ld_dynamo::try_json_members;

struct Ignore {
    void operator()(std::string_view, std::string_view) const {}
};

static_assert(noexcept(try_json_members("", 0, Ignore())));

std::string seen_by_function;

void function(std::string_view name, std::string_view value_json) {
    seen_by_function += std::string(name) + "=" + std::string(value_json) + ";";
}

std::string read(std::string_view object_json, std::uint32_t most_levels = 128) {
    std::string all;
    json_members(object_json, most_levels, [&all](std::string_view name, std::string_view value_json) {
        all += std::string(name) + "=" + std::string(value_json) + ";";
    });
    return all;
}

void members() {
    CHECK(read("{}").empty());
    CHECK(read(R"( {"a" : 1 ,"b":[1,{"c":"}]\""}] , "a":null} )") == R"(a=1;b=[1,{"c":"}]\""}];a=null;)");
    CHECK(read(R"({"x\u0000\u00e9":"y"})") == std::string("x\0\xc3\xa9=\"y\";"sv));
    // A text without a NUL at its end.
    const std::vector<char> exact = {'{', '"', 'a', '"', ':', '1', '}'};
    CHECK(read(std::string_view(exact.data(), exact.size())) == "a=1;");
    CHECK(read(R"({"a":"\ud800"})", 0) == R"(a="\ud800";)");
}

void callables() {
    json_members(R"({"a":1})", 1, function);
    json_members(R"({"b":2})", 1, &function);
    json_members(R"({"c":3})", 1, std::function<void(std::string_view, std::string_view)>(function));
    const Ignore ignore;
    json_members(R"({"d":4})", 1, ignore);
    CHECK(seen_by_function == "a=1;b=2;c=3;");
    int calls = 0;
    auto counting = [&calls, own = 0](std::string_view, std::string_view) mutable { return calls = ++own; };
    CHECK(try_json_members(R"({"a":1,"b":2})", 1, counting).ok() && calls == 2);
}

void refusals() {
    int calls = 0;
    const auto count = [&calls](std::string_view, std::string_view) { calls++; };
    THROWS(ld_dynamo::InvalidJsonError, "expected an object", json_members("[]", 0, count));
    THROWS(ld_dynamo::InvalidJsonError, "object_json has a NUL character at byte 2", json_members("{}\0"sv, 0, count));
    THROWS(ld_dynamo::InvalidUtf8Error, "object_json", json_members("{\"a\":\"\xff\"}", 0, count));
    THROWS(ld_dynamo::InvalidJsonError, "\"b\" has half of a surrogate pair", json_members(R"({"a":1,"b":"\ud800"})", 1, count));
    const auto refused = try_json_members(R"({"a":1,"b":[[]]})", 2, count);
    CHECK(!refused.ok() && refused.error().status() == LD_DYNAMO_INVALID_JSON);
    CHECK(calls == 0);
}

void what_a_callable_throws() {
    int calls = 0;
    const auto throws = [&calls](std::string_view name, std::string_view) {
        calls++;
        if (name == "b") {
            throw std::out_of_range("at b");
        }
    };
    THROWS(std::out_of_range, "at b", json_members(R"({"a":1,"b":2,"c":3})", 1, throws));
    CHECK(calls == 2);
    // Nothing is left behind.
    CHECK(read(R"({"a":1})") == "a=1;");
}

void what_a_store_returns(const std::string &endpoint, const std::string &table) {
    const ld_dynamo::Store store(checks::configuration(endpoint, table, "members"));
    store.init(R"({"features": {"b\"é": {"version": 2}, "a": {"version": 1, "x": 1e999}}})");
    CHECK(read(store.all("features"), 0) == R"(a={"version": 1, "x": 1e999};b"é={"version": 2};)");
    CHECK(read(store.all("segments")).empty());
    std::string names;
    json_members(store.stats(), 2, [&names](std::string_view name, std::string_view) { names += std::string(name) + ";"; });
    CHECK(names.find("requests;") != std::string::npos && names.find("last_init;") != std::string::npos);
}

}  // namespace

int main(int count, char **arguments) {
    if (count != 3) {
        return 2;
    }
    try {
        members();
        callables();
        refusals();
        what_a_callable_throws();
        what_a_store_returns(arguments[1], arguments[2]);
    } catch (const std::exception &exception) {
        CHECK(false);
        std::printf("thrown: %s\n", exception.what());
    }
    return checks::summary();
}
