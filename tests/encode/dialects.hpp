// Dialects to write in.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "flatbed/csv.hpp"

namespace flatbed {

inline csv::WriterOptions with(std::string delimiter, std::string quote, std::string escape,
                               std::vector<std::string> nulls = {"", "\\N"}) {
  csv::WriterOptions options;
  options.dialect.delimiter.value = std::move(delimiter);
  options.dialect.quote.value = std::move(quote);
  options.dialect.escape.value = std::move(escape);
  options.dialect.nulls.value = std::move(nulls);
  return options;
}

}  // namespace flatbed
