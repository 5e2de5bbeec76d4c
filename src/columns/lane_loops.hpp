// Fields of a column side by side, one in each lane of a register: what fast_loops.hpp does for one field, done for
// several that have the same shape. Included by the files of instruction sets with such registers, into their unnamed
// namespace; nothing here may be shared between them. A lane that is not of the shape makes the whole group go to the
// loop over single fields, so nothing is decided here but what is a value for certain.
#pragma once

#include <cstdint>
#include <cstring>

#include "columns/fast_fields.hpp"
#include "columns/swar.hpp"

namespace flatbed {
namespace {

// `Lanes` gives: Words, kCount numbers of 64 bits; load() of 8 bytes from each of so many places; gather() of 8 bytes
// at byte offsets; shift_left(), shift_right() by any count, 64 and more giving 0; any() bit set; join_pairs() and
// join_fours(), the first two steps of join_digits(); multiply(), of the lower halves; join_months(), of YYYY0MM0 to 32
// times the year and the month, in a half each; keep(), a number in each lane that stays in a register.

// As many fields as a register has lanes. Each has 1 to 16 bytes, and kLookBehind bytes before its end are readable.
template <class Lanes>
struct LaneFields {
  using Words = typename Lanes::Words;
  static constexpr size_t kCount = Lanes::kCount;
  const char* ends[kCount];
  Words length{};

  /// Finds fields by the places of their bounds; false when they are not of those lengths.
  bool find(const char* text, const uint32_t* const (&at)[kCount], uint32_t delimiter_rest) {
    const Words bounds = Lanes::load(at, 0);
    const Words end = (bounds >> 32) - delimiter_rest;
    length = end - (bounds & Lanes::keep(0xFFFFFFFF)) - Lanes::keep(1);
    if (Lanes::any(((length - Lanes::keep(1)) >> 4) | ((end - Lanes::keep(kLookBehind)) >> 63))) return false;
    for (size_t i = 0; i < kCount; ++i) ends[i] = text + at[i][1] - delimiter_rest;
    return true;
  }
  /// Eight bytes of each field and of what stands before it, from `back` bytes before its end on.
  Words bytes(ptrdiff_t back) const { return Lanes::load(ends, -back); }
  /// Tells whether a field is longer than 8 bytes.
  bool longer() const { return Lanes::any((length - Lanes::keep(1)) >> 3); }
};

// Marks bytes that are no digits, in their highest bits; exact from the lowest one up.
template <class Lanes, class Words>
Words other_than_digits(Words digits) {
  return ((digits + Lanes::keep(0x7676767676767676)) | digits) & Lanes::keep(0x8080808080808080);
}

// The digits at the ends of fields, while they are joined.
template <class Lanes>
struct LaneDigits {
  using Words = typename Lanes::Words;
  Words low{}, high{};
  Words drop{};   // bits of `low` that lie before the field; where it is longer, less than 0
  Words minus{};  // all ones where the field is negative
  bool longer = false;

