// The loops of fast_fields.hpp, once for each instruction set: included by one file each, into its unnamed namespace;
// nothing here may be shared between them. A field is read from its end, where its lowest digit stands, whatever its
// length; what lies before its begin is masked away. Where the instruction set has lanes, several fields of the same
// shape are read at once by lane_loops.hpp.
#pragma once

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "columns/fast_fields.hpp"
#include "columns/lane_loops.hpp"
#include "columns/parse.hpp"
#include "columns/put_digits.hpp"
#include "columns/swar.hpp"

namespace flatbed {
namespace {

template <bool kRectangular>
FieldSpan span_of(const FieldSpans& spans, size_t row) {
  const uint32_t* at = spans.bounds + (kRectangular ? row * spans.columns : spans.first[row]);
  FieldSpan span{at[0] + 1, at[1] - spans.delimiter_rest};
  if (spans.returns && span.end > span.begin && spans.text[span.end - 1] == '\r') --span.end;
  return span;
}

// An empty field may lie behind the last byte: it has no first one to look at.
inline bool begins_with_quote(const FieldSpans& spans, const FieldSpan& span) {
  return spans.quote != 0 && span.size() > 0 && spans.text[span.begin] == spans.quote;
}
inline bool may_be_null(const FieldSpans& spans, const char* begin, size_t length) {
  return length == 0 || spans.null_begins[static_cast<unsigned char>(*begin)];
}

// Reads fixed-width values; `fast` returns false for what it does not know.
template <bool kRectangular, class Fast>
void read_each(const FieldSpans& spans, const Fast& fast, std::byte* values, size_t row, size_t last,
               const SlowField& slow) {
  for (; row < last; ++row) {
    const FieldSpan span = span_of<kRectangular>(spans, row);
    const char* const begin = spans.text + span.begin;
    std::byte* const out = values + row * fast.width;
    if (span.end < kLookBehind || (Fast::kMayBeNull && may_be_null(spans, begin, span.size())) ||
        (Fast::kMayHoldQuote && begins_with_quote(spans, span))) [[unlikely]] {
      slow.read(slow.column, row);
    } else if (!fast(begin, span.size(), out)) [[unlikely]] {
      const bool quoted =
          spans.quote != 0 && span.size() > 2 && *begin == spans.quote && begin[span.size() - 1] == spans.quote;
      if (!quoted || !fast(begin + 1, span.size() - 2, out)) slow.read(slow.column, row);
    }
  }
}

// A type that is read field by field, whatever the instruction set.
struct NoLanes {
  static constexpr size_t kCount = 1;
};

// Reads fields side by side, as long as there are enough of them; returns the first row that is left.
template <bool kRectangular, class Fast>
size_t read_groups(const FieldSpans& spans, const Fast& fast, std::byte* values, size_t row, size_t last,
                   const SlowField& slow) {
  using Lanes = typename Fast::Lanes;
  constexpr size_t kLanes = Lanes::kCount;
  // Fields in quotes are read one by one; where the first one is, the others mostly are.
  if (row + kLanes > last || spans.returns || begins_with_quote(spans, span_of<kRectangular>(spans, row))) return row;
  const char* const text = spans.text;
  const uint32_t* const bounds = spans.bounds;
  const uint32_t* const first = spans.first;
  const size_t columns = spans.columns;
  const uint32_t rest = spans.delimiter_rest;
  LaneFields<Lanes> fields;
  for (; row + kLanes <= last; row += kLanes) {
    const uint32_t* at[kLanes];
    for (size_t i = 0; i < kLanes; ++i) at[i] = bounds + (kRectangular ? (row + i) * columns : first[row + i]);
    if (!fields.find(text, at, rest) || !fast.read_lanes(fields, values + row * fast.width)) [[unlikely]]
      read_each<kRectangular>(spans, fast, values, row, row + kLanes, slow);
  }
  return row;
}

template <bool kRectangular, class Fast>
void read_fast(const FieldSpans& given, const Type& type, std::byte* values, size_t row, size_t last,
               const SlowField& slow) {
  const FieldSpans spans = given;  // a copy, so that the values written cannot be taken for changes of it
  const Fast fast(type);
  if constexpr (Fast::Lanes::kCount > 1) row = read_groups<kRectangular>(given, fast, values, row, last, slow);
  read_each<kRectangular>(spans, fast, values, row, last, slow);
}

// What knows numbers and dates alone meets no text that means NULL.
template <size_t kBytes, class LanesOfType = NoLanes>
struct FastNumber {
  using Lanes = LanesOfType;
  static constexpr bool kMayBeNull = false;
  static constexpr bool kMayHoldQuote = false;
  static constexpr size_t width = kBytes;
};

// The most digits that read_digits() of every instruction set takes.
constexpr size_t kMostDigits = 16;

template <class Isa, class T>
struct FastInteger : FastNumber<sizeof(T), typename Isa::Lanes> {
  static constexpr bool kSigned = std::numeric_limits<T>::is_signed;
  explicit FastInteger(const Type&) {}
  bool operator()(const char* begin, size_t length, std::byte* out) const {
    const bool negative = kSigned && length != 0 && *begin == '-';
    length -= negative;
    const char* const end = begin + length + negative;
    uint64_t digits = 0;
    if (!read(end, length, digits)) return false;
    if (digits > static_cast<uint64_t>(std::numeric_limits<T>::max())) return false;
    const T value = static_cast<T>(negative ? T{0} - static_cast<T>(digits) : static_cast<T>(digits));
    std::memcpy(out, &value, sizeof value);
    return true;
  }
  template <class Lanes>
  bool read_lanes(const LaneFields<Lanes>& fields, std::byte* out) const {
    LaneDigits<Lanes> digits(fields);
    if (kSigned) digits.take_sign();
    typename Lanes::Words bad{};
    const auto value = digits.join(bad);
    if constexpr (sizeof(T) < 8) bad |= outside(value, Lanes::keep(uint64_t{std::numeric_limits<T>::max()} + 1));
    if (Lanes::any(bad)) return false;
    store_lanes<T, Lanes>((value ^ digits.minus) - digits.minus, out);
    return true;
  }

