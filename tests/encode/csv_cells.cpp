// The slots of every kernel against the text of one value at a time.
#include "encode/csv_cells.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "columns/format.hpp"
#include "encode/dialects.hpp"
#include "index/kernel.hpp"

using namespace flatbed;

namespace {

using Random = std::mt19937_64;

std::vector<SlotKernel> usable_kernels() {
  std::vector<SlotKernel> usable;
  for (const SlotKernel* kernel : slot_kernels()) {
    const auto index = std::ranges::find(kernels(), kernel->name, &Kernel::name);
    if (index != kernels().end() && index->supported()) usable.push_back(*kernel);
  }
  return usable;
}

// Exactly as large as its content, so that a sanitizer sees what is read behind it.
Buffer exact(const void* data, size_t bytes) {
  const auto kept =
      std::make_shared<std::vector<char>>(static_cast<const char*>(data), static_cast<const char*>(data) + bytes);
  return Buffer::wrap(kept->data(), bytes, kept);
}

template <class T>
Column numbers(const char* type, const std::vector<T>& values) {
  const Type parsed = parse_type(type).value();
  REQUIRE(byte_width(parsed) == sizeof(T));
  return {.type = parsed, .rows = values.size(), .values = exact(values.data(), values.size() * sizeof(T))};
}

// The texts of every other long row lie in a buffer of their own.
Column texts(const std::vector<std::string>& values, bool nullable = false) {
  std::vector<TextView> views;
  std::string outside[2];
  for (const std::string& value : values) {
    const uint32_t buffer = views.size() % 2;
    views.push_back(TextView::of(value, buffer, static_cast<uint32_t>(outside[buffer].size())));
    if (value.size() > TextView::kInlineBytes) outside[buffer] += value;
  }
  Column column{.type = {.nullable = nullable}, .rows = views.size()};
  column.values = exact(views.data(), views.size() * sizeof(TextView));
  for (const std::string& text : outside) column.texts.push_back(exact(text.data(), text.size()));
  return column;
}

// Makes every third row NULL.
Column with_nulls(Column column) {
  column.type.nullable = true;
  std::string bits((column.rows + 7) / 8, '\xFF');
  std::string values(column.values.chars(), column.values.size());
  const size_t width = byte_width(column.type);
  for (size_t row = 1; row < column.rows; row += 3, ++column.nulls) {
    bits[row / 8] = static_cast<char>(bits[row / 8] & ~(1 << (row % 8)));
    std::fill_n(values.begin() + static_cast<ptrdiff_t>(row * width), width, '\0');
  }
  column.validity = exact(bits.data(), bits.size());
  column.values = exact(values.data(), values.size());
  return column;
}

Batch batch_of(std::vector<Column> columns) {
  Schema schema;
  for (const Column& column : columns) schema.fields.push_back({"c", column.type, ""});
  const size_t rows = columns.front().rows;
  return Batch(std::make_shared<const Schema>(std::move(schema)), std::move(columns), rows);
}

std::string text_of(const Slot& slot, char quote) {
  if (slot.bytes[0] != Slot::kOutside) {
    REQUIRE(slot.bytes[0] <= Slot::kInside + 1);
    return {slot.bytes + 16 - slot.bytes[0], slot.bytes + 16};
  }
  const auto outside = std::bit_cast<OutsideText>(slot);
  const std::string sign(outside.quoted, quote);
  return sign + std::string(outside.text, outside.length) + sign + outside.end;
}

// One value at a time, without slots. `impossible` where the dialect cannot hold it.
std::string expected(const Column& column, size_t row, const CsvRules& rules, const CellPlace& place,
                     bool& impossible) {
  if (column.is_null(row)) return rules.null_text;
  std::string text;
  append_value(column, row, text);
  if (rules.formula_safe && is_text(column.type.id) && is_formula(text)) text.insert(0, "'");
  const Need need = rules.need_of(text, place);
  impossible = need == Need::kImpossible;
  if (need != Need::kQuotes) return text;
  std::string quoted(2 * text.size() + 2, ' ');
  quoted.resize(static_cast<size_t>(rules.put_as(Need::kQuotes, text, quoted.data()) - quoted.data()));
  return quoted;
}

void check_cells(const Batch& batch, const csv::WriterOptions& options = {}) {
  const CsvRules rules(options);
  const size_t columns = batch.columns().size();
  for (const SlotKernel& kernel : usable_kernels()) {
    CAPTURE(kernel.name);
    CsvCells cells(rules, kernel);
    REQUIRE(cells.prepare(batch).ok());
    for (size_t first = 0; first < batch.rows(); first += cells.most_rows()) {
      const size_t rows = std::min(cells.most_rows(), batch.rows() - first);
      const auto refused = cells.fill(first, rows);
      std::optional<size_t> first_impossible;
      size_t bytes = 0;
      for (size_t row = first; row < first + rows; ++row) {
        for (size_t i = 0; i < columns; ++i) {
          const Column& column = batch.column(i);
          const CellPlace place{.takes_empty = column.type.id == TypeId::kString && !column.type.nullable,
                                .first = i == 0,
                                .alone = columns == 1};
          bool impossible = false;
          const std::string text = expected(column, row, rules, place, impossible);
          if (impossible && !first_impossible) first_impossible = row;
          const std::string got = text_of(cells.row(row - first)[i], rules.quote);
          bytes += got.size();
          const char end = i + 1 == columns ? '\n' : rules.delimiter.front();
          if (got == text + end || impossible) continue;
          CAPTURE(row);
          CAPTURE(i);
          FAIL_CHECK("got " << got << ", not " << text);
        }
      }
      CHECK(refused == first_impossible);
      CHECK(bytes <= cells.most_bytes(rows));
    }
  }
}

// Numbers of every count of digits up to a limit, in any order: all that lanes take, or all there are.
template <class T>
std::vector<T> telling_numbers(Random& random, uint64_t limit) {
  const uint64_t most = std::min<uint64_t>(static_cast<uint64_t>(std::numeric_limits<T>::max()), limit);
  std::vector<T> values = {0, static_cast<T>(most)};
  if (most < limit) values.push_back(std::numeric_limits<T>::min());
  for (uint64_t power = 1;; power *= 10) {
    for (const uint64_t value : {power - 1, power, power + 1, power + random() % power * 9}) {
      if (value > most) continue;
      values.push_back(static_cast<T>(value));
      if constexpr (std::is_signed_v<T>) values.push_back(static_cast<T>(-static_cast<T>(value)));
    }
    if (power > most / 10) break;
  }
  std::ranges::shuffle(values, random);
  return values;
}

template <class T>
void check_numbers(const char* type, Random& random) {
  CAPTURE(type);
  for (const uint64_t limit : {NumberForm::kLimit - 1, std::numeric_limits<uint64_t>::max()}) {
    const Column column = numbers<T>(type, telling_numbers<T>(random, limit));
    check_cells(batch_of({column, column, with_nulls(column)}));
  }
}

std::vector<csv::WriterOptions> dialects() {
  std::vector<csv::WriterOptions> all = {with(",", "\"", "\""),
                                         with("\t", "'", "\\"),
                                         with(";", "\"", ""),
                                         with(",", "", ""),
                                         with("||", "\"", "\""),
                                         with(",", "\"", "\"", {}),
                                         with(",", "\"", "\"", {"NA", "a NULL of a text that fits no slot"})};
  all.push_back(all.front());
  all.back().formula_safe = true;
  all.push_back(all.front());
  all.back().as_is = true;
  return all;
}

// Texts of each length, with each of these bytes at each place.
std::vector<std::string> telling_texts(size_t from, size_t to) {
  std::vector<std::string> all;
  for (size_t length = from; length <= to; ++length) {
    all.emplace_back(length, 'x');
    for (size_t at = 0; at < length; at += 1 + (length > 20 && at > 2 && at + 3 < length) * (length / 9)) {
      for (const char c : std::string_view(",\"\n\r \t'\\=N\xEF\x80")) {
        all.emplace_back(length, 'x');
        all.back()[at] = c;
      }
    }
  }
  for (const char* text :
       {"\xEF\xBB\xBF", "\xEF\xBB\xBFx", "\\N", "NA", "=1", "'", "\"\"", "a, \"b\" of more than twelve"})
    all.emplace_back(text);
  return all;
}

}  // namespace

