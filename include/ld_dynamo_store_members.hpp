// The members of the JSON objects that the library returns, for ld_dynamo_store_launchdarkly.hpp. No JSON parser: it finds where each member's
// value ends, and reads no further. The library returns nothing but valid JSON; what is broken all the same ends the reading.

#ifndef LD_DYNAMO_STORE_MEMBERS_HPP
#define LD_DYNAMO_STORE_MEMBERS_HPP

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ld_dynamo::detail {

class Members {
public:
    // The text must outlive this.
    explicit Members(std::string_view object) : text_(object) {
        skip_space();
        is_broken_ = !take('{');
    }

    // Goes on to the next member; false at the end, and where the text is broken.
    bool next() {
        skip_space();
        if (is_broken_ || take('}')) {
            return false;
        }
        if (is_begun_ && !take(',')) {
            return broken();
        }
        is_begun_ = true;
        skip_space();
        name_.clear();
        if (!take_string(&name_)) {
            return broken();
        }
        skip_space();
        if (!take(':')) {
            return broken();
        }
        skip_space();
        const std::size_t begin = at_;
        if (!take_value()) {
            return broken();
        }
        value_ = text_.substr(begin, at_ - begin);
        return true;
    }

    // The member's name, without escapes.
    const std::string &name() const { return name_; }

    // The member's value, as it stands in the text.
    std::string_view value() const { return value_; }

    // The member's value where it is an integer that fits.
    template <typename Integer>
    std::optional<Integer> number() const {
        Integer number = 0;
        const char *end = value_.data() + value_.size();
        const auto [stop, problem] = std::from_chars(value_.data(), end, number);
        return problem == std::errc() && stop == end ? std::optional<Integer>(number) : std::nullopt;
    }

    // Whether the reading ended because something is no JSON.
    bool is_broken() const { return is_broken_; }

    // Whether half of a surrogate pair (\ud800) stands anywhere, which JSON allows and many parsers do not take.
    bool has_half_pair() const { return has_half_pair_; }

    // Whether a number has an exponent of more than 9 digits, which JSON allows and many parsers do not take.
    bool has_huge_exponent() const { return has_huge_exponent_; }

    // How many levels of objects and arrays there are, this object included.
    std::size_t deepest() const { return deepest_; }

private:
    bool broken() {
        is_broken_ = true;
        return false;
    }

    void skip_space() {
        while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos) {
            at_++;
        }
    }

    bool take(char wanted) {
        const bool is_there = at_ < text_.size() && text_[at_] == wanted;
        at_ += is_there ? 1 : 0;
        return is_there;
    }

    // A text; what it means without its escapes goes to `plain`, which may be NULL.
    bool take_string(std::string *plain) {
        if (!take('"')) {
            return false;
        }
        while (at_ < text_.size()) {
            const std::size_t end = std::min(text_.find_first_of("\"\\", at_), text_.size());
            if (plain != nullptr) {
                plain->append(text_, at_, end - at_);
            }
            at_ = end;
            if (take('"')) {
                return true;
            }
            if (!take('\\') || !take_escape(plain)) {
                return false;
            }
        }
        return false;
    }

    // What follows a backslash.
    bool take_escape(std::string *plain) {
        constexpr std::string_view letters = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        if (take('u')) {
            const std::optional<std::uint32_t> unit = take_four_digits();
            if (unit && plain != nullptr) {
                append(*plain, whole_character(*unit));
            } else if (unit) {
                whole_character(*unit);
            }
            return unit.has_value();
        }
        const std::size_t which = at_ < text_.size() ? letters.find(text_[at_]) : std::string_view::npos;
        if (which == std::string_view::npos) {
            return false;
        }
        at_++;
        if (plain != nullptr) {
            plain->push_back(meanings[which]);
        }
        return true;
    }

    // The character of which this unit of UTF-16 is the first or all.
    std::uint32_t whole_character(std::uint32_t unit) {
        if (unit < 0xd800 || unit >= 0xe000) {
            return unit;
        }
        const std::size_t behind = at_;
        if (unit < 0xdc00 && take('\\') && take('u')) {
            const std::optional<std::uint32_t> second = take_four_digits();
            if (second && *second >= 0xdc00 && *second < 0xe000) {
                return 0x10000 + ((unit - 0xd800) << 10) + (*second - 0xdc00);
            }
        }
        at_ = behind;
        has_half_pair_ = true;
        return 0xfffd;
    }

    std::optional<std::uint32_t> take_four_digits() {
        const std::string_view digits = text_.substr(at_, 4);
        std::uint32_t number = 0;
        const auto [stop, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
        if (digits.size() < 4 || problem != std::errc() || stop != digits.data() + 4) {
            return std::nullopt;
        }
        at_ += 4;
        return number;
    }

    static void append(std::string &text, std::uint32_t character) {
        const auto following = [&text, character](int shift) { text.push_back(static_cast<char>(0x80 | (character >> shift & 0x3f))); };
        if (character < 0x80) {
            text.push_back(static_cast<char>(character));
        } else if (character < 0x800) {
            text.push_back(static_cast<char>(0xc0 | character >> 6));
            following(0);
        } else if (character < 0x10000) {
            text.push_back(static_cast<char>(0xe0 | character >> 12));
            following(6);
            following(0);
        } else {
            text.push_back(static_cast<char>(0xf0 | character >> 18));
            following(12);
            following(6);
            following(0);
        }
    }

    // A value of any kind, to its end.
    bool take_value() {
        std::size_t level = 1;
        do {
            const char first = at_ < text_.size() ? text_[at_] : '\0';
            if (first == '"') {
                if (!take_string(nullptr)) {
                    return false;
                }
            } else if (first == '{' || first == '[') {
                at_++;
                deepest_ = std::max(deepest_, ++level);
            } else if (level > 1 && (first == '}' || first == ']')) {
                at_++;
                level--;
            } else {
                // Outside of texts it does not matter what stands between brackets.
                const std::size_t end = text_.find_first_of(level > 1 ? "\"{}[]" : ",]} \t\n\r", at_ + (level > 1 ? 1 : 0));
                if (end == std::string_view::npos || end == at_) {
                    return false;
                }
                note_exponents(text_.substr(at_, end - at_));
                at_ = end;
            }
        } while (level > 1);
        return true;
    }

    // Looks at what stands outside of texts: numbers, words and commas.
    void note_exponents(std::string_view numbers) {
        constexpr std::size_t most_digits = 9;
        for (std::size_t sign = numbers.find_first_of("eE"); sign != std::string_view::npos; sign = numbers.find_first_of("eE", sign + 1)) {
            const std::size_t begin = std::min(numbers.find_first_not_of("+-", sign + 1), numbers.size());
            const std::size_t end = std::min(numbers.find_first_not_of("0123456789", begin), numbers.size());
            has_huge_exponent_ = has_huge_exponent_ || end - begin > most_digits;
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string name_{};
    std::string_view value_{};
    std::size_t deepest_ = 1;
    bool is_begun_ = false;
    bool is_broken_ = false;
    bool has_half_pair_ = false;
    bool has_huge_exponent_ = false;
};

}  // namespace ld_dynamo::detail

#endif  // LD_DYNAMO_STORE_MEMBERS_HPP
