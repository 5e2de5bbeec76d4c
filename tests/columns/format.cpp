// Texts of values at the borders of their types.
#include "columns/format.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

using namespace flatbed;

namespace {

template <class T>
std::string text_of(const char* type, const T& value) {
  const Type parsed = parse_type(type).value();
  REQUIRE(sizeof(T) == byte_width(parsed));
  std::array<std::byte, sizeof(T)> bytes{};
  std::memcpy(bytes.data(), &value, sizeof(T));
  std::string out = "|";
  append_value(bytes.data(), parsed, out);
  return out.substr(1);
}

using Four = std::array<uint64_t, 4>;
using Two = std::array<uint64_t, 2>;

}  // namespace

TEST_SUITE("columns") {
  TEST_CASE("integers of every width") {
    CHECK(text_of("Int8", int8_t{-128}) == "-128");
    CHECK(text_of("UInt8", uint8_t{0}) == "0");
    CHECK(text_of("Int64", std::numeric_limits<int64_t>::min()) == "-9223372036854775808");
    CHECK(text_of("UInt64", std::numeric_limits<uint64_t>::max()) == "18446744073709551615");
    for (uint64_t power = 1; power != 0; power *= 10) {
      CHECK(text_of("UInt64", power) == std::to_string(power));
      CHECK(text_of("UInt64", power - 1) == std::to_string(power - 1));
      if (power > std::numeric_limits<uint64_t>::max() / 10) break;
    }
    CHECK(text_of("Int128", Two{0, uint64_t{1} << 63}) == "-170141183460469231731687303715884105728");
    CHECK(text_of("UInt128", Two{UINT64_MAX, UINT64_MAX}) == "340282366920938463463374607431768211455");
    CHECK(text_of("Int256", Four{0, 0, 0, uint64_t{1} << 63}) ==
          "-57896044618658097711785492504343953926634992332820282019728792003956564819968");
    CHECK(text_of("UInt256", Four{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}) ==
          "115792089237316195423570985008687907853269984665640564039457584007913129639935");
    CHECK(text_of("UInt256", Four{}) == "0");
    CHECK(text_of("Int128", Two{10'000'000'000'000'000'000u, 0}) == "10000000000000000000");
  }

  TEST_CASE("decimals keep the digits of their scale") {
    CHECK(text_of("Decimal(9, 2)", int32_t{510}) == "5.10");
    CHECK(text_of("Decimal(9, 2)", int32_t{-5}) == "-0.05");
    CHECK(text_of("Decimal(9, 0)", int32_t{-5}) == "-5");
    CHECK(text_of("Decimal(9, 9)", int32_t{-999999999}) == "-0.999999999");
    CHECK(text_of("Decimal(18, 4)", int64_t{-999999999999999999}) == "-99999999999999.9999");
    CHECK(text_of("Decimal(18, 18)", int64_t{1}) == "0.000000000000000001");
    CHECK(text_of("Decimal(38, 10)", Two{~uint64_t{0}, ~uint64_t{0}}) == "-0.0000000001");
    CHECK(text_of("Decimal(38, 38)", Two{1, 0}) == "0." + std::string(37, '0') + "1");
    CHECK(text_of("Decimal(76, 76)", Four{1, 0, 0, 0}) == "0." + std::string(75, '0') + "1");
    CHECK(text_of("Decimal(76, 20)", Four{0, 5, 0, 0}) == "0.92233720368547758080");
  }

  TEST_CASE("floats are the shortest text that reads back") {
    CHECK(text_of("Float64", 0.1) == "0.1");
    CHECK(text_of("Float32", 0.1f) == "0.1");
    CHECK(text_of("Float64", -0.0) == "-0");
    CHECK(text_of("Float64", 5e-324) == "5e-324");
    CHECK(text_of("Float64", std::numeric_limits<double>::infinity()) == "inf");
    CHECK(text_of("Float64", -std::numeric_limits<double>::infinity()) == "-inf");
    CHECK(text_of("Float64", -std::nan("")) == "nan");
  }

  TEST_CASE("dates and times") {
    CHECK(text_of("Date", uint16_t{0}) == "1970-01-01");
    CHECK(text_of("Date", uint16_t{65535}) == "2149-06-06");
    CHECK(text_of("Date", uint16_t{11016}) == "2000-02-29");
    CHECK(text_of("Date32", int32_t{-25567}) == "1900-01-01");
    CHECK(text_of("Date32", int32_t{120529}) == "2299-12-31");
    CHECK(text_of("DateTime", uint32_t{4294967295}) == "2106-02-07 06:28:15");
    CHECK(text_of("DateTime('Asia/Kolkata')", uint32_t{0}) == "1970-01-01 05:30:00");
    CHECK(text_of("DateTime64(3)", int64_t{-1}) == "1969-12-31 23:59:59.999");
    CHECK(text_of("DateTime64(0, 'UTC')", int64_t{1}) == "1970-01-01 00:00:01");
    CHECK(text_of("DateTime64(9, 'Europe/Berlin')", int64_t{1700000000123456789}) == "2023-11-14 23:13:20.123456789");
    CHECK(text_of("DateTime64(6)", std::numeric_limits<int64_t>::min()) == "-290308-12-21 19:59:05.224192");
  }

  TEST_CASE("an hour that clocks show twice is told apart") {
    CHECK(text_of("DateTime('Europe/Berlin')", uint32_t{1729989000}) == "2024-10-27 00:30:00Z");
    CHECK(text_of("DateTime('Europe/Berlin')", uint32_t{1729989000 + 3600}) == "2024-10-27 01:30:00Z");
    CHECK(text_of("DateTime64(1, 'Europe/Berlin')", int64_t{17299926005}) == "2024-10-27 01:30:00.5Z");
  }

  TEST_CASE("dates go through every day of the calendar") {
    int year = -401, month = 1, day = 1;
    const auto is_leap = [](int y) { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0); };
    constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int32_t date = -719528 - 365 - 36524 * 4 - 1; date < 3'000'000; ++date) {
      if (year >= 0 && year <= 9999) {
        char expected[32];
        const int length = std::snprintf(expected, sizeof(expected), "%04d-%02d-%02d", year, month, day);
        const std::string text = text_of("Date32", date);
        if (text != std::string_view(expected, static_cast<size_t>(length))) FAIL(date << ": " << text);
      }
      if (++day > kDays[month - 1] + (month == 2 && is_leap(year))) {
        day = 1;
        if (++month > 12) {
          month = 1;
          ++year;
        }
      }
    }
  }

  TEST_CASE("the other types") {
    CHECK(text_of("Bool", uint8_t{1}) == "true");
    CHECK(text_of("Bool", uint8_t{0}) == "false");
    CHECK(text_of("UUID", Two{0x61f0c4045cb311e7, 0x907ba6006ad3dba0}) == "61f0c404-5cb3-11e7-907b-a6006ad3dba0");
    CHECK(text_of("IPv4", uint32_t{0xC0A80102}) == "192.168.1.2");
    CHECK(text_of("Enum8('it''s' = -3, 'b' = 4)", int8_t{-3}) == "it's");
    CHECK(text_of("Enum16('a' = 1000)", int16_t{1000}) == "a");
    CHECK(text_of("FixedString(5)", std::array<char, 5>{'a', '\0', 'b', '\0', '\0'}) == std::string("a\0b", 3));
    CHECK(text_of("FixedString(2)", std::array<char, 2>{}) == "");
  }

  TEST_CASE("IPv6 as its standard writes it") {
    const auto ipv6 = [](std::array<uint8_t, 16> bytes) { return text_of("IPv6", bytes); };
    CHECK(ipv6({}) == "::");
    CHECK(ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}) == "::1");
    CHECK(ipv6({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}) == "2001:db8::1");
    CHECK(ipv6({0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0}) == "1:0:2::3:0:0");
    CHECK(ipv6({0, 1, 0, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7}) == "1:0:2:3:4:5:6:7");
    CHECK(ipv6({0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 0, 0, 0}) == "1:2:3:4:5:6::");
    CHECK(ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4}) == "::ffff:1.2.3.4");
  }

  TEST_CASE("a zone that the system does not know is an error before any value is written") {
    const Type type = parse_type("DateTime('Mars/Olympus')").value();
    auto format = ValueFormat::of(type);
    REQUIRE_FALSE(format.ok());
    CHECK(format.error().code == Code::kBadOption);
    CHECK(format.error().message == "the system does not know the time zone 'Mars/Olympus'");
  }
}
