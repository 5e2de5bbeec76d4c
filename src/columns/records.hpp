// The records of a chunk, and their fields as text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flatbed/dialect.hpp"
#include "index/field_index.hpp"

namespace flatbed {

/// The unquoted texts that mean NULL.
class NullTokens {
 public:
  NullTokens() = default;
  explicit NullTokens(std::vector<std::string> tokens);
  bool contains(std::string_view text) const noexcept {
    if (text.empty()) return empty_;
    return first_[static_cast<unsigned char>(text[0])] && found(text);
  }
  /// Tells whether a token could also be a number or a date: then each value must be compared first.
  bool like_values() const noexcept { return like_values_; }
  /// Tells whether a token begins with this byte.
  bool begins(char c) const noexcept { return first_[static_cast<unsigned char>(c)]; }
  /// Tells it of each of the 256 bytes.
  const bool* begins() const noexcept { return first_.data(); }

 private:
  bool found(std::string_view text) const noexcept;
  std::vector<std::string> tokens_{};
  std::array<bool, 256> first_{};
  bool empty_ = false;
  bool like_values_ = false;
};

/// A record that cannot become a row.
struct Misfit {
  uint32_t record = 0;  // offset in the chunk
  uint32_t begin = 0;   // bytes of the chunk, without the line end
  uint32_t end = 0;
  uint32_t fields = 0;
  Code code = Code::kOk;  // kRowTooShort, kRowTooLong, kTextAfterQuote, kUnclosedQuote
};

/// A chunk with its index, seen as records of `columns` fields each.
/// Row r is record r; the rows of misfits repeat another record, so that loops need no exception for them.
struct Records {
  std::string_view text{};
  const Syntax* syntax = nullptr;
  const NullTokens* nulls = nullptr;
  const FieldIndex* index = nullptr;
  size_t columns = 0;
  size_t rows = 0;
  std::vector<uint32_t> first{};  ///< of each row, its first field; empty when row r begins at field r * columns
  std::vector<Misfit> misfits{};  ///< in order of records

  size_t field(size_t row, size_t column) const noexcept {
    return (first.empty() ? row * columns : first[row]) + column;
  }
  /// Tells whether a field that looks like a number may mean NULL, or be a quoted one: then each is to be looked at.
  bool may_look_like_values() const noexcept;
};

/// One field as it stands in the chunk.
struct RawField {
  std::string_view text{};  ///< without its quotes, escapes still in it
  bool quoted = false;      ///< also: it holds backslashes where nothing is quoted, and is not \N
};

/// Sees the fields of an index as records; empty lines are none when there is more than one column.
void find_records(Records& records);
/// Returns a field without quotes. `last` says that it ends its record, so that no delimiter follows.
inline RawField raw_field(const Records& records, size_t field, bool last) noexcept {
  uint32_t begin = records.index->begin(field);
  uint32_t end = records.index->end(field);
  if (!last) end -= static_cast<uint32_t>(records.syntax->delimiter.size() - 1);
  // Outside of quotes a CR is never data.
  if (records.index->returns && end > begin && records.text[end - 1] == '\r') --end;
  if (records.syntax->spaces) {
    while (begin < end && records.text[begin] == ' ') ++begin;
    while (records.syntax->runs() && begin < end && records.text[end - 1] == ' ') --end;
  }
  const std::string_view text = records.text.substr(begin, end - begin);
  if (records.syntax->backslashes) return {text, text.find('\\') != std::string_view::npos && text != "\\N"};
  if (!records.syntax->quotes || text.size() < 2 || text[0] != records.syntax->quote) return {text, false};
  return {text.substr(1, text.size() - 2), true};
}
/// Returns the field that begins at a byte of the chunk, or the next one.
size_t field_that_begins(const FieldIndex& index, uint32_t begin) noexcept;
/// Appends the text of a quoted field with its escapes resolved.
void append_unescaped(std::string_view quoted, const Syntax& syntax, std::string& out);
/// put_unescaped() may write so many bytes behind the text.
inline constexpr size_t kUnescapeSlack = 16;
/// Writes the text of a quoted field with its escapes resolved and returns the end. REQUIRES: room for the quoted text
/// and the slack.
char* put_unescaped(std::string_view quoted, const Syntax& syntax, char* to) noexcept;
/// Tells whether a quoted field holds an escape.
bool has_escape(std::string_view quoted, const Syntax& syntax) noexcept;

}  // namespace flatbed
