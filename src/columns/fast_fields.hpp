// Loops over the fields of a column of fixed width that know the usual shapes only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "flatbed/schema.hpp"

namespace flatbed {

/// Where the fields of a column lie in a chunk.
struct FieldSpans {
  const char* text = nullptr;
  size_t size = 0;                   ///< bytes of the text
  const uint32_t* bounds = nullptr;  ///< of the column's field in record 0, see FieldIndex::bounds()
  const uint32_t* first = nullptr;   ///< of each row, its first field; null: row r begins at field r * columns
  size_t columns = 0;
  uint32_t delimiter_rest = 0;  ///< bytes of the delimiter but its last one
  bool returns = false;         ///< a CR may stand before the end of the field
  char quote = 0;               ///< 0: none
  bool escaped = false;         ///< a quoted field may hold an escape
  char escape = 0;
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

/// The longest text that a FastTexts reads.
inline constexpr size_t kTextBytes = 64;

/// Where the texts of a chunk go that do not fit into their views.
struct TextPlace {
  char* at = nullptr;
  uint64_t packed = 0;  ///< of `at`, as a view holds it: buffer and offset
  bool copies = false;  ///< a text of the column did not fit, so others are copied without looking
};

/// Reads texts of rows `row` to `last` into `views` up to one of a shape that it does not know: an empty one, one that
/// is long, holds an escape, may mean NULL or lies at an end of the chunk. Returns its row.
/// REQUIRES: kTextBytes for each row at `place`; no CR before the end of a field.
using FastTexts = size_t (*)(const FieldSpans& spans, TextPlace& place, std::byte* views, size_t row, size_t last);

/// Return the loop for a type of fixed width; all give the same values.
FastLoop scalar_loop(const Type& type, bool rectangular) noexcept;
#if defined(__x86_64__)
/// REQUIRES: a CPU with AVX2 and BMI2.
FastLoop avx2_loop(const Type& type, bool rectangular) noexcept;
FastTexts avx2_texts(bool rectangular) noexcept;
/// REQUIRES: a CPU with AVX2, BMI2 and AVX-512 F, BW and VL.
FastLoop avx512_loop(const Type& type, bool rectangular) noexcept;
FastTexts avx512_texts(bool rectangular) noexcept;
#endif

}  // namespace flatbed
