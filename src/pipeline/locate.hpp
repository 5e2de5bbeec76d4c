// Where refused rows stand in their source.
#pragma once

#include <stop_token>
#include <vector>

#include "flatbed/pipeline.hpp"

namespace flatbed {

/// Fills in file, line, byte and `raw` of errors that name a record of a plan's source alone. It reads the source once
/// more, as far as the last of them. Errors stay as they are where the source is not one text file that can be read
/// again.
Status locate_records(std::vector<Error>& errors, const Plan& plan, const Registry& registry, std::stop_token stop);

}  // namespace flatbed
