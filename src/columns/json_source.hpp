// JSON files as a source of batches.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "columns/csv_source.hpp"
#include "columns/json_records.hpp"

namespace flatbed {

struct JsonSourceOptions {
  JsonLayout layout = JsonLayout::kLines;
  bool as_is = false;     ///< one column of text, `json`, that holds each record as it stands
  bool all_text = false;  ///< every column is text: of a text the text, of all else its JSON
  bool flatten = false;   ///< members of objects within objects are columns, named a.b
  bool objects = false;   ///< a record is an object or a reject, also where no record is one
  bool ordered_dates_are_text = false;
  DateOrder date_order = DateOrder::kNone;
  size_t chunk_bytes = size_t{1} << 20;
};

/// Makes a source of the records of `inputs`, one after the other. The keys of all objects are the columns, a key that
/// is missing is NULL; where no record is an object there is one column, `value`. REQUIRES: at least one input.
std::unique_ptr<Source> json_source(std::vector<CsvInput> inputs, JsonSourceOptions options);

}  // namespace flatbed
