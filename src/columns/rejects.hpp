// Errors about records and fields, with their places.
#pragma once

#include <string>
#include <vector>

#include "columns/chunks.hpp"
#include "columns/column_loops.hpp"

namespace flatbed {

/// Tells the lines of places that come in ascending order. COST: one pass over the bytes in all.
class LineCursor {
 public:
  LineCursor(std::string_view text, uint64_t line) : text_(text), line_(line) {}
  /// REQUIRES: the place is no LF behind a CR.
  uint64_t line_at(size_t place) noexcept {
    line_ += count_lines(text_.substr(at_, place - at_));
    at_ = place;
    return line_;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
  uint64_t line_;
};

/// Makes an error of each misfit and each failed row, in order of records. Record numbers count from the chunk's first.
std::vector<Error> make_rejects(const std::string& uri, bool header, const Chunk& chunk, const Records& records,
                                const std::vector<ColumnPlan>& plans, const std::vector<Failure>& failures);

}  // namespace flatbed
