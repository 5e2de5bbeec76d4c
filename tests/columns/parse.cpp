// parse_value(): limits and shapes of each type; the column loops are compared with it in csv_source.cpp.
#include "columns/parse.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <charconv>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "columns/format.hpp"

using namespace flatbed;

namespace {

struct Value {
  Code code;
  std::string text;  // as written again
};

Value parse(std::string_view text, std::string_view type_name) {
  const Type type = *parse_type(type_name);
  std::vector<std::byte> bytes(byte_width(type));
  Value value{parse_value(text, type, bytes.data()), {}};
  if (value.code == Code::kOk) append_value(bytes.data(), type, value.text);
  return value;
}

std::string written(std::string_view text, std::string_view type_name) {
  const Value value = parse(text, type_name);
  return value.code == Code::kOk ? value.text : std::string(code_name(value.code));
}

Code code_of(std::string_view text, std::string_view type_name) {
  return parse(text, type_name).code;
}

}  // namespace

TEST_SUITE("columns") {
  TEST_CASE("integers at their limits") {
    struct Limits {
      std::string_view type, least, below, most, above;
    };
    const Limits all[] = {
        {"Int8", "-128", "-129", "127", "128"},
        {"Int16", "-32768", "-32769", "32767", "32768"},
        {"Int32", "-2147483648", "-2147483649", "2147483647", "2147483648"},
        {"Int64", "-9223372036854775808", "-9223372036854775809", "9223372036854775807", "9223372036854775808"},
        {"Int128", "-170141183460469231731687303715884105728", "-170141183460469231731687303715884105729",
         "170141183460469231731687303715884105727", "170141183460469231731687303715884105728"},
        {"Int256", "-57896044618658097711785492504343953926634992332820282019728792003956564819968",
         "-57896044618658097711785492504343953926634992332820282019728792003956564819969",
         "57896044618658097711785492504343953926634992332820282019728792003956564819967",
         "57896044618658097711785492504343953926634992332820282019728792003956564819968"},
        {"UInt8", "0", "-1", "255", "256"},
        {"UInt16", "0", "-1", "65535", "65536"},
        {"UInt32", "0", "-1", "4294967295", "4294967296"},
        {"UInt64", "0", "-1", "18446744073709551615", "18446744073709551616"},
        {"UInt128", "0", "-1", "340282366920938463463374607431768211455", "340282366920938463463374607431768211456"},
        {"UInt256", "0", "-1", "115792089237316195423570985008687907853269984665640564039457584007913129639935",
         "115792089237316195423570985008687907853269984665640564039457584007913129639936"}};
    for (const Limits& limits : all) {
      CAPTURE(limits.type);
      CHECK(written(limits.least, limits.type) == limits.least);
      CHECK(written(limits.most, limits.type) == limits.most);
      CHECK(code_of(limits.below, limits.type) == Code::kOutOfRange);
      CHECK(code_of(limits.above, limits.type) == Code::kOutOfRange);
      CHECK(written("007", limits.type) == "7");
      CHECK(written("-0", limits.type) == "0");
      for (const std::string_view text : {"", "-", "+1", " 1", "1 ", "1.0", "1e2", "0x1", "--1", "1,0"}) {
        CAPTURE(text);
        CHECK(code_of(text, limits.type) == Code::kNotOfType);
      }
    }
  }

  TEST_CASE("decimals are exact") {
    CHECK(written("12.5", "Decimal(9, 2)") == written("12.50", "Decimal(9, 2)"));
    CHECK(written("-0.05", "Decimal(9, 2)") == "-0.05");
    CHECK(written("1.500", "Decimal(9, 2)") == written("1.5", "Decimal(9, 2)"));
    CHECK(code_of("1.505", "Decimal(9, 2)") == Code::kInexact);
    CHECK(code_of("12345678", "Decimal(9, 2)") == Code::kOutOfRange);
    CHECK(code_of("0001234567.12", "Decimal(9, 2)") == Code::kOk);
    CHECK(code_of("1e3", "Decimal(9, 2)") == Code::kNotOfType);
    CHECK(code_of(".", "Decimal(9, 2)") == Code::kNotOfType);
    CHECK(code_of("1.2.3", "Decimal(9, 2)") == Code::kNotOfType);
    const std::string wide(38, '9');
    CHECK(written("-" + wide + "." + wide, "Decimal(76, 38)") == "-" + wide + "." + wide);
    CHECK(code_of("1" + wide, "Decimal(76, 38)") == Code::kOutOfRange);
  }

  TEST_CASE("floats come back to the last bit") {
    std::mt19937_64 random(11);
    for (int i = 0; i < 200000; ++i) {
      const auto value = std::bit_cast<double>(random());
      if (value != value) continue;
      char text[64];
      const auto end = std::to_chars(text, text + sizeof text, value).ptr;
      double back = 0;
      REQUIRE(parse_value({text, static_cast<size_t>(end - text)}, {.id = TypeId::kFloat64},
                          reinterpret_cast<std::byte*>(&back)) == Code::kOk);
      REQUIRE(std::bit_cast<uint64_t>(back) == std::bit_cast<uint64_t>(value));
    }
    // Short ones take another way.
    for (int i = 0; i < 200000; ++i) {
      std::string text = std::to_string(random() % 1000000) + "." + std::to_string(random() % 1000000000);
      if (i % 2) text.insert(0, "-");
      double mine = 0, theirs = 0;
      REQUIRE(parse_value(text, {.id = TypeId::kFloat64}, reinterpret_cast<std::byte*>(&mine)) == Code::kOk);
      std::from_chars(text.data(), text.data() + text.size(), theirs);
      REQUIRE(std::bit_cast<uint64_t>(mine) == std::bit_cast<uint64_t>(theirs));
    }
    CHECK(written("inf", "Float64") == "inf");
    CHECK(written("-inf", "Float32") == "-inf");
    CHECK(written("nan", "Float64") == "nan");
    CHECK(code_of("1e400", "Float64") == Code::kOutOfRange);
    CHECK(code_of("1e39", "Float32") == Code::kOutOfRange);
    CHECK(code_of("1.5x", "Float64") == Code::kNotOfType);
    CHECK(code_of("+1", "Float64") == Code::kNotOfType);
    CHECK(code_of("", "Float64") == Code::kNotOfType);
  }

  TEST_CASE("dates and times") {
    CHECK(written("1970-01-01", "Date") == "1970-01-01");
    CHECK(written("2149-06-06", "Date") == "2149-06-06");
    CHECK(code_of("2149-06-07", "Date") == Code::kOutOfRange);
    CHECK(code_of("1969-12-31", "Date") == Code::kOutOfRange);
    CHECK(written("1900-01-01", "Date32") == "1900-01-01");
    CHECK(written("2299-12-31", "Date32") == "2299-12-31");
    CHECK(code_of("2300-01-01", "Date32") == Code::kOutOfRange);
    CHECK(written("2024-02-29", "Date") == "2024-02-29");
    for (const std::string_view text : {"2023-02-29", "2024-13-01", "2024-00-10", "2024-01-00", "2024-1-01", "24-01-01",
                                        "2024/01/01", "2024-01-32", "1800-02-30", "2024-01-01 "})
      CHECK(code_of(text, "Date") == Code::kNotOfType);
    CHECK(written("2024-01-02T03:04:05Z", "DateTime('UTC')") == "2024-01-02 03:04:05");
    CHECK(written("2024-01-02 03:04:05+02:00", "DateTime('UTC')") == "2024-01-02 01:04:05");
    CHECK(written("2106-02-07 06:28:15", "DateTime('UTC')") == "2106-02-07 06:28:15");
    CHECK(code_of("2106-02-07 06:28:16", "DateTime('UTC')") == Code::kOutOfRange);
    CHECK(written("2024-07-01 12:00:00", "DateTime('Europe/Berlin')") == "2024-07-01 12:00:00");
    CHECK(code_of("2024-03-31 02:30:00", "DateTime('Europe/Berlin')") == Code::kOutOfRange);
    CHECK(written("1969-12-31 23:59:59.750", "DateTime64(3, 'UTC')") == "1969-12-31 23:59:59.750");
    CHECK(written("2024-01-02 03:04:05.1200", "DateTime64(2, 'UTC')") == "2024-01-02 03:04:05.12");
    CHECK(code_of("2024-01-02 03:04:05.123", "DateTime64(2, 'UTC')") == Code::kInexact);
    CHECK(code_of("2024-01-02 03:04:05.5", "DateTime('UTC')") == Code::kInexact);
    CHECK(code_of("2299-12-31 00:00:00", "DateTime64(9, 'UTC')") == Code::kOutOfRange);
    for (const std::string_view text : {"2024-01-02 24:00:00", "2024-01-02 03:60:00", "2024-01-02 03:04", "2024-01-02",
                                        "2024-01-02 03:04:05.", "2024-01-02 03:04:05+2:00"})
      CHECK(code_of(text, "DateTime('UTC')") == Code::kNotOfType);
  }

  TEST_CASE("addresses, identifiers, words") {
    CHECK(written("61f0c404-5cb3-11e7-907b-a6006ad3dba0", "UUID") == "61f0c404-5cb3-11e7-907b-a6006ad3dba0");
    CHECK(code_of("61f0c404-5cb3-11e7-907b-a6006ad3dbag", "UUID") == Code::kNotOfType);
    CHECK(code_of("61f0c4045cb311e7907ba6006ad3dba0", "UUID") == Code::kNotOfType);
    CHECK(written("255.0.10.1", "IPv4") == "255.0.10.1");
    for (const std::string_view text : {"256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.", ""})
      CHECK(code_of(text, "IPv4") == Code::kNotOfType);
    CHECK(written("2001:db8::ff00:42:8329", "IPv6") == "2001:db8::ff00:42:8329");
    CHECK(written("::", "IPv6") == "::");
    CHECK(written("1:2:3:4:5:6:7:8", "IPv6") == "1:2:3:4:5:6:7:8");
    CHECK(written("::ffff:1.2.3.4", "IPv6") == "::ffff:1.2.3.4");
    CHECK(written("1::", "IPv6") == "1::");
    for (const std::string_view text : {"1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", ":1::2", "1:", ":",
                                        "1:2:3:4:5:6:7::8", "g::", "1:2:3:4:5:6:7:1.2.3.4"})
      CHECK(code_of(text, "IPv6") == Code::kNotOfType);
    CHECK(written("TRUE", "Bool") == written("1", "Bool"));
    CHECK(written("false", "Bool") == written("0", "Bool"));
    CHECK(code_of("yes", "Bool") == Code::kNotOfType);
    CHECK(written("b", "Enum8('a' = -1, 'b' = 7)") == "b");
    CHECK(code_of("c", "Enum8('a' = -1, 'b' = 7)") == Code::kNotOfType);
    CHECK(written("ab", "FixedString(2)") == "ab");
    CHECK(code_of("abc", "FixedString(2)") == Code::kOutOfRange);
  }
}
