// What a dialect asks of a text. Enters: a text and its place. Leaves: whether it needs quotes, or the text in quotes.
#include "encode/csv_rules.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "columns/quoted_text.hpp"
#include "columns/swar.hpp"

namespace flatbed {
namespace {

// Characters that the text of a number, time, UUID or address may have.
constexpr std::string_view kValueBytes = "0123456789+-.: abcdefinlrstuZ";

}  // namespace

CsvRules::CsvRules(const csv::WriterOptions& options)
    : delimiter(options.dialect.delimiter.value),
      newline(options.dialect.newline.value),
      nulls(options.dialect.nulls.value),
      formula_safe(options.formula_safe),
      as_is(options.as_is) {
  if (as_is) nulls.clear();
  const Dialect& dialect = options.dialect;
  if (!dialect.quote.value.empty()) quote = dialect.quote.value.front();
  if (!dialect.escape.value.empty()) escape = dialect.escape.value.front();
  if (std::ranges::find(nulls, "") == nulls.end() && !nulls.empty()) null_text = nulls.front();
  for (const char c : {'\n', '\r', delimiter.empty() ? '\n' : delimiter.front(), quote, escape})
    special_[static_cast<unsigned char>(c)] = c != 0;
}

bool CsvRules::has_space_at_an_end(std::string_view text) const noexcept {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  return !keeps_spaces() && !text.empty() && (is_space(text.front()) || is_space(text.back()));
}

bool CsvRules::may_meet_values() const noexcept {
  const auto meets = [](std::string_view text) {
    return !text.empty() && kValueBytes.find(text.front()) != std::string_view::npos;
  };
  return meets(delimiter) || meets({&quote, size_t{quote != 0}}) || meets({&escape, size_t{escape != 0}}) ||
         std::ranges::any_of(nulls, meets);
}

Need CsvRules::need_of(std::string_view text, const CellPlace& place) const {
  const bool null_like = std::ranges::find(nulls, text) != nulls.end() && !(text.empty() && place.takes_empty);
  const bool special = std::ranges::any_of(text, [&](char c) { return special_[static_cast<unsigned char>(c)]; }) ||
                       (place.first && text.starts_with(kByteOrderMark)) || has_space_at_an_end(text);
  if (!null_like && !special && !(place.alone && as_is && text.empty())) return Need::kNothing;
  if (backslashes()) return need_of_escapes(text, place);
  if (quote == 0) return Need::kImpossible;
  if (escape == 0 && text.find(quote) != std::string_view::npos) {
    // Inside an unquoted field a quote is a quote, if it is not the first byte.
    const bool only_quote = !null_like && text.front() != quote && text.find_first_of("\r\n") == text.npos &&
                            text.find(delimiter) == text.npos;
    return only_quote ? Need::kNothing : Need::kImpossible;
  }
  return Need::kQuotes;
}

// A text that means NULL has no other spelling, unless a backslash is in it. Nested text holds the escapes already.
Need CsvRules::need_of_escapes(std::string_view text, const CellPlace& place) const noexcept {
  const bool split = delimiter != "\t" && text.find(delimiter) != text.npos;
  const bool marked = place.first && text.starts_with(kByteOrderMark);
  const bool escaped = marked || place.nested || text.find_first_of("\\\t\n\r") != text.npos;
  if (split || !escaped) return Need::kImpossible;
  return place.nested ? Need::kNothing : Need::kEscapes;
}

char* CsvRules::put_as(Need need, std::string_view text, char* to) const noexcept {
  if (need == Need::kQuotes) return put_quoted(text, to);
  if (need == Need::kEscapes) {
    // Bytes behind \x are no mark.
    const bool marked = text.starts_with(kByteOrderMark);
    if (marked) to = std::ranges::copy(std::string_view("\\xEF\\xBB\\xBF"), to).out;
    return put_escaped(text.substr(marked ? kByteOrderMark.size() : 0), to);
  }
  return std::ranges::copy(text, to).out;
}

char* CsvRules::put_quoted(std::string_view text, char* to) const noexcept {
  const char* from = text.data();
  const char* const end = from + text.size();
  const char second = escape == 0 ? quote : escape;
  const uint64_t quotes = each_byte(quote);
  const uint64_t escapes = each_byte(second);
  *to++ = quote;
  while (end - from >= 8) {
    const uint64_t word = load8(from);
    std::memcpy(to, &word, sizeof word);
    const uint64_t found = mark_zeros(word ^ quotes) | mark_zeros(word ^ escapes);
    const int plain = std::countr_zero(found) / 8;  // 8 where there is none
    from += plain;
    to += plain;
    if (found == 0) continue;
    *to++ = second;
    *to++ = *from++;
  }
  while (from != end) {
    if (*from == quote || *from == second) *to++ = second;
    *to++ = *from++;
  }
  *to++ = quote;
  return to;
}

}  // namespace flatbed
