// Where the fields of a chunk end, found in one pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flatbed/dialect.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

struct Kernel;

/// What separates and quotes: the part of a Dialect that finding fields needs.
struct Syntax {
  std::string delimiter = ",";
  bool quotes = true;        ///< fields may be quoted
  bool escapes = true;       ///< quoted fields may hold the quote, behind `escape`
  bool backslashes = false;  ///< nothing is quoted; \t, \n and the like mean bytes, as in TSV of ClickHouse
  bool mends = false;        ///< quotes where none can be are text: those that text follows, those that nothing closes
  bool spaces = false;       ///< spaces before a field are layout; where a space delimits, several are one delimiter
  char quote = '"';
  char escape = '"';               ///< the quote itself means that it is doubled
  const Kernel* kernel = nullptr;  ///< for tests: another one than that of this process
  /// Tells whether quote parity alone decides what is inside quotes, as the vector kernels need.
  bool by_parity() const noexcept {
    return delimiter.size() == 1 && !spaces && (!quotes || (escapes && escape == quote));
  }
  /// Tells whether several delimiters in a row are one.
  bool runs() const noexcept { return spaces && is_delimiter(' '); }
  bool is_delimiter(char c) const noexcept { return delimiter.size() == 1 && delimiter[0] == c; }
};

/// Takes the syntax out of a dialect. ERRORS: kBadOption for signs that cannot be told apart.
Result<Syntax> make_syntax(const Dialect& dialect);

/// The fields of a chunk of less than 2 GiB, in order. A field ends at its delimiter or line end; of CRLF the LF
/// counts, of a longer delimiter the last byte, so that the next field always begins one byte later.
class FieldIndex {
 public:
  size_t fields = 0;
  size_t record_ends = 0;         ///< fields that end their record
  size_t lines = 0;               ///< physical line ends, those inside quotes too
  size_t consumed = 0;            ///< bytes up to the end of the last whole record
  bool quoted = false;            ///< some field is quoted
  bool escaped = false;           ///< some field may hold an escape
  bool returns = false;           ///< there is a CR
  bool ascii = true;              ///< every byte is below 0x80
  bool nul = false;               ///< there is a NUL byte
  bool open = false;              ///< the last field's quote is not closed
  std::vector<uint32_t> stray{};  ///< fields with text after their closing quote, in order; mended ones are plain text

  /// Returns where field 0 begins less one, then the end of each field: field k is (bounds[k] + 1, bounds[k + 1]).
  const uint32_t* bounds() const noexcept { return bounds_.get(); }
  uint32_t begin(size_t field) const noexcept { return bounds_[field] + 1; }
  uint32_t end(size_t field) const noexcept { return bounds_[field + 1]; }
  /// Makes room for the index of `bytes` bytes and forgets the last one.
  void reset(size_t bytes);
  /// Where a kernel writes the end of the next field; it may write 64 values more than there are.
  uint32_t* tail() noexcept { return bounds_.get() + 1 + fields; }

 private:
  std::unique_ptr<uint32_t[]> bounds_{};
  size_t room_ = 0;
};

/// Finds the fields of `text`, which begins at a record. With `whole`, text that ends without a line end is a record
/// too; else the unfinished record is left out, and so is what follows a CR whose LF may still come.
/// REQUIRES: text.size() < 2^31. COST: 4 bytes of memory a field.
void index_fields(std::string_view text, const Syntax& syntax, bool whole, FieldIndex& index);

/// Counts the lines that end with LF, as those of JSON do.
uint64_t count_line_feeds(std::string_view text) noexcept;
/// Counts line ends: LF, CRLF and lone CR are one each.
uint64_t count_lines(std::string_view text) noexcept;

}  // namespace flatbed
