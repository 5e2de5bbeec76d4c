// A made-up table of orders, the shape of TPC-H's lineitem: the same rows on every machine.
#pragma once

#include <cstring>
#include <random>

#include "columns/text_builder.hpp"
#include "flatbed/batch.hpp"

namespace flatbed {

template <class T>
Column numbers(const char* type, size_t rows, std::mt19937_64& random, uint64_t below) {
  Column column{.type = parse_type(type).value(), .rows = rows};
  column.values = Buffer::allocate(rows * sizeof(T));
  auto* to = reinterpret_cast<T*>(column.values.writable());
  for (size_t row = 0; row < rows; ++row) to[row] = static_cast<T>(random() % below);
  return column;
}

inline Column words(size_t rows, std::mt19937_64& random, size_t least, size_t most) {
  Column column{.rows = rows};
  TextBuilder texts(rows);
  for (size_t row = 0; row < rows; ++row) {
    std::string text(least + random() % (most - least + 1), ' ');
    for (char& c : text) c = "etaoin shrdlu"[random() % 13];
    texts.add(text);
  }
  std::move(texts).finish(column);
  return column;
}

inline Batch orders(size_t rows) {
  std::mt19937_64 random(1);
  std::vector<Column> columns;
  for (const uint64_t below : {6'000'000u, 200'000u, 10'000u, 7u}) {
    columns.push_back(numbers<int64_t>("Int64", rows, random, below));
  }
  for (const uint64_t below : {5'000u, 10'000'000u, 11u, 9u}) {
    columns.push_back(numbers<int64_t>("Decimal(15, 2)", rows, random, below));
  }
  columns.push_back(words(rows, random, 1, 1));
  columns.push_back(words(rows, random, 1, 1));
  for (int i = 0; i < 3; ++i) columns.push_back(numbers<uint16_t>("Date", rows, random, 20'000));
  columns.push_back(words(rows, random, 4, 17));
  columns.push_back(words(rows, random, 3, 7));
  columns.push_back(words(rows, random, 10, 43));
  Schema schema;
  for (const Column& column : columns)
    schema.fields.push_back({std::string(1, static_cast<char>('a' + schema.size())), column.type, ""});
  return Batch(std::make_shared<const Schema>(std::move(schema)), std::move(columns), rows);
}

}  // namespace flatbed
