// Text files whose columns are so many characters wide.
#pragma once

#include <memory>
#include <vector>

#include "columns/csv_source.hpp"

namespace flatbed {

struct FixedOptions {
  std::vector<uint32_t> widths{};  ///< characters of each column; empty: found from the header
  bool header = true;              ///< the first line names the columns
  uint32_t skip_rows = 0;          ///< lines before it
  std::vector<std::string> nulls{};
  bool all_text = false;
};

/// Makes a source of the rows of `inputs`. Blanks around a value are not part of it, a field of blanks alone is empty,
/// and a line that ends early has empty fields. Without widths the header tells them: by a line of dashes below it, or
/// by where its words begin, if every line looked at has a blank before each. REQUIRES: at least one input.
std::unique_ptr<Source> fixed_source(std::vector<CsvInput> inputs, FixedOptions options);

}  // namespace flatbed
