// How ld_dynamo_store.hpp makes the calls of ld_dynamo_store.h: texts that go in, results that come out, what is freed. Include that header.

#ifndef LD_DYNAMO_STORE_CALL_HPP
#define LD_DYNAMO_STORE_CALL_HPP

#include "ld_dynamo_store.h"
#include "ld_dynamo_store_error.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ld_dynamo::detail {

struct Free {
    void operator()(ld_dynamo_store *store) const noexcept { ld_dynamo_store_free(store); }
    void operator()(ld_dynamo_error *error) const noexcept { ld_dynamo_error_free(error); }
    void operator()(char *text) const noexcept { ld_dynamo_string_free(text); }
};

// A copy of a text that ends in a NUL, on the stack where it is as short as most keys are.
class Argument {
public:
    // `refusal`: the status of a text that has a NUL inside.
    Argument(const char *name, std::string_view text, ld_dynamo_status refusal) : name_(name), refusal_(refusal), nul_(text.find('\0')) {
        if (text.size() < sizeof short_) {
            text.copy(short_, text.size());
            short_[text.size()] = '\0';
        } else {
            long_ = text;
        }
    }
    Argument(const Argument &) = delete;
    Argument &operator=(const Argument &) = delete;

    const char *c_str() const noexcept { return long_.empty() ? short_ : long_.c_str(); }

    std::optional<Error> refused() const {
        if (nul_ == std::string_view::npos) {
            return std::nullopt;
        }
        return Error(std::string(name_) + " has a NUL character at byte " + std::to_string(nul_), refusal_);
    }

private:
    const char *name_;
    ld_dynamo_status refusal_;
    std::size_t nul_;
    char short_[128];
    std::string long_{};
};

struct Answer {
    ld_dynamo_status status;
    std::optional<std::string> text;
};

// Makes a call, `function(&result, &error)`, unless one of its arguments is refused, and takes what it returns.
template <typename Function, typename... Arguments>
Result<Answer> call(Function &&function, const Arguments &...arguments) {
    std::optional<Error> refusal;
    static_cast<void>(((refusal = arguments.refused()) || ...));
    if (refusal) {
        return *std::move(refusal);
    }
    char *result = nullptr;
    ld_dynamo_error *reason = nullptr;
    const ld_dynamo_status status = function(&result, &reason);
    const std::unique_ptr<char, Free> text(result);
    const std::unique_ptr<ld_dynamo_error, Free> error(reason);
    if (status < 0) {
        const char *code = ld_dynamo_error_service_code(error.get());
        return Error(ld_dynamo_error_message(error.get()), status, ld_dynamo_error_is_retriable(error.get()) != 0,
                     code == nullptr ? std::nullopt : std::optional<std::string>(code));
    }
    return Answer{status, text ? std::optional<std::string>(text.get()) : std::nullopt};
}

// The value that `value` makes of a call's answer.
template <typename Value, typename Make>
Result<Value> then(Result<Answer> answer, Make &&make) {
    if (!answer.ok()) {
        return answer.error();
    }
    return Value(make(std::move(answer).value()));
}

inline Result<void> done(const Result<Answer> &answer) {
    return answer.ok() ? Result<void>() : Result<void>(answer.error());
}

inline std::string text(Answer answer) {
    return std::move(answer.text).value_or(std::string());
}

inline std::optional<std::string> text_or_nothing(Answer answer) {
    return std::move(answer.text);
}

}  // namespace ld_dynamo::detail

#endif  // LD_DYNAMO_STORE_CALL_HPP
