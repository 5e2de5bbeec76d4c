// Copies of short texts without a call or a loop: most fields of most tables.
#pragma once

#include <cstring>

#include "flatbed/batch.hpp"

namespace flatbed {

inline constexpr size_t kPutTextSlack = 16;  ///< bytes past the end of a text that put_text() may write

/// Copies a text of more than 12 bytes. Reads only the text; may write kPutTextSlack bytes past its end.
inline char* put_long_text(char* to, const char* from, size_t length) noexcept {
  if (length < 16) {
    std::memcpy(to, from, 8);
    std::memcpy(to + length - 8, from + length - 8, 8);
  } else if (length <= 32) {
    std::memcpy(to, from, 16);
    std::memcpy(to + length - 16, from + length - 16, 16);
  } else {
    std::memcpy(to, from, length);
  }
  return to + length;
}

/// Copies the text of a view of `column`. May write kPutTextSlack bytes past its end.
inline char* put_text(char* to, const TextView& view, const Column& column) noexcept {
  if (view.length > TextView::kInlineBytes) {
    return put_long_text(to, column.texts[view.outside.buffer].chars() + view.outside.offset, view.length);
  }
  std::memcpy(to, view.inlined, TextView::kInlineBytes);
  return to + view.length;
}

}  // namespace flatbed
