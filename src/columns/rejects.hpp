// Errors about records and fields, with their places.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "columns/chunks.hpp"
#include "columns/column_loops.hpp"
#include "columns/infer.hpp"

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

/// Returns a value as messages show it: short, on one line, and UTF-8.
std::string shown(std::string_view value);

/// Sets message and hint of an error about a value that is none of `type`.
void explain(Code code, const std::string& value, const Type& type, Error& error);

/// Makes the error of a column of dates that are dates in two orders, as `witness`.
Error unsure_dates(const std::string& uri, const ColumnPlan& plan, const Witness& witness);

/// Makes an error of each misfit and each failed row, in order of records. Record numbers count from the chunk's first.
std::vector<Error> make_rejects(const std::string& uri, bool header, const Chunk& chunk, const Records& records,
                                const std::vector<ColumnPlan>& plans, const std::vector<Failure>& failures);

}  // namespace flatbed
