// Any bytes, in any dialect of one-byte signs: every kernel gives the index of the scalar one.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "index/kernel.hpp"

using namespace flatbed;

namespace {

bool same(const FieldIndex& a, const FieldIndex& b) {
  return a.fields == b.fields && a.record_ends == b.record_ends && a.lines == b.lines && a.consumed == b.consumed &&
         a.quoted == b.quoted && a.escaped == b.escaped && a.returns == b.returns && a.ascii == b.ascii &&
         a.nul == b.nul && a.open == b.open && a.stray == b.stray &&
         std::equal(a.bounds(), a.bounds() + a.fields + 1, b.bounds());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const Syntax syntaxes[] = {{},
                             {.delimiter = ";", .quote = '\'', .escape = '\''},
                             {.delimiter = "\t", .quotes = false, .escapes = false},
                             {.escape = '\\'},
                             {.delimiter = "\t", .quotes = false, .backslashes = true, .escape = '\\'},
                             {.delimiter = "||"}};
  const Syntax& syntax = syntaxes[data[0] % std::size(syntaxes)];
  const bool whole = (data[0] & 0x80) != 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  FieldIndex oracle, other;
  index_fields_with(kernels()[0], text, syntax, whole, oracle);
  for (const Kernel& kernel : kernels()) {
    if (!kernel.supported()) continue;
    index_fields_with(kernel, text, syntax, whole, other);
    if (!same(oracle, other)) std::abort();
  }
  return 0;
}
