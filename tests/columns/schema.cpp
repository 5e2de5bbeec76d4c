// Types as text, there and back, and what is no type.
#include "flatbed/schema.hpp"

#include <doctest/doctest.h>

using namespace flatbed;

namespace {

std::string again(const char* text) {
  auto type = parse_type(text);
  if (!type) return std::string(code_name(type.error().code)) + " " + type.error().message;
  const std::string written = to_string(*type);
  auto back = parse_type(written);
  REQUIRE_MESSAGE(back.ok(), written);
  CHECK(*back == *type);
  return written;
}

}  // namespace

TEST_SUITE("columns") {
  TEST_CASE("types are written as ClickHouse writes them") {
    for (const char* name : {"Bool",
                             "Int8",
                             "Int16",
                             "Int32",
                             "Int64",
                             "Int128",
                             "Int256",
                             "UInt8",
                             "UInt16",
                             "UInt32",
                             "UInt64",
                             "UInt128",
                             "UInt256",
                             "Float32",
                             "Float64",
                             "String",
                             "Date",
                             "Date32",
                             "DateTime",
                             "UUID",
                             "IPv4",
                             "IPv6",
                             "Decimal(9, 0)",
                             "Decimal(18, 18)",
                             "Decimal(38, 2)",
                             "Decimal(76, 76)",
                             "FixedString(16777215)",
                             "DateTime('Europe/Berlin')",
                             "DateTime64(0)",
                             "DateTime64(9, 'UTC')",
                             "Enum8('a' = -128, 'b' = 127)",
                             "Enum16('it\\'s' = 1, '\\\\ \\n' = 32767)",
                             "Nullable(String)",
                             "LowCardinality(String)",
                             "LowCardinality(Nullable(FixedString(2)))",
                             "Nullable(Enum8('x' = 1))"}) {
      CHECK(again(name) == name);
    }
  }

  TEST_CASE("other ways to write a type") {
    CHECK(again("Decimal32(4)") == "Decimal(9, 4)");
    CHECK(again("Decimal64( 4 )") == "Decimal(18, 4)");
    CHECK(again("Decimal128(0)") == "Decimal(38, 0)");
    CHECK(again("Decimal256(76)") == "Decimal(76, 76)");
    CHECK(again("Decimal") == "Decimal(10, 0)");
    CHECK(again("Decimal(5)") == "Decimal(5, 0)");
    CHECK(again("DateTime64") == "DateTime64(3)");
    CHECK(again(" Nullable ( Decimal(15,2) ) ") == "Nullable(Decimal(15, 2))");
    CHECK(again("Enum('a', 'b')") == "Enum8('a' = 1, 'b' = 2)");
    CHECK(again("Enum('a' = 127, 'b')") == "Enum16('a' = 127, 'b' = 128)");
    CHECK(again("Enum8('b' = 2, 'a' = 1)") == "Enum8('a' = 1, 'b' = 2)");
    CHECK(again("Enum8('a''b' = 0, '\\x41\\q' = 1)") == "Enum8('a\\'b' = 0, 'A\\\\q' = 1)");
    CHECK(again("Enum8('a' = -5, 'b')") == "Enum8('a' = -5, 'b' = -4)");
  }

  TEST_CASE("the storage of a decimal follows its precision") {
    CHECK(byte_width(parse_type("Decimal(9, 0)").value()) == 4);
    CHECK(byte_width(parse_type("Decimal(10, 0)").value()) == 8);
    CHECK(byte_width(parse_type("Decimal(19, 0)").value()) == 16);
    CHECK(byte_width(parse_type("Decimal(39, 0)").value()) == 32);
    CHECK(byte_width(parse_type("FixedString(7)").value()) == 7);
  }

  TEST_CASE("what is no type") {
    CHECK(again("") == "FB-USE-0107 no type has this name: ''");
    CHECK(again("Strin") == "FB-USE-0107 no type has this name: 'Strin'");
    CHECK(parse_type("Strin").error().hint == "did you mean String?");
    CHECK(parse_type("DateTme").error().hint == "did you mean DateTime?");
    CHECK(again("String)") == "FB-USE-0107 the type cannot be read from its byte 6: 'String)'");
    CHECK(again("Nullable(String") == "FB-USE-0107 the type ends too early: 'Nullable(String'");
    CHECK(again("Nullable(Nullable(String))") == "FB-USE-0107 types cannot be nested so: 'Nullable(Nullable(String))'");
    CHECK(again("Nullable(LowCardinality(String))").starts_with("FB-USE-0107 types cannot be nested so"));
    CHECK(again("Decimal(77, 0)") == "FB-USE-0107 a number of the type is out of range: 77");
    CHECK(again("Decimal(5, 6)") == "FB-USE-0107 a number of the type is out of range: 6");
    CHECK(again("Decimal33(1)") == "FB-USE-0107 no type has this name: 'Decimal33'");
    CHECK(again("FixedString(0)") == "FB-USE-0107 a number of the type is out of range: 0");
    CHECK(again("FixedString(99999999999999999999)").starts_with("FB-USE-0107"));
    CHECK(again("DateTime64(10)") == "FB-USE-0107 a number of the type is out of range: 10");
    CHECK(again("DateTime('UTC") == "FB-USE-0107 a quoted text of the type is not closed");
    CHECK(again("DateTime('UTC\\") == "FB-USE-0107 a quoted text of the type is not closed");
    CHECK(again("Enum8('a' = 128)") == "FB-USE-0107 a number does not fit Enum8");
    CHECK(again("Enum8('a' = 1, 'b' = 1)") == "FB-USE-0107 an Enum has a number twice: 1");
    CHECK(again("Enum8('a' = 1, 'a' = 2)") == "FB-USE-0107 an Enum has a name twice: 'a'");
    CHECK(again("Enum16('a' = 32767, 'b')") == "FB-USE-0107 an Enum's number is out of range: 32768");
    CHECK(again("Enum8()").starts_with("FB-USE-0107"));
  }

  TEST_CASE("types of ClickHouse that are not carried are named") {
    CHECK(again("Dynamic") == "FB-TYPE-0105 the type is not carried: Dynamic");
    CHECK(again("Array(Variant(String, UInt8))") == "FB-TYPE-0105 the type is not carried: Variant");
    CHECK(again("Geometry") == "FB-TYPE-0105 the type is not carried: Geometry");
    CHECK(again("Tuple()") == "FB-TYPE-0105 the type is not carried: Tuple()");
    CHECK(again("Map(String, Nothing)") == "FB-TYPE-0105 the type is not carried: Nothing");
  }

  TEST_CASE("types of types") {
    for (const char* name : {"Array(String)",
                             "Array(Array(LowCardinality(Nullable(String))))",
                             "Tuple(UInt8, String)",
                             "Tuple(a UInt8, `b c` Array(String))",
                             "Map(String, Array(Nullable(Int32)))",
                             "Nested(a UInt8, b String)",
                             "Nullable(Tuple(a UInt8))",
                             "Point",
                             "MultiPolygon",
                             "IntervalDay",
                             "Nullable(IntervalYear)",
                             "Time",
                             "Time64(6)",
                             "BFloat16",
                             "JSON",
                             "JSON(max_dynamic_paths = 4, a.b UInt32, SKIP c)",
                             "Nullable(JSON)",
                             "AggregateFunction(quantiles(0.5, 0.9), Float64)",
                             "SimpleAggregateFunction(sum, Nullable(UInt64))",
                             "SimpleAggregateFunction(groupArrayArray(3), Array(UInt8))",
                             "QBit(Float32, 8)",
                             "Array(Point)"}) {
      CHECK(again(name) == name);
    }
    CHECK(again("Tuple(\n    a UInt8,\n    b Tuple(\n        c String))") == "Tuple(a UInt8, b Tuple(c String))");
    CHECK(to_string(block_type(parse_type("Tuple(p Point, q Array(JSON))").value())) ==
          "Tuple(p Tuple(Float64, Float64), q Array(String))");
    CHECK(parse_type("Polygon").value().children->front().type.declared == "Ring");
    CHECK(again("Nullable(Array(UInt8))").starts_with("FB-USE-0107 types cannot be nested so"));
    CHECK(again("LowCardinality(Tuple(UInt8))").starts_with("FB-USE-0107 types cannot be nested so"));
    CHECK(again("Tuple(a UInt8, String)").starts_with("FB-USE-0107"));
    CHECK(again("Tuple(a UInt8, a String)") == "FB-USE-0107 a Tuple has a name twice: a");
    CHECK(again("Map(String)").starts_with("FB-USE-0107"));
    std::string deep;
    for (int i = 0; i < 200; ++i) deep += "Array(";
    CHECK(again(deep.c_str()) == "FB-USE-0107 types are nested more than 100 deep");
  }

  TEST_CASE("names that other databases have for the types") {
    CHECK(again("int unsigned") == "UInt32");
    CHECK(again("VARCHAR(255)") == "String");
    CHECK(again("NATIONAL CHARACTER LARGE OBJECT") == "String");
    CHECK(again("Double Precision") == "Float64");
    CHECK(again("NUMERIC(10, 2)") == "Decimal(10, 2)");
    CHECK(again("TIMESTAMP") == "DateTime");
    CHECK(again("Tuple(a DOUBLE PRECISION, b INT)") == "Tuple(a Float64, b Int32)");
    CHECK(again("BINARY(4)") == "FixedString(4)");
  }

  TEST_CASE("identifiers are quoted so that nothing ends them") {
    CHECK(quote_identifier("a") == "`a`");
    CHECK(quote_identifier("a`b\\c\nd") == "`a\\`b\\\\c\\nd`");
    const Schema schema{{{"id", parse_type("UInt8").value(), ""}, {"my key", {}, ""}, {"index", {}, ""}}};
    CHECK(to_string(schema) == "id UInt8, `my key` String, `index` String");
    CHECK(schema.find("my key") == 1u);
    CHECK_FALSE(schema.find("My key"));
  }

  TEST_CASE("the nearest name is near") {
    const std::vector<std::string> names = {"delimiter", "quote", "header"};
    CHECK(nearest_name("delimter", names) == "delimiter");
    CHECK(nearest_name("DELIMITER", names) == "delimiter");
    CHECK(nearest_name("qoute", names) == "quote");
    CHECK(nearest_name("compression", names) == "");
    CHECK(nearest_name("", names) == "");
  }
}
