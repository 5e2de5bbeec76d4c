// Records of JSON. Enters: text in parts. Leaves: where each record stands. Invariant: a bracket or comma that is
// missing or too many between records is an error, because nothing behind it can be told for certain.
#include "columns/json_records.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "index/field_index.hpp"

namespace flatbed {
namespace {

constexpr std::string_view kSpaces = " \t\n\r";

bool is_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// The bytes at which brackets are counted and texts begin.
constexpr std::array<bool, 256> kSigns = [] {
  std::array<bool, 256> signs{};
  for (const char c : {'"', '{', '}', '[', ']'}) signs[static_cast<unsigned char>(c)] = true;
  return signs;
}();

// Returns the place behind the closing quote of a text that begins at `begin`, or npos.
size_t end_of_text(std::string_view text, size_t begin) noexcept {
  for (size_t at = begin + 1;;) {
    const size_t quote = text.find('"', at);
    if (quote == std::string_view::npos) return quote;
    size_t escapes = quote;
    while (escapes > at && text[escapes - 1] == '\\') --escapes;
    at = quote + 1;
    if ((quote - escapes) % 2 == 0) return at;
  }
}

Error bad(size_t at, std::string message, std::string expected) {
  return {.code = Code::kBadJson,
          .message = std::move(message),
          .where = {.byte = at},
          .expected = std::move(expected),
          .side = Side::kSource};
}

}  // namespace

Result<size_t> JsonCutter::cut(std::string_view text, bool whole, size_t most, std::vector<JsonRecord>& records) {
  records.clear();
  if (layout_ == JsonLayout::kLines) return cut_lines(text, whole, most, records);
  return cut_values(text, whole, most, records);
}

size_t JsonCutter::cut_lines(std::string_view text, bool whole, size_t most, std::vector<JsonRecord>& records) const {
  size_t begin = 0;
  for (uint32_t lines = 0; begin < text.size() && records.size() < most; ++lines) {
    const size_t found = text.find('\n', begin);
    if (found == std::string_view::npos && !whole) break;
    const size_t end = std::min(found, text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (const size_t first = line.find_first_not_of(kSpaces); first != std::string_view::npos) {
      records.push_back({.begin = static_cast<uint32_t>(begin + first),
                         .end = static_cast<uint32_t>(begin + line.find_last_not_of(kSpaces) + 1),
                         .line = lines});
    }
    begin = std::min(end + 1, text.size());
  }
  return begin;
}

// Passes a sign that stands between values; false where there is none, or none may stand.
bool JsonCutter::take_sign(char c) {
  if (c == '[' && place_ == Place::kStart)
    place_ = Place::kArray;
  else if (c == ']' && (place_ == Place::kArray || place_ == Place::kBehind))
    place_ = Place::kEnd;
  else if (c == ',' && place_ == Place::kBehind)
    place_ = Place::kElement;
  else
    return false;
  return true;
}

Result<size_t> JsonCutter::cut_values(std::string_view text, bool whole, size_t most,
                                      std::vector<JsonRecord>& records) {
  size_t at = 0, counted = 0;
  uint64_t lines = 0;
  while (records.size() < most) {
    while (at < text.size() && is_space(text[at])) ++at;
    if (at == text.size()) break;
    if (take_sign(text[at])) {
      ++at;
      continue;
    }
    auto end = next_value(text, at, whole);
    // What was found before an error is carried before it.
    if (!end && !records.empty()) return at;
    if (!end) return end;
    if (*end == 0) return at;
    lines += count_line_feeds(text.substr(counted, at - counted));
    counted = at;
    records.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(*end), static_cast<uint32_t>(lines)});
    const bool alone = place_ == Place::kStart || place_ == Place::kObjects;
    place_ = !alone ? Place::kBehind : text[at] == '{' ? Place::kObjects : Place::kEnd;
    at = *end;
  }
  if (whole && at == text.size() && records.empty()) {
    if (Status status = check_end(at); !status) return std::move(status).error();
  }
  return at;
}

Status JsonCutter::check_end(size_t at) const {
  switch (place_) {
    case Place::kArray:
    case Place::kElement:
    case Place::kBehind:
      return bad(at, "the array is not closed", "]");
    case Place::kStart:
      return Error{.code = Code::kEmpty,
                   .message = "the text holds no JSON value",
                   .where = {.byte = at},
                   .side = Side::kSource};
    default:
      return {};
  }
}

// Returns the place behind a value that may stand here, or 0 where it goes on behind `text`.
Result<size_t> JsonCutter::next_value(std::string_view text, size_t begin, bool whole) {
  if (place_ == Place::kBehind) return bad(begin, "two elements of the array have no comma between them", ", or ]");
  if (place_ == Place::kEnd || (place_ == Place::kObjects && text[begin] != '{'))
    return bad(begin, "something stands behind the end of the JSON text", "nothing, or an object behind an object");
  return end_of_value(text, begin, whole);
}

Result<size_t> JsonCutter::end_of_value(std::string_view text, size_t begin, bool whole) {
  if (text[begin] == '{' || text[begin] == '[') return end_of_brackets(text, begin, whole);
  size_t end = 0;
  if (text[begin] == '"') {
    end = end_of_text(text, begin);
    if (end == std::string_view::npos && whole) return bad(begin, "a text is not closed before the end", "a quote");
    return end == std::string_view::npos ? 0 : end;
  }
  end = text.find_first_of(" \t\n\r,]}[{\"", begin);
  if (end == begin) return bad(begin, "a value is missing", "a value");
  if (end == std::string_view::npos) return whole ? text.size() : 0;
  return end;
}

Result<size_t> JsonCutter::end_of_brackets(std::string_view text, size_t begin, bool whole) {
  open_.clear();
  for (size_t at = begin; at < text.size();) {
    const char c = text[at];
    if (!kSigns[static_cast<unsigned char>(c)]) {
      ++at;
      continue;
    }
    if (c == '"') {
      at = end_of_text(text, at);
      if (at == std::string_view::npos) break;
      continue;
    }
    ++at;
    if (c == '{' || c == '[') {
      open_ += c;
      continue;
    }
    if (open_.back() != (c == '}' ? '{' : '['))
      return bad(at - 1, std::string("a bracket is closed by ") + c, open_.back() == '{' ? "}" : "]");
    open_.pop_back();
    if (open_.empty()) return at;
  }
  if (whole) return bad(begin, "a value is not closed before the end", "as many closing brackets and quotes as opened");
  return 0;
}

}  // namespace flatbed
