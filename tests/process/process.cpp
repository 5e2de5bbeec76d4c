// Columns chosen, renamed and cast; rows filtered.
#include "flatbed/processor.hpp"

#include <doctest/doctest.h>

#include "columns/format.hpp"
#include "columns/parse.hpp"
#include "columns/text_builder.hpp"

using namespace flatbed;

namespace {

// A batch of one column, from texts; "NULL" is NULL.
Batch batch_of(const std::string& type_text, const std::vector<std::string>& values) {
  Column column{.type = parse_type(type_text).value(), .rows = values.size()};
  const size_t width = byte_width(column.type);
  column.values = Buffer::allocate(values.size() * width);
  std::memset(column.values.writable(), 0, column.values.size());
  column.validity = Buffer::allocate((values.size() + 7) / 8);
  std::memset(column.validity.writable(), 0xFF, column.validity.size());
  TextBuilder texts(values.size());
  for (size_t row = 0; row < values.size(); ++row) {
    if (values[row] == "NULL") {
      ++column.nulls;
      column.validity.writable()[row / 8] &= std::byte(~(1u << (row % 8)));
      texts.add_null();
    } else if (column.type.id == TypeId::kString) {
      texts.add(values[row]);
    } else {
      const Code code = parse_value(values[row], column.type, column.values.writable() + row * width);
      REQUIRE_MESSAGE(code == Code::kOk, values[row]);
    }
  }
  if (column.type.id == TypeId::kString) std::move(texts).finish(column);
  if (column.nulls == 0) column.validity = {};
  auto schema = std::make_shared<const Schema>(Schema{{{"c", column.type, "the test"}}});
  const size_t rows = values.size();
  return Batch(schema, {std::move(column)}, rows, Origin{.first_record = 100, .records = rows});
}

// Casts values one by one; a misfit shows its code.
std::vector<std::string> cast(const std::string& from, const std::vector<std::string>& values, const std::string& to) {
  const Batch batch = batch_of(from, values);
  auto processor = cast_columns(Schema{{{"c", parse_type(to).value(), "table t"}}});
  auto schema = processor->bind(batch.schema());
  REQUIRE(schema.ok());
  CHECK(to_string(schema->fields[0].type) == to_string(parse_type(to).value()));
  std::vector<Error> rejects;
  const Batch result = processor->apply(batch, rejects).value();
  CHECK(result.rows() + rejects.size() == values.size());
  std::vector<std::string> texts(values.size());
  for (size_t row = 0; row < result.rows(); ++row) {
    std::string& text = texts[result.record(row) - 100];
    if (result.column(0).is_null(row))
      text = "NULL";
    else
      append_value(result.column(0), row, text);
  }
  for (const Error& error : rejects) {
    CHECK(error.where.column_name == "c");
    CHECK(error.expected == to_string(parse_type(to).value()) + ", from table t");
    texts[*error.where.record - 100] = error.code == Code::kOutOfRange  ? "range"
                                       : error.code == Code::kInexact   ? "inexact"
                                       : error.code == Code::kNotOfType ? "type"
                                       : error.code == Code::kNotNull   ? "not null"
                                                                        : "?";
  }
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("process") {
  TEST_CASE("numbers are cast exactly or rejected") {
    CHECK(cast("Int64", {"-129", "-128", "127", "128"}, "Int8") == Texts{"range", "-128", "127", "range"});
    CHECK(cast("Int64", {"-1", "0", "18"}, "UInt256") == Texts{"range", "0", "18"});
    CHECK(cast("Int32", {"5", "-5"}, "Decimal(9, 2)") == Texts{"5.00", "-5.00"});
    CHECK(cast("Int32", {"99", "100"}, "Decimal(4, 2)") == Texts{"99.00", "range"});
    CHECK(cast("Decimal(9, 2)", {"5.10", "5.11", "-7.00"}, "Decimal(9, 1)") == Texts{"5.1", "inexact", "-7.0"});
    CHECK(cast("Decimal(9, 2)", {"5.00", "5.11", "-300.00"}, "Int8") == Texts{"5", "inexact", "range"});
    CHECK(cast("Decimal(9, 2)", {"9999999.99", "5.00"}, "Decimal(5, 2)") == Texts{"range", "5.00"});
    CHECK(cast("Bool", {"true", "false"}, "Int64") == Texts{"1", "0"});
    CHECK(cast("UInt8", {"1", "0", "2"}, "Bool") == Texts{"true", "false", "type"});
  }

  TEST_CASE("floats are cast exactly or rejected") {
    CHECK(cast("Int64", {"9007199254740992", "9007199254740993", "0", "100000"}, "Float64") ==
          Texts{"9007199254740992", "inexact", "0", "1e+05"});
    CHECK(cast("Float64", {"3", "3.5", "inf", "1e22", "-0"}, "Int64") == Texts{"3", "inexact", "range", "range", "0"});
    CHECK(cast("Float64", {"0.1", "0.125", "1e3", "nan"}, "Decimal(9, 2)") ==
          Texts{"0.10", "inexact", "1000.00", "range"});
    CHECK(cast("Decimal(18, 2)", {"0.10", "9007199254740993.25"}, "Float64") == Texts{"0.1", "inexact"});
    CHECK(cast("Float64", {"0.5", "0.1", "inf", "nan", "1e300"}, "Float32") ==
          Texts{"0.5", "inexact", "inf", "nan", "range"});
    CHECK(cast("Float32", {"0.5"}, "Float64") == Texts{"0.5"});
  }

  TEST_CASE("text is read, and everything becomes text") {
    CHECK(cast("String", {"12", "x", "", "300"}, "UInt8") == Texts{"12", "type", "type", "range"});
    CHECK(cast("String", {"2024-02-29", "2024-02-30"}, "Date")[0] == "2024-02-29");
    CHECK(cast("Decimal(9, 2)", {"5.10"}, "String") == Texts{"5.10"});
    CHECK(cast("UUID", {"61f0c404-5cb3-11e7-907b-a6006ad3dba0"}, "String") ==
          Texts{"61f0c404-5cb3-11e7-907b-a6006ad3dba0"});
    CHECK(cast("Enum8('a' = 1, 'b' = 2)", {"a", "b"}, "Enum8('b' = 7, 'c' = 8)") == Texts{"type", "b"});
  }

  TEST_CASE("dates and times") {
    CHECK(cast("Date", {"2024-03-01"}, "Date32") == Texts{"2024-03-01"});
    CHECK(cast("Date32", {"1950-01-01", "2024-03-01"}, "Date") == Texts{"range", "2024-03-01"});
    CHECK(cast("Date", {"2024-03-01"}, "DateTime('Europe/Berlin')") == Texts{"2024-03-01 00:00:00"});
    CHECK(cast("DateTime", {"2024-03-01 00:00:00", "2024-03-01 00:00:01"}, "Date") == Texts{"2024-03-01", "inexact"});
    CHECK(cast("DateTime('Europe/Berlin')", {"2024-03-01 01:00:00"}, "DateTime64(3, 'Asia/Tokyo')") ==
          Texts{"2024-03-01 09:00:00.000"});
    CHECK(cast("DateTime64(3)", {"2024-03-01 01:00:00.000", "2024-03-01 01:00:00.001", "1969-01-01 00:00:00"},
               "DateTime") == Texts{"2024-03-01 01:00:00", "inexact", "range"});
  }

  TEST_CASE("NULLs stay NULLs where the new type has them") {
    CHECK(cast("Nullable(Int64)", {"1", "NULL", "300"}, "Nullable(UInt8)") == Texts{"1", "NULL", "range"});
    CHECK(cast("Nullable(Int64)", {"1", "NULL"}, "Int64") == Texts{"1", "not null"});
    CHECK(cast("Nullable(String)", {"NULL", "7"}, "Nullable(Int8)") == Texts{"NULL", "7"});
    CHECK(cast("Int64", {"1"}, "Nullable(String)") == Texts{"1"});
  }

  TEST_CASE("columns chosen and renamed") {
    Batch batch = batch_of("Int64", {"1", "2"});
    auto rename = rename_columns({{"c", "d"}});
    CHECK(to_string(rename->bind(batch.schema()).value()) == "d Int64");
    std::vector<Error> rejects;
    batch = rename->apply(std::move(batch), rejects).value();
    CHECK(batch.schema().fields[0].name == "d");
    auto select = select_columns({"d"});
    REQUIRE(select->bind(batch.schema()).ok());
    batch = select->apply(std::move(batch), rejects).value();
    CHECK(batch.column(0).as<int64_t>()[1] == 2);
    CHECK(batch.record(1) == 101);

    const auto unknown = select_columns({"dd"})->bind(batch.schema());
    CHECK(unknown.error().code == Code::kUnknownColumn);
    CHECK(unknown.error().message == "no column has this name: 'dd'");
    CHECK(unknown.error().hint == "did you mean 'd'?");
    CHECK(select_columns({"d", "d"})->bind(batch.schema()).error().code == Code::kDuplicateName);
    const Schema two{{{"a", {}, ""}, {"b", {}, ""}}};
    CHECK(rename_columns({{"a", "b"}})->bind(two).error().code == Code::kDuplicateName);
    CHECK(rename_columns({{"a", "b"}, {"b", "a"}})->bind(two).value().fields[0].name == "b");
  }

  TEST_CASE("rows filtered keep their record numbers") {
    const Batch batch = batch_of("Int64", {"5", "6", "7", "8"});
    auto filter = filter_rows([](const Batch& rows, std::span<uint8_t> keep) -> Status {
      for (size_t row = 0; row < keep.size(); ++row) keep[row] = rows.column(0).as<int64_t>()[row] % 2 == 0;
      return {};
    });
    REQUIRE(filter->bind(batch.schema()).ok());
    std::vector<Error> rejects;
    const Batch kept = filter->apply(batch, rejects).value();
    CHECK(kept.rows() == 2);
    CHECK(kept.record(1) == 103);
    CHECK(rejects.empty());
  }
}
