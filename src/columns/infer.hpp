// The narrowest type of a column, from every value. Enters: fields as text, with their lines. Leaves: a Field whose
// type holds each of them exactly, and the line that decided it. Invariant: neither the order of the values nor the
// way they were split and merged changes the type.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "columns/ordered_date.hpp"
#include "columns/swar.hpp"
#include "flatbed/schema.hpp"

namespace flatbed {

/// What a value was and where: the proof of a type.
struct Witness {
  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
  static constexpr uint64_t kEver = kNever - 1;  // the last line there can be
  uint64_t line = kNever;
  std::string text{};
};

/// The lines at which a running maximum rises, so that "the maximum up to line n" stays known after a merge.
class Climb {
 public:
  struct Step {
    int level = -1;
    Witness at{};
  };
  /// Returns the maximum over all values; -1 when there was none.
  int top() const noexcept { return steps_.empty() ? -1 : steps_.back().level; }
  /// Returns the maximum over the values of lines up to `line`; -1 when there was none.
  int up_to(uint64_t line) const noexcept;
  /// Adds a value; tells whether the maximum rose. REQUIRES, for up_to(): lines ascend.
  bool add(int level, uint64_t line, std::string_view text);
  void merge(const Climb& other);
  const std::vector<Step>& steps() const noexcept { return steps_; }

 private:
  void insert(Step step);
  std::vector<Step> steps_{};  // both level and line strictly ascend
};

/// Finds the type of one column. THREADS: one owner at a time; parts of a file are inferred apart and merged.
/// Lines of one object are given in ascending order; only `decided_by` depends on that.
class ColumnInference {
 public:
  /// What to make of dates whose order of day and month is not in their form.
  struct Dates {
    bool text = false;                   ///< they are text
    DateOrder order = DateOrder::kNone;  ///< kDayFirst, kMonthFirst: the user's choice; else it is to be proved
  };
  ColumnInference() = default;
  explicit ColumnInference(Dates dates) : dates_(dates) {}
  /// Adds a value: unescaped, and not NULL.
  void add(std::string_view field, uint64_t line) {
    if (is_text_) return;
    if (covers(field)) return;
    classify(field, line);
  }
  /// Tells whether `field` is a value like those before it that adds nothing to what was seen.
  bool covers(std::string_view field) const noexcept {
    switch (usual_) {
      case Usual::kNumber:
        return covers_number(field);
      case Usual::kDate:
        return field.size() == 10 && is_plain_date(field.data());
      case Usual::kTime:
        return is_plain_time(field);
      default:
        return false;
    }
  }
  /// Values that add nothing, as the loops over typed columns find them: those of `type` from `low` to `high` whose
  /// text has no needless zero before it. Where `unsigned_only`, no text with a sign is one.
  struct Covered {
    Type type{};  // kInt64, kDecimal64, kDate; kString: there are none
    int64_t low = 0, high = 0;
    bool unsigned_only = false;
  };
  Covered covered() const;
  /// Counts the changes of what is covered.
  unsigned changes() const noexcept { return changes_; }
  /// Tells whether nothing but a NULL can change the type any more.
  bool is_text() const noexcept { return is_text_; }
  /// Adds a value that is a text also where it looks like a number or a bool.
  void add_text(std::string_view text, uint64_t line) {
    if (is_text_) return;
    if (usual_ != Usual::kNumber && covers(text)) return;
    classify_text(text, line);
  }
  /// Adds a field that means NULL.
  void add_null(std::string_view text, uint64_t line) {
    if (nulls_.empty() || nulls_.back().text != text) add_null_text(text, line);
  }
  /// Adds what another object saw. Any order and any grouping gives the same type and the same decided_by.
  void merge(const ColumnInference& later);
  /// Returns the narrowest type, Nullable only where a NULL was seen, with decided_by `line 12 "1.5"`.
  Field field(std::string name) const;
  /// Tells how the column's dates are written. A column that is kUnsure has the type String.
  DateOrder date_order() const noexcept;
  /// Returns a value that is a date in both orders.
  const Witness& unsure_date() const noexcept { return first_[kEitherOrder]; }

 private:
  // What a value can be. Each remembers the first line where it was.
  enum Trait : uint8_t {
    kNull,
    kBool,
    kInteger,
    kDecimal,
    kFloat,
    kNotFloat,  // a number that Float64 would change
    kDate,
    kDate32,         // a date outside of Date
    kLocalTime,      // date and time without a zone
    kZonedTime,      // date and time with a zone
    kWideTime,       // a time outside of DateTime
    kWidestTime,     // a time outside of DateTime64(9)
    kDayFirst,       // 26/04/2026
    kMonthFirst,     // 04/26/2026
    kEitherOrder,    // 03/04/2026
    kSameOrder,      // 04/04/2026
    kOrderedDate32,  // one of these outside of Date
    kOrderedTime,    // one of these with a time of day
    kUuid,
    kIpv4,
    kIpv6,
    kText,
    kTraits
  };

  // What most values of the column are like, so that a value is first tried as that.
  enum class Usual : uint8_t { kOther, kNumber, kDate, kTime };

