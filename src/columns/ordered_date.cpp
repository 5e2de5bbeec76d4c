// Dates whose form does not tell day from month. Enters: text. Leaves: its parts, or the date with its year first.
#include "columns/ordered_date.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "columns/swar.hpp"

namespace flatbed {
namespace {

// Takes up to `most` digits off the front; returns how many.
size_t take_number(std::string_view& text, size_t most, int& value) noexcept {
  size_t digits = 0;
  for (; digits < most && digits < text.size() && is_digit(text[digits]); ++digits)
    value = value * 10 + (text[digits] - '0');
  text.remove_prefix(digits);
  return digits;
}

char* put_two(int number, char* to) noexcept {
  *to++ = static_cast<char>('0' + number / 10);
  *to++ = static_cast<char>('0' + number % 10);
  return to;
}

// Takes ":mm" off the front of the text.
bool take_sixtieths(std::string_view& text) noexcept {
  int value = 0;
  if (text.size() < 3 || text[0] != ':' || !is_digit(text[1]) || !is_digit(text[2])) return false;
  text.remove_prefix(1);
  take_number(text, 2, value);
  return value < 60;
}

// Takes AM or PM, after a space or not, off the end of the text; false when the hour is none of a half day.
bool take_half(std::string_view& text, int& hour) noexcept {
  if (text.size() < 2 || (text.back() != 'M' && text.back() != 'm')) return true;
  const char half = static_cast<char>(text[text.size() - 2] | 0x20);
  if ((half != 'a' && half != 'p') || hour < 1 || hour > 12) return false;
  text.remove_suffix(2);
  if (text.ends_with(' ')) text.remove_suffix(1);
  hour = hour % 12 + (half == 'p' ? 12 : 0);
  return true;
}

// Reads what stands behind the day.
bool read_clock(std::string_view text, OrderedDate& date) noexcept {
  constexpr size_t kMostDigits = 9;
  if (text[0] != ' ' && text[0] != 'T') return false;
  text.remove_prefix(1);
  if (take_number(text, 2, date.hour) == 0 || !take_half(text, date.hour) || date.hour > 23) return false;
  date.timed = true;
  date.clock = text;
  if (!take_sixtieths(text)) return false;
  if (text.empty()) return true;
  if (!take_sixtieths(text)) return false;
  if (text.empty()) return true;
  date.fraction_digits = text.size() - 1;
  return text[0] == '.' && date.fraction_digits > 0 && date.fraction_digits <= kMostDigits &&
         std::ranges::all_of(text.substr(1), is_digit);
}

}  // namespace

bool OrderedDate::is_day(DateOrder order) const noexcept {
  const bool day_first = order == DateOrder::kDayFirst;
  const auto day = static_cast<unsigned>(day_first ? first : second);
  const auto month = static_cast<unsigned>(day_first ? second : first);
  return std::chrono::year_month_day{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)}.ok();
}

bool read_ordered_date(std::string_view text, OrderedDate& date) noexcept {
  if (take_number(text, 2, date.first) == 0 || text.empty()) return false;
  const char mark = text[0];
  if (mark != '/' && mark != '.' && mark != '-') return false;
  text.remove_prefix(1);
  if (take_number(text, 2, date.second) == 0 || text.empty() || text[0] != mark) return false;
  text.remove_prefix(1);
  return take_number(text, 4, date.year) == 4 && (text.empty() || read_clock(text, date));
}

namespace {

// Returns the bytes written; 0 when the text is no day in this order.
size_t put_year_first(std::string_view text, DateOrder order, bool timed, char* to) noexcept {
  OrderedDate date;
  if (!read_ordered_date(text, date) || !date.is_day(order)) return 0;
  const bool day_first = order == DateOrder::kDayFirst;
  const char* const begin = to;
  to = put_two(date.year % 100, put_two(date.year / 100, to));
  for (const int number : {day_first ? date.second : date.first, day_first ? date.first : date.second}) {
    *to++ = '-';
    to = put_two(number, to);
  }
  if (!date.timed && !timed) return static_cast<size_t>(to - begin);
  *to++ = ' ';
  to = put_two(date.hour, to);
  constexpr size_t kWholeClock = 6;
  const size_t given = std::min(date.clock.size(), kWholeClock);
  for (const std::string_view part : {date.clock, std::string_view(":00:00").substr(given)}) {
    std::memcpy(to, part.data(), part.size());
    to += part.size();
  }
  return static_cast<size_t>(to - begin);
}

}  // namespace

std::string_view with_year_first(std::string_view text, DateOrder order, bool timed, char* room) noexcept {
  const size_t size = put_year_first(text, order, timed, room);
  return size > 0 ? std::string_view(room, size) : text;
}

}  // namespace flatbed
