// Whether what is written is text. Enters: a batch and what was written of it. Leaves: an error, if a reader would take
// it for something else.
#include "encode/plain_text.hpp"

#include <simdjson.h>

#include <cstring>
#include <optional>
#include <string>

#include "columns/format.hpp"

namespace flatbed {
namespace {

std::optional<Code> fault_of(std::string_view text) {
  if (!simdjson::validate_utf8(text.data(), text.size())) return Code::kInvalidUtf8;
  if (!text.empty() && std::memchr(text.data(), 0, text.size()) != nullptr) return Code::kNulByte;
  return {};
}

}  // namespace

Status check_text(const Batch& batch, std::string_view written) {
  if (!fault_of(written)) return {};
  std::string text;
  for (size_t row = 0; row < batch.rows(); ++row) {
    for (size_t i = 0; i < batch.columns().size(); ++i) {
      if (batch.column(i).is_null(row)) continue;
      text.clear();
      append_value(batch.column(i), row, text);
      const auto fault = fault_of(text);
      if (!fault) continue;
      const bool nul = *fault == Code::kNulByte;
      return Error{.code = *fault,
                   .message = nul ? "a text holds a NUL byte, which files of text are not read with"
                                  : "a text is not UTF-8, so its bytes would not be read back as they are",
                   .where = {.record = batch.record(row),
                             .column = static_cast<uint32_t>(i),
                             .column_name = batch.schema().fields[i].name},
                   .found = text,
                   .hint = "select the column as hex(...), write Parquet, or give -t encoding=bytes to write it so"};
    }
  }
  return {};  // a delimiter that is no text was asked for
}

}  // namespace flatbed
