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
  /// Adds a value: unescaped, and not NULL.
  void add(std::string_view field, uint64_t line) {
    if (is_text_) return;
    if (field.size() <= digits_safe_ && covers_integer(field)) return;
    classify(field, line);
  }
  void add_null(uint64_t line) { see(kNull, line, "NULL"); }
  /// Adds what another object saw. Any order and any grouping gives the same type and the same decided_by.
  void merge(const ColumnInference& later);
  /// Returns the narrowest type, Nullable only where a NULL was seen, with decided_by `line 12 "1.5"`.
  Field field(std::string name) const;

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
    kDate32,      // a date outside of Date
    kLocalTime,   // date and time without a zone
    kZonedTime,   // date and time with a zone
    kWideTime,    // a time outside of DateTime
    kWidestTime,  // a time outside of DateTime64(9)
    kUuid,
    kIpv4,
    kIpv6,
    kText,
    kTraits
  };

  // Tells whether `field` is an integer that adds nothing to what was seen.
  bool covers_integer(std::string_view field) const noexcept {
    const bool negative = field.size() > 1 && field[0] == '-';
    const size_t begin = negative ? 1 : 0;
    if (begin == field.size() || (field[begin] == '0' && field.size() > 1)) return false;
    int64_t value = 0;
    for (size_t at = begin; at < field.size(); ++at) {
      const unsigned digit = static_cast<unsigned char>(field[at]) - unsigned{'0'};
      if (digit > 9) return false;
      value = value * 10 + static_cast<int64_t>(digit);
    }
    return value <= (negative ? low_ : high_);
  }

  void see(Trait trait, uint64_t line, std::string_view text);
  bool seen(Trait trait, uint64_t line) const noexcept { return first_[trait].line <= line; }
  void classify(std::string_view field, uint64_t line);
  static Trait trait_of(std::string_view field, bool numeric);
  bool add_number(std::string_view field, uint64_t line);
  bool add_integer(std::string_view field, std::string_view digits, uint64_t line);
  bool add_time(std::string_view field, uint64_t line);
  void add_date(std::string_view field, int64_t day, uint64_t line);
  void refresh();
  Type type_up_to(uint64_t line) const;
  Type number_up_to(uint64_t line) const;
  Type time_up_to(uint64_t line) const;
  std::string decider(const Type& type) const;

  std::array<Witness, kTraits> first_{};
  Climb positive_{};        // widths of integers from 0: 2k fits Int and UInt of width k, 2k+1 UInt only
  Climb negative_{};        // widths of integers below 0
  Climb integer_digits_{};  // digits before the point, of integers and decimals
  Climb scale_{};           // digits after the point
  Climb fraction_{};        // digits of a second's fraction, as 0, 3, 6 or 9
  int64_t high_ = -1;       // integers 0 to high_ add nothing new
  int64_t low_ = -1;        // nor do -1 to -low_
  size_t digits_safe_ = 0;  // longest field that covers_integer() may judge
  bool is_text_ = false;    // nothing can change the type any more
  bool fresh_ = false;      // the value at hand added something
};

}  // namespace flatbed
