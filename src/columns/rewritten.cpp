// Fields that are carried as values which are written otherwise. Enters: records whose values were read. Leaves: the
// fields that lost something. Invariant: equal values in another common form (1.50, 1e3, TRUE, a T before the time)
// lose nothing.
#include "columns/rewritten.hpp"

#include <charconv>
#include <cmath>
#include <limits>

#include "columns/swar.hpp"

namespace flatbed {
namespace {

// The digits that count: without zeros at the front, zeros at the end, sign, point and exponent.
std::string significant(std::string_view number) {
  std::string digits;
  for (const char c : number) {
    if (c == 'e' || c == 'E') break;
    if (is_digit(c) && !(digits.empty() && c == '0')) digits += c;
  }
  digits.resize(digits.find_last_not_of('0') + 1);
  return digits;
}

bool begins_with_needless_zero(std::string_view text) noexcept {
  if (text.starts_with('-')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && is_digit(text[1]);
}

bool is_negative_zero(std::string_view text) noexcept {
  return text.starts_with('-') && text.find_first_not_of("-0.") == std::string_view::npos;
}

// A time with an offset is carried as the instant; the offset is not.
bool has_offset(std::string_view text) noexcept {
  if (text.size() < 25) return false;
  const std::string_view zone = text.substr(text.size() - 6);
  return (zone[0] == '+' || zone[0] == '-') && zone.substr(1) != "00:00";
}

}  // namespace

template <class T>
bool float_keeps(std::string_view text) {
  const std::string digits = significant(text);
  T value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return false;
  // A power of ten that is not normal keeps fewer digits.
  constexpr auto kAlwaysKept = static_cast<size_t>(std::numeric_limits<T>::digits10);
  if (digits.empty() || (digits.size() <= kAlwaysKept && std::isnormal(value))) return true;
  char again[64];
  const auto end = std::to_chars(again, again + sizeof again, std::fabs(value), std::chars_format::scientific).ptr;
  return significant({again, end}) == digits;
}

template bool float_keeps<float>(std::string_view text);
template bool float_keeps<double>(std::string_view text);

bool is_rewritten(std::string_view text, const Type& type) {
  switch (type.id) {
    case TypeId::kFloat32:
      return begins_with_needless_zero(text) || (text.size() > 6 && !float_keeps<float>(text));
    case TypeId::kFloat64:
      return begins_with_needless_zero(text) || (text.size() > 15 && !float_keeps<double>(text));
    case TypeId::kDateTime:
    case TypeId::kDateTime64:
      return has_offset(text);
    default: {
      const bool number = type.id >= TypeId::kInt8 && type.id <= TypeId::kDecimal256;
      return number && (begins_with_needless_zero(text) || is_negative_zero(text));
    }
  }
}

std::vector<Failure> find_rewritten(const std::vector<ColumnPlan>& plans, const Records& records,
                                    const std::vector<Failure>& failures) {
  std::vector<Failure> found;
  std::string unescaped;
  auto misfit = records.misfits.begin();
  auto failure = failures.begin();
  for (size_t row = 0; row < records.rows; ++row) {
    if (misfit != records.misfits.end() && misfit->record == row) {
      ++misfit;
      continue;
    }
    if (failure != failures.end() && failure->row == row) {
      ++failure;
      continue;
    }
    for (size_t column = 0; column < plans.size(); ++column) {
      const ColumnPlan& plan = plans[column];
      if (plan.verbatim || plan.field.type.id == TypeId::kString) continue;
      const RawField raw = raw_field(records, records.field(row, plan.source), plan.source + 1 == records.columns);
      if (!raw.quoted && records.nulls->contains(raw.text)) continue;
      std::string_view text = raw.text;
      if (raw.quoted && has_escape(text, *records.syntax)) {
        unescaped.clear();
        append_unescaped(text, *records.syntax, unescaped);
        text = unescaped;
      }
      if (is_rewritten(text, plan.field.type))
        found.push_back(
            {.row = static_cast<uint32_t>(row), .column = static_cast<uint32_t>(column), .code = Code::kRewritten});
    }
  }
  return found;
}

}  // namespace flatbed
