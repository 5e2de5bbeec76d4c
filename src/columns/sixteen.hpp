// Sixteen bytes at once, on every CPU: the compiler makes them one register.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace flatbed {

typedef unsigned char Sixteen __attribute__((vector_size(16)));

/// Returns sixteen times the same byte.
inline Sixteen sixteen_of(char byte) noexcept {
  return Sixteen{} + static_cast<unsigned char>(byte);
}

inline Sixteen load16(const char* from) noexcept {
  Sixteen bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

/// Returns a bit of each byte of a comparison, the first one lowest.
template <class Comparison>
uint64_t bits_of(Comparison same) noexcept {
#if defined(__SSE2__)
  return static_cast<unsigned>(_mm_movemask_epi8(reinterpret_cast<__m128i>(same)));
#else
  uint64_t words[2];
  std::memcpy(words, &same, sizeof words);
  for (uint64_t& word : words) word = (word & 0x8040201008040201) * 0x0101010101010101 >> 56;
  return words[0] | words[1] << 8;
#endif
}

}  // namespace flatbed
