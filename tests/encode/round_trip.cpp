// Tables written as CSV and read again: the same values, bit for bit, and the same bytes when written once more.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "columns/csv_source.hpp"
#include "columns/format.hpp"
#include "columns/parse.hpp"
#include "columns/text_builder.hpp"
#include "encode/encoder.hpp"

using namespace flatbed;

namespace {

using Random = std::mt19937_64;

// Any value of a type of fixed width, its limits more often than chance would have them.
std::string random_bytes(const Type& type, Random& random) {
  std::string bytes(byte_width(type), '\0');
  const auto store = [&](auto value) { std::memcpy(bytes.data(), &value, sizeof value); };
  const auto between = [&](int64_t least, int64_t most) {
    if (random() % 8 == 0) return random() % 2 == 0 ? least : most;
    return least + static_cast<int64_t>(random() % static_cast<uint64_t>(most - least + 1));
  };
  constexpr int64_t kDay = 86400, kFirst = -25567 * kDay, kLast = 120529 * kDay;  // 1900-01-01, 2299-12-31
  switch (type.id) {
    case TypeId::kBool:
      store(static_cast<uint8_t>(random() % 2));
      break;
    case TypeId::kDecimal32:
      store(static_cast<int32_t>(between(-999999999, 999999999)));
      break;
    case TypeId::kDecimal64:
      store(between(-999999999999999999, 999999999999999999));
      break;
    case TypeId::kDate32:
      store(static_cast<int32_t>(between(kFirst / kDay, kLast / kDay)));
      break;
    case TypeId::kDateTime64:
      store(between(kFirst * 1000, kLast * 1000 + 999));
      break;
    case TypeId::kFloat64: {
      double value = 0;
      do {
        const uint64_t bits = random();
        std::memcpy(&value, &bits, sizeof value);
      } while (std::isnan(value));
      store(value);
      break;
    }
    default:
      for (char& byte : bytes) byte = static_cast<char>(random());
      if (random() % 8 == 0) bytes.assign(bytes.size(), random() % 2 == 0 ? '\0' : '\xFF');
      if (random() % 16 == 0) bytes.back() = '\x7F';
  }
  return bytes;
}

std::string random_text(Random& random) {
  constexpr std::string_view kPieces[] = {
      "a", ",",        "\"", "\n",    "\r", "\r\n", "\\N",          "",
      "'", "\xC3\xA9", "=1", "plain", "\t", " ",    "\xEF\xBB\xBF", "many plain letters"};
  std::string text;
  for (size_t count = random() % 9; count > 0; --count) text += kPieces[random() % std::size(kPieces)];
  return text;
}

Column random_column(const Type& type, size_t rows, Random& random) {
  Column column{.type = type, .rows = rows};
  TextBuilder texts(rows);
  const bool is_text = type.id == TypeId::kString;
  const size_t width = byte_width(type);
  if (!is_text) column.values = Buffer::allocate(rows * width);
  column.validity = Buffer::allocate((rows + 7) / 8);
  std::memset(column.validity.writable(), 0xFF, column.validity.size());
  for (size_t row = 0; row < rows; ++row) {
    const bool null = type.nullable && random() % 4 == 0;
    if (null) {
      ++column.nulls;
      column.validity.writable()[row / 8] &= ~std::byte(1u << (row % 8));
    }
    if (is_text) {
      if (null)
        texts.add_null();
      else
        texts.add(random_text(random));
    } else {
      const std::string bytes = null ? std::string(width, '\0') : random_bytes(type, random);
      std::memcpy(column.values.writable() + row * width, bytes.data(), width);
    }
  }
  if (is_text) std::move(texts).finish(column);
  if (column.nulls == 0) column.validity = {};
  return column;
}

constexpr std::string_view kTypes[] = {
    "Int8",    "Int16",  "Int32",   "Int64",   "Int128", "Int256",        "UInt8",           "UInt16",
    "UInt32",  "UInt64", "UInt128", "UInt256", "Bool",   "Decimal(9, 4)", "Decimal(18, 18)", "Float64",
    "Date",    "Date32", "UUID",    "IPv4",    "IPv6",   "String",        "DateTime('UTC')", "DateTime64(3, 'UTC')",
    "DateTime"};

Batch random_table(size_t rows, Random& random) {
  Schema schema;
  std::vector<Column> columns;
  for (const std::string_view name : kTypes) {
    for (const bool nullable : {false, true}) {
      const Type type = *parse_type(nullable ? "Nullable(" + std::string(name) + ")" : std::string(name));
      schema.fields.push_back({"c" + std::to_string(columns.size()), type, "the test"});
      columns.push_back(random_column(type, rows, random));
    }
  }
  return Batch(std::make_shared<const Schema>(std::move(schema)), std::move(columns), rows);
}

std::string written(const Schema& schema, const std::vector<Batch>& batches) {
  std::string out;
  const auto encoder = csv_encoder({});
  encoder->begin(schema, out);
  for (const Batch& batch : batches) REQUIRE(encoder->encode(batch, out).ok());
  return out;
}

std::vector<Batch> read_again(const std::string& text, const Schema& schema) {
  CsvSourceOptions options{.chunk_bytes = 20000};
  options.dialect.delimiter = {",", Chosen::kUser};
  options.dialect.header = {true, Chosen::kUser};
  const auto source =
      csv_source({{.uri = "t.csv",
                   .reopenable = true,
                   .open = [&](std::stop_token) { return Result<std::unique_ptr<ByteSource>>(memory_bytes(text)); }}},
                 options);
  std::vector<Batch> batches;
  REQUIRE(source->open({.types = schema, .threads = 2}, {}).ok());
  for (;;) {
    auto delivery = source->next({});
    REQUIRE(delivery.ok());
    if (!*delivery) return batches;
    for (const Error& reject : (*delivery)->rejects) FAIL_CHECK(to_string(reject));
    batches.push_back(std::move((*delivery)->batch));
  }
}

bool same_value(const Column& a, size_t row_a, const Column& b, size_t row_b) {
  if (a.is_null(row_a) || b.is_null(row_b)) return a.is_null(row_a) == b.is_null(row_b);
  if (a.type.id == TypeId::kString) return a.text(row_a) == b.text(row_b);
  const size_t width = byte_width(a.type);
  return std::memcmp(a.values.data() + row_a * width, b.values.data() + row_b * width, width) == 0;
}

}  // namespace

