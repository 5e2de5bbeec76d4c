// Rows as JSON: every kind of value, names that need escapes, and what JSON cannot hold.
#include <doctest/doctest.h>

#include "columns/nested_text.hpp"
#include "encode/encoder.hpp"

using namespace flatbed;

namespace {

// Makes a batch of one column out of the texts of its values; nullptr is NULL.
Batch batch_of(const char* type_text, std::initializer_list<const char*> values) {
  const Type type = parse_type(type_text).value();
  ColumnBuilder builder(type);
  for (const char* value : values) {
    if (value == nullptr)
      builder.add_null();
    else
      REQUIRE(read_text_value(value, builder) == Code::kOk);
  }
  std::vector<Column> columns;
  columns.push_back(std::move(builder).finish());
  auto schema = std::make_shared<const Schema>(Schema{{{"v", type, ""}}});
  return Batch(schema, std::move(columns), values.size());
}

std::string json_of(const char* type, std::initializer_list<const char*> values, JsonOptions options = {}) {
  const Batch batch = batch_of(type, values);
  auto encoder = json_encoder(options);
  std::string out;
  encoder->begin(batch.schema(), out);
  if (batch.rows() != 0) out += encoder->lead(true);
  const Status status = encoder->encode(batch, out);
  if (!status) return std::string(code_name(status.error().code));
  encoder->end(out);
  return out;
}

}  // namespace

TEST_SUITE("encode") {
  TEST_CASE("a line of JSON keeps every digit") {
    CHECK(json_of("UInt64", {"18446744073709551615"}) == "{\"v\":18446744073709551615}\n");
    CHECK(json_of("Int8", {"-128"}, {.quote_integers = true}) == "{\"v\":-128}\n");
    CHECK(json_of("Int64", {"-9223372036854775808"}, {.quote_integers = true}) == "{\"v\":\"-9223372036854775808\"}\n");
    CHECK(json_of("Decimal(38, 4)", {"-0.1000"}) == "{\"v\":-0.1000}\n");
    CHECK(json_of("Float64", {"0.1", "-0", "nan", "-inf"}) ==
          "{\"v\":0.1}\n{\"v\":-0}\n{\"v\":\"nan\"}\n{\"v\":\"-inf\"}\n");
    CHECK(json_of("Bool", {"true", "false"}) == "{\"v\":true}\n{\"v\":false}\n");
    CHECK(json_of("Nullable(Date)", {"2020-02-29", nullptr}) == "{\"v\":\"2020-02-29\"}\n{\"v\":null}\n");
  }

  TEST_CASE("texts of JSON are escaped") {
    CHECK(json_of("String", {"a\"\\\n\x01\x7f\xC3\xA9/"}) == "{\"v\":\"a\\\"\\\\\\n\\u0001\x7f\xC3\xA9/\"}\n");
    CHECK(json_of("String", {"\xFF"}) == "FB-CSV-0105");
    CHECK(json_of("Array(String)", {"['\\xFF']"}) == "FB-CSV-0105");
  }

  TEST_CASE("nested values are objects and arrays") {
    CHECK(json_of("Array(Array(Nullable(UInt8)))", {"[[1,NULL],[]]", "[]"}) == "{\"v\":[[1,null],[]]}\n{\"v\":[]}\n");
    CHECK(json_of("Tuple(a UInt8, `b\"` String)", {"(1,'x')"}) == "{\"v\":{\"a\":1,\"b\\\"\":\"x\"}}\n");
    CHECK(json_of("Tuple(UInt8, String)", {"(1,'x')"}) == "{\"v\":[1,\"x\"]}\n");
    CHECK(json_of("Map(UInt8, Date)", {"{1:'2020-01-01'}"}) == "{\"v\":{\"1\":\"2020-01-01\"}}\n");
    CHECK(json_of("JSON", {"{ \"a\" : [1,\n 2.50] }"}) == "{\"v\":{\"a\":[1,2.50]}}\n");
    CHECK(json_of("AggregateFunction(uniq, UInt8)", {"00FF"}) == "{\"v\":\"00FF\"}\n");
  }

  TEST_CASE("an array of rows") {
    CHECK(json_of("UInt8", {"1", "2"}, {.array = true}) == "[\n{\"v\":1},\n{\"v\":2}\n]\n");
    CHECK(json_of("UInt8", {}, {.array = true}) == "[\n]\n");
  }
}
