// Any bytes in any encoding give text or kEncodingUnknown, the same text in parts of any size, and whole UTF-8.
#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "bytes/encoding.hpp"
#include "dialect/decode.hpp"

using namespace flatbed;

namespace {

std::optional<std::string> read_all(std::string_view bytes, const std::string& encoding, size_t most) {
  const auto source = to_utf8(memory_bytes(bytes), encoding);
  std::string text;
  for (;;) {
    const Result<Buffer> part = source->read(most, {});
    if (!part && part.error().code != Code::kEncodingUnknown) std::abort();
    if (!part) return std::nullopt;
    if (part->empty()) return text;
    text += part->text();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr const char* kEncodings[] = {"utf-16le", "utf-16be",  "latin-1", "cp1252",
                                        "cp1251",   "shift_jis", "gb18030", "koi8-r"};
  if (size == 0) return 0;
  const std::string encoding = kEncodings[data[0] % std::size(kEncodings)];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = read_all(bytes, encoding, size_t{1} << 16);
  if (whole && !simdjson::validate_utf8(whole->data(), whole->size())) std::abort();
  for (const size_t most : {1U, 7U}) {
    if (read_all(bytes, encoding, most) != whole) std::abort();
  }
  if (decode(bytes, true, "").encoding.empty()) std::abort();
  return 0;
}
