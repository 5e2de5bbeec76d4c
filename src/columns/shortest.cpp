// Doubles as text. Enters: a double. Leaves: its shortest digits, and where the point stands among them.
// The digits are found as Raffaello Giulietti's "The Schubfach way to render doubles" does: of the decimals with one
// digit less that surround the number, and then of those with that digit, the one that lies within its rounding
// interval; three multiplications by a power of ten tell.
#include "columns/shortest.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "columns/put_digits.hpp"
#include "columns/swar.hpp"

namespace flatbed {
namespace {

constexpr int kLeastPower = -292, kMostPower = 324;

// 10^e, scaled by a power of two so that the highest of 128 bits is set, and rounded up.
struct Power {
  uint64_t high = 0, low = 0;
};

using Words = std::array<uint64_t, 4>;  // highest first; the highest bit is set

constexpr Words times_ten(Words words) {
  uint64_t carry = 0;
  for (size_t i = words.size(); i-- > 0;) {
    const UInt128 product = UInt128{words[i]} * 10 + carry;
    words[i] = static_cast<uint64_t>(product);
    carry = static_cast<uint64_t>(product >> 64);
  }
  while (carry != 0) {
    for (size_t i = words.size(); i-- > 1;) words[i] = words[i] >> 1 | words[i - 1] << 63;
    words[0] = words[0] >> 1 | carry << 63;
    carry >>= 1;
  }
  return words;
}

constexpr Words by_ten(const Words& words) {
  const unsigned shift = words[0] >= 0xA000000000000000 ? 3 : 4;  // so that the quotient has its highest bit set
  Words quotient{};
  UInt128 rest = words[0] >> (64 - shift);
  for (size_t i = 0; i < words.size(); ++i) {
    const uint64_t below = i + 1 < words.size() ? words[i + 1] >> (64 - shift) : 0;
    const UInt128 part = rest << 64 | (words[i] << shift | below);
    quotient[i] = static_cast<uint64_t>(part / 10);
    rest = part % 10;
  }
  return quotient;
}

constexpr Power rounded_up(const Words& words) {
  const bool exact = words[2] == 0 && words[3] == 0;
  Power power{words[0], words[1] + !exact};
  power.high += power.low == 0 && !exact;
  return power;
}

// 128 bits more than are kept leave the error of so many steps far below the last one.
constexpr auto kPowers = [] {
  std::array<Power, kMostPower - kLeastPower + 1> powers{};
  const Words one = {uint64_t{1} << 63, 0, 0, 0};
  Words words = one;
  for (int e = 0; e <= kMostPower; ++e, words = times_ten(words))
    powers[static_cast<size_t>(e - kLeastPower)] = rounded_up(words);
  words = one;
  for (int e = -1; e >= kLeastPower; --e) {
    words = by_ten(words);
    powers[static_cast<size_t>(e - kLeastPower)] = rounded_up(words);
  }
  return powers;
}();

// The number is digits * 10^exponent.
struct Decimal {
  uint64_t digits = 0;
  int exponent = 0;
};

// The product without its lowest 128 bits; its last bit tells whether there was anything below.
uint64_t round_to_odd(const Power& power, uint64_t number) noexcept {
  const UInt128 low = UInt128{power.low} * number;
  const UInt128 high = UInt128{power.high} * number + static_cast<uint64_t>(low >> 64);
  return static_cast<uint64_t>(high >> 64) | (static_cast<uint64_t>(high) > 1);
}

// REQUIRES: a finite number that is not 0.
Decimal shortest_of(uint64_t bits) noexcept {
  const uint64_t fraction = bits & ((uint64_t{1} << 52) - 1);
  const auto biased = static_cast<int>(bits >> 52 & 0x7FF);
  const uint64_t c = biased == 0 ? fraction : fraction | uint64_t{1} << 52;
  const int q = (biased == 0 ? 1 : biased) - 1075;
  // Below a power of two the next number is only half as far away.
  const bool close_below = fraction == 0 && biased > 1;
  const int k = (q * 1262611 - (close_below ? 524031 : 0)) >> 22;  // log10(2^q), or of 3/4 of it
  const int h = q + (-k * 1741647 >> 19) + 1;                      // log2(10^-k)
  const Power& power = kPowers[static_cast<size_t>(-k - kLeastPower)];
  const uint64_t below = round_to_odd(power, (4 * c - 2 + close_below) << h);
  const uint64_t at = round_to_odd(power, (4 * c) << h);
  const uint64_t above = round_to_odd(power, (4 * c + 2) << h);
  const uint64_t odd = c & 1;  // its interval does not hold its ends
  const uint64_t s = at / 4;
  if (s >= 10) {
    const uint64_t tens = s / 10;
    const bool down = below + odd <= 40 * tens, up = 40 * tens + 40 + odd <= above;
    if (down != up) return {tens + up, k + 1};
  }
  const bool down = below + odd <= 4 * s, up = 4 * s + 4 + odd <= above;
  if (down != up) return {s + up, k};
  const uint64_t middle = 4 * s + 2;
  return {s + (at > middle || (at == middle && (s & 1) != 0)), k};
}

// Most doubles in tables were decimals of few places. Of up to 15 digits no two are the same double, so one that gives
// the number back is its shortest text.
bool is_short(double magnitude, Decimal& decimal) noexcept {
  constexpr int kPlaces = 6;
  constexpr double kOne = 1e6;
  if (!(magnitude < 1e9)) return false;
  const auto digits = static_cast<int64_t>(magnitude * kOne + 0.5);
  decimal = {static_cast<uint64_t>(digits), -kPlaces};
  return static_cast<double>(digits) / kOne == magnitude;
}

char* put_exponent(char* to, int exponent) noexcept {
  *to++ = 'e';
  *to++ = exponent < 0 ? '-' : '+';
  const auto magnitude = static_cast<uint32_t>(std::abs(exponent));
  return magnitude < 100 ? put_pair(to, magnitude) : put_number(to, magnitude);
}

// Up to 17 digits as text, without the zeros at both ends, in registers: what was just written is slow to read.
struct DigitText {
  explicit DigitText(uint64_t digits) noexcept {
    const uint64_t above = digits / kEightDigits;
    const uint64_t middle = split_digits(static_cast<uint32_t>(above % kEightDigits));
    const uint64_t low = split_digits(static_cast<uint32_t>(digits % kEightDigits));
    const auto top = static_cast<uint8_t>(above / kEightDigits);
    const UInt128 rest = UInt128{low | kZeros} << 64 | (middle | kZeros);
    zeros = low != 0 ? std::countl_zero(low) / 8 : middle != 0 ? 8 + std::countl_zero(middle) / 8 : 16;
    const int before = top != 0 ? 0 : middle != 0 ? std::countr_zero(middle) / 8 : 8 + std::countr_zero(low) / 8;
    count = 16 + (top != 0) - before - zeros;
    first = top != 0 ? rest << 8 | static_cast<uint8_t>('0' + top) : rest >> (8 * before);
    last = static_cast<char>(rest >> 120);
  }
  UInt128 first = 0;  // sixteen digits, the first one lowest
  char last = 0;      // the one behind them, if there are so many
  int count = 0;
  int zeros = 0;  // that stood behind them
};

void put_sixteen(char* to, UInt128 text) noexcept {
  std::memcpy(to, &text, sizeof text);
}

// The form that is shorter; without an exponent where both are alike. Writes 32 bytes at most.
char* put_decimal(const Decimal& decimal, char* to) noexcept {
  const DigitText text(decimal.digits);
  const int count = text.count, exponent = decimal.exponent + text.zeros;
  const int single = count == 1;
  const bool fixed = exponent >= -(count + 3) + single && exponent <= 5 - single;
  const int before = fixed ? count + exponent : 1;  // digits before the point
  if (before <= 0) {
    std::memcpy(to, "0.000000", 8);
    to += 2 - before;
    put_sixteen(to, text.first);
    to[16] = text.last;
    return to + count;
  }
  put_sixteen(to, text.first);
  to[16] = text.last;
  char* end = to + count;
  if (before < count) {
    const UInt128 behind = text.first >> (8 * (before - 1)) >> 8;
    to[before] = '.';
    put_word(to + before + 1, static_cast<uint64_t>(behind));
    if (before < 8) put_word(to + before + 9, static_cast<uint64_t>(behind >> 64));
    to[17] = text.last;
    ++end;
  }
  if (!fixed) return put_exponent(end, exponent + count - 1);
  if (exponent <= 0) return end;
  put_word(end, kZeros);
  return end + exponent;
}

}  // namespace

char* put_shortest(double value, char* to) noexcept {
  constexpr double kExact = 9007199254740992;  // from 2^53 on, to_chars() may write digits behind the shortest ones
  constexpr size_t kRoom = 32;
  const double magnitude = std::abs(value);
  if (!(magnitude < kExact) || magnitude == 0) return std::to_chars(to, to + kRoom, value).ptr;
  *to = '-';
  to += std::signbit(value);
  Decimal decimal;
  if (!is_short(magnitude, decimal)) decimal = shortest_of(std::bit_cast<uint64_t>(magnitude));
  return put_decimal(decimal, to);
}

}  // namespace flatbed
