// A dialect in the form that writing needs: which text needs quotes, and how it is put in them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flatbed/csv.hpp"

namespace flatbed {

/// What is to be done to a text so that it reads back as the same value.
enum class Need : uint8_t { kNothing, kQuotes, kEscapes, kImpossible };

/// Where on its line a text stands, and in which column.
struct CellPlace {
  bool takes_empty = false;  ///< an empty field is a good text, and no NULL
  bool first = false;        ///< of the line
  bool alone = false;        ///< on the line: empty text would be an empty line
  bool nested = false;       ///< the text of an Array, a Map or a Tuple, which has escapes of its own
};

struct CsvRules {
  explicit CsvRules(const csv::WriterOptions& options);

  std::string delimiter;
  std::string newline;
  char quote = 0;   ///< 0: nothing quotes
  char escape = 0;  ///< before a quote inside quotes; 0: a quote cannot stand there
  std::vector<std::string> nulls;
  std::string null_text{};  ///< what stands for NULL
  bool formula_safe = false;
  bool as_is = false;  ///< a NULL is a field that its row lacks

  /// Tells whether backslashes stand for what quotes would protect, as in TSV of ClickHouse.
  bool backslashes() const noexcept { return quote == 0 && escape == '\\'; }
  Need need_of(std::string_view text, const CellPlace& place) const;
  /// Writes a text as it needs to be and returns the end. REQUIRES: room for twice the text and eight bytes.
  char* put_as(Need need, std::string_view text, char* to) const noexcept;
  /// Tells whether the text of a number, time, UUID or address may need a look.
  bool may_meet_values() const noexcept;
  /// Readers, ClickHouse among them, take spaces off the ends of a field without quotes.
  bool keeps_spaces() const noexcept { return quote == 0 || as_is; }

 private:
  char* put_quoted(std::string_view text, char* to) const noexcept;
  Need need_of_escapes(std::string_view text, const CellPlace& place) const noexcept;
  bool has_space_at_an_end(std::string_view text) const noexcept;
  std::array<bool, 256> special_{};  // bytes that a text without quotes may not hold
};

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
inline constexpr std::string_view kFormulaSigns = "=+-@\t\r";  ///< a spreadsheet runs a cell that begins with one

inline bool is_formula(std::string_view text) noexcept {
  return !text.empty() && kFormulaSigns.find(text.front()) != std::string_view::npos;
}

}  // namespace flatbed
