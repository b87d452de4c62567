// The part of tl::expected that LaunchDarkly's interfaces and their users need.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

namespace tl {

template <typename Problem>
class unexpected {
public:
    explicit unexpected(Problem problem) : problem_(std::move(problem)) {}
    Problem &value() & { return problem_; }
    const Problem &value() const & { return problem_; }
    Problem &&value() && { return std::move(problem_); }

private:
    Problem problem_;
};

template <typename Problem>
unexpected<std::decay_t<Problem>> make_unexpected(Problem &&problem) {
    return unexpected<std::decay_t<Problem>>(std::forward<Problem>(problem));
}

template <typename Value, typename Problem>
class expected {
public:
    using value_type = Value;
    using error_type = Problem;

    template <typename Other, typename = std::enable_if_t<std::is_convertible_v<Other &&, Value> && !std::is_same_v<std::decay_t<Other>, expected>>>
    expected(Other &&value) : content_(std::in_place_index<0>, std::forward<Other>(value)) {}
    template <typename Other>
    expected(unexpected<Other> problem) : content_(std::in_place_index<1>, std::move(problem).value()) {}

    bool has_value() const noexcept { return content_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }
    Value &operator*() & { return std::get<0>(content_); }
    const Value &operator*() const & { return std::get<0>(content_); }
    Value &&operator*() && { return std::get<0>(std::move(content_)); }
    Value *operator->() { return &std::get<0>(content_); }
    const Value *operator->() const { return &std::get<0>(content_); }
    Problem &error() & { return std::get<1>(content_); }
    const Problem &error() const & { return std::get<1>(content_); }

private:
    std::variant<Value, Problem> content_;
};

}  // namespace tl
