// The fast loops of each instruction set against parse_value(), one field at a time: the same values, and the same
// fields that are none.
#include "columns/fast_fields.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "columns/csv_source.hpp"
#include "columns/parse.hpp"
#include "flatbed/batch.hpp"
#include "index/kernel.hpp"

using namespace flatbed;

namespace {

using Loops = FastLoop (*)(const Type&, bool) noexcept;

std::vector<Loops> all_loops() {
  std::vector<Loops> loops = {scalar_loop};
#if defined(__x86_64__)
  for (const Kernel& kernel : kernels())
    if (kernel.name == "avx2" && kernel.supported()) loops.push_back(avx2_loop);
  for (const Kernel& kernel : kernels())
    if (kernel.name == "avx512" && kernel.supported()) loops.push_back(avx512_loop);
#endif
  return loops;
}

std::vector<FastTexts> all_texts([[maybe_unused]] bool rectangular) {
  std::vector<FastTexts> loops;
#if defined(__x86_64__)
  for (const Kernel& kernel : kernels()) {
    if (kernel.name == "avx2" && kernel.supported()) loops.push_back(avx2_texts(rectangular));
    if (kernel.name == "avx512" && kernel.supported()) loops.push_back(avx512_texts(rectangular));
  }
#endif
  return loops;
}

std::string random_field(std::mt19937& random, const Type& type) {
  const auto below = [&](size_t most) { return random() % most; };
  const auto digits = [&](size_t most) {
    std::string text;
    for (size_t count = below(most + 1); count > 0; --count) text += static_cast<char>('0' + below(10));
    return text;
  };
  const auto two = [&](size_t most) { return std::to_string(below(most) + 100).substr(1); };
  std::string text;
  const bool timed = type.id == TypeId::kDateTime || type.id == TypeId::kDateTime64;
  if (timed || type.id == TypeId::kDate || type.id == TypeId::kDate32) {
    text = std::to_string(1880 + below(440)) + "-" + two(15) + "-" + two(34);
    if (timed) text += (below(2) ? " " : "T") + two(26) + ":" + two(62) + ":" + two(62);
    if (timed && below(3) == 0) text += "." + digits(type.scale + 1u);
    if (timed && below(3) == 0) text += "Z";
  } else {
    if (below(4) == 0) text = "-";
    text += digits(below(3) == 0 ? 21 : 8);
    if (below(2) == 0) text += "." + digits(type.scale + (type.id == TypeId::kFloat64 ? 16u : 1u));
    if (type.id == TypeId::kFloat64 && below(5) == 0) text += "e" + std::to_string(int(below(700)) - 350);
  }
  if (below(8) == 0 && !text.empty()) text[below(text.size())] = static_cast<char>(below(256));
  if (below(30) == 0) text.clear();
  if (below(10) == 0) text = "\"" + text + "\"";
  return text;
}

// Such fields stand side by side, so that they are read in groups; now and then one is of another shape.
std::string tidy_field(std::mt19937& random, const Type& type, size_t streak) {
  const auto below = [&](size_t most) { return random() % most; };
  if (below(50) == 0) return random_field(random, type);
  const auto two = [&](size_t from, size_t to) { return std::to_string(from + below(to - from + 1) + 100).substr(1); };
  const bool timed = type.id == TypeId::kDateTime || type.id == TypeId::kDateTime64;
  if (timed || type.id == TypeId::kDate || type.id == TypeId::kDate32) {
    const std::string date = std::to_string(1970 + below(130)) + "-" + two(1, 12) + "-" + two(1, 28);
    return timed ? date + " " + two(0, 23) + ":" + two(0, 59) + ":" + two(0, 59) : date;
  }
  const size_t width = byte_width(type);
  const size_t most = width == 1 ? 2 : width == 2 ? 4 : streak % 2 == 0 || width == 4 ? 8 : 15;
  std::string text = streak % 3 == 0 && !to_string(type).starts_with("UInt") ? "-" : "";
  const size_t scale = type.id == TypeId::kFloat64 ? streak % 9 : type.scale;
  const size_t places = streak % 4 < 2 ? scale : 0u;
  for (size_t left = 1 + below(most - std::min(places, most - 1)); left > 0; --left)
    text += static_cast<char>('0' + below(10));
  if (places > 0) text += '.';
  for (size_t left = places; left > 0; --left) text += static_cast<char>('0' + below(10));
  return text;
}

// Appends a double as `digits` digits, or as few as tell it from its neighbours.
void put_double(double value, int digits, std::string& out) {
  char text[32];
  const auto end = digits > 0 ? std::to_chars(text, std::end(text), value, std::chars_format::scientific, digits - 1)
                              : std::to_chars(text, std::end(text), value);
  out.append(text, end.ptr);
}

struct Outcome {
  std::vector<std::byte> values{};
  std::vector<size_t> slow{};
};

}  // namespace

