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

/// Returns the number of decimal digits; 1 for 0.
inline unsigned count_digits(uint64_t value) noexcept {
  // 1233 / 4096 is a little more than log10(2), so the guess is right or one too large.
  const auto guess = static_cast<unsigned>(std::bit_width(value | 1) * 1233 >> 12);
  return guess + (guess < 20 && value >= kPowersOfTen[guess]) + (value == 0);
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

inline char* put_number(char* to, uint64_t value) noexcept {
  return put_padded(to, value, count_digits(value));
}

}  // namespace flatbed
