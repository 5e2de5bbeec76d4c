// The encoding of a sample. Enters: the head of a file. Leaves: its encoding and its text. Invariant: bytes that are
// valid UTF-8 are never taken for anything else, unless they begin with the mark of UTF-16 or are half zeros.
#include "dialect/decode.hpp"

#include <simdjson.h>

#include <algorithm>

#include "bytes/encoding.hpp"

namespace flatbed {
namespace {

constexpr size_t kPartBytes = size_t{1} << 16;

// The sample may end in the middle of a character.
bool is_utf8(std::string_view text, bool whole) noexcept {
  const auto is_continuation = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  for (int at = 0; at < 3 && !whole && !text.empty() && is_continuation(text.back()); ++at) text.remove_suffix(1);
  if (!whole && !text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.remove_suffix(1);
  return simdjson::validate_utf8(text.data(), text.size());
}

// Returns how many bytes a character of UTF-8 at `at` has; 0 when there is none.
size_t utf8_at(std::string_view text, size_t at) noexcept {
  const auto first = static_cast<unsigned char>(text[at]);
  const size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  return at + size <= text.size() && simdjson::validate_utf8(text.data() + at, size) ? size : 0;
}

// Tells whether the bytes above ASCII are letters of UTF-8 for the most part. What is valid beside bytes that are not
// is so by chance.
bool is_mostly_utf8(std::string_view text) noexcept {
  size_t letters = 0, stray = 0;  // bytes
  for (size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    size_t run = 0, valid = 0;
    for (; at + run < text.size() && static_cast<unsigned char>(text[at + run]) >= 0x80; ++run) {
    }
    while (valid < run) {
      const size_t size = utf8_at(text, at + valid);
      if (size == 0) break;
      valid += size;
    }
    (valid == run ? letters : stray) += run;
    at += run;
  }
  return letters > stray;
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

// Tells whether every byte of a sample has a meaning in an encoding; its last character may be cut.
bool reads_as(std::string_view sample, bool whole, std::string_view encoding) {
  for (int at = 0; at < 3 && !whole && !sample.empty() && static_cast<unsigned char>(sample.back()) >= 0x80; ++at)
    sample.remove_suffix(1);
  const auto source = to_utf8(memory_bytes(sample), encoding);
  for (;;) {
    const Result<Buffer> part = source->read(kPartBytes, {});
    if (!part) return false;
    if (part->empty()) return true;
  }
}

// How the bytes above ASCII lie in a sample.
struct HighBytes {
  size_t all = 0;
  size_t together = 0;  // in runs of three and more
  size_t c1 = 0;        // 80 to 9F: controls in Latin-1
  size_t small = 0;     // E0 to FF
  size_t capital = 0;   // C0 to DF
};

HighBytes count_high_bytes(std::string_view text) {
  HighBytes high;
  size_t run = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      run = 0;
      continue;
    }
    ++run;
    ++high.all;
    high.together += run == 3 ? 3 : run > 3;
    high.c1 += byte < 0xA0;
    high.small += byte >= 0xE0;
    high.capital += byte >= 0xC0 && byte < 0xE0;
  }
  return high;
}

// Accented letters of western text stand alone between others; the letters of other scripts stand together.
std::string detect_encoding_of_bytes(std::string_view sample, bool whole) {
  const HighBytes high = count_high_bytes(sample);
  if (high.together * 2 > high.all) {
    if (high.c1 * 4 > high.all && reads_as(sample, whole, "shift_jis")) return "shift_jis";
    if ((high.small + high.capital) * 100 > high.all * 85) return high.small > high.capital ? "cp1251" : "koi8-r";
    if (reads_as(sample, whole, "gb18030")) return "gb18030";
  }
  // These bytes are controls in Latin-1, which no text has, and letters and quotes in CP1252.
  return high.c1 > 0 && reads_as(sample, whole, "cp1252") ? "cp1252" : "latin-1";
}

bool is_ascii(std::string_view text) noexcept {
  return simdjson::validate_utf8(text.data(), text.size()) &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// Where the head is plain ASCII, what comes later decides; where it has letters of UTF-8, they do.
std::string detect_encoding(std::string_view sample, bool whole) {
  if (sample.starts_with("\xff\xfe")) return "utf-16le";
  if (sample.starts_with("\xfe\xff")) return "utf-16be";
  if (std::string utf16 = utf16_by_zeros(sample.substr(0, 4096)); !utf16.empty()) return utf16;
  const std::string_view head = sample.substr(0, kSampleBytes);
  if (is_utf8(sample, whole) || (head.size() < sample.size() && is_utf8(head, false) && !is_ascii(head)))
    return "utf-8";
  // In any other encoding its letters would become others, so the bytes that are wrong are the reader's to tell.
  if (is_mostly_utf8(sample)) return "utf-8";
  return detect_encoding_of_bytes(sample, whole);
}

}  // namespace

Decoded decode(std::string_view sample, bool whole, const std::string& given) {
  Decoded decoded{.encoding = given.empty() ? detect_encoding(sample, whole) : given};
  auto source = to_utf8(memory_bytes(sample.substr(0, kSampleBytes)), decoded.encoding);
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