TEST_SUITE("encode") {
  TEST_CASE("a table that is written and read again is the same table") {
    Random random(5);
    for (int round = 0; round < 6; ++round) {
      const Batch table = random_table(1 + random() % 400, random);
      const std::string text = written(table.schema(), {table});
      const std::vector<Batch> again = read_again(text, table.schema());
      size_t row = 0;
      for (const Batch& batch : again) {
        for (size_t i = 0; i < batch.rows(); ++i, ++row) {
          for (size_t column = 0; column < batch.columns().size(); ++column) {
            CAPTURE(to_string(batch.column(column).type));
            CAPTURE(row);
            CHECK(same_value(table.column(column), row, batch.column(column), i));
          }
        }
      }
      CHECK(row == table.rows());
      CHECK(written(table.schema(), again) == text);
    }
  }

  // FLATBED_DOUBLES=10000000 for the long run.
  TEST_CASE("doubles keep every bit in text") {
    const char* wanted = std::getenv("FLATBED_DOUBLES");
    const size_t count = wanted == nullptr ? 200000 : std::strtoull(wanted, nullptr, 10);
    const Type type = *parse_type("Float64");
    Random random(17);
    std::string text;
    size_t changed = 0;
    for (size_t i = 0; i < count; ++i) {
      const std::string bytes = random_bytes(type, random);
      text.clear();
      append_value(reinterpret_cast<const std::byte*>(bytes.data()), type, text);
      std::byte again[32];
      if (parse_value(text, type, again) != Code::kOk || std::memcmp(bytes.data(), again, 8) != 0) ++changed;
    }
    CHECK(changed == 0);
  }
}
