// JSON values one by one, every byte of them checked. Enters: the text of one value. Leaves: its parts, in order.
// Invariant: a walk that ends well has seen well-formed JSON and nothing else; numbers stay as they are written.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "flatbed/status.hpp"

namespace flatbed {

/// Tells whether a text is a number of JSON, or true, false or null.
bool is_json_word(std::string_view text) noexcept;

class JsonDocument;

/// A value of a document that is being walked. Whoever gets one walks it wholly, by one of the functions that return a
/// code, before the next one comes. LIFETIME: until the walk goes on.
class JsonValue {
 public:
  JsonValue(const simdjson::ondemand::value& value, JsonDocument& document, int depth)
      : value_(value), document_(document), depth_(depth) {
    token_ = value_.raw_json_token();
  }
  /// Returns the first byte, which tells the kind: { [ " t f n - or a digit; anything else is no value.
  char first() const noexcept { return token_[0]; }
  bool is_object() const noexcept { return first() == '{'; }
  bool is_array() const noexcept { return first() == '['; }
  bool is_text() const noexcept { return first() == '"'; }
  bool is_null() const noexcept { return token_.starts_with("null"); }
  const char* at() const noexcept { return token_.data(); }

  /// Reads a value that is neither array nor object: a text without its quotes and escapes, all else as it is written.
  Code scalar(std::string_view& text);
  /// Reads the value as text of JSON without spaces, and appends it.
  Code json(std::string& out);
  /// Only checks the value.
  Code skip();
  /// Calls `visit(JsonValue)` for each element of an array; ends at its first code that is not kOk.
  template <class Visit>
  Code elements(Visit&& visit);
  /// Calls `visit(key, JsonValue)` for each member of an object.
  template <class Visit>
  Code members(Visit&& visit);

 private:
  static constexpr int kMostDepth = 1000;  // simdjson knows 1024
  Code text_with_escapes(std::string_view& text);

  simdjson::ondemand::value value_;
  JsonDocument& document_;
  int depth_;
  std::string_view token_;
};

/// Walks values, one text after the other. THREADS: one owner.
class JsonDocument {
 public:
  /// Calls `visit(JsonValue)` for the one value of `text`. `readable` is how many bytes may be read from its begin on.
  /// ERRORS: kBadJson, kInvalidUtf8 and those of `visit`; fault() tells the place.
  template <class Visit>
  Code walk(std::string_view text, size_t readable, Visit&& visit) {
    if (const Code code = start(text, readable); code != Code::kOk) return code;
    return root(visit);
  }
  /// Returns where in the text the last walk failed because of the text.
  size_t fault() const noexcept { return fault_; }
  /// Returns where in the text a value of the last walk stands.
  size_t place_of(const char* at) const noexcept;

 private:
  friend class JsonValue;
  Code start(std::string_view text, size_t readable);
  Code finish();
  Code fail(Code code, const char* at) noexcept {
    fault_ = place_of(at);
    return code;
  }
  Code broken(simdjson::error_code error);
  /// Returns where the walk stands.
  const char* here();

  template <class Visit>
  Code root(Visit&& visit) {
    simdjson::ondemand::value value;
    if (const auto error = document_.get_value().get(value)) return broken(error);
    const Code code = bare_ ? only_element(JsonValue(value, *this, 0), visit) : visit(JsonValue(value, *this, 0));
    return code == Code::kOk ? finish() : code;
  }
  // simdjson walks a scalar that stands alone differently, so it stands in an array.
  template <class Visit>
  Code only_element(JsonValue array, Visit&& visit) {
    size_t count = 0;
    const Code code = array.elements([&](JsonValue value) { return ++count == 1 ? visit(value) : value.skip(); });
    return code == Code::kOk && count != 1 ? fail(Code::kBadJson, begin_) : code;
  }

  simdjson::ondemand::parser parser_{};
  simdjson::ondemand::document document_{};
  std::string copy_{};           // of a text that cannot be read beyond its end
  const char* begin_ = nullptr;  // of the text that is walked
  size_t size_ = 0;
  bool bare_ = false;
  size_t fault_ = 0;
};

template <class Visit>
Code JsonValue::elements(Visit&& visit) {
  simdjson::ondemand::array array;
  if (depth_ == kMostDepth) return document_.fail(Code::kBadJson, at());
  if (const auto error = value_.get_array().get(array)) return document_.broken(error);
  for (auto element : array) {
    simdjson::ondemand::value value;
    if (const auto error = std::move(element).get(value)) return document_.broken(error);
    if (const Code code = visit(JsonValue(value, document_, depth_ + 1)); code != Code::kOk) return code;
  }
  return Code::kOk;
}

template <class Visit>
Code JsonValue::members(Visit&& visit) {
  simdjson::ondemand::object object;
  if (depth_ == kMostDepth) return document_.fail(Code::kBadJson, at());
  if (const auto error = value_.get_object().get(object)) return document_.broken(error);
  for (auto found : object) {
    simdjson::ondemand::field member;
    if (const auto error = std::move(found).get(member)) return document_.broken(error);
    const char* const raw = member.key().raw();
    const char* end = raw;
    while (*end != '"' && *end != '\\') ++end;  // the closing quote is known to be there
    std::string_view key(raw, static_cast<size_t>(end - raw));
    if (*end == '\\') {
      if (const auto error = member.unescaped_key().get(key)) return document_.broken(error);
      if (!simdjson::validate_utf8(key.data(), key.size())) return document_.fail(Code::kBadJson, raw);
    }
    if (const Code code = visit(key, JsonValue(member.value(), document_, depth_ + 1)); code != Code::kOk) return code;
  }
  return Code::kOk;
}

}  // namespace flatbed