TEST_SUITE("encode") {
  TEST_CASE("numbers of every width and scale have the same text on every kernel") {
    Random random(7);
    check_numbers<int8_t>("Int8", random);
    check_numbers<int16_t>("Int16", random);
    check_numbers<int32_t>("Int32", random);
    check_numbers<int64_t>("Int64", random);
    check_numbers<uint8_t>("UInt8", random);
    check_numbers<uint16_t>("UInt16", random);
    check_numbers<uint32_t>("UInt32", random);
    check_numbers<uint64_t>("UInt64", random);
    for (int scale = 0; scale <= 9; ++scale)
      check_numbers<int32_t>(("Decimal(9, " + std::to_string(scale) + ")").c_str(), random);
    for (int scale = 0; scale <= 18; ++scale)
      check_numbers<int64_t>(("Decimal(18, " + std::to_string(scale) + ")").c_str(), random);
  }

  TEST_CASE("doubles of few places, and those of many between them, have the same text on every kernel") {
    Random random(9);
    std::vector<double> values;
    for (int places = 0; places <= 8; ++places) {
      for (uint64_t power = 1; power <= 10'000'000'000; power *= 10) {
        for (const uint64_t number : {power - 1, power, power + 1, power + random() % power * 9, 7 * power}) {
          const double value = static_cast<double>(number) / std::pow(10.0, places);
          values.insert(values.end(), {value, -value});
        }
      }
    }
    for (int i = 0; i < 300; ++i) values.push_back(static_cast<double>(random() % 1'000'000) / 1000);
    const size_t tidy = values.size();
    for (const double value : {0.0, 0.001, 0.0009, 999'999.999'999, 1e6, 1e15, 5e-324, 1e308, HUGE_VAL, std::nan("")})
      for (size_t i = 0; i < 3; ++i) values.push_back(values.size() % 2 == 0 ? value : -value);
    const Column ordered = numbers<double>("Float64", values);
    std::shuffle(values.begin(), values.begin() + static_cast<ptrdiff_t>(tidy), random);
    const Column column = numbers<double>("Float64", values);
    check_cells(batch_of({ordered, column, with_nulls(column)}));
    check_cells(batch_of({column}), with(".", "\"", "\""));
  }

  TEST_CASE("no byte is read behind a column, however many rows it has") {
    std::vector<int64_t> values;
    std::vector<std::string> words;
    for (size_t rows = 1; rows <= 130; ++rows) {
      values.push_back(static_cast<int64_t>(rows * rows * rows) * (rows % 2 == 0 ? -7 : 7));
      words.push_back(std::string(rows % 17, 'a') + (rows % 5 == 0 ? "," : ""));
      check_cells(batch_of({numbers<int64_t>("Int64", values), numbers<int64_t>("Decimal(15, 2)", values), texts(words),
                            with_nulls(numbers<int64_t>("Int64", values)), with_nulls(texts(words))}));
    }
  }

  TEST_CASE("a table of more columns than a slice has room for") {
    std::vector<int32_t> values(50);
    for (size_t row = 0; row < values.size(); ++row) values[row] = static_cast<int32_t>(1 << row % 31);
    check_cells(batch_of(std::vector<Column>(700, numbers<int32_t>("Int32", values))));
  }

  TEST_CASE("days at every place of their table and behind it") {
    std::vector<uint16_t> days(65536);
    for (size_t day = 0; day < days.size(); ++day) days[day] = static_cast<uint16_t>(day);
    check_cells(batch_of({numbers<uint16_t>("Date", days), with_nulls(numbers<uint16_t>("Date", days))}));
    const std::vector<int32_t> wide = {-25567, -1, 0, 1, 65535, 65536, 120529, 10956, 10957};
    check_cells(batch_of({numbers<int32_t>("Date32", wide), with_nulls(numbers<int32_t>("Date32", wide))}));
  }

  TEST_CASE("texts with a telling byte at any place, in any column, in any dialect") {
    for (const csv::WriterOptions& options : dialects()) {
      CAPTURE(options.dialect.delimiter.value);
      for (const auto& [from, to] : {std::pair<size_t, size_t>{0, 12}, {0, 40}, {13, 70}, {120, 135}}) {
        const std::vector<std::string> all = telling_texts(from, to);
        const bool nulls = options.as_is || !options.dialect.nulls.value.empty();
        const Column column = texts(all), nullable = nulls ? with_nulls(texts(all, true)) : column;
        check_cells(batch_of({column}), options);
        check_cells(batch_of({column, nullable, column}), options);
        check_cells(batch_of({nullable}), options);
      }
    }
  }

  TEST_CASE("a dialect that is made of the bytes of numbers") {
    Random random(8);
    const Column column = numbers<int32_t>("Decimal(9, 2)", telling_numbers<int32_t>(random, 1u << 31));
    check_cells(batch_of({column, column}), with(".", "\"", "\""));
    check_cells(batch_of({column, column}), with(",", "\"", "\"", {"0.00"}));
  }
}
