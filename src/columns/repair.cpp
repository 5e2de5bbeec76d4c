// Repairs. Enters: records and fields that do not fit. Leaves: what they become by the rules that were asked for, and
// an account of each. Invariant: what fits as it stands leaves as it came.
#include "columns/repair.hpp"

#include <algorithm>
#include <cstring>

#include "columns/rejects.hpp"
#include "columns/swar.hpp"
#include "flatbed/schema.hpp"

namespace flatbed {
namespace {

constexpr std::string_view kNoBreakSpace = "\xC2\xA0", kNarrowNoBreakSpace = "\xE2\x80\xAF", kQuote = "\xE2\x80\x99";

// Returns the bytes of a space at the front.
size_t space_at_front(std::string_view text) noexcept {
  if (text.starts_with(' ') || text.starts_with('\t')) return 1;
  for (const std::string_view space : {kNoBreakSpace, kNarrowNoBreakSpace})
    if (text.starts_with(space)) return space.size();
  return 0;
}

size_t space_at_end(std::string_view text) noexcept {
  if (text.ends_with(' ') || text.ends_with('\t')) return 1;
  for (const std::string_view space : {kNoBreakSpace, kNarrowNoBreakSpace})
    if (text.ends_with(space)) return space.size();
  return 0;
}

std::string_view trimmed(std::string_view text) noexcept {
  while (const size_t size = space_at_front(text)) text.remove_prefix(size);
  while (const size_t size = space_at_end(text)) text.remove_suffix(size);
  return text;
}

// Returns the mark between thousands at the front of `text`, which follows digits; empty when there is none.
std::string_view thousands_mark(std::string_view text, bool decimal_comma) noexcept {
  for (const std::string_view mark :
       {std::string_view(" "), std::string_view("'"), decimal_comma ? std::string_view(".") : std::string_view(","),
        kNoBreakSpace, kNarrowNoBreakSpace, kQuote})
    if (text.starts_with(mark)) return mark;
  return {};
}

size_t digits_at(std::string_view text) noexcept {
  size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  return digits;
}

// Reads -?ddd(mark ddd)+ with one mark throughout, then a decimal mark and digits or nothing, and drops the marks.
bool drop_thousands(std::string_view text, bool decimal_comma, std::string& out) {
  std::string number;
  if (text.starts_with('-')) {
    number = "-";
    text.remove_prefix(1);
  }
  const size_t first = digits_at(text);
  if (first == 0 || first > 3) return false;
  number += text.substr(0, first);
  text.remove_prefix(first);
  const std::string_view mark = thousands_mark(text, decimal_comma);
  if (mark.empty()) return false;
  while (text.starts_with(mark)) {
    text.remove_prefix(mark.size());
    if (digits_at(text) < 3) return false;
    number += text.substr(0, 3);
    text.remove_prefix(3);
  }
  if (!text.empty()) {
    if (text[0] != (decimal_comma ? ',' : '.') || text.size() == 1 || digits_at(text.substr(1)) + 1 != text.size())
      return false;
    number += text;
  }
  out = std::move(number);
  return true;
}

// Turns -?digits,digits into -?digits.digits.
bool use_point(std::string_view text, std::string& out) {
  const size_t sign = text.starts_with('-') ? 1 : 0;
  const size_t whole = digits_at(text.substr(sign));
  const size_t comma = sign + whole;
  if (whole == 0 || comma + 1 >= text.size() || text[comma] != ',') return false;
  if (digits_at(text.substr(comma + 1)) + comma + 1 != text.size()) return false;
  out = text;
  out[comma] = '.';
  return true;
}

}  // namespace

Result<Repairs> parse_repairs(const std::vector<std::string>& names) {
  static const std::vector<std::string> kNames{"pad", "cut", "trim", "decimal-comma", "thousands", "names"};
  Repairs repairs;
  bool* const flags[] = {&repairs.pad,           &repairs.cut,       &repairs.trim,
                         &repairs.decimal_comma, &repairs.thousands, &repairs.names};
  for (const std::string& name : names) {
    const auto known = std::ranges::find(kNames, name);
    if (known == kNames.end()) {
      const std::string near = nearest_name(name, kNames);
      return Error{.code = Code::kBadOption,
                   .message = "option \"repair\" cannot be \"" + name + "\"",
                   .expected = "some of pad,cut,trim,decimal-comma,thousands,names",
                   .hint = near.empty() ? "" : "did you mean \"" + near + "\"?"};
    }
    *flags[known - kNames.begin()] = true;
  }
  return repairs;
}

std::vector<Code> mend_value(std::string_view text, bool numeric, const Repairs& repairs, std::string& out) {
  std::vector<Code> done;
  out = text;
  if (repairs.trim && trimmed(text).size() != text.size()) {
    out = trimmed(text);
    done.push_back(Code::kTrimmed);
  }
  if (!numeric) return done;
  if (repairs.thousands && drop_thousands(std::string(out), repairs.decimal_comma, out))
    done.push_back(Code::kThousands);
  if (repairs.decimal_comma && use_point(std::string(out), out)) done.push_back(Code::kDecimalComma);
  return done;
}

void RecordMender::mend(const std::string& uri, const Syntax& syntax, const NullTokens& nulls, size_t columns,
                        Chunk& chunk, std::vector<Finding>& done) {
  Records records{
      .text = chunk.bytes.text(), .syntax = &syntax, .nulls = &nulls, .index = &chunk.index, .columns = columns};
  find_records(records);
  std::erase_if(records.misfits, [&](const Misfit& misfit) {
    return misfit.code == Code::kRowTooShort ? !repairs_.pad : misfit.code != Code::kRowTooLong || !repairs_.cut;
  });
  if (records.misfits.empty()) return;
  LineCursor lines(records.text, chunk.line);
  std::string text;
  size_t copied = 0;
  int64_t by = 0;
  for (const Misfit& misfit : records.misfits) {
    const std::string_view raw = records.text.substr(misfit.begin, misfit.end - misfit.begin);
    const bool is_short = misfit.code == Code::kRowTooShort;
    const std::string fields = std::to_string(misfit.fields) + (misfit.fields == 1 ? " field" : " fields");
    Error error{.code = is_short ? Code::kPadded : Code::kCut,
                .where = {.uri = uri,
                          .byte = chunk.byte + misfit.begin,
                          .line = lines.line_at(misfit.begin),
                          .record = misfit.record},
                .expected = std::to_string(columns) + " fields",
                .raw = std::string(raw),
                .side = Side::kSource};
    size_t end = misfit.end;
    if (is_short) {
      error.message = "a record of " + fields + " was filled up with empty ones";
    } else {
      const size_t last = field_that_begins(*records.index, misfit.begin) + columns - 1;
      end = records.index->end(last) - (syntax.delimiter.size() - 1);
      error.found = records.text.substr(end, misfit.end - end);
      error.message = "a record of " + fields + " was cut behind the last column: '" + error.found + "'";
    }
    text += records.text.substr(copied, end - copied);
    copied = misfit.end;
    const size_t missing = is_short ? (columns - misfit.fields) * syntax.delimiter.size() : 0;
    for (size_t i = misfit.fields; is_short && i < columns; ++i) text += syntax.delimiter;
    by += static_cast<int64_t>(misfit.end - end) - static_cast<int64_t>(missing);
    shifts_.push_back({chunk.byte + text.size(), by});
    add_finding(done, error);
  }
  text += records.text.substr(copied);
  chunk.bytes = Buffer::allocate(text.size());
  std::memcpy(chunk.bytes.writable(), text.data(), text.size());
  index_fields(chunk.bytes.text(), syntax, true, chunk.index);
}

uint64_t RecordMender::source_byte(uint64_t byte) const noexcept {
  int64_t by = 0;
  for (const Shift& shift : shifts_) {
    if (shift.from > byte) break;
    by = shift.by;
  }
  return byte + static_cast<uint64_t>(by);
}

}  // namespace flatbed
