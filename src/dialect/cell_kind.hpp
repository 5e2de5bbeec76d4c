// What a cell looks like, roughly, for finding dialects: a wrong delimiter leaves cells that look like nothing.
#pragma once

#include <string_view>

namespace flatbed {

enum class CellKind {
  kEmpty,
  kNumber,  // with sign, groups, fraction, exponent, currency or percent
  kTime,    // dates, times of day, both
  kName,    // address, e-mail, URL, UUID, path: text of a known form
  kWord,    // letters and digits, one word
  kText,    // words with ordinary punctuation
  kOdd,     // text with marks that delimit or quote elsewhere
};

/// Tells what the text looks like; spaces around it do not count.
CellKind cell_kind(std::string_view text) noexcept;

}  // namespace flatbed
