// Any bytes give a dialect, kDialectUnsure or kEncodingUnknown, the same each time, and keep what the user chose.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "flatbed/dialect.hpp"

using namespace flatbed;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view sample(reinterpret_cast<const char*>(data), size);
  for (const bool whole : {true, false}) {
    const auto dialect = sniff(sample, whole);
    const auto again = sniff(sample, whole);
    if (dialect.ok() != again.ok() || (dialect.ok() && !(*dialect == *again))) std::abort();
    if (!dialect.ok() && dialect.error().code != Code::kDialectUnsure &&
        dialect.error().code != Code::kEncodingUnknown) {
      std::abort();
    }
    if (dialect.ok() && (dialect->delimiter.value.empty() || to_string(*dialect).empty())) std::abort();
  }
  Dialect given;
  given.delimiter = {";", Chosen::kUser};
  given.quote = {"'", Chosen::kUser};
  given.encoding = {"utf-8", Chosen::kUser};
  const auto kept = sniff(sample, true, given);
  if (!kept.ok() || kept->delimiter != given.delimiter || kept->quote != given.quote) std::abort();
  return 0;
}