  explicit LaneDigits(const LaneFields<Lanes>& fields)
      : low(fields.bytes(8)), drop(Lanes::keep(64) - (fields.length << 3)), longer(fields.longer()) {
    if (longer) high = fields.bytes(16);
  }
  void take_sign() {
    Words first = Lanes::shift_right(low, drop);
    if (longer) first |= Lanes::shift_right(high, drop + Lanes::keep(64));
    minus = reinterpret_cast<Words>((first & Lanes::keep(0xFF)) == Lanes::keep('-'));
    drop += minus & Lanes::keep(8);
  }
  // All ones where a point stands before the last `scale` digits, and a digit or more before it.
  Words have_point(size_t scale) const {
    const auto least = static_cast<int64_t>(56 - 8 * scale);
    if (scale == 0) return Words{};
    return reinterpret_cast<Words>(((low >> least) & Lanes::keep(0xFF)) == Lanes::keep('.')) &
           reinterpret_cast<Words>(reinterpret_cast<typename Lanes::Signed>(drop) < least);
  }
  // Closes the gap of a point before the last `scale` digits, 1 to 7.
  void close_gap(size_t scale) {
    const uint64_t after = ~uint64_t{0} << (64 - 8 * scale);
    low = (low & after) | (((low << 8) | (high >> 56)) & ~after);
    high <<= 8;
    drop += 8;
  }
  // Joins what is left; marks in `bad` the lanes that hold anything but 1 to 16 digits.
  Words join(Words& bad) const {
    const Words all = ~Words{}, zeros = Lanes::keep(0x3030303030303030);
    bad |= reinterpret_cast<Words>(drop == Lanes::keep(64));
    if (!longer) {
      const Words digits = (low ^ zeros) & Lanes::shift_left(all, drop);
      bad |= other_than_digits<Lanes>(digits);
      return eight(digits);
    }
    const Words positive = reinterpret_cast<Words>(reinterpret_cast<typename Lanes::Signed>(drop) > 0);
    const Words lower = (low ^ zeros) & Lanes::shift_left(all, drop & positive);
    const Words upper = (high ^ zeros) & Lanes::shift_left(all, drop + Lanes::keep(64));
    bad |= other_than_digits<Lanes>(lower) | other_than_digits<Lanes>(upper);
    return Lanes::multiply(eight(upper), Lanes::keep(100'000'000)) + eight(lower);
  }

 private:
  static Words eight(Words digits) {
    const Words fours = Lanes::join_fours(Lanes::join_pairs(digits));
    return Lanes::multiply(fours, Lanes::keep(10'000)) + (fours >> 32);
  }
};

// Marks lanes whose number, read as signed, is below 0 or not below `end`.
template <class Words>
Words outside(Words number, Words end) {
  return (number | (end - 1 - number)) >> 63;
}

// Reads YYYY-MM-DD of 1900 to 2299 as days since 1970-01-01, in the lower halves. REQUIRES: fields of 10 bytes.
template <class Lanes, class Words>
[[gnu::always_inline]] inline bool read_dates(const LaneFields<Lanes>& fields, Words& days) {
  const Words head = fields.bytes(10) ^ Lanes::keep(0x2D30302D30303030);  // YYYY-MM-
  const Words tail = fields.bytes(8) ^ Lanes::keep(0x3030303030303030);   // ......DD
  // Dashes are zero, and the first digit of a month is 0 or 1, so that a month is less than 32.
  const Words misshapen = (head & Lanes::keep(0xFF00FEFF00000000)) | other_than_digits<Lanes>(head) |
                          (other_than_digits<Lanes>(tail) & Lanes::keep(0x8080000000000000));
  const Words joined = Lanes::join_months(head);
  const Words place = (joined & Lanes::keep(0xFFFFFFFF)) + (joined >> 32) - Lanes::keep(kFirstTableYear * 32);
  if (Lanes::any(misshapen | outside(place, Lanes::keep(kMonthPlaces)))) return false;
  const Words month = Lanes::gather(kMonthsByPlace.data(), place << 3);
  const Words tens = (tail >> 48) & Lanes::keep(0xFF);
  const Words day = (tens << 3) + (tens << 1) + (tail >> 56) - Lanes::keep(1);
  days = month + day;
  return !Lanes::any(outside(day, month >> 32));
}

// Writes the lower bytes of each lane.
template <class T, class Lanes>
void store_lanes(typename Lanes::Words value, std::byte* out) {
  if constexpr (sizeof(T) == 8) {
    std::memcpy(out, &value, sizeof value);
  } else {
    typedef T Narrow __attribute__((vector_size(Lanes::kCount * sizeof(T))));
    const Narrow narrow = __builtin_convertvector(value, Narrow);
    std::memcpy(out, &narrow, sizeof narrow);
  }
}

}  // namespace
}  // namespace flatbed
