// Whether what is written is text.
#pragma once

#include <string_view>

#include "flatbed/batch.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// Checks what was written of a batch: UTF-8 without NUL bytes. Readers of text guess an encoding for other bytes, or
/// refuse them, so such a file does not give back what went in. ERRORS: kInvalidUtf8 and kNulByte, with the row and the
/// column. COST: a pass over `written`; over the values only to tell the place.
Status check_text(const Batch& batch, std::string_view written);

}  // namespace flatbed
