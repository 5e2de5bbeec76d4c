// The encoding of a sample. Enters: the head of a file. Leaves: its encoding and its text. Invariant: bytes that are
// valid UTF-8 are never taken for anything else, unless they begin with the mark of UTF-16 or are half zeros.
#include "dialect/decode.hpp"

#include <simdjson.h>

#include <algorithm>

#include "bytes/encoding.hpp"

namespace flatbed {
namespace {

// The sample may end in the middle of a character.
bool is_utf8(std::string_view text, bool whole) noexcept {
  const auto is_continuation = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  for (int at = 0; at < 3 && !whole && !text.empty() && is_continuation(text.back()); ++at) text.remove_suffix(1);
  if (!whole && !text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.remove_suffix(1);
  return simdjson::validate_utf8(text.data(), text.size());
}

// UTF-16 of western text has a zero in every other byte.
std::string utf16_by_zeros(std::string_view text) {
  size_t zeros[2] = {};
  for (size_t at = 0; at < text.size(); ++at) zeros[at & 1] += text[at] == 0;
  const size_t half = text.size() / 2;
  if (half == 0) return "";
  if (zeros[1] * 10 >= half * 7 && zeros[0] * 10 < half) return "utf-16le";
  if (zeros[0] * 10 >= half * 7 && zeros[1] * 10 < half) return "utf-16be";
  return "";
}

std::string detect_encoding(std::string_view sample, bool whole) {
  if (sample.starts_with("\xff\xfe")) return "utf-16le";
  if (sample.starts_with("\xfe\xff")) return "utf-16be";
  if (std::string utf16 = utf16_by_zeros(sample.substr(0, 4096)); !utf16.empty()) return utf16;
  if (is_utf8(sample, whole)) return "utf-8";
  // These bytes are controls in Latin-1, which no text has, and letters and quotes in CP1252.
  const bool controls = std::any_of(sample.begin(), sample.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 && byte < 0xA0;
  });
  return controls ? "cp1252" : "latin-1";
}

}  // namespace

Decoded decode(std::string_view sample, bool whole, const std::string& given) {
  Decoded decoded{.encoding = given.empty() ? detect_encoding(sample, whole) : given};
  constexpr size_t kPartBytes = size_t{1} << 16;
  auto source = to_utf8(memory_bytes(sample), decoded.encoding);
  for (;;) {
    // What is wrong with the bytes is the reader's to tell; the head of the text is enough here.
    const Result<Buffer> part = source->read(kPartBytes, {});
    if (!part || part->empty()) break;
    decoded.text += part->text();
  }
  if (decoded.text.starts_with("\xef\xbb\xbf")) decoded.text.erase(0, 3);
  return decoded;
}

}  // namespace flatbed
