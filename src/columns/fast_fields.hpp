// Loops over the fields of a column of fixed width that know the usual shapes only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "flatbed/schema.hpp"

namespace flatbed {

/// Where the fields of a column lie in a chunk.
struct FieldSpans {
  const char* text = nullptr;
  const uint32_t* bounds = nullptr;  ///< of the column's field in record 0, see FieldIndex::bounds()
  const uint32_t* first = nullptr;   ///< of each row, its first field; null: row r begins at field r * columns
  size_t columns = 0;
  uint32_t delimiter_rest = 0;        ///< bytes of the delimiter but its last one
  bool returns = false;               ///< a CR may stand before the end of the field
  char quote = 0;                     ///< 0: none
  const bool* null_begins = nullptr;  ///< of each byte, whether a text that means NULL begins with it
};

struct FieldSpan {
  uint32_t begin, end;
  size_t size() const { return end - begin; }
};

/// How far a loop looks before the end of a field: a field that ends before goes to SlowField.
inline constexpr uint32_t kLookBehind = 40;

/// Reads a field of any shape into its row.
struct SlowField {
  void (*read)(void* column, size_t row);
  void* column;
};

/// Reads the fields of rows `row` to `last`, that one not included, into `values`; those of shapes that it does not
/// know by `slow`. What it knows it reads as parse_value() does. REQUIRES: no field that is a value means NULL.
using FastLoop = void (*)(const FieldSpans& spans, const Type& type, std::byte* values, size_t row, size_t last,
                          const SlowField& slow);

/// Return the loop for a type of fixed width; all give the same values.
FastLoop scalar_loop(const Type& type, bool rectangular) noexcept;
#if defined(__x86_64__)
/// REQUIRES: a CPU with AVX2 and BMI2.
FastLoop avx2_loop(const Type& type, bool rectangular) noexcept;
/// REQUIRES: a CPU with AVX2, BMI2 and AVX-512 F, BW and VL.
FastLoop avx512_loop(const Type& type, bool rectangular) noexcept;
#endif

}  // namespace flatbed