  // Numbers of up to 16 digits: the digits before a point and those after it are counted, and only those of integers
  // that may be too large are read.
  bool covers_number(std::string_view field) const noexcept {
    const bool negative = field.starts_with('-');
    const char* const begin = field.data() + negative;
    const size_t length = field.size() - negative;
    if (length - 1 >= 2 * sizeof(uint64_t)) return false;
    const size_t before = length > 8 ? length - 8 : 0;  // bytes of it that stand before the last 8
    uint64_t high = before != 0 ? last_digits(begin, before) : 0, low = last_digits(begin + before, length - before);
    const uint64_t low_point = bytes_with_point(low), point = low_point | bytes_with_point(high);
    size_t places = 0;
    if (point != 0) {
      uint64_t& word = low_point != 0 ? low : high;
      const size_t at = 8 * (static_cast<size_t>(std::countl_zero(low_point != 0 ? low_point : point)) / 8);
      word &= ~(uint64_t{0xFF} << (56 - at));
      places = at / 8 + (low_point != 0 ? 0 : 8);
    }
    const size_t whole = length - places - (point != 0);
    if (!are_digits(low) || !are_digits(high) || (*begin == '0' && whole > 1)) return false;
    if (point != 0) return places - 1 < covered_scale_ && whole - 1 < covered_digits_;
    if (whole <= (negative ? low_digits_ : high_digits_)) return true;
    return covers_integer({begin, length}, negative ? low_ : high_);
  }
  static bool covers_integer(std::string_view digits, int64_t most) noexcept {
    int64_t value = 0;
    for (const char c : digits) value = value * 10 + (c - '0');
    return value <= most;
  }
  // 1 to 8 bytes as the digits at the end of a word, after zeros.
  static uint64_t last_digits(const char* begin, size_t length) noexcept {
    const size_t before = 64 - 8 * length;
    uint64_t word = 0;
    if (length >= 4) {
      uint32_t first = 0, last = 0;
      std::memcpy(&first, begin, 4);
      std::memcpy(&last, begin + length - 4, 4);
      word = uint64_t{last} << 32 | uint64_t{first} << before;
    } else {
      const auto byte = [begin](size_t at) { return uint64_t{static_cast<unsigned char>(begin[at])}; };
      word = byte(length - 1) << 56 | byte(length / 2) << (before + 8 * (length / 2)) | byte(0) << before;
    }
    return digits_of(word) >> before << before;
  }
  // Marks the bytes of digits that are a point, in their highest bits; exact from the highest one down.
  static uint64_t bytes_with_point(uint64_t digits) noexcept {
    constexpr uint64_t kLow = 0x7F7F7F7F7F7F7F7F;
    const uint64_t other = digits ^ 0x1E1E1E1E1E1E1E1E;  // '.' less '0', bit by bit
    return ~(((other & kLow) + kLow) | other | kLow);
  }

  static constexpr int32_t kLastPlainDate = 47481;  // 2099-12-31
  // A date from 1970 to 2099.
  static bool is_plain_date(const char* at) noexcept {
    int32_t day = 0;
    return read_date(at, day) && day >= 0 && day <= kLastPlainDate;
  }
  bool is_plain_time(std::string_view field) const noexcept {
    const bool zoned = field.size() == 20 && field.back() == 'Z';
    if (!zoned && field.size() != 19) return false;
    return seen(zoned ? kZonedTime : kLocalTime, Witness::kEver) && is_plain_date(field.data()) &&
           is_plain_clock(field.data() + 10);
  }
  static bool is_plain_clock(const char* at) noexcept {
    int32_t seconds = 0;
    return (at[0] == ' ' || at[0] == 'T') && read_clock(at + 1, seconds);
  }

  void see(Trait trait, uint64_t line, std::string_view text);
  bool seen(Trait trait, uint64_t line) const noexcept { return first_[trait].line <= line; }
  void classify(std::string_view field, uint64_t line);
  void classify_text(std::string_view text, uint64_t line);
  static Trait trait_of(std::string_view field, bool numeric);
  bool add_number(std::string_view field, uint64_t line);
  bool add_integer(std::string_view field, std::string_view digits, uint64_t line);
  bool add_time(std::string_view field, uint64_t line);
  bool add_ordered_date(std::string_view field, uint64_t line);
  void add_null_text(std::string_view text, uint64_t line);
  void add_date(std::string_view field, int64_t day, uint64_t line);
  void refresh();
  void refresh_limits();
  Type type_up_to(uint64_t line) const;
  Type number_up_to(uint64_t line) const;
  Type time_up_to(uint64_t line) const;
  Type ordered_date_up_to(uint64_t line) const;
  Type instant_up_to(uint64_t line, bool zoned) const;
  bool day_first(uint64_t line) const noexcept;
  bool month_first(uint64_t line) const noexcept;
  std::vector<const Witness*> witnesses() const;
  std::string decider(const Type& type) const;
  std::vector<Evidence::Step> steps() const;

  Dates dates_{};
  std::array<Witness, kTraits> first_{};
  std::vector<Witness> nulls_{};  // the first lines of up to kMostNulls texts that mean NULL; the last one seen is last
  Climb positive_{};              // widths of integers from 0: 2k fits Int and UInt of width k, 2k+1 UInt only
  Climb negative_{};              // widths of integers below 0
  Climb integer_digits_{};        // digits before the point, of integers and decimals
  Climb scale_{};                 // digits after the point
  Climb fraction_{};              // digits of a second's fraction, as 0, 3, 6 or 9
  Usual usual_ = Usual::kOther;
  int64_t high_ = -1;          // integers 0 to high_ add nothing new
  int64_t low_ = -1;           // nor do -1 to -low_
  size_t high_digits_ = 0;     // all integers of so many digits are among the first
  size_t low_digits_ = 0;      // and negative ones among the second
  size_t covered_digits_ = 0;  // nor do decimals of so many digits before the point
  size_t covered_scale_ = 0;   // and so many after it; 0 when there is no decimal
  bool is_text_ = false;       // nothing can change the type any more
  bool fresh_ = false;         // the value at hand added something
  unsigned changes_ = 0;
};

}  // namespace flatbed
