// Values as text. Enters: the bytes of a value and its type. Leaves: characters, unquoted.
// Invariant: parse_value() makes the same bytes of them again.
#include "columns/format.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <concepts>
#include <type_traits>
#include <utility>

#include "columns/nested_text.hpp"
#include "columns/put_digits.hpp"
#include "columns/shortest.hpp"

namespace flatbed {
namespace {

__extension__ typedef unsigned __int128 Uint128;

constexpr int64_t kSecondsOfDay = 86400;

template <class T>
T load(const std::byte* value) noexcept {
  T loaded;
  std::memcpy(&loaded, value, sizeof(T));
  return loaded;
}

// Writes a sign where there is one, and returns the magnitude. Signs come as they like: no branch on them.
template <std::integral T>
uint64_t put_sign(T value, char*& to) noexcept {
  const bool negative = value < 0;
  *to = '-';
  to += negative;
  const auto bits = static_cast<uint64_t>(value);
  return negative ? 0 - bits : bits;
}

template <std::integral T>
char* put_integer(T value, char* to) noexcept {
  if constexpr (std::is_unsigned_v<T>) return put_number(to, value);
  const uint64_t magnitude = put_sign(value, to);
  return put_number(to, magnitude);
}

// An integer of 128 or 256 bits, least significant word first.
template <size_t Words>
using Wide = std::array<uint64_t, Words>;

template <size_t Words>
bool is_zero(const Wide<Words>& value) noexcept {
  return std::ranges::all_of(value, [](uint64_t word) { return word == 0; });
}

template <size_t Words>
void negate(Wide<Words>& value) noexcept {
  uint64_t carry = 1;
  for (uint64_t& word : value) {
    word = ~word + carry;
    carry = carry != 0 && word == 0;
  }
}

// Divides by 10^19 and returns the remainder: the lowest 19 digits.
template <size_t Words>
uint64_t take_digits(Wide<Words>& value) noexcept {
  const uint64_t divisor = kPowersOfTen[19];
  uint64_t rest = 0;
  for (size_t i = Words; i-- > 0;) {
    const Uint128 part = static_cast<Uint128>(rest) << 64 | value[i];
    value[i] = static_cast<uint64_t>(part / divisor);
    rest = static_cast<uint64_t>(part % divisor);
  }
  return rest;
}

// Writes a magnitude with at least `least` digits.
template <size_t Words>
char* put_wide_digits(Wide<Words> value, unsigned least, char* to) noexcept {
  constexpr unsigned kGroup = 19;
  char digits[kGroup * 5];
  char* const end = digits + sizeof(digits);
  char* at = end;
  do {
    at -= kGroup;
    put_padded(at, take_digits(value), kGroup);
  } while (!is_zero(value) || static_cast<size_t>(end - at) < least);
  while (*at == '0' && static_cast<size_t>(end - at) > std::max(least, 1u)) ++at;
  std::memcpy(to, at, static_cast<size_t>(end - at));
  return to + (end - at);
}

template <size_t Words, bool Signed>
char* put_wide(const std::byte* value, unsigned scale, char* to) noexcept {
  auto wide = load<Wide<Words>>(value);
  if (Signed && (wide.back() >> 63) != 0) {
    *to++ = '-';
    negate(wide);
  }
  char* end = put_wide_digits(wide, scale == 0 ? 1 : scale + 1, to);
  if (scale == 0) return end;
  std::memmove(end - scale + 1, end - scale, scale);
  *(end - scale) = '.';
  return end + 1;
}

template <class T>
char* put_decimal(T value, unsigned scale, char* to) noexcept {
  const uint64_t magnitude = put_sign(value, to);
  if (scale == 0) return put_number(to, magnitude);
  if (magnitude < kEightDigits && scale < 8) [[likely]] {
    // All digits as if there were no point, then the point and those after it once more.
    const uint64_t digits = split_digits(static_cast<uint32_t>(magnitude));
    const unsigned zeros = leading_zeros(digits, 7 - scale);
    put_word(to, (digits | kZeros) >> (8 * zeros));
    to += 8 - zeros - scale;
    put_word(to, '.' | (digits | kZeros) >> (8 * (8 - scale)) << 8);
    return to + 1 + scale;
  }
  const uint64_t one = kPowersOfTen[scale];
  to = put_number(to, magnitude / one);
  *to++ = '.';
  return put_padded(to, magnitude % one, scale);
}

template <class T>
char* put_float(T value, char* to) noexcept {
  constexpr size_t kMost = 32;
  if (std::isnan(value)) value = std::numeric_limits<T>::quiet_NaN();  // drops the sign
  if constexpr (sizeof(T) == sizeof(double)) return put_shortest(value, to);
  return std::to_chars(to, to + kMost, value).ptr;
}

// Proleptic Gregorian date of a day number, by Neri and Schneider's arithmetic on 32 bits; days so far away that they
// overflow it are first moved by whole eras of 400 years.
char* put_date(int64_t days, char* to) noexcept {
  constexpr int64_t kEraDays = 146097, kFar = 12'000'000;
  constexpr int64_t kShiftEras = 82, kShift = 719468 + kEraDays * kShiftEras;
  int64_t eras = 0;
  if (days < -kFar || days > kFar) {
    eras = days / kEraDays;
    days -= eras * kEraDays;
  }
  const auto shifted = static_cast<uint32_t>(days + kShift);
  const uint32_t centuries = (4 * shifted + 3) / 146097;
  const uint32_t of_century = (4 * shifted + 3) % 146097 / 4;
  const uint64_t scaled = uint64_t{2939745} * (4 * of_century + 3);
  const uint32_t day_of_year = static_cast<uint32_t>(scaled) / 2939745 / 4;
  const uint32_t packed = 2141 * day_of_year + 197913;
  const bool after_december = day_of_year >= 306;
  const int64_t year =
      int64_t{100} * centuries + static_cast<int64_t>(scaled >> 32) - 400 * kShiftEras + after_december + 400 * eras;
  if (year >= 0 && year <= 9999) {
    to = put_pair(to, static_cast<uint32_t>(year) / 100);
    to = put_pair(to, static_cast<uint32_t>(year) % 100);
  } else {
    to = put_integer(year, to);
  }
  *to++ = '-';
  to = put_pair(to, (packed >> 16) - (after_december ? 12 : 0));
  *to++ = '-';
  return put_pair(to, (packed & 0xFFFF) / 2141 + 1);
}

// The months from 1970 to 2149, which a Date can hold: first day and "YYYY-MM-".
struct MonthText {
  int32_t first = 0;
  std::array<char, 8> text{};
};
constexpr int64_t kTextDays = 65536;
constexpr size_t kTextMonths = 180 * 12;

constexpr auto kMonthTexts = [] {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  std::array<MonthText, kTextMonths> months{};
  int32_t first = 0;
  for (size_t i = 0; i < kTextMonths; ++i) {
    const size_t year = 1970 + i / 12, month = i % 12 + 1;
    const auto digit = [](size_t value) { return static_cast<char>('0' + value % 10); };
    months[i] = {first,
                 {digit(year / 1000), digit(year / 100), digit(year / 10), digit(year), '-', digit(month / 10),
                  digit(month), '-'}};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    first += kDays[i % 12] + (leap && month == 2);
  }
  return months;
}();

char* put_day(int64_t days, char* to) noexcept {
  if (static_cast<uint64_t>(days) >= kTextDays) return put_date(days, to);
  // Days by the mean length of a month: the month, or the one after it.
  auto month = static_cast<size_t>((days + 3) * 2154 >> 16);
  month -= kMonthTexts[month].first > days;
  std::memcpy(to, kMonthTexts[month].text.data(), 8);
  return put_pair(to + 8, static_cast<uint32_t>(days - kMonthTexts[month].first) + 1);
}

char* put_date_time(int64_t seconds, char* to) noexcept {
  int64_t days = seconds / kSecondsOfDay;
  if (seconds % kSecondsOfDay < 0) --days;
  const auto of_day = static_cast<uint32_t>(seconds - days * kSecondsOfDay);
  to = put_day(days, to);
  *to++ = ' ';
  to = put_pair(to, of_day / 3600);
  *to++ = ':';
  to = put_pair(to, of_day / 60 % 60);
  *to++ = ':';
  return put_pair(to, of_day % 60);
}

// Hours are not bound to a day: "-999:59:59".
char* put_time(int64_t ticks, unsigned scale, char* to) noexcept {
  auto magnitude = static_cast<uint64_t>(ticks);
  if (ticks < 0) {
    *to++ = '-';
    magnitude = 0 - magnitude;
  }
  const uint64_t one = kPowersOfTen[scale];
  const uint64_t seconds = magnitude / one, hours = seconds / 3600;
  to = hours < 10 ? put_pair(to, static_cast<uint32_t>(hours)) : put_number(to, hours);
  *to++ = ':';
  to = put_pair(to, static_cast<uint32_t>(seconds / 60 % 60));
  *to++ = ':';
  to = put_pair(to, static_cast<uint32_t>(seconds % 60));
  if (scale == 0) return to;
  *to++ = '.';
  return put_padded(to, magnitude % one, scale);
}

char* put_hex(char* to, uint64_t value, unsigned digits) noexcept {
  constexpr char kHex[] = "0123456789abcdef";
  for (unsigned i = digits; i-- > 0;) *to++ = kHex[value >> (4 * i) & 15];
  return to;
}

char* put_uuid(const std::byte* value, char* to) noexcept {
  const auto [high, low] = load<std::array<uint64_t, 2>>(value);
  to = put_hex(to, high >> 32, 8);
  *to++ = '-';
  to = put_hex(to, high >> 16, 4);
  *to++ = '-';
  to = put_hex(to, high, 4);
  *to++ = '-';
  to = put_hex(to, low >> 48, 4);
  *to++ = '-';
  return put_hex(to, low, 12);
}

char* put_ipv4(uint32_t address, char* to) noexcept {
  for (int shift = 24; shift >= 0; shift -= 8) {
    to = put_number(to, address >> shift & 0xFF);
    *to++ = '.';
  }
  return to - 1;
}

// RFC 5952: the longest run of two or more zero groups becomes "::"; an embedded IPv4 address stays dotted.
char* put_ipv6(const std::byte* value, char* to) noexcept {
  std::array<uint32_t, 8> groups{};
  for (size_t i = 0; i < 8; ++i) {
    groups[i] = static_cast<uint32_t>(value[2 * i]) << 8 | static_cast<uint32_t>(value[2 * i + 1]);
  }
  size_t run = 0, longest = 8, length = 1;
  for (size_t i = 0; i < 8; ++i) {
    run = groups[i] == 0 ? run + 1 : 0;
    if (run > length) {
      length = run;
      longest = i + 1 - run;
    }
  }
  const bool dotted = longest == 0 && length == 5 && groups[5] == 0xFFFF;
  for (size_t i = 0; i < 8; ++i) {
    if (i == longest) {
      *to++ = ':';
      if (i + length == 8) *to++ = ':';
      i += length - 1;
      continue;
    }
    if (i != 0) *to++ = ':';
    if (i == 6 && dotted) return put_ipv4(groups[6] << 16 | groups[7], to);
    to = put_hex(to, groups[i], groups[i] > 0xFFF ? 4 : groups[i] > 0xFF ? 3 : groups[i] > 0xF ? 2 : 1);
  }
  return to;
}

size_t longest_name(const Type& type) {
  size_t longest = 0;
  for (const auto& [name, number] : *type.values) longest = std::max(longest, name.size());
  return longest;
}

// Most bytes of a value's text.
size_t most_bytes(const Type& type) {
  constexpr size_t kFloat = 32, kTime = 40, kAddress = 48;
  switch (type.id) {
    case TypeId::kFixedString:
      return type.width;
    case TypeId::kEnum8:
    case TypeId::kEnum16:
      return std::max<size_t>(longest_name(type), 10);
    case TypeId::kDate:
      return 10;
    case TypeId::kFloat32:
    case TypeId::kFloat64:
    case TypeId::kBFloat16:
      return kFloat;
    case TypeId::kDate32:
    case TypeId::kDateTime:
    case TypeId::kDateTime64:
    case TypeId::kTime:
    case TypeId::kTime64:
      return kTime;
    case TypeId::kUuid:
    case TypeId::kIpv6:
      return kAddress;
    case TypeId::kInt256:
    case TypeId::kUInt256:
    case TypeId::kDecimal256:
      return 80;  // sign, 78 digits and a point
    case TypeId::kInt128:
    case TypeId::kUInt128:
    case TypeId::kDecimal128:
      return 42;
    default:
      return 22;  // sign, 20 digits and a point
  }
}

}  // namespace

// One function a type, chosen once for a column.
struct Puts {
  template <class T>
  static char* integer(const ValueFormat&, const std::byte* value, char* to) noexcept {
    return put_integer(load<T>(value), to);
  }
  template <size_t Words, bool Signed>
  static char* wide(const ValueFormat& format, const std::byte* value, char* to) noexcept {
    return put_wide<Words, Signed>(value, format.type_->scale, to);
  }
  template <class T>
  static char* decimal(const ValueFormat& format, const std::byte* value, char* to) noexcept {
    return put_decimal(load<T>(value), format.type_->scale, to);
  }
  template <class T>
  static char* real(const ValueFormat&, const std::byte* value, char* to) noexcept {
    return put_float(load<T>(value), to);
  }
  static char* bfloat16(const ValueFormat&, const std::byte* value, char* to) noexcept {
    return put_float(std::bit_cast<float>(uint32_t{load<uint16_t>(value)} << 16), to);
  }
  static char* time(const ValueFormat&, const std::byte* value, char* to) noexcept {
    return put_time(load<int32_t>(value), 0, to);
  }
  static char* time64(const ValueFormat& format, const std::byte* value, char* to) noexcept {
    return put_time(load<int64_t>(value), format.type_->scale, to);
  }
  static char* boolean(const ValueFormat&, const std::byte* value, char* to) noexcept {
    const std::string_view text = *value == std::byte{0} ? "false" : "true";
    return std::ranges::copy(text, to).out;
  }
  static char* fixed_string(const ValueFormat& format, const std::byte* value, char* to) noexcept {
    size_t length = format.type_->width;
    while (length > 0 && value[length - 1] == std::byte{0}) --length;
    std::memcpy(to, value, length);
    return to + length;
  }
  template <class T>
  static char* date(const ValueFormat&, const std::byte* value, char* to) noexcept {
    return put_day(load<T>(value), to);
  }
  static char* zoned(const ValueFormat& format, int64_t utc, bool& in_utc, char* to) noexcept {
    const TimeZone* zone = format.zone_;
    in_utc = zone != nullptr && zone->is_shown_twice(utc);
    const int64_t offset = zone == nullptr || in_utc ? 0 : zone->offset_at_utc(utc);
    return put_date_time(static_cast<int64_t>(static_cast<uint64_t>(utc) + static_cast<uint64_t>(offset)), to);
  }
  static char* date_time(const ValueFormat& format, const std::byte* value, char* to) noexcept {
    bool in_utc = false;
    to = zoned(format, load<uint32_t>(value), in_utc, to);
    if (in_utc) *to++ = 'Z';
    return to;
  }
  static char* date_time64(const ValueFormat& format, const std::byte* value, char* to) noexcept {
    const auto one = static_cast<int64_t>(kPowersOfTen[format.type_->scale]);
    const auto ticks = load<int64_t>(value);
    int64_t seconds = ticks / one, rest = ticks % one;
    if (rest < 0) {
      --seconds;
      rest += one;
    }
    bool in_utc = false;
    to = zoned(format, seconds, in_utc, to);
    if (format.type_->scale > 0) {
      *to++ = '.';
      to = put_padded(to, static_cast<uint64_t>(rest), format.type_->scale);
    }
    if (in_utc) *to++ = 'Z';
    return to;
  }
  static char* uuid(const ValueFormat&, const std::byte* value, char* to) noexcept { return put_uuid(value, to); }
  static char* ipv4(const ValueFormat&, const std::byte* value, char* to) noexcept {
    return put_ipv4(load<uint32_t>(value), to);
  }
  static char* ipv6(const ValueFormat&, const std::byte* value, char* to) noexcept { return put_ipv6(value, to); }
  template <class T>
  static char* name(const ValueFormat& format, const std::byte* value, char* to) noexcept {
    const EnumValues& values = *format.type_->values;
    const auto number = int16_t{load<T>(value)};
    const auto at = std::ranges::lower_bound(values, number, {}, &EnumValues::value_type::second);
    // Only a hand-made column can hold a number without a name.
    if (at == values.end() || at->second != number) return put_integer(number, to);
    return std::ranges::copy(at->first, to).out;
  }

