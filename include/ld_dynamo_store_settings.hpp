// JSON objects for ld_dynamo_store.hpp, put together without a JSON library. Include that header.

#ifndef LD_DYNAMO_STORE_SETTINGS_HPP
#define LD_DYNAMO_STORE_SETTINGS_HPP

#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ld_dynamo {

namespace detail {

// A text as JSON has it.
inline std::string quoted(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string quoted = "\"";
    for (const char letter : text) {
        const auto number = static_cast<unsigned char>(letter);
        if (number < 0x20) {
            quoted += "\\u00";
            quoted += digits[number / 16];
            quoted += digits[number % 16];
            continue;
        }
        if (letter == '"' || letter == '\\') {
            quoted += '\\';
        }
        quoted += letter;
    }
    return quoted + "\"";
}

}  // namespace detail

// A JSON object that is put together from texts, numbers and truth values: a configuration, or credentials.
class Settings {
public:
    // Sets a member, or replaces it: text in UTF-8, an integer, a bool, or another object. A pointer to text that is NULL, as
    // std::getenv returns, sets nothing.
    template <typename Value>
    Settings &set(std::string_view name, const Value &value) & {
        if constexpr (std::is_same_v<Value, Settings>) {
            members_[std::string(name)] = value.json();
        } else if constexpr (std::is_same_v<Value, bool>) {
            members_[std::string(name)] = value ? "true" : "false";
        } else if constexpr (std::is_integral_v<Value>) {
            members_[std::string(name)] = std::to_string(value);
        } else if constexpr (std::is_pointer_v<Value>) {
            static_assert(std::is_convertible_v<Value, const char *>, "of pointers, only those to text are taken");
            if (value != nullptr) {
                members_[std::string(name)] = detail::quoted(value);
            }
        } else {
            static_assert(!std::is_null_pointer_v<Value>, "nullptr is no text");
            static_assert(std::is_convertible_v<const Value &, std::string_view>, "a member is a text, an integer, a bool or a Settings");
            members_[std::string(name)] = detail::quoted(value);
        }
        return *this;
    }
    template <typename Value>
    Settings &&set(std::string_view name, const Value &value) && {
        return std::move(set(name, value));
    }

    // Sets all members of another.
    Settings &set(const Settings &others) & {
        for (const auto &[name, value] : others.members_) {
            members_[name] = value;
        }
        return *this;
    }

    std::string json() const {
        std::string object = "{";
        for (const auto &[name, value] : members_) {
            object += (object.size() > 1 ? "," : "") + detail::quoted(name) + ":" + value;
        }
        return object + "}";
    }

private:
    std::map<std::string, std::string> members_{};
};

}  // namespace ld_dynamo

#endif  // LD_DYNAMO_STORE_SETTINGS_HPP
