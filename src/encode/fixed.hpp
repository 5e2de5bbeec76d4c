// Batches to lines whose columns are so many characters wide.
#pragma once

#include <memory>
#include <vector>

#include "encode/encoder.hpp"

namespace flatbed {

/// Makes an encoder of fixed width text: numbers to the right, the rest to the left, a blank between columns belongs to
/// the widths. What would not read back as the same value is refused: text that is too wide, that begins or ends with a
/// blank, or that holds a line break; empty text where the column may be NULL; and, unless `any_bytes`, what
/// check_text() refuses.
std::unique_ptr<Encoder> fixed_encoder(std::vector<uint32_t> widths, bool header, bool any_bytes = false);

}  // namespace flatbed