 private:
  static bool read(const char* end, size_t length, uint64_t& value) {
    if (sizeof(T) < 8 || length <= kMostDigits) return Isa::read_digits(end, length, value);
    uint64_t low = 0;
    uint32_t high = 0;
    if (!Isa::read_digits(end, kMostDigits, low) || !read_digits8(end - kMostDigits, length - kMostDigits, high))
      return false;
    constexpr uint64_t kPower = 10'000'000'000'000'000;
    return !__builtin_mul_overflow(high, kPower, &value) && !__builtin_add_overflow(value, low, &value);
  }
};

// Knows decimals with all their places, or without a point: "12.50" and "12" for scale 2.
template <class Isa, size_t kBytes>
struct FastDecimal : FastNumber<kBytes, std::conditional_t<kBytes <= 8, typename Isa::Lanes, NoLanes>> {
  // Made once for each tile, so by tables.
  explicit FastDecimal(const Type& type)
      : scale(type.scale),
        point(type.scale),
        power(kPowersOfTen[scale]),
        limit(kPowersOfTen[type.precision < 16 ? type.precision : size_t{16}]),
        whole_limit(type.precision < scale ? 0 : kPowersOfTen[std::min<size_t>(type.precision, 16) - scale]) {}
  bool operator()(const char* begin, size_t length, std::byte* out) const {
    const bool negative = length != 0 && *begin == '-';
    const char* const end = begin + length;
    length -= negative;
    uint64_t magnitude = 0;
    if (scale != 0 && length > scale + 1 && end[-1 - static_cast<ptrdiff_t>(scale)] == '.') {
      if (!Isa::read_with_point(end, length, point, magnitude)) return false;
    } else {
      if (!Isa::read_digits(end, length, magnitude) || __builtin_mul_overflow(magnitude, power, &magnitude))
        return false;
    }
    if (magnitude >= limit) return false;
    const auto value = static_cast<int64_t>(magnitude);
    write(negative ? -value : value, out);
    return true;
  }
  // All of them with a point, or none.
  template <class Lanes>
  bool read_lanes(const LaneFields<Lanes>& fields, std::byte* out) const {
    using Words = typename Lanes::Words;
    if (scale > 7) return false;
    LaneDigits<Lanes> digits(fields);
    digits.take_sign();
    const Words pointed = digits.have_point(scale);
    const bool any_point = Lanes::any(pointed);
    if (any_point && Lanes::any(~pointed)) return false;
    if (any_point) digits.close_gap(scale);
    Words bad{};
    Words value = digits.join(bad);
    bad |= outside(value, Words{} + (any_point ? limit : whole_limit));
    if (Lanes::any(bad)) return false;
    if (!any_point) value *= power;
    using Value = std::conditional_t<kBytes == 8, int64_t, int32_t>;
    store_lanes<Value, Lanes>((value ^ digits.minus) - digits.minus, out);
    return true;
  }

