// Dates whose form does not tell day from month. Enters: text. Leaves: its numbers, or the date with its year first.
#include "columns/ordered_date.hpp"

#include <algorithm>
#include <chrono>

namespace flatbed {
namespace {

bool is_digit(char c) noexcept {
  return static_cast<unsigned char>(c - '0') <= 9;
}

// Takes up to `most` digits off the front; returns how many.
size_t take_number(std::string_view& text, size_t most, int& value) noexcept {
  size_t digits = 0;
  for (; digits < most && digits < text.size() && is_digit(text[digits]); ++digits)
    value = value * 10 + (text[digits] - '0');
  text.remove_prefix(digits);
  return digits;
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
  return take_number(text, 4, date.year) == 4 && text.empty();
}

bool put_year_first(std::string_view text, DateOrder order, char* to) noexcept {
  OrderedDate date;
  if (!read_ordered_date(text, date) || !date.is_day(order)) return false;
  const bool day_first = order == DateOrder::kDayFirst;
  const int numbers[] = {date.year / 100, date.year % 100, day_first ? date.second : date.first,
                         day_first ? date.first : date.second};
  for (size_t i = 0; i < 4; ++i) {
    if (i >= 2) *to++ = '-';
    *to++ = static_cast<char>('0' + numbers[i] / 10);
    *to++ = static_cast<char>('0' + numbers[i] % 10);
  }
  return true;
}

}  // namespace flatbed
