// The types of the columns of a text file, from every field of a chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "columns/infer.hpp"
#include "columns/records.hpp"
#include "columns/repair.hpp"

namespace flatbed {

/// Adds the fields of a chunk, but for those of misfits, to what is known of some columns: types[i] is that of field
/// sources[i] of each record. `line` is that of the chunk's first byte.
void study(const Records& records, uint64_t line, const std::vector<size_t>& sources, const Repairs& repairs,
           std::vector<ColumnInference>& types);

}  // namespace flatbed
