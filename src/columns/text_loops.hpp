// The loop over texts, once for each instruction set: included by one file each, into its unnamed namespace; nothing
// here may be shared between them. Short texts are copied by as many bytes as long ones, because a branch on their
// length would be guessed wrongly; the next text is written over what is too much.
#pragma once

#include <immintrin.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "columns/fast_fields.hpp"
#include "flatbed/batch.hpp"

namespace flatbed {
namespace {

// What is kept of the 4 bytes before a text and its first 12, as its view holds it: of a longer one its first 4.
using ViewMasks = std::array<std::array<uint8_t, 16>, kTextBytes + 1>;
constexpr ViewMasks make_view_masks() {
  ViewMasks masks{};
  for (size_t length = 0; length < masks.size(); ++length) {
    const size_t kept = length > TextView::kInlineBytes ? 4 : length;
    for (size_t i = 0; i < kept; ++i) masks[length][4 + i] = 0xFF;
  }
  return masks;
}
alignas(16) constexpr ViewMasks kViewMasks = make_view_masks();

// Writes TextView::of() a text, without a branch on its length; `place` is its buffer and its offset, or 0 where it
// lies in its view.
inline void write_view(const char* from, size_t length, uint64_t place, std::byte* out) {
  const __m128i keep = _mm_load_si128(reinterpret_cast<const __m128i*>(kViewMasks[length].data()));
  const __m128i text = _mm_and_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from - 4)), keep);
  const __m128i rest = _mm_set_epi64x(static_cast<long long>(place), static_cast<long long>(length));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_or_si128(text, rest));
}

// `Isa` gives copy(), of kTextBytes, and holds(): whether one of two bytes is among the first so many.
template <bool kRectangular, bool kEscaped, class Isa>
class FastTextLoop {
 public:
  explicit FastTextLoop(const FieldSpans& spans)
      : spans_(spans),
        quote_(spans.quote != 0 ? static_cast<unsigned char>(spans.quote) : 256),
        readable_(spans.size > kBefore + kTextBytes ? spans.size - kBefore - kTextBytes : 0) {}

  // Not inlined: two of these in one function run out of registers.
  [[gnu::noinline]] size_t read(TextPlace& place, std::byte* views, size_t row, size_t last) const {
    Text text;
    for (; !place.copies && row < last && find(row, text); ++row) {
      place.copies = text.length > TextView::kInlineBytes;
      if (place.copies) break;
      write_view(text.from, text.length, 0, views + row * sizeof(TextView));
    }
    if (!place.copies) return row;
    char* to = place.at;
    uint64_t packed = place.packed;
    for (; row < last && find(row, text); ++row) {
      const uint64_t outside = text.length > TextView::kInlineBytes ? ~uint64_t{0} : 0;
      const size_t kept = text.length & outside;
      Isa::copy(text.from, to);
      write_view(text.from, text.length, packed & outside, views + row * sizeof(TextView));
      to += kept;
      packed += uint64_t{kept} << 32;
    }
    place.at = to;
    place.packed = packed;
    return row;
  }

 private:
  struct Text {
    const char* from = nullptr;
    size_t length = 0;
  };

  // Finds the text of a row; false when it is of another shape.
  [[gnu::always_inline]] bool find(size_t row, Text& text) const {
    const uint32_t* const at = spans_.bounds + (kRectangular ? row * spans_.columns : spans_.first[row]);
    const size_t begin = at[0] + 1, bytes = at[1] - spans_.delimiter_rest - begin;
    if (begin - kBefore >= readable_) return false;
    const char* const from = spans_.text + begin;
    const auto first = static_cast<unsigned char>(*from);
    const size_t quoted = first == quote_;
    // Neither an empty field, nor a quote alone, nor a long one.
    if (bytes - 1 - quoted >= kTextBytes || spans_.null_begins[first]) return false;
    text = {from + quoted, bytes - 2 * quoted};
    return !kEscaped || quoted == 0 || !Isa::holds(text.from, text.length, spans_.quote, spans_.escape);
  }

  static constexpr size_t kBefore = 4;  // what write_view() reads before a text
  const FieldSpans spans_;
  const unsigned quote_;
  const size_t readable_;
};

template <bool kRectangular, class Isa>
size_t read_texts(const FieldSpans& spans, TextPlace& place, std::byte* views, size_t row, size_t last) {
  if (spans.escaped) return FastTextLoop<kRectangular, true, Isa>(spans).read(place, views, row, last);
  return FastTextLoop<kRectangular, false, Isa>(spans).read(place, views, row, last);
}

}  // namespace
}  // namespace flatbed
