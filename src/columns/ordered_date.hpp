// Dates whose form does not tell day from month: 03/04/2026.
#pragma once

#include <cstdint>
#include <string_view>

namespace flatbed {

/// The order of day and month in such dates.
enum class DateOrder : uint8_t {
  kNone,        ///< there is none to know: dates are written year first, or are text
  kDayFirst,    ///< proved by a first number above 12, or chosen
  kMonthFirst,  ///< proved by a second number above 12, or chosen
  kUnsure,      ///< every value is a date in both orders
};

/// Two numbers of one or two digits and a year of four, with one mark between them: / . or -
struct OrderedDate {
  int first = 0, second = 0, year = 0;
  /// Tells whether there is such a day. REQUIRES: kDayFirst or kMonthFirst.
  bool is_day(DateOrder order) const noexcept;
};

/// Reads such a date; whether there is such a day is another question.
bool read_ordered_date(std::string_view text, OrderedDate& date) noexcept;
/// Writes such a date as YYYY-MM-DD, 10 bytes. False when `text` is none, or no day in this order.
bool put_year_first(std::string_view text, DateOrder order, char* to) noexcept;

}  // namespace flatbed
