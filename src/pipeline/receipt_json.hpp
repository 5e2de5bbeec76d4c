// Receipts, read back.
#pragma once

#include <string_view>

#include "flatbed/receipt.hpp"

namespace flatbed {

/// Reads what a repeated load needs of a receipt: counts, load, plan, files and blocks.
/// ERRORS: kUsage.
Result<Receipt> receipt_from_json(std::string_view json);

}  // namespace flatbed
