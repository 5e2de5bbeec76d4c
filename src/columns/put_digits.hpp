// Digits to raw memory: what every value's text is made of.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace flatbed {

// "00" to "99", so that two digits are one copy.
inline constexpr std::array<char, 200> kDigitPairs = [] {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

inline constexpr std::array<uint64_t, 20> kPowersOfTen = [] {
  std::array<uint64_t, 20> powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

inline char* put_pair(char* to, uint32_t below_hundred) noexcept {
  std::memcpy(to, &kDigitPairs[2 * below_hundred], 2);
  return to + 2;
}

/// Writes exactly `digits` digits, with leading zeros. REQUIRES: value < 10^digits.
inline char* put_padded(char* to, uint64_t value, unsigned digits) noexcept {
  char* end = to + digits;
  char* at = end;
  for (; digits >= 2; digits -= 2) {
    at -= 2;
    put_pair(at, static_cast<uint32_t>(value % 100));
    value /= 100;
  }
  if (digits != 0) *--at = static_cast<char>('0' + value);
  return end;
}

/// Returns the eight digits of a number below 10^8 as bytes 0 to 9, the first one in the lowest byte: fours, then
/// pairs, then digits, each side by side in one word.
inline uint64_t split_digits(uint32_t value) noexcept {
  const uint64_t fours = value / 10000 | uint64_t{value % 10000} << 32;
  const uint64_t hundreds = ((fours * 10486) >> 20) & 0x0000007F0000007F;
  const uint64_t pairs = hundreds + ((fours - 100 * hundreds) << 16);
  const uint64_t tens = ((pairs * 103) >> 10) & 0x000F000F000F000F;
  return tens + ((pairs - 10 * tens) << 8);
}

inline constexpr uint64_t kZeros = 0x3030303030303030;
inline constexpr uint64_t kEightDigits = 100'000'000;

/// Returns how many of eight split digits are zeros before the first other one, at most `most`.
inline unsigned leading_zeros(uint64_t digits, unsigned most) noexcept {
  return static_cast<unsigned>(std::countr_zero(digits | uint64_t{1} << (8 * most))) / 8;
}

inline char* put_word(char* to, uint64_t word) noexcept {
  std::memcpy(to, &word, sizeof word);
  return to + sizeof word;
}

/// Writes a number. It may write up to 8 bytes behind its first digit, however short it is.
inline char* put_number(char* to, uint64_t value) noexcept {
  if (value >= kEightDigits) [[unlikely]] {
    to = put_number(to, value / kEightDigits);
    return put_word(to, split_digits(static_cast<uint32_t>(value % kEightDigits)) | kZeros);
  }
  const uint64_t digits = split_digits(static_cast<uint32_t>(value));
  const unsigned zeros = leading_zeros(digits, 7);
  put_word(to, (digits | kZeros) >> (8 * zeros));
  return to + 8 - zeros;
}

}  // namespace flatbed
