// JSON values. simdjson finds where they stand and checks texts and structure; numbers and words are checked here,
// because they are not turned into its numbers, which would lose digits.
#include "columns/json_value.hpp"

#include <algorithm>
#include <new>

#include "columns/swar.hpp"

namespace flatbed {
namespace {

size_t count_digits(std::string_view text) noexcept {
  return static_cast<size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
}

// Reads the number of RFC 8259: -?(0|[1-9]digits)[.digits][e[+-]digits].
bool is_number(std::string_view text) noexcept {
  if (text.starts_with('-')) text.remove_prefix(1);
  const size_t whole = count_digits(text);
  if (whole == 0 || (whole > 1 && text[0] == '0')) return false;
  text.remove_prefix(whole);
  if (text.starts_with('.')) {
    const size_t places = count_digits(text.substr(1));
    if (places == 0) return false;
    text.remove_prefix(1 + places);
  }
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(text.size() > 1 && (text[1] == '+' || text[1] == '-') ? 2 : 1);
  return !text.empty() && count_digits(text) == text.size();
}

bool is_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

std::string_view without_spaces_behind(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

bool is_json_word(std::string_view text) noexcept {
  return is_number(text) || text == "null" || text == "true" || text == "false";
}

// ---- Values

Code JsonValue::scalar(std::string_view& text) {
  text = without_spaces_behind(token_);
  if (is_text()) {
    if (text.size() < 2 || text.back() != '"') return document_.fail(Code::kBadJson, at());
    text = text.substr(1, text.size() - 2);
    if (text.find('\\') != std::string_view::npos) return text_with_escapes(text);
    // A text that is left to be skipped may be taken for a key.
    simdjson::ondemand::raw_json_string ignored;
    if (const auto error = value_.get_raw_json_string().get(ignored)) return document_.broken(error);
    return Code::kOk;
  }
  if (is_json_word(text)) return Code::kOk;
  return document_.fail(Code::kBadJson, at());
}

Code JsonValue::text_with_escapes(std::string_view& text) {
  if (value_.get_string().get(text) != simdjson::SUCCESS) return document_.fail(Code::kBadJson, at());
  // Half of a surrogate pair is no letter.
  return simdjson::validate_utf8(text.data(), text.size()) ? Code::kOk : document_.fail(Code::kBadJson, at());
}

Code JsonValue::skip() {
  if (is_object()) return members([](std::string_view, JsonValue value) { return value.skip(); });
  if (is_array()) return elements([](JsonValue value) { return value.skip(); });
  std::string_view ignored;
  return scalar(ignored);
}

Code JsonValue::json(std::string& out) {
  if (const Code code = skip(); code != Code::kOk) return code;
  const char* const end = document_.here();
  std::string_view text = token_;
  if (is_object() || is_array()) text = std::string_view(at(), static_cast<size_t>(end - at()));
  text = without_spaces_behind(text);
  const size_t before = out.size();
  out.resize(before + text.size());
  size_t size = 0;
  if (const auto error = simdjson::minify(text.data(), text.size(), out.data() + before, size))
    return document_.broken(error);
  out.resize(before + size);
  return Code::kOk;
}

// ---- Documents

size_t JsonDocument::place_of(const char* at) const noexcept {
  const auto place = static_cast<size_t>(std::clamp(at, begin_, begin_ + size_) - begin_);
  return bare_ && place > 0 ? place - 1 : place;
}

Code JsonDocument::broken(simdjson::error_code error) {
  if (error == simdjson::MEMALLOC || error == simdjson::CAPACITY) throw std::bad_alloc();
  return fail(error == simdjson::UTF8_ERROR ? Code::kInvalidUtf8 : Code::kBadJson, here());
}

const char* JsonDocument::here() {
  const char* at = nullptr;
  if (document_.current_location().get(at) != simdjson::SUCCESS) return begin_ + size_;
  return std::clamp(at, begin_, begin_ + size_);
}

Code JsonDocument::start(std::string_view text, size_t readable) {
  bare_ = !text.starts_with('{') && !text.starts_with('[');
  if (bare_ || readable < text.size() + simdjson::SIMDJSON_PADDING) {
    copy_.clear();
    copy_.reserve(text.size() + 2 + simdjson::SIMDJSON_PADDING);
    if (bare_) copy_ += '[';
    copy_ += text;
    if (bare_) copy_ += ']';
    begin_ = copy_.data();
    size_ = copy_.size();
    readable = copy_.capacity();
  } else {
    begin_ = text.data();
    size_ = text.size();
  }
  const auto error = parser_.iterate(simdjson::padded_string_view(begin_, size_, readable)).get(document_);
  if (error == simdjson::SUCCESS) return Code::kOk;
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  return fail(error == simdjson::UTF8_ERROR ? Code::kInvalidUtf8 : Code::kBadJson, begin_);
}

// Nothing may stand behind the value.
Code JsonDocument::finish() {
  const char* at = nullptr;
  if (document_.current_location().get(at) == simdjson::OUT_OF_BOUNDS) return Code::kOk;
  return fail(Code::kBadJson, here());
}

}  // namespace flatbed
