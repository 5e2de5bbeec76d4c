// The index kernels: one table entry for each instruction set, chosen once.
#pragma once

#include <span>
#include <string_view>

#include "index/field_index.hpp"

namespace flatbed {

/// One way to find fields. All give the same index; `scalar` is the oracle of the others.
struct Kernel {
  std::string_view name;
  bool (*supported)() noexcept;  ///< tells whether this CPU can run it
  /// Indexes `text`, whose end ends a field only where a line end stands. REQUIRES: index.reset(text.size()).
  void (*index)(std::string_view text, const Syntax& syntax, FieldIndex& index);
};

/// All kernels built for this architecture, best last.
std::span<const Kernel> kernels() noexcept;
/// The kernel of this process.
const Kernel& active_kernel() noexcept;
/// index_fields() with a kernel of choice, for tests and benches.
void index_fields_with(const Kernel& kernel, std::string_view text, const Syntax& syntax, bool whole,
                       FieldIndex& index);

void index_scalar(std::string_view text, const Syntax& syntax, FieldIndex& index);
/// Indexes again, as plain text, the last field of a whole text, whose quote is not closed.
void mend_open_field(std::string_view text, const Syntax& syntax, FieldIndex& index);
/// Adds the records from byte `begin` on, where one begins, to an index of what stands before; stops at the first
/// record end at or behind byte `enough`. Returns where it stopped.
size_t index_scalar_records(std::string_view text, size_t begin, size_t enough, const Syntax& syntax,
                            FieldIndex& index);
void index_avx2(std::string_view text, const Syntax& syntax, FieldIndex& index);
void index_avx512(std::string_view text, const Syntax& syntax, FieldIndex& index);
void index_neon(std::string_view text, const Syntax& syntax, FieldIndex& index);

}  // namespace flatbed
