// A sample cut into records under one dialect, with what went wrong in cutting it. Enters: text and a dialect to try.
// Leaves: cells. Invariant: the same rules as the reader's, but faults are counted and never stop the cutting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dialect/cell_kind.hpp"

namespace flatbed {

/// What is tried. A quote or escape of 0 means none; an escape equal to the quote means doubled quotes.
struct Trial {
  std::string_view delimiter;
  char quote = 0;
  char escape = 0;
  bool runs = false;  // several delimiters in a row count as one, as in tables padded with spaces
  friend bool operator==(const Trial&, const Trial&) = default;
};

/// One cell; quotes around it removed, escapes left as they are.
struct SampleCell {
  std::string_view text;
  bool quoted = false;
  bool spaced = false;  // a space stands before it, which is no part of a quoted one
  bool faulty = false;  // text follows the closing quote, or there is none
  CellKind kind = CellKind::kEmpty;
};

struct SampleRecord {
  size_t first_cell = 0;
  size_t cells = 0;
  uint32_t line = 0;  // from 0
  bool blank = false;
};

struct SampleTable {
  std::vector<SampleCell> cells{};
  std::vector<SampleRecord> records{};
  size_t quoted = 0;   // well quoted cells
  size_t escaped = 0;  // escaped quotes in them
  size_t faulty = 0;
  size_t open = 0;                  // cells whose quote is open where the sample ends
  size_t outside_quotes = 0;        // quotes in unquoted cells
  size_t paired_backslashes = 0;    // in quoted cells: as many as an escaping writer leaves
  size_t lone_backslashes = 0;      // and the ones that it would not
  size_t lf = 0, crlf = 0, cr = 0;  // ends of records
};

/// Cuts at most `most_records` records. `whole` says that the text does not go on; else the last record may be cut
/// short and is left out.
SampleTable cut_sample(std::string_view text, bool whole, const Trial& trial, size_t most_records);

/// Counts the cells of a record that are not empty.
size_t filled(const SampleTable& table, const SampleRecord& record) noexcept;

}  // namespace flatbed
