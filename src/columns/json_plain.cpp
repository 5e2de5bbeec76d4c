// Plain records of JSON. Enters: the records of a chunk. Leaves: an index of the values of those that are alike.
// Invariant: a plain record is well-formed. What stands between its values is what stood there in a record that was
// walked, and each value is checked.
#include "columns/json_plain.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "columns/swar.hpp"

namespace flatbed {
namespace {

constexpr size_t kMostKeys = 1000;

// Returns the closing quote of a text whose first byte is `at`; null where an escape or a control byte comes before.
const char* end_of_text(const char* at, const char* end) noexcept {
  for (; end - at >= 8; at += 8) {
    const uint64_t word = load8(at);
    const uint64_t control = (word - each_byte(' ')) & ~word & each_byte('\x80');
    const uint64_t signs = mark_zeros(word ^ each_byte('"')) | mark_zeros(word ^ each_byte('\\')) | control;
    if (signs == 0) continue;
    at += std::countr_zero(signs) / 8;
    return *at == '"' ? at : nullptr;
  }
  for (; at != end; ++at) {
    if (*at == '"') return at;
    if (*at == '\\' || static_cast<unsigned char>(*at) < ' ') return nullptr;
  }
  return nullptr;
}

bool ends_word(char c) noexcept {
  return c == ',' || c == '}' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Returns the end of a number without exponent; null where there is none.
const char* end_of_digits(const char* at, const char* end) noexcept {
  at += *at == '-';
  const char* const whole = at;
  while (at != end && is_digit(*at)) ++at;
  if (at == whole || at == end || (*whole == '0' && at - whole > 1)) return nullptr;
  if (*at != '.') return at;
  const char* const point = at++;
  while (at != end && is_digit(*at)) ++at;
  return at - point > 1 ? at : nullptr;
}

// Tells whether `text` begins with `start`.
bool begins_with(const char* text, const char* end, const std::string& start) noexcept {
  const size_t size = start.size();
  if (static_cast<size_t>(end - text) < size) return false;
  if (size < 8) return std::memcmp(text, start.data(), size) == 0;
  uint64_t differ = load8(text + size - 8) ^ load8(start.data() + size - 8);
  for (size_t at = 0; at + 8 < size; at += 8) differ |= load8(text + at) ^ load8(start.data() + at);
  return differ == 0;
}

// Returns the end of a value that is neither array nor object; null where there is none.
const char* end_of_value(const char* begin, const char* end) noexcept {
  if (begin == end) return nullptr;
  if (*begin == '"') {
    const char* const quote = end_of_text(begin + 1, end);
    return quote == nullptr ? nullptr : quote + 1;
  }
  const char* at = end_of_digits(begin, end);
  if (at != nullptr && at != end && ends_word(*at)) return at;
  at = begin;
  while (at != end && !ends_word(*at)) ++at;
  return is_json_word({begin, static_cast<size_t>(at - begin)}) ? at : nullptr;
}

bool are_different(std::vector<std::string> keys) {
  std::ranges::sort(keys);
  return std::ranges::adjacent_find(keys) == keys.end();
}

}  // namespace

// Takes the keys of a record, and what stands between its values. False where its values are not all plain.
bool PlainRecords::learn(std::string_view record, size_t readable, JsonDocument& document) {
  keys_.clear();
  between_.clear();
  size_t done = 0;
  bool plain = true;
  const auto visit = [&](std::string_view key, JsonValue value) {
    const size_t begin = document.place_of(value.at());
    plain = plain && !value.is_object() && !value.is_array();
    if (!plain) return value.skip();
    std::string_view text;
    if (const Code code = value.scalar(text); code != Code::kOk) return code;
    keys_.emplace_back(key);
    between_.emplace_back(record.substr(done, begin - done));
    const char* const end = end_of_value(record.data() + begin, record.data() + record.size());
    plain = end != nullptr;
    done = plain ? static_cast<size_t>(end - record.data()) : begin;
    return Code::kOk;
  };
  const Code code = document.walk(record, readable, [&](JsonValue value) {
    plain = value.is_object();
    return plain ? value.members(visit) : value.skip();
  });
  between_.emplace_back(record.substr(done));
  return code == Code::kOk && plain && !keys_.empty() && keys_.size() <= kMostKeys && are_different(keys_);
}

// Adds the fields of a record that is plain.
bool PlainRecords::add(std::string_view record) {
  const char* at = record.data();
  const char* const end = at + record.size();
  uint32_t* to = index_.tail();
  for (size_t key = 0; key < keys_.size(); ++key) {
    if (!begins_with(at, end, between_[key])) return false;
    const char* const begin = at + between_[key].size();
    at = end_of_value(begin, end);
    if (at == nullptr) return false;
    *to++ = static_cast<uint32_t>(begin - text_.data()) - 1;
    *to++ = static_cast<uint32_t>(at - text_.data());
  }
  if (std::string_view(at, static_cast<size_t>(end - at)) != between_.back()) return false;
  index_.fields += fields();
  ++index_.record_ends;
  return true;
}

void PlainRecords::find(std::string_view text, const std::vector<JsonRecord>& records, JsonDocument& document) {
  text_ = text;
  plain_.clear();
  odd_.clear();
  const auto text_of = [&](const JsonRecord& record) { return text.substr(record.begin, record.end - record.begin); };
  const bool learnt = !records.empty() && simdjson::validate_utf8(text.data(), text.size()) &&
                      learn(text_of(records[0]), text.size() - records[0].begin, document);
  if (learnt) {
    index_.reset(records.size() * fields());
    for (uint32_t i = 0; i < records.size(); ++i) (add(text_of(records[i])) ? plain_ : odd_).push_back(i);
  }
  if (plain_.size() > odd_.size()) return;
  keys_.clear();
  plain_.clear();
  odd_.resize(records.size());
  std::iota(odd_.begin(), odd_.end(), 0u);
}

Records PlainRecords::records() const {
  static const Syntax kSyntax{.escapes = false};
  static const NullTokens kNull({"null"});
  Records records{.text = text_, .syntax = &kSyntax, .nulls = &kNull, .index = &index_, .columns = fields()};
  records.rows = plain_.size() + odd_.size();
  if (odd_.empty()) return records;
  records.first.resize(records.rows);
  for (size_t row = 0; row < plain_.size(); ++row) records.first[plain_[row]] = static_cast<uint32_t>(row * fields());
  for (const uint32_t odd : odd_) records.misfits.push_back({.record = odd});
  return records;
}

}  // namespace flatbed
