// Eight bytes at a time in a word; most of all numbers and dates out of fixed places, whose functions tell whether the
// text had the shape that they know. What has not is left to parse_value(), which knows all shapes.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace flatbed {

static_assert(std::endian::native == std::endian::little, "columns and digits are read as little-endian words");

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

inline uint64_t load8(const char* p) noexcept {
  uint64_t word;
  std::memcpy(&word, p, 8);
  return word;
}

/// Bytes of a word as digits: each '0' to '9' becomes 0 to 9.
inline uint64_t digits_of(uint64_t word) noexcept {
  return word ^ 0x3030303030303030u;
}

/// Tells whether each byte of `digits` is at most 9.
inline bool are_digits(uint64_t digits) noexcept {
  return (((digits + 0x7676767676767676u) | digits) & 0x8080808080808080u) == 0;
}

constexpr bool is_digit(char c) noexcept {
  return static_cast<unsigned char>(c - '0') <= 9;
}

/// Returns eight times the same byte.
constexpr uint64_t each_byte(char c) noexcept {
  return 0x0101010101010101u * static_cast<unsigned char>(c);
}

/// Marks the bytes of a word that are zero, in their highest bits; exact up to the first one.
inline uint64_t mark_zeros(uint64_t word) noexcept {
  return (word - 0x0101010101010101u) & ~word & 0x8080808080808080u;
}

/// Joins eight digits, the first in the lowest byte: pairs, then fours, then all, each by one multiplication.
inline uint32_t join_digits(uint64_t digits) noexcept {
  digits = digits * 10 + (digits >> 8);
  const uint64_t low = (digits & 0x000000FF000000FFu) * 0x000F424000000064u;
  const uint64_t high = ((digits >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u;
  return static_cast<uint32_t>((low + high) >> 32);
}

/// Reads 1 to 8 digits that end before `end`. REQUIRES: 8 readable bytes before `end`, of whatever content.
inline bool read_digits8(const char* end, size_t length, uint32_t& value) noexcept {
  if (length - 1 >= 8) return false;
  const unsigned drop = 64 - 8 * static_cast<unsigned>(length);
  const uint64_t digits = (digits_of(load8(end - 8)) >> drop) << drop;
  value = join_digits(digits);
  return are_digits(digits);
}

/// Reads 1 to 16 digits that end before `end`. REQUIRES: 16 readable bytes before `end`.
inline bool read_digits16(const char* end, size_t length, uint64_t& value) noexcept {
  uint32_t low = 0;
  if (length <= 8) {
    const bool good = read_digits8(end, length, low);
    value = low;
    return good;
  }
  uint32_t high = 0;
  if (!read_digits8(end, 8, low) || !read_digits8(end - 8, length - 8, high)) return false;
  value = uint64_t{high} * 100000000u + low;
  return true;
}

/// First days of months since 1970-01-01, from January 1900 to January 2300.
inline constexpr int kFirstTableYear = 1900;
inline constexpr int kLastTableYear = 2299;
inline constexpr size_t kTableMonths = (kLastTableYear - kFirstTableYear + 1) * 12;
extern const std::array<int32_t, kTableMonths + 1> kMonthStarts;

/// The same months, 32 places a year so that a year and a month need no check to be one number. Month 1 is at place 1.
struct MonthPlace {
  int32_t first = 0;  ///< day since 1970-01-01
  uint32_t days = 0;  ///< 0: there is no such month
};
inline constexpr size_t kMonthPlaces = (kLastTableYear - kFirstTableYear + 1) * size_t{32};
extern const std::array<MonthPlace, kMonthPlaces> kMonthsByPlace;

/// Reads YYYY-MM-DD of 1900 to 2299 as days since 1970-01-01. REQUIRES: 10 readable bytes at `begin`.
inline bool read_date(const char* begin, int32_t& days) noexcept {
  uint16_t tail;
  std::memcpy(&tail, begin + 8, 2);
  // With the dashes turned to zeros too, one word of digits remains.
  const uint64_t digits = load8(begin) ^ 0x2D30302D30303030u;
  const uint64_t day_digits = tail ^ 0x3030u;
  const unsigned shaped = unsigned{are_digits(digits)} & unsigned{are_digits(day_digits)};
  if (shaped == 0 || (digits & 0xFF0000FF00000000u) != 0) return false;
  const uint64_t pairs = digits * 10 + (digits >> 8);
  const size_t year = (pairs & 0xFF) * 100 + ((pairs >> 16) & 0xFF);
  const size_t month = (pairs >> 40) & 0xFF;
  const auto day = static_cast<int32_t>((day_digits & 0xFF) * 10 + (day_digits >> 8));
  const size_t entry = (year - kFirstTableYear) * 12 + month - 1;
  if (entry >= kTableMonths || month - 1 >= 12) return false;
  days = kMonthStarts[entry] + day - 1;
  return day != 0 && days < kMonthStarts[entry + 1];
}

/// Reads hh:mm:ss as seconds. REQUIRES: 8 readable bytes at `begin`.
inline bool read_clock(const char* begin, int32_t& seconds) noexcept {
  const uint64_t digits = load8(begin) ^ 0x30303A30303A3030u;
  if (!are_digits(digits) || (digits & 0x0000FF0000FF0000u) != 0) return false;
  const uint64_t pairs = digits * 10 + (digits >> 8);
  const auto hour = static_cast<int32_t>(pairs & 0xFF);
  const auto minute = static_cast<int32_t>((pairs >> 24) & 0xFF);
  const auto second = static_cast<int32_t>((pairs >> 48) & 0xFF);
  seconds = hour * 3600 + minute * 60 + second;
  return hour < 24 && minute < 60 && second < 60;
}

}  // namespace flatbed
