// How well each dialect explains a sample.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "dialect/sample_table.hpp"
#include "flatbed/dialect.hpp"

namespace flatbed {

/// A dialect that was tried, and what came of it.
struct Scored {
  Trial trial{};
  SampleTable table{};
  double score = 0;  // 0 to 1
  size_t width = 0;  // of the records that hold most of the cells
  size_t first = 0;  // index of the first record of the table, after a preamble
};

/// Tries the dialects that the text allows and that agree with what the user chose; best first, at least one.
/// LIFETIME: the result refers to `text` and to `given`.
std::vector<Scored> score_all(std::string_view text, bool whole, const Dialect& given);

}  // namespace flatbed