  static ValueFormat::Put of(TypeId id) noexcept {
    switch (id) {
      case TypeId::kBool:
        return boolean;
      case TypeId::kInt8:
        return integer<int8_t>;
      case TypeId::kInt16:
        return integer<int16_t>;
      case TypeId::kInt32:
        return integer<int32_t>;
      case TypeId::kInt64:
        return integer<int64_t>;
      case TypeId::kInt128:
        return wide<2, true>;
      case TypeId::kInt256:
        return wide<4, true>;
      case TypeId::kUInt8:
        return integer<uint8_t>;
      case TypeId::kUInt16:
        return integer<uint16_t>;
      case TypeId::kUInt32:
        return integer<uint32_t>;
      case TypeId::kUInt64:
        return integer<uint64_t>;
      case TypeId::kUInt128:
        return wide<2, false>;
      case TypeId::kUInt256:
        return wide<4, false>;
      case TypeId::kFloat32:
        return real<float>;
      case TypeId::kFloat64:
        return real<double>;
      case TypeId::kDecimal32:
        return decimal<int32_t>;
      case TypeId::kDecimal64:
        return decimal<int64_t>;
      case TypeId::kDecimal128:
        return wide<2, true>;
      case TypeId::kDecimal256:
        return wide<4, true>;
      case TypeId::kFixedString:
        return fixed_string;
      case TypeId::kDate:
        return date<uint16_t>;
      case TypeId::kDate32:
        return date<int32_t>;
      case TypeId::kDateTime:
        return date_time;
      case TypeId::kDateTime64:
        return date_time64;
      case TypeId::kUuid:
        return uuid;
      case TypeId::kIpv4:
        return ipv4;
      case TypeId::kIpv6:
        return ipv6;
      case TypeId::kEnum8:
        return name<int8_t>;
      case TypeId::kEnum16:
        return name<int16_t>;
      case TypeId::kBFloat16:
        return bfloat16;
      case TypeId::kTime:
        return time;
      case TypeId::kTime64:
        return time64;
      case TypeId::kString:
      case TypeId::kJson:
      case TypeId::kState:
      case TypeId::kArray:
      case TypeId::kTuple:
      case TypeId::kMap:
        return nullptr;
    }
    return nullptr;
  }