 private:
  static void write(int64_t value, std::byte* out) {
    std::memcpy(out, &value, kBytes < 8 ? kBytes : 8);
    if constexpr (kBytes > 8) std::memset(out + 8, value < 0 ? 0xFF : 0, kBytes - 8);
  }
  size_t scale;
  typename Isa::Point point;
  uint64_t power;
  uint64_t limit;
  uint64_t whole_limit;  // of numbers without a point
};

template <class T>
bool store_days(int32_t days, std::byte* out) {
  const auto value = static_cast<T>(days);
  std::memcpy(out, &value, sizeof value);
  return static_cast<int32_t>(value) == days;
}

template <class Isa, class T>
struct FastDate : FastNumber<sizeof(T), typename Isa::Lanes> {
  explicit FastDate(const Type&) {}
  bool operator()(const char* begin, size_t length, std::byte* out) const {
    int32_t days = 0;
    return length == 10 && Isa::read_date(begin, days) && store_days<T>(days, out);
  }
  template <class Lanes>
  bool read_lanes(const LaneFields<Lanes>& fields, std::byte* out) const {
    typename Lanes::Words days;
    if (Lanes::any(fields.length ^ Lanes::keep(10)) || !read_dates(fields, days)) return false;
    if (sizeof(T) == 2 && Lanes::any(days & Lanes::keep(0xFFFF0000))) return false;
    store_lanes<T, Lanes>(days, out);
    return true;
  }
};

// Knows "YYYY-MM-DD hh:mm:ss" in UTC, with "T" or "Z" or both, and with all the places of DateTime64.
template <class Isa, class T>
struct FastTime : FastNumber<sizeof(T)> {
  explicit FastTime(const Type& type)
      : scale(type.id == TypeId::kDateTime64 ? type.scale : 0), power(static_cast<int64_t>(kPowersOfTen[scale])) {}
  bool operator()(const char* begin, size_t length, std::byte* out) const {
    if (length != 0 && begin[length - 1] == 'Z') --length;
    if (length != 19 && (scale == 0 || length != 20 + scale || begin[19] != '.')) return false;
    int32_t days = 0, clock = 0;
    uint32_t places = 0;
    if ((begin[10] != ' ' && begin[10] != 'T') || !Isa::read_date(begin, days) || !read_clock(begin + 11, clock))
      return false;
    if (length != 19 && !read_digits8(begin + length, scale, places)) return false;
    const int64_t seconds = int64_t{days} * 86400 + clock;
    int64_t ticks = 0;
    if (__builtin_mul_overflow(seconds, power, &ticks) || __builtin_add_overflow(ticks, places, &ticks)) return false;
    const auto value = static_cast<T>(ticks);
    std::memcpy(out, &value, sizeof value);
    return static_cast<int64_t>(value) == ticks;
  }
  size_t scale;
  int64_t power;
};

// Knows what std::from_chars() knows; first, numbers of up to 15 digits without an exponent: those and the powers of
// ten up to 22 are doubles, so that one division gives the nearest one (Clinger, "How to Read Floating Point Numbers
// Accurately", 1990).
template <class Isa>
struct FastDouble {
  using Lanes = typename Isa::Lanes;
  static constexpr bool kMayBeNull = true;  // nan
  static constexpr bool kMayHoldQuote = false;
  static constexpr size_t width = sizeof(double);
  explicit FastDouble(const Type&) {}
  bool operator()(const char* begin, size_t length, std::byte* out) const {
    double value = 0;
    if (!read_short(begin, length, value)) {
      const auto [end, problem] = std::from_chars(begin, begin + length, value);
      if (end != begin + length || problem != std::errc()) return false;
    }
    std::memcpy(out, &value, sizeof value);
    return true;
  }
  // All of them with the point of the first one, or none. Up to 2^52 a number is the lower bits of 2^52 and it.
  template <class Lanes>
  bool read_lanes(const LaneFields<Lanes>& fields, std::byte* out) const {
    typedef double Doubles __attribute__((vector_size(sizeof(typename Lanes::Words))));
    constexpr uint64_t kEnd = uint64_t{1} << 52;
    LaneDigits<Lanes> digits(fields);
    digits.take_sign();
    const uint64_t points = points_of(digits.low[0]);
    const size_t places = points == 0 ? 0 : static_cast<size_t>(__builtin_clzll(points)) / 8;
    const auto pointed = digits.have_point(places);
    const bool any_point = Lanes::any(pointed);
    if (any_point && Lanes::any(~pointed)) return false;
    if (any_point) digits.close_gap(places);
    typename Lanes::Words bad{};
    const auto whole = digits.join(bad);
    bad |= outside(whole, Lanes::keep(kEnd));
    if (Lanes::any(bad)) return false;
    const uint64_t exponent = std::bit_cast<uint64_t>(static_cast<double>(kEnd));
    const Doubles value = reinterpret_cast<Doubles>(whole | Lanes::keep(exponent)) - static_cast<double>(kEnd);
    const Doubles divided = value / kPowers[any_point ? places : 0];
    const auto bits =
        reinterpret_cast<typename Lanes::Words>(divided) | (digits.minus & Lanes::keep(uint64_t{1} << 63));
    std::memcpy(out, &bits, sizeof bits);
    return true;
  }

