// JSON as text: what a column of type JSON may hold.
#pragma once

#include <string_view>

namespace flatbed {

/// Tells whether a text is one JSON object, whole and well formed.
bool is_json_object(std::string_view text);

}  // namespace flatbed
