// A short text from its view into its slot by one shuffle. Included by the files of instruction sets with AVX2, into
// their unnamed namespace; nothing here may be shared between them.
#pragma once

#include <immintrin.h>

#include "encode/slots.hpp"

namespace flatbed {
namespace {

constexpr unsigned kViewHead = offsetof(TextView, inlined);  // bytes of a view before the text of a short one

// Of each length, for each byte of the slot, which one of the view it is; 128: none.
struct ShortPlaces {
  alignas(16) uint8_t of[TextView::kInlineBytes + 1][16];
};
constexpr ShortPlaces kShortPlaces = [] {
  ShortPlaces places{};
  for (size_t length = 0; length <= TextView::kInlineBytes; ++length) {
    for (size_t i = 0; i < 16; ++i) {
      const bool text = i + length >= 15 && i < 15;
      places.of[length][i] = static_cast<uint8_t>(text ? kViewHead + i + length - 15 : 128);
    }
  }
  return places;
}();

inline Slot short_slot(__m128i view, size_t length, char end) noexcept {
  const __m128i places = _mm_load_si128(reinterpret_cast<const __m128i*>(kShortPlaces.of[length]));
  const __m128i ends = _mm_slli_si128(_mm_cvtsi32_si128(static_cast<unsigned char>(end)), 15);
  const __m128i size = _mm_cvtsi64_si128(static_cast<long long>(length + 1));
  return std::bit_cast<Slot>(_mm_or_si128(_mm_shuffle_epi8(view, places), _mm_or_si128(ends, size)));
}

}  // namespace
}  // namespace flatbed