 private:
  static bool read_short(const char* begin, size_t length, double& value) {
    const bool negative = length != 0 && *begin == '-';
    const char* const end = begin + length;
    const size_t digits = length - negative;
    if (digits - 1 >= 16) return false;
    // Eight bytes before the end and eight before those: the point, wherever it stands.
    const uint64_t low = points_of(load8(end - 8)), high = points_of(load8(end - 16));
    size_t places = low != 0    ? static_cast<size_t>(__builtin_clzll(low)) / 8
                    : high != 0 ? 8 + static_cast<size_t>(__builtin_clzll(high)) / 8
                                : digits;
    uint64_t whole = 0;
    if (places >= digits) {
      if (digits == 16 || !Isa::read_digits(end, digits, whole)) return false;
      places = 0;
    } else if (places == 0 || places + 1 == digits) {
      return false;
    } else {
      uint64_t part = 0;
      if (!Isa::read_digits(end, places, part) || !Isa::read_digits(end - places - 1, digits - places - 1, whole))
        return false;
      whole = whole * kPowersOfTen[places] + part;
    }
    value = static_cast<double>(whole) / kPowers[places];
    if (negative) value = -value;
    return true;
  }

  // Marks the bytes that are a point, in their highest bit; exact from the highest one down.
  static uint64_t points_of(uint64_t word) {
    const uint64_t other = word ^ 0x2E2E2E2E2E2E2E2Eu;
    const uint64_t low_bits = (other & 0x7F7F7F7F7F7F7F7Fu) + 0x7F7F7F7F7F7F7F7Fu;
    return ~(low_bits | other | 0x7F7F7F7F7F7F7F7Fu);
  }

  static constexpr double kPowers[16] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                         1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
};

// Knows what parse_value() knows.
struct AnyValue {
  using Lanes = NoLanes;
  static constexpr bool kMayBeNull = true;
  static constexpr bool kMayHoldQuote = true;  // FixedString, and names of an Enum
  explicit AnyValue(const Type& given) : type(given), width(byte_width(given)) {}
  bool operator()(const char* begin, size_t length, std::byte* out) const {
    return length != 0 && parse_value({begin, length}, type, out) == Code::kOk;
  }
  const Type& type;
  size_t width;
};

template <bool kRectangular, class Isa>
FastLoop choose_loop(const Type& type) {
  const bool short_scale = type.scale <= 8;
  const bool utc = type.timezone.empty() || type.timezone == "UTC";
  switch (type.id) {
    case TypeId::kInt8:
      return read_fast<kRectangular, FastInteger<Isa, int8_t>>;
    case TypeId::kInt16:
      return read_fast<kRectangular, FastInteger<Isa, int16_t>>;
    case TypeId::kInt32:
      return read_fast<kRectangular, FastInteger<Isa, int32_t>>;
    case TypeId::kInt64:
      return read_fast<kRectangular, FastInteger<Isa, int64_t>>;
    case TypeId::kUInt8:
      return read_fast<kRectangular, FastInteger<Isa, uint8_t>>;
    case TypeId::kUInt16:
      return read_fast<kRectangular, FastInteger<Isa, uint16_t>>;
    case TypeId::kUInt32:
      return read_fast<kRectangular, FastInteger<Isa, uint32_t>>;
    case TypeId::kUInt64:
      return read_fast<kRectangular, FastInteger<Isa, uint64_t>>;
    case TypeId::kDecimal32:
      return short_scale ? read_fast<kRectangular, FastDecimal<Isa, 4>> : read_fast<kRectangular, AnyValue>;
    case TypeId::kDecimal64:
      return short_scale ? read_fast<kRectangular, FastDecimal<Isa, 8>> : read_fast<kRectangular, AnyValue>;
    case TypeId::kDecimal128:
      return short_scale ? read_fast<kRectangular, FastDecimal<Isa, 16>> : read_fast<kRectangular, AnyValue>;
    case TypeId::kDecimal256:
      return short_scale ? read_fast<kRectangular, FastDecimal<Isa, 32>> : read_fast<kRectangular, AnyValue>;
    case TypeId::kFloat64:
      return read_fast<kRectangular, FastDouble<Isa>>;
    case TypeId::kDate:
      return read_fast<kRectangular, FastDate<Isa, uint16_t>>;
    case TypeId::kDate32:
      return read_fast<kRectangular, FastDate<Isa, int32_t>>;
    case TypeId::kDateTime:
      return utc ? read_fast<kRectangular, FastTime<Isa, uint32_t>> : read_fast<kRectangular, AnyValue>;
    case TypeId::kDateTime64:
      return utc && short_scale ? read_fast<kRectangular, FastTime<Isa, int64_t>> : read_fast<kRectangular, AnyValue>;
    default:
      return read_fast<kRectangular, AnyValue>;
  }
}

}  // namespace
}  // namespace flatbed