TEST_SUITE("columns") {
  TEST_CASE("fast loops give the values of parse_value()") {
    std::mt19937 random(4);
    for (const char* name : {"Int8",           "Int16",          "Int32",
                             "Int64",          "UInt8",          "UInt16",
                             "UInt32",         "UInt64",         "Decimal(9, 4)",
                             "Decimal(15, 2)", "Decimal(18, 0)", "Decimal(18, 8)",
                             "Decimal(38, 3)", "Decimal(76, 1)", "Float64",
                             "Float32",        "Int128",         "DateTime('Europe/Berlin')",
                             "Date",           "Date32",         "DateTime",
                             "DateTime64(3)",  "DateTime64(8)"}) {
      CAPTURE(name);
      const Type type = parse_type(name).value();
      const size_t width = byte_width(type), rows = 3000;
      // Every other field belongs to the column; what lies before the first one is enough to look behind.
      std::string text(50, '7');
      std::vector<uint32_t> bounds = {static_cast<uint32_t>(text.size() - 1)}, first;
      std::vector<std::string> fields;
      constexpr size_t kStreak = 100;
      size_t tidy = 0;
      for (size_t row = 0; row < rows; ++row) {
        const size_t streak = row / kStreak;
        fields.push_back(streak % 2 == 0 ? random_field(random, type) : tidy_field(random, type, streak / 2));
        tidy += streak % 2;
        for (const std::string& field : {fields.back(), std::string("9")}) {
          text += field;
          bounds.push_back(static_cast<uint32_t>(text.size()));
          text += ',';
        }
        first.push_back(static_cast<uint32_t>(2 * row));
      }
      for (const bool rectangular : {true, false}) {
        for (const Loops loops : all_loops()) {
          const FastLoop loop = loops(type, rectangular);
          const bool null_begins[256] = {};
          const FieldSpans spans{.text = text.data(),
                                 .bounds = bounds.data(),
                                 .first = first.data(),
                                 .columns = 2,
                                 .quote = '"',
                                 .null_begins = null_begins};
          Outcome got{.values = std::vector<std::byte>(rows * width)};
          const SlowField slow = {
              [](void* outcome, size_t row) { static_cast<Outcome*>(outcome)->slow.push_back(row); }, &got};
          loop(spans, type, got.values.data(), 0, rows, slow);
          size_t read = 0;
          auto left = got.slow.begin();
          for (size_t row = 0; row < rows; ++row) {
            if (left != got.slow.end() && *left == row) {
              ++left;
              continue;
            }
            ++read;
            std::string_view field = fields[row];
            if (field.starts_with('"')) field = field.substr(1, field.size() - 2);
            CAPTURE(fields[row]);
            std::vector<std::byte> value(width);
            REQUIRE(parse_value(field, type, value.data()) == Code::kOk);
            REQUIRE(std::memcmp(value.data(), got.values.data() + row * width, width) == 0);
          }
          CHECK(read > tidy * 3 / 4);
        }
      }
    }
  }

  TEST_CASE("doubles come back bit for bit, by every kernel") {
    const char* const asked = std::getenv("FLATBED_TEST_DOUBLES");
    size_t left = asked != nullptr ? std::stoul(asked) : 100'000;
    std::mt19937_64 random(9);
    Schema types;
    for (const char* name : {"digits", "shortest", "decimal"})
      types.fields.push_back({name, parse_type("Float64").value(), "test"});
    for (; left > 0; left -= std::min<size_t>(left, 100'000)) {
      std::vector<double> values, decimals;
      std::string text = "digits,shortest,decimal\n";
      while (values.size() < std::min<size_t>(left, 100'000)) {
        const auto value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        values.push_back(value);
        // Runs of one shape, which are read side by side.
        const size_t places = values.size() / 100 % 9;
        const auto whole = static_cast<double>(random() >> (14 + random() % 50));
        decimals.push_back((random() % 2 == 0 ? whole : -whole) / std::pow(10, static_cast<double>(places)));
        put_double(value, 17, text);
        put_double(value, 0, text += ',');
        text += ',';
        char fixed[64];
        text.append(fixed, std::to_chars(fixed, std::end(fixed), decimals.back(), std::chars_format::fixed,
                                         static_cast<int>(places))
                               .ptr);
        text += '\n';
      }
      for (const Kernel& kernel : kernels()) {
        if (!kernel.supported()) continue;
        const auto source = csv_source({{.uri = "t.csv",
                                         .open = [&](std::stop_token) -> Result<std::unique_ptr<ByteSource>> {
                                           return memory_bytes(text, "t.csv");
                                         }}},
                                       {.kernel = &kernel});
        REQUIRE(source->open({.types = types}, {}).ok());
        size_t row = 0, wrong = 0;
        while (auto delivery = source->next({}).value()) {
          REQUIRE(delivery->rejects.empty());
          const Batch& batch = delivery->batch;
          const size_t bytes = batch.rows() * sizeof(double);
          for (const size_t column : {0, 1})
            wrong += std::memcmp(batch.column(column).values.data(), values.data() + row, bytes) != 0;
          wrong += std::memcmp(batch.column(2).values.data(), decimals.data() + row, bytes) != 0;
          row += batch.rows();
        }
        CAPTURE(kernel.name);
        CHECK(row == values.size());
        CHECK(wrong == 0);
      }
    }
  }

  TEST_CASE("fast loops over texts copy what stands in usual fields, and stop at others") {
    std::mt19937 random(5);
    const size_t rows = 4000;
    std::string text = "x,";
    std::vector<uint32_t> bounds = {1}, first;
    std::vector<std::string> fields;
    for (size_t row = 0; row < rows; ++row) {
      // Streaks of short texts, of longer ones, and of those that do not fit.
      const size_t most = row / 200 % 3 == 0 ? 12 : row / 200 % 3 == 1 ? 40 : 80;
      std::string field;
      for (size_t length = random() % (most + 1); length > 0; --length) field += static_cast<char>('a' + random() % 26);
      if (random() % 9 == 0) field.insert(random() % (field.size() + 1), "\"\"");
      if (random() % 3 == 0 || field.find('"') != field.npos) field = '"' + field + '"';
      fields.push_back(field);
      for (const std::string& part : {field, std::string("9")}) {
        text += part;
        bounds.push_back(static_cast<uint32_t>(text.size()));
        text += ',';
      }
      first.push_back(static_cast<uint32_t>(2 * row));
    }
    bool null_begins[256] = {};
    null_begins[unsigned{'n'}] = true;
    for (const bool rectangular : {true, false}) {
      for (const FastTexts loop : all_texts(rectangular)) {
        // Exactly as large as it says, so that a sanitizer sees what is read behind it.
        const std::vector<char> chunk(text.begin(), text.end());
        const FieldSpans spans{.text = chunk.data(),
                               .size = chunk.size(),
                               .bounds = bounds.data(),
                               .first = first.data(),
                               .columns = 2,
                               .quote = '"',
                               .escaped = true,
                               .escape = '"',
                               .null_begins = null_begins};
        std::vector<TextView> views(rows);
        std::vector<char> room(rows * kTextBytes);
        TextPlace place{.at = room.data(), .packed = 7};
        size_t read = 0;
        for (size_t row = 0; row < rows; ++row) {
          const size_t begin = row;
          row = loop(spans, place, reinterpret_cast<std::byte*>(views.data()), row, rows);
          read += row - begin;
          for (size_t at = begin; at < row; ++at) {
            std::string_view field = fields[at];
            if (field.starts_with('"')) field = field.substr(1, field.size() - 2);
            CAPTURE(fields[at]);
            REQUIRE(field.find('"') == field.npos);
            REQUIRE(views[at].length == field.size());
            const TextView expected = TextView::of(field, 7, field.size() > 12 ? views[at].outside.offset : 0);
            REQUIRE(std::memcmp(&views[at], &expected, sizeof expected) == 0);
            if (field.size() > 12) REQUIRE(field == std::string_view(&room[views[at].outside.offset], field.size()));
          }
          if (row == rows) break;
          const std::string& stop = fields[row];
          CAPTURE(stop);
          const bool unusual = stop.empty() || stop.size() > 60 || stop[0] == 'n' || stop.find("\"\"", 1) != stop.npos;
          CHECK((unusual || row < 2 || row + 80 > rows));
        }
        CHECK(read > rows / 2);
        CHECK(place.at <= room.data() + room.size());
      }
    }
  }
}
