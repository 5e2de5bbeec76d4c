// Any bytes as a table whose types are found: the same types, values, rejects and error for every chunk size and number
// of threads.
#include <cstdint>
#include <cstdlib>

#include "columns/format.hpp"
#include "fuzz/csv_table.hpp"

using namespace flatbed;

namespace {

std::string outcome(std::string_view text, size_t chunk_bytes, unsigned threads, bool backslashes) {
  const ReadTable table = read_table(text, {}, chunk_bytes, threads, backslashes);
  std::string out = to_string(table.schema) + table.error + table.rejects;
  for (const Batch& batch : table.batches) {
    for (size_t row = 0; row < batch.rows(); ++row) {
      out += std::to_string(batch.record(row));
      for (const Column& column : batch.columns()) {
        out += '|';
        if (column.is_null(row))
          out += "NULL";
        else
          append_value(column, row, out);
      }
      out += '\n';
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool backslashes : {false, true}) {
    if (backslashes && text.find('\\') == std::string_view::npos) continue;
    const std::string whole = outcome(text, size_t{1} << 20, 1, backslashes);
    for (const size_t chunk_bytes : {size_t{1}, size_t{7}, size_t{64}}) {
      for (const unsigned threads : {1u, 2u})
        if (outcome(text, chunk_bytes, threads, backslashes) != whole) std::abort();
    }
  }
  return 0;
}
