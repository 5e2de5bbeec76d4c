// The type of a column: what each kind of value proves, and that neither order nor grouping changes it.
#include "columns/infer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <random>

#include "columns/parse.hpp"

using namespace flatbed;

namespace {

ColumnInference inferred(const std::vector<std::string>& values) {
  ColumnInference column;
  uint64_t line = 2;
  for (const std::string& value : values) {
    if (value == "NULL")
      column.add_null("NULL", line++);
    else
      column.add(value, line++);
  }
  return column;
}

std::string type_of(const std::vector<std::string>& values) {
  return to_string(inferred(values).field("c").type);
}

std::string decided(const std::vector<std::string>& values) {
  return inferred(values).field("c").decided_by;
}

}  // namespace

TEST_SUITE("columns") {
  TEST_CASE("inference: integers take the narrowest width that holds all of them") {
    CHECK(type_of({"0"}) == "UInt8");
    CHECK(type_of({"255", "3"}) == "UInt8");
    CHECK(type_of({"256"}) == "UInt16");
    CHECK(type_of({"65536"}) == "UInt32");
    CHECK(type_of({"4294967296"}) == "UInt64");
    CHECK(type_of({"9223372036854775808"}) == "UInt64");
    CHECK(type_of({"18446744073709551616"}) == "UInt128");
    CHECK(type_of({"340282366920938463463374607431768211456"}) == "UInt256");
    CHECK(type_of({"-1"}) == "Int8");
    CHECK(type_of({"-128", "127"}) == "Int8");
    CHECK(type_of({"-1", "128"}) == "Int16");
    CHECK(type_of({"-129"}) == "Int16");
    CHECK(type_of({"-1", "4294967295"}) == "Int64");
    CHECK(type_of({"-9223372036854775808"}) == "Int64");
    CHECK(type_of({"-1", "9223372036854775808"}) == "Int128");
    CHECK(type_of({"-170141183460469231731687303715884105729"}) == "Int256");
    CHECK(type_of({"-0"}) == "Int8");
  }
  TEST_CASE("inference: integers beyond 256 bits are text") {
    const std::string most = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    CHECK(type_of({most}) == "UInt256");
    CHECK(type_of({most, "-1"}) == "String");
    CHECK(type_of({"115792089237316195423570985008687907853269984665640564039457584007913129639936"}) == "String");
    CHECK(type_of({"-57896044618658097711785492504343953926634992332820282019728792003956564819969"}) == "String");
  }
  TEST_CASE("inference: what only looks like a number is text") {
    for (const char* text :
         {"007", "-01", "00", "00.5", "+5",    " 5",    "5 ", "1,5", "1_000", "0x10",     "5.",   ".5",
          "-",   "--1", "1e", "1e+",  "1.5.2", "1e5.5", "$5", "5%",  "1e400", "infinity", "-nan", ""})
      CHECK_MESSAGE(type_of({text}) == "String", text);
    CHECK(type_of({"1", "2", "007"}) == "String");
  }
  TEST_CASE("inference: decimals hold every digit of every value") {
    CHECK(type_of({"1.5"}) == "Decimal(2, 1)");
    CHECK(type_of({"0.05", "123", "-7.5"}) == "Decimal(5, 2)");
    CHECK(type_of({"12345678.125"}) == "Decimal(11, 3)");
    CHECK(type_of({"0." + std::string(75, '1')}) == "Decimal(76, 75)");
    CHECK(type_of({"1." + std::string(76, '1')}) == "String");
    CHECK(type_of({"0." + std::string(75, '1'), "12"}) == "String");
  }
  TEST_CASE("inference: floats only where no digit is lost") {
    CHECK(type_of({"1e5"}) == "Float64");
    CHECK(type_of({"1.5E-7", "3", "0.25"}) == "Float64");
    CHECK(type_of({"nan", "1.5"}) == "Float64");
    CHECK(type_of({"inf", "-inf", "12"}) == "Float64");
    CHECK(type_of({"1e5", "9007199254740993"}) == "String");
    CHECK(type_of({"9007199254740993", "1e5"}) == "String");
    CHECK(type_of({"1e5", "9007199254740992"}) == "Float64");
    CHECK(type_of({"0.30000000000000004", "1e-05"}) == "Float64");
    CHECK(type_of({"0.300000000000000041", "1e-05"}) == "String");
    CHECK(type_of({"1.2345678901234567890e5"}) == "String");
    CHECK(type_of({"5e-324", "2.2250738585072014e-308"}) == "Float64");
  }
  TEST_CASE("inference: dates and times") {
    CHECK(type_of({"2013-01-31"}) == "Date");
    CHECK(type_of({"2149-06-06"}) == "Date");
    CHECK(type_of({"2149-06-07"}) == "Date32");
    CHECK(type_of({"1969-12-31", "2013-01-31"}) == "Date32");
    CHECK(type_of({"1899-12-31"}) == "String");
    CHECK(type_of({"2300-01-01"}) == "String");
    CHECK(type_of({"2013-02-29"}) == "String");
    CHECK(type_of({"2012-02-29"}) == "Date");
    CHECK(type_of({"31/12/2013"}) == "Date");
    CHECK(type_of({"2013-01-31 05:06:07"}) == "DateTime");
    CHECK(type_of({"2013-01-31T05:06:07", "2013-01-31"}) == "DateTime");
    CHECK(type_of({"2106-02-07 06:28:15"}) == "DateTime");
    CHECK(type_of({"2106-02-07 06:28:16"}) == "DateTime64(0)");
    CHECK(type_of({"2013-01-31 05:06:07", "1969-01-01"}) == "DateTime64(0)");
    CHECK(type_of({"2013-01-31 05:06:07.5"}) == "DateTime64(3)");
    CHECK(type_of({"2013-01-31 05:06:07.1234", "2013-01-31 05:06:07"}) == "DateTime64(6)");
    CHECK(type_of({"2013-01-31 05:06:07.1234567"}) == "DateTime64(9)");
    CHECK(type_of({"2013-01-31 05:06:07.1234567", "2263-01-01"}) == "String");
    CHECK(type_of({"2013-01-31 05:06:07.1234567891"}) == "String");
    CHECK(type_of({"2013-01-31 24:00:00"}) == "String");
    CHECK(type_of({"2013-01-31 23:59:60"}) == "String");
  }
  TEST_CASE("inference: times with a zone are UTC, and never mixed with times without one") {
    CHECK(type_of({"2013-01-31T05:06:07Z"}) == "DateTime('UTC')");
    CHECK(type_of({"2013-01-31 05:06:07+02:00", "2013-01-31 05:06:07Z"}) == "DateTime('UTC')");
    CHECK(type_of({"2013-01-31 05:06:07.25-03:30"}) == "DateTime64(3, 'UTC')");
    CHECK(type_of({"1970-01-01 00:30:00+01:00"}) == "DateTime64(0, 'UTC')");
    CHECK(type_of({"2013-01-31 05:06:07Z", "2013-01-31 05:06:07"}) == "String");
    CHECK(type_of({"2013-01-31 05:06:07Z", "2013-01-31"}) == "String");
    CHECK(type_of({"2013-01-31 05:06:07+0200"}) == "String");
  }
  TEST_CASE("inference: words, ids and addresses") {
    CHECK(type_of({"true", "False", "TRUE"}) == "Bool");
    CHECK(type_of({"true", "1"}) == "String");
    CHECK(type_of({"yes"}) == "String");
    CHECK(type_of({"6ba7b810-9dad-11d1-80B4-00c04fd430c8"}) == "UUID");
    CHECK(type_of({"6ba7b810-9dad-11d1-80B4-00c04fd430cg"}) == "String");
    CHECK(type_of({"10.0.0.1", "255.255.255.255"}) == "IPv4");
    CHECK(type_of({"10.0.0.256"}) == "String");
    CHECK(type_of({"2001:db8::1", "::"}) == "IPv6");
    CHECK(type_of({"2001:db8::1", "10.0.0.1"}) == "String");
    CHECK(type_of({std::string("::\0", 3)}) == "String");
  }
  TEST_CASE("inference: NULL makes a type nullable and nothing else") {
    CHECK(type_of({"NULL", "5"}) == "Nullable(UInt8)");
    CHECK(type_of({"x", "NULL"}) == "Nullable(String)");
    CHECK(type_of({"NULL"}) == "Nullable(String)");
    CHECK(type_of({}) == "String");
    CHECK(decided({"NULL"}) == "no value");
  }
  TEST_CASE("inference: names the first line that made the type") {
    CHECK(decided({"1", "2", "3"}) == "line 2 \"1\"");
    CHECK(decided({"1", "300", "70000", "80000"}) == "line 4 \"70000\"");
    CHECK(decided({"1", "2", "1.5", "2.5"}) == "line 4 \"1.5\"");
    CHECK(decided({"1.25", "7", "1000", "1.5"}) == "line 4 \"1000\"");
    CHECK(decided({"1", "true", "x"}) == "line 3 \"true\"");
    CHECK(decided({"1", "NULL", "007", "x"}) == "line 4 \"007\"");
    CHECK(decided({"2013-01-31", "2013-01-31 00:00:00", "2014-01-01"}) == "line 3 \"2013-01-31 00:00:00\"");
    CHECK(decided({std::string(60, 'x')}) == "line 2 \"" + std::string(40, 'x') + "...\"");
  }
  TEST_CASE("inference: day and month are told apart by proof alone") {
    CHECK(type_of({"03/04/2026", "26/04/2026"}) == "Date");
    CHECK(inferred({"03/04/2026", "26/04/2026"}).date_order() == DateOrder::kDayFirst);
    CHECK(inferred({"04/26/2026", "3/4/2026"}).date_order() == DateOrder::kMonthFirst);
    CHECK(inferred({"03.04.2026", "05-06-2026"}).date_order() == DateOrder::kUnsure);
    CHECK(type_of({"03.04.2026"}) == "String");
    CHECK(inferred({"04/04/2026"}).date_order() == DateOrder::kDayFirst);
    CHECK(inferred({"26/04/2026", "04/26/2026"}).date_order() == DateOrder::kNone);
    CHECK(type_of({"26/04/2026", "04/26/2026"}) == "String");
    CHECK(type_of({"26/04/2026", "2026-04-27"}) == "String");
    CHECK(type_of({"26/04/1850"}) == "String");
    CHECK(type_of({"26/04/1950", "NULL"}) == "Nullable(Date32)");
    CHECK(type_of({"41_10_1"}) == "String");  // duckdb 13121
    CHECK(type_of({"31/02/2026"}) == "String");
    ColumnInference told({.order = DateOrder::kMonthFirst});
    told.add("03/04/2026", 2);
    CHECK(told.date_order() == DateOrder::kMonthFirst);
    ColumnInference text({.text = true});
    text.add("26/04/2026", 2);
    CHECK(to_string(text.field("c").type) == "String");
  }
  TEST_CASE("inference: every value that changed the type is told, with its line") {
    const Field field = inferred({"7", "NULL", "300", "5", "9223372036854775808", "1.5", "x", "y"}).field("c");
    std::string told;
    for (const Evidence::Step& step : field.evidence->steps)
      told += std::to_string(step.line) + " " + step.value + " " + step.type + "\n";
    CHECK(told ==
          "2 7 UInt8\n"
          "3 NULL Nullable(UInt8)\n"
          "4 300 Nullable(UInt16)\n"
          "6 9223372036854775808 Nullable(UInt64)\n"
          "7 1.5 Nullable(Decimal(20, 1))\n"
          "8 x Nullable(String)\n");
    CHECK(field.evidence->nulls == std::vector<std::string>{"NULL"});
  }
  TEST_CASE("inference: a value decides wherever it stands") {
    std::vector<std::string> rows(100000, "12");
    for (const auto& [value, type] : std::vector<std::pair<std::string, std::string>>{
             {"9223372036854775808", "UInt64"}, {"007", "String"}, {"1.5", "Decimal(3, 1)"}, {"x", "String"}}) {
      for (const size_t at : {size_t{0}, size_t{50001}, rows.size() - 1}) {
        std::vector<std::string> changed = rows;
        changed[at] = value;
        const Field field = inferred(changed).field("c");
        CHECK(to_string(field.type) == type);
        // A type that needs both kinds of value is made by the second of them.
        const size_t decider = at == 0 && type.starts_with("Dec") ? 1 : at;
        CHECK(field.decided_by == "line " + std::to_string(decider + 2) + " \"" + changed[decider] + "\"");
      }
    }
  }
  TEST_CASE("inference: order and grouping change nothing") {
    const std::vector<std::string> pool = {
        "0",
        "7",
        "-3",
        "130",
        "40000",
        "-70000",
        "3000000000",
        "9223372036854775808",
        "1.5",
        "-20.125",
        "123456.7",
        "1e5",
        "2.5e-3",
        "nan",
        "9007199254740993",
        "0.30000000000000004",
        "true",
        "2013-01-31",
        "1950-05-05",
        "2263-01-01",
        "2013-01-31 05:06:07",
        "2013-01-31 05:06:07.25",
        "2013-01-31 05:06:07.1234567",
        "2013-01-31T05:06:07Z",
        "10.0.0.1",
        "::1",
        "007",
        "x",
        "NULL",
        "-57896044618658097711785492504343953926634992332820282019728792003956564819968"};
    std::mt19937 random(20130131);
    for (int round = 0; round < 3000; ++round) {
      // Few kinds in a column, so that most columns are not text.
      std::vector<std::string> kinds(1 + random() % 4), values(1 + random() % 12);
      for (std::string& kind : kinds) kind = pool[random() % pool.size()];
      for (std::string& value : values) value = kinds[random() % kinds.size()];
      const Field want = inferred(values).field("c");

      std::vector<ColumnInference> parts;
      for (size_t at = 0; at < values.size();) {
        ColumnInference part;
        for (const size_t end = std::min(values.size(), at + 1 + random() % 4); at < end; ++at) {
          if (values[at] == "NULL")
            part.add_null("NULL", at + 2);
          else
            part.add(values[at], at + 2);
        }
        parts.push_back(part);
      }
      while (parts.size() > 1) {
        std::shuffle(parts.begin(), parts.end(), random);
        parts[0].merge(parts.back());
        parts.pop_back();
      }
      const Field merged = parts[0].field("c");
      CHECK(merged.type == want.type);
      CHECK(merged.decided_by == want.decided_by);

      std::shuffle(values.begin(), values.end(), random);
      CHECK(inferred(values).field("c").type == want.type);
    }
  }
  // What is passed over because values before it were alike must add nothing: each value alone knows of none before it.
  TEST_CASE("inference: a value adds the same after others as alone") {
    const std::vector<std::string> shapes = {
        "7",          "12",         "-3",      "99999999",   "123456789",
        "12345678.9", "0.25",       "-17.125", "1.0625",     "1234567890123456",
        "0.12345678", "2013-01-31", "1.5e3",   "1969-12-31", "2013-01-31 05:06:07"};
    std::mt19937 random(5);
    const auto other = [&random](std::string text) {
      const std::string_view bytes = "0123456789012345678901234567890123456789.-: TeZ\xFF";
      for (char& c : text)
        if (random() % 3 == 0 && c >= '0' && c <= '9') c = static_cast<char>('0' + random() % 10);
      if (random() % 40 == 0) text[random() % text.size()] = bytes[random() % bytes.size()];
      if (random() % 20 == 0) text.insert(random() % text.size(), 1, bytes[random() % bytes.size()]);
      return text;
    };
    for (int round = 0; round < 3000; ++round) {
      const std::string& shape = shapes[random() % shapes.size()];
      std::vector<std::string> values(1 + random() % 30);
      for (std::string& value : values) value = other(random() % 9 == 0 ? shapes[random() % shapes.size()] : shape);
      ColumnInference apart;
      for (size_t i = 0; i < values.size(); ++i) {
        ColumnInference alone;
        alone.add(values[i], i + 2);
        apart.merge(alone);
      }
      const Field want = apart.field("c"), found = inferred(values).field("c");
      CAPTURE(values);
      REQUIRE(found.type == want.type);
      REQUIRE(found.decided_by == want.decided_by);
    }
  }
  TEST_CASE("inference: the parser takes every value as the type that was found") {
    const std::vector<std::string> pool = {"0",
                                           "-0",
                                           "255",
                                           "-128",
                                           "65536",
                                           "9223372036854775808",
                                           "-170141183460469231731687303715884105729",
                                           "1.5",
                                           "-0.05",
                                           "123456789012345678.5",
                                           "1e5",
                                           "1.5E-7",
                                           "-2e+3",
                                           "nan",
                                           "NaN",
                                           "inf",
                                           "-inf",
                                           "Inf",
                                           "true",
                                           "False",
                                           "TRUE",
                                           "2013-01-31",
                                           "1900-01-01",
                                           "2299-12-31",
                                           "2149-06-06",
                                           "2013-01-31 05:06:07",
                                           "2013-01-31T05:06:07",
                                           "1900-01-01 00:00:00",
                                           "2299-12-31 23:59:59",
                                           "2106-02-07 06:28:15",
                                           "2013-01-31 05:06:07.5",
                                           "2013-01-31 05:06:07.123456789",
                                           "2013-01-31T05:06:07Z",
                                           "2013-01-31T05:06:07+14:00",
                                           "2013-01-31 05:06:07.25-03:30",
                                           "1970-01-01 00:30:00+01:00",
                                           "6ba7b810-9dad-11d1-80B4-00c04fd430c8",
                                           "10.0.0.1",
                                           "0.0.0.0",
                                           "::",
                                           "2001:DB8::1",
                                           "::ffff:10.0.0.1"};
    for (const std::string& a : pool) {
      for (const std::string& b : pool) {
        const Type type = inferred({a, b}).field("c").type;
        // The parser has no say over text, nor over a date that stands for its midnight.
        const bool midnight = a.size() == 10 && (type.id == TypeId::kDateTime || type.id == TypeId::kDateTime64);
        if (type.id == TypeId::kString || midnight) continue;
        alignas(16) std::byte out[32];
        CHECK_MESSAGE(parse_value(a, type, out) == Code::kOk, a << " with " << b << " as " << to_string(type));
      }
    }
  }
}
