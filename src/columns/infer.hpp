// The narrowest type of a column, from every value. Enters: fields as text, with their lines. Leaves: a Field whose
// type holds each of them exactly, and the line that decided it. Invariant: neither the order of the values nor the
// way they were split and merged changes the type.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "columns/ordered_date.hpp"
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

  // Tells whether `field` is a value like those before it that adds nothing to what was seen.
  bool covers(std::string_view field) const noexcept {
    switch (usual_) {
      case Usual::kNumber:
        return covers_number(field);
      case Usual::kDate:
        return field.size() == 10 && is_plain_date(field.data());
      case Usual::kTime:
        return field.size() == 19 && is_plain_date(field.data()) && is_plain_clock(field.data() + 10);
      default:
        return false;
    }
  }

  bool covers_number(std::string_view field) const noexcept {
    const char* at = field.data();
    const char* const end = at + field.size();
    if (field.size() > kMostFastBytes || at == end) return false;
    const bool negative = *at == '-';
    at += negative;
    const char* const begin = at;
    int64_t value = 0;
    for (; at < end && digit(*at) <= 9; ++at) value = value * 10 + digit(*at);
    const auto digits = at - begin;
    if (digits == 0 || (*begin == '0' && digits > 1)) return false;
    if (at == end) return value <= (negative ? low_ : high_);
    const char* const point = at++;
    if (*point != '.' || at == end || digits > covered_digits_ || end - at > covered_scale_) return false;
    for (; at < end && digit(*at) <= 9;) ++at;
    return at == end;
  }

  static unsigned digit(char c) noexcept { return static_cast<unsigned char>(c) - unsigned{'0'}; }
  // Two digits as a number, or more than 99.
  static unsigned pair(const char* at) noexcept {
    return digit(at[0]) > 9 || digit(at[1]) > 9 ? 100 : digit(at[0]) * 10 + digit(at[1]);
  }
  // A date from 1970 to 2099 on a day that every month has.
  static bool is_plain_date(const char* at) noexcept {
    const unsigned century = pair(at), year = pair(at + 2), month = pair(at + 5), day = pair(at + 8);
    return at[4] == '-' && at[7] == '-' && month - 1 < 12 && day - 1 < 28 &&
           ((century == 20 && year < 100) || (century == 19 && year - 70 < 30));
  }
  static bool is_plain_clock(const char* at) noexcept {
    return (at[0] == ' ' || at[0] == 'T') && at[3] == ':' && at[6] == ':' && pair(at + 1) < 24 && pair(at + 4) < 60 &&
           pair(at + 7) < 60;
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
  static constexpr size_t kMostFastBytes = 18;  // no integer of these overflows
  Usual usual_ = Usual::kOther;
  int64_t high_ = -1;       // integers 0 to high_ add nothing new
  int64_t low_ = -1;        // nor do -1 to -low_
  int covered_digits_ = 0;  // nor do decimals of so many digits before the point
  int covered_scale_ = 0;   // and so many after it; 0 when there is no decimal
  bool is_text_ = false;    // nothing can change the type any more
  bool fresh_ = false;      // the value at hand added something
};

}  // namespace flatbed
