// Dates whose form does not tell day from month, alone or with a time of day: 03/04/2026, 03/04/2026 9:30 PM.
#pragma once

#include <cstddef>
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
  bool timed = false;        ///< behind it, after a space or a T, stands h:mm, h:mm:ss or h:mm:ss.f, also with AM or PM
  int hour = 0;              ///< from 0 to 23
  std::string_view clock{};  ///< ":mm", ":mm:ss" or ":mm:ss.f"
  size_t fraction_digits = 0;  ///< of the second, 0 to 9
  /// Tells whether there is such a day. REQUIRES: kDayFirst or kMonthFirst.
  bool is_day(DateOrder order) const noexcept;
};

/// Reads such a date; whether there is such a day is another question.
bool read_ordered_date(std::string_view text, OrderedDate& date) noexcept;
/// The most bytes of a date and time that with_year_first() writes.
constexpr size_t kMostYearFirst = 29;
/// Returns a date with its year first, as YYYY-MM-DD with hh:mm:ss[.f] if it has a time, or with midnight if its column
/// is `timed`; a text that is no date in this order as it is. `room` has kMostYearFirst bytes, which the result may
/// refer to.
std::string_view with_year_first(std::string_view text, DateOrder order, bool timed, char* room) noexcept;

}  // namespace flatbed