  static ValueFormat format(const Type& type, const TimeZone* zone) {
    ValueFormat made;
    made.type_ = &type;
    made.zone_ = zone;
    made.put_ = of(type.id);
    made.most_ = most_bytes(type);
    return made;
  }
};

Result<ValueFormat> ValueFormat::of(const Type& type) {
  const TimeZone* zone = nullptr;
  if (!type.timezone.empty()) {
    zone = find_time_zone(type.timezone);
    if (zone == nullptr) {
      return Error{.code = Code::kBadOption,
                   .message = "the system does not know the time zone '" + type.timezone + "'",
                   .expected = "an IANA name, as in /usr/share/zoneinfo",
                   .hint = "install the system's tzdata package"};
    }
  }
  return Puts::format(type, zone);
}

void append_value(const std::byte* value, const Type& type, std::string& out) {
  const auto known = ValueFormat::of(type);
  const ValueFormat format = known ? *known : Puts::format(type, nullptr);
  const size_t begin = out.size();
  out.resize(begin + format.most());
  const char* end = format.put(value, out.data() + begin);
  out.resize(static_cast<size_t>(end - out.data()));
  if (!known) out += 'Z';
}

void append_value(const Column& column, size_t row, std::string& out) {
  if (column.type.id == TypeId::kString || column.type.id == TypeId::kJson) {
    out += column.text(row);
  } else if (is_nested(column.type.id) || column.type.id == TypeId::kState) {
    NestedText(column).append(row, out);
  } else {
    append_value(column.values.data() + row * byte_width(column.type), column.type, out);
  }
}

}  // namespace flatbed
